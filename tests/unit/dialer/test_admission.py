"""Guards the law at enrolment: weighed once, kept with what proves it, and who may not be called waits or stops."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.intake import Taken
from voiceagent.cases.segments import Intensity, save_segment
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.debt.case import Case
from voiceagent.dialer import optouts
from voiceagent.dialer.admission import admit, pending
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import enrollment
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import read_private

Campaign = Callable[..., list[Taken]]
MakeCase = Callable[..., Case]


def rows(journal: Journal) -> dict[object, tuple[str, str | None, datetime | None]]:
    with journal.db.read() as connection:
        e = enrollment.c
        found = connection.execute(sa.select(e.case_id, e.state, e.reason, e.next_at)).all()
    return {row.case_id: (row.state.value, row.reason, row.next_at) for row in found}


def test_who_joins_is_weighed_once_and_the_decision_replays(
    journal: Journal, rules: RuleBook, campaign: Campaign, make_case: MakeCase
) -> None:
    fine, gone, quiet = campaign(
        make_case(1), make_case(2), make_case(3, phones=("+5521955550103",), state="RJ", birth_date=None)
    )
    optouts.stop_person(journal, gone.person_id)
    found = admit(journal, rules, guard_s=240.0)
    assert (found.weighed, found.allowed, found.waiting, found.stopped) == (3, 2, 0, 1)
    assert rows(journal)[fine.case_id][0] == rows(journal)[quiet.case_id][0] == "ready"
    assert rows(journal)[gone.case_id][:2] == ("waiting", "cease")
    with journal.db.read() as connection:
        kept = connection.execute(sa.select(tables.compliance_decision)).all()
        for row in kept:
            inputs = read_private(connection, [{"ref": str(row.inputs_ref), "digest": ""}])[str(row.inputs_ref)]
            again = decide(Request.from_json(inputs), rules)
            assert (again.allow, list(again.rules), again.inputs_hash, again.rule_version) == (
                row.allow, row.rules, row.inputs_sha256, row.rule_version,
            )  # fmt: skip
    assert len(kept) == 3
    assert admit(journal, rules, guard_s=240.0).weighed == 0
    with journal.db.read() as connection:
        assert not pending(connection, journal.tenant_id)


def test_of_many_who_join_each_is_weighed_once_with_the_best_of_several_numbers(
    journal: Journal, rules: RuleBook, campaign: Campaign, make_case: MakeCase
) -> None:
    """More than one transaction's worth, with numbers whose hours differ: the one that may be called decides."""
    everywhere = ("+5521955550101", "+5592955550101")
    taken = campaign(*(make_case(n, state=None, phones=everywhere) for n in range(120)))
    with journal.db.read() as connection:
        assert pending(connection, journal.tenant_id)
    first = admit(journal, rules, guard_s=240.0, limit=110)
    rest = admit(journal, rules, guard_s=240.0)
    assert (first.weighed, rest.weighed, (first + rest).allowed) == (110, 10, 120)
    assert {state for state, _, _ in rows(journal).values()} == {"ready"} and len(taken) == 120
    with journal.db.read() as connection:
        kept = connection.execute(sa.select(tables.compliance_decision.c.case_id)).scalars().all()
    assert sorted(map(str, kept)) == sorted(str(one.case_id) for one in taken)


def test_outside_the_hours_the_next_lawful_instant_is_kept(
    journal: Journal, rules: RuleBook, clock: ManualClock, campaign: Campaign, make_case: MakeCase
) -> None:
    (taken,) = campaign(make_case(1))
    clock.advance(11 * 3600.0)
    assert admit(journal, rules, guard_s=240.0).waiting == 1
    state, reason, next_at = rows(journal)[taken.case_id]
    assert (state, reason, next_at) == ("waiting", "BR-10", datetime(2026, 11, 19, 11, tzinfo=UTC))


def test_unreadable_rules_admit_nobody(journal: Journal, campaign: Campaign, make_case: MakeCase, queue: Queue) -> None:
    (taken,) = campaign(make_case(1))
    assert admit(journal, None, guard_s=0.0).stopped == 1
    assert rows(journal)[taken.case_id][1] == "fail_closed" and queue.lease("seat-1") is None


def test_a_segments_intensity_holds_at_the_lease(
    journal: Journal, clock: ManualClock, campaign: Campaign, make_case: MakeCase, queue: Queue
) -> None:
    campaign(make_case(1))
    save_segment(journal, "soft", "state = SP", intensity=Intensity(per_day=1))
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.complete(lease, CallEnded("BUSY", human=False, right_party=False, ring_s=5.0, talk_s=0.0))
    clock.advance(3600.0)
    assert queue.lease("seat-1") is None
    (told,) = rows(journal).values()
    assert told[1] == "policy.intensity" and told[2] == datetime(2026, 11, 19, 11, tzinfo=UTC)
