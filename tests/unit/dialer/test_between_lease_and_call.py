"""Guards what changes between a lease and its call: mode, trunks, hours named by debtors, renewals that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import DeniedError, UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables
from voiceagent.compliance import Decision, Request, RuleBook, decide
from voiceagent.dialer.campaigns import set_mode
from voiceagent.dialer.heartbeat import Heartbeat
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.switches import Trunk, set_trunk
from voiceagent.dialer.tables import DialMode, EnrollmentState, callback, enrollment
from voiceagent.journal.catalogue import CallbackRequested, CallEnded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database


def test_a_campaign_taken_back_to_rehearsal_is_not_dialled_any_more(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable
) -> None:
    campaign(make_case(0, phones=("+5511987654321",)))
    set_mode(journal, "teste", DialMode.PILOT, reason="signed off")
    allowed = Gate(DialMode.PILOT, allowed=frozenset({"+5511987654321"}))
    queue = Queue(journal, rules, allowed, worker="w1")
    lease = queue.lease("seat-1")
    assert lease is not None and lease.mode is DialMode.PILOT
    queue.recheck(lease)
    set_mode(journal, "teste", DialMode.REHEARSAL, reason="back")
    with pytest.raises(DeniedError, match="rehearsal"):
        queue.recheck(lease)


def test_the_hour_a_debtor_named_counts_until_the_call(
    journal: Journal, queue: Queue, campaign: Callable, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    (taken,) = campaign()
    first = queue.lease("seat-1")
    assert first is not None
    due = clock.now() + timedelta(hours=8)
    said = CallbackRequested(uuid7(clock.now()), taken.case_id, taken.person_id, first.phone_id, due)
    journal.record([NewEvent("call", first.attempt_id, said)])
    queue.complete(first, CallEnded("CB", True, False, True, 4.0, 60.0))
    clock.advance((due - clock.now()).total_seconds())
    lease = queue.lease("seat-1")
    assert lease is not None and lease.asked_for == due
    weighed: list[Request] = []

    def weigh(request: Request, rules: RuleBook | None) -> Decision:
        weighed.append(request)
        return decide(request, rules)

    monkeypatch.setattr("voiceagent.dialer.queue.decide", weigh)
    queue.recheck(lease)
    # A place may let a debtor name an hour outside the window: it must be known when the call is made, too.
    assert weighed[0].case.debtor_asked_for == due


def test_a_call_by_hand_finds_the_trunk_full_too(
    journal: Journal, queue: Queue, campaign: Callable, make_case: Callable
) -> None:
    _, other = campaign(make_case(0), make_case(1))
    set_trunk(journal, Trunk("sp", 1, 5.0))
    lease = queue.lease("seat-1")
    assert lease is not None and lease.trunk == "sp"
    with pytest.raises(DeniedError, match="no trunk") as caught:
        queue.lease_case("seat-2", other.case_id)
    assert caught.value.code == "trunk_channels"
    queue.complete(lease, CallEnded("NA"))


def test_a_call_that_runs_keeps_its_lease_while_its_worker_lives(
    journal: Journal, queue: Queue, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    campaign()
    life = Heartbeat(db, clock, "w1", 4)
    life.beat()
    lease = queue.lease("seat-1")
    assert lease is not None
    clock.advance(1000)
    life.beat()
    assert queue.lease("seat-2") is None
    assert _state(db) == (EnrollmentState.LEASED, "dialling")
    queue.renew(lease)
    clock.advance(890)
    assert queue.lease("seat-2") is None
    assert _state(db) == (EnrollmentState.LEASED, "dialling"), "renewed: even a silent worker has it"
    clock.advance(100)
    assert queue.lease("seat-2") is None
    assert _state(db) == (EnrollmentState.WAITING, "ended"), "nobody renewed it and nobody lives"


def test_a_worker_that_lives_does_not_hold_a_forgotten_lease_for_ever(
    queue: Queue, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    campaign()
    life = Heartbeat(db, clock, "w1", 4)
    assert queue.lease("seat-1") is not None
    for _ in range(2):
        clock.advance(920)
        life.beat()
        queue.lease("seat-2")
    assert _state(db) == (EnrollmentState.WAITING, "ended")


def test_after_the_database_was_away_leases_are_renewed_before_they_are_taken_back(
    queue: Queue, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    clock.advance(950)
    away = True

    def refuse(*_: object) -> None:
        if away:
            raise UnavailableError("the database does not answer")

    sa.event.listen(db.engine, "begin", refuse, insert=True)
    with pytest.raises(UnavailableError):
        queue.lease("seat-2")
    away = False
    clock.advance(5)
    assert queue.lease("seat-2") is None
    assert _state(db) == (EnrollmentState.LEASED, "dialling")
    queue.renew(lease)
    clock.advance(60)
    assert queue.lease("seat-2") is None
    assert _state(db) == (EnrollmentState.LEASED, "dialling")


def _state(db: Database) -> tuple[EnrollmentState, str]:
    with db.read() as connection:
        state = connection.execute(sa.select(enrollment.c.state)).scalar_one()
        return state, connection.execute(sa.select(tables.attempt.c.status)).scalars().one().value


def test_a_promised_call_that_must_wait_stays_promised_for_its_hour(
    journal: Journal, queue: Queue, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    (taken,) = campaign()
    first = queue.lease("seat-1")
    assert first is not None
    # Wednesday 23:00 in São Paulo: nobody may be called before Thursday 8:00.
    due = clock.now() + timedelta(hours=13)
    said = CallbackRequested(uuid7(clock.now()), taken.case_id, taken.person_id, first.phone_id, due)
    journal.record([NewEvent("call", first.attempt_id, said)])
    queue.complete(first, CallEnded("CB", True, False, True, 4.0, 60.0))
    clock.advance(13 * 3600 + 60)
    assert queue.lease("seat-1") is None
    with db.read() as connection:
        row = connection.execute(sa.select(callback)).one()
    assert row.due_at == due and row.retry_at > clock.now()
    clock.advance((row.retry_at - clock.now()).total_seconds() - 60)
    assert queue.lease("seat-1") is None
    clock.advance(60)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.callback_id == row.id and lease.asked_for == due
    queue.complete(lease, CallEnded("NA"))
    with db.read() as connection:
        assert connection.execute(sa.select(callback.c.due_at)).scalar_one() == due
