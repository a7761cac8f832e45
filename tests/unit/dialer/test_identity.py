"""Guards identity over calls: wrong answers count for the person's day; who can prove nothing is not dialled."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import DeniedError
from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.cases.store import failed_identity_at
from voiceagent.compliance import RuleBook
from voiceagent.debt.case import Debt
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.campaigns import enroll, tally
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.tables import EnrollmentState, enrollment
from voiceagent.journal.catalogue import CallAnswered, CallEnded, IdentityFailed, IdentityVerified
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database
from voiceagent.worker.content import ContentShelf

D = Disposition


def talk(queue: Queue, lease: Lease, *answers: IdentityFailed | IdentityVerified) -> None:
    """A call with these identity answers, closed as no answer would be: the case is due again soon."""
    queue.journal.record([NewEvent("call", lease.attempt_id, each, "agent") for each in (CallAnswered(), *answers)])
    queue.complete(lease, CallEnded(D.HUP.value, human=True, ring_s=3.0, talk_s=20.0))


def next_lease(queue: Queue, clock: ManualClock) -> Lease:
    for _ in range(900):
        lease = queue.lease("seat-1")
        if lease is not None:
            return lease
        clock.advance(900)
    raise AssertionError("nothing was ever leased")


def test_wrong_answers_add_up_over_the_calls_of_a_day(queue: Queue, campaign: Callable, clock: ManualClock) -> None:
    campaign()
    first = next_lease(queue, clock)
    assert first.identity_tries_left == 4 and first.first_contact
    talk(queue, first, IdentityFailed("birth_day_month"), IdentityFailed("document_first3"))
    second = next_lease(queue, clock)
    assert second.today == first.today and second.identity_tries_left == 2
    talk(queue, second, *[IdentityFailed("birth_day_month")] * 2)
    third = next_lease(queue, clock)
    assert third.identity_tries_left == (0 if third.today == first.today else 4)


def test_the_next_day_begins_anew(queue: Queue, campaign: Callable, clock: ManualClock, db: Database) -> None:
    (taken,) = campaign()
    lease = next_lease(queue, clock)
    talk(queue, lease, *[IdentityFailed("birth_day_month")] * 4)
    now = clock.now()
    with db.read() as connection:
        whose = {taken.case_id: taken.person_id}
        assert len(failed_identity_at(connection, whose, since=now - timedelta(hours=1))[taken.case_id]) == 4
        assert failed_identity_at(connection, whose, since=now + timedelta(hours=1)) == {taken.case_id: []}
    clock.advance(24 * 3600)
    assert next_lease(queue, clock).identity_tries_left == 4


def test_right_answers_lock_nobody_out(queue: Queue, campaign: Callable, clock: ManualClock) -> None:
    campaign()
    talk(queue, next_lease(queue, clock), IdentityVerified("birth_day_month"))
    assert next_lease(queue, clock).identity_tries_left == 4


def test_another_creditors_case_is_no_second_chance(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    (taken,) = campaign()
    other = make_case(debts=(Debt("C9", "Outro Credor", "", Money(5_000), Money(0), queue.journal.clock.now().date()),))
    (elsewhere,) = import_cases(journal, [other], source="test")
    assert elsewhere.person_id == taken.person_id and elsewhere.case_id != taken.case_id
    talk(queue, next_lease(queue, clock), *[IdentityFailed("birth_day_month")] * 3)
    with db.read() as connection:
        whose = {elsewhere.case_id: elsewhere.person_id}
        found = failed_identity_at(connection, whose, since=clock.now() - timedelta(hours=1))
        assert len(found[elsewhere.case_id]) == 3


def test_nobody_elses_tries_count(queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock) -> None:
    campaign(make_case(1), make_case(2))
    first = next_lease(queue, clock)
    talk(queue, first, *[IdentityFailed("birth_day_month")] * 4)
    second = next_lease(queue, clock)
    assert second.person_id != first.person_id and second.identity_tries_left == 4


def test_a_case_that_can_prove_nothing_is_not_dialled_and_is_counted(
    queue: Queue, campaign: Callable, make_case: Callable, db: Database, rules: RuleBook
) -> None:
    (taken, *_) = campaign(make_case(1, birth_date=None, document=""), make_case(2))
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case_id != taken.case_id
    with db.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.attempt)).scalar_one() == 1
        row = connection.execute(sa.select(enrollment).where(enrollment.c.case_id == taken.case_id)).one()
        campaign_id = connection.execute(sa.select(enrollment.c.campaign_id).limit(1)).scalar_one()
        counted = tally(connection, campaign_id)
        told = explain_case(
            connection, taken.case_id, now=queue.journal.clock.now(), rules=rules, gate=Gate(), guard_s=0.0,
            tenant_id=queue.journal.tenant_id,
        )  # fmt: skip
    assert (counted["cases"], counted["done"], counted["unverifiable"]) == (2, 1, 1)
    assert (row.state, row.reason) == (EnrollmentState.DONE, "unverifiable")
    assert not told["callable"] and "unverifiable" in told["reasons"]
    with pytest.raises(DeniedError, match="prove identity") as refused:
        queue.lease_case("seat-2", taken.case_id)
    assert refused.value.code == "unverifiable"


def test_who_could_prove_nothing_is_called_once_a_list_brings_a_datum(
    queue: Queue, campaign: Callable, make_case: Callable, db: Database
) -> None:
    journal = queue.journal
    (taken,) = campaign(make_case(1, document="p-1", birth_date=None))
    assert queue.lease("seat-1") is None
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
    assert (row.state, row.reason) == (EnrollmentState.DONE, "unverifiable")
    (again,) = import_cases(journal, [make_case(1, document="p-1")], source="list 2")
    assert again.case_id == taken.case_id
    for joined in (1, 0):
        with journal.transaction() as connection:
            assert enroll(journal, connection, row.campaign_id, [taken.case_id]) == joined
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case_id == taken.case_id


def test_who_had_a_wrong_number_alone_is_called_at_another_that_a_list_brings(
    queue: Queue, campaign: Callable, make_case: Callable, db: Database
) -> None:
    (taken,) = campaign()
    first = queue.lease("seat-1")
    assert first is not None
    queue.complete(first, CallEnded(D.DC.value, human=False, ring_s=3.0, talk_s=0.0))
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
    assert (row.state, row.reason) == (EnrollmentState.STOPPED, "no_number")
    import_cases(queue.journal, [make_case(phones=("+5511955550188",))], source="list 2")
    with queue.journal.transaction() as connection:
        assert enroll(queue.journal, connection, row.campaign_id, [taken.case_id]) == 1
    lease = queue.lease("seat-1")
    assert lease is not None and lease.number == "+5511955550188"


def test_a_later_conversation_is_known_as_such(queue: Queue, campaign: Callable, clock: ManualClock) -> None:
    campaign()
    lease = next_lease(queue, clock)
    said = (CallAnswered(), IdentityVerified("birth_day_month"))
    queue.journal.record([NewEvent("call", lease.attempt_id, each, "agent") for each in said])
    queue.complete(lease, CallEnded(D.CPC_NEG.value, human=True, right_party=True, ring_s=3.0, talk_s=60.0))
    assert not next_lease(queue, clock).first_contact


def test_the_attempt_names_the_script_and_the_policy_by_their_content(
    journal: Journal, rules: RuleBook, campaign: Callable, db: Database
) -> None:
    campaign()
    dialplans = ROOT / "dialplans"
    shelf = ContentShelf(dialplans, db, journal.clock)
    queue = Queue(journal, rules, Gate(), hashes=shelf.hashes)
    lease = queue.lease("seat-1")
    assert lease is not None
    with db.read() as connection:
        row = connection.execute(sa.select(tables.attempt)).one()
    script = (dialplans / "negotiation" / "pt-BR.yaml").read_bytes()
    policy = (dialplans / "policies" / f"{lease.policy}.yaml").read_bytes()
    assert row.script_sha256 == hashlib.sha256(script).hexdigest()
    assert row.policy_sha256 == hashlib.sha256(policy).hexdigest()
    held = shelf.take(lease.script, "pt-BR", lease.policy)
    assert (held.script_sha256, held.policy_sha256) == (row.script_sha256, row.policy_sha256)
    assert shelf.hashes("negotiation", "pt-BR", "nowhere") is None
