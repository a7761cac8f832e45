"""Guards what watches campaigns: brakes pause and name calls, pilots end, stale contacts show, switches stop leases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from prometheus_client import CollectorRegistry, generate_latest

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError, DeniedError, UnavailableError
from voiceagent.cases import kinds, tables
from voiceagent.cases.seats import seat_changed
from voiceagent.compliance import RuleBook
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer import switches
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.brakes import Canary
from voiceagent.dialer.callbacks import (
    add_callback,
    all_callbacks,
    call_back_missed,
    cancel_callback,
    read_wanted,
)
from voiceagent.dialer.campaigns import change_campaign, find_campaign, set_mode, set_state
from voiceagent.dialer.clockguard import ClockGuard, trust
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.floor import Guards
from voiceagent.dialer.limits import Hours
from voiceagent.dialer.measures import DialerCollector
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.progress import progress
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, DialMode, EnrollmentState, StopScope, callback, enrollment
from voiceagent.dialer.watch import brake_campaigns, stale_cases
from voiceagent.journal.catalogue import CallAnswered, CallEnded, DebtorTurnHeard, IdentityVerified
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

D = Disposition


def found(journal: Journal, name: str = "teste"):  # type: ignore[no-untyped-def]
    with journal.db.read() as connection:
        return find_campaign(connection, name, journal.tenant_id)


def finish(queue: Queue, journal: Journal, lease, outcome: Disposition, talk_s: float = 40.0) -> None:  # type: ignore[no-untyped-def]
    meaning = MEANING[outcome]
    if meaning.human:
        journal.record([NewEvent("call", lease.attempt_id, CallAnswered())])
    verdict = CallEnded(outcome.value, meaning.human, meaning.machine, meaning.right_party, 5.0, talk_s)
    queue.complete(lease, verdict)


def test_a_pilot_that_goes_wrong_pauses_itself_and_names_the_calls(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable
) -> None:
    people = [make_case(n) for n in range(8)]
    campaign(*people)
    set_mode(journal, "teste", DialMode.PILOT, reason="try it")
    numbers = frozenset(one.phones[0] for one in people)
    queue = Queue(journal, rules, Gate(DialMode.PILOT, allowed=numbers))
    wrong = []
    for n in range(6):
        lease = queue.lease("seat-1")
        assert lease is not None and lease.mode is DialMode.PILOT
        finish(queue, journal, lease, D.WN if n % 2 else D.NOMON)
        wrong += [str(lease.attempt_id)] if n % 2 else []
    guards = Guards(canary=Canary(at_least=6))
    assert brake_campaigns(journal, guards) == 1
    one = found(journal)
    assert one.state is CampaignState.PAUSED and one.brake["brake"] == "wrong_party"
    assert sorted(one.brake["calls"]) == sorted(wrong) and "wrong_party 50%" in one.reason
    assert queue.lease("seat-1") is None and brake_campaigns(journal, guards) == 0
    with pytest.raises(BadInputError, match="paused itself"):
        set_mode(journal, "teste", DialMode.LIVE, reason="never mind")
    registry = CollectorRegistry()
    registry.register(DialerCollector(journal.db, journal.clock, journal.tenant_id))
    braked = 'voiceagent_campaign_braked{brake="wrong_party",campaign="teste"} 1.0'
    assert braked in generate_latest(registry).decode()
    set_state(journal, "teste", CampaignState.RUNNING)
    assert found(journal).brake is None and braked not in generate_latest(registry).decode()


def test_the_short_calls_of_a_month_are_not_counted_at_every_scrape(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    campaign(*(make_case(n) for n in range(2)))
    registry = CollectorRegistry()
    registry.register(DialerCollector(journal.db, clock, journal.tenant_id))

    def told() -> tuple[float | None, float | None]:
        names = ("voiceagent_short_calls_30d", "voiceagent_short_call_ratio")
        month, day = (registry.get_sample_value(name) for name in names)
        return month, day

    for expected in (0.0, 1.0):
        assert told()[0] == expected
        lease = queue.lease("seat-1")
        assert lease is not None
        finish(queue, journal, lease, D.NA)
        assert told() == (expected, 1.0), "the day's are"
        clock.advance(300)


def test_a_pilot_ends_with_its_calls(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable
) -> None:
    people = [make_case(n) for n in range(5)]
    campaign(*people)
    change_campaign(journal, "teste", limits=lambda old: replace(old, pilot_calls=2))
    set_mode(journal, "teste", DialMode.PILOT, reason="try it")
    queue = Queue(journal, rules, Gate(DialMode.PILOT, allowed=frozenset(one.phones[0] for one in people)))
    arrivals = Arrivals(journal, rules, worker="w1", mode="pilot", region="BR")
    for person in people[3:]:
        # Who calls in is no call of the pilot, and none that was dialled.
        arrivals.complete(arrivals.begin(person.phones[0], "seat-9"), CallEnded(D.NA.value))
    with journal.db.read() as connection:
        counted = progress(connection, found(journal), journal.clock.now(), journal.tenant_id)
        assert (counted["called"], counted["calls_last_hour"]) == (0, 0)
    leases = queue.lease_many(["a", "b", "c"])
    assert len(leases) == 2
    assert brake_campaigns(journal, Guards()) == 0, "its calls still run"
    with pytest.raises(BadInputError, match="0 of its pilot's 2 calls"):
        set_mode(journal, "teste", DialMode.LIVE, reason="looks good")
    for lease in leases:
        finish(queue, journal, lease, D.NA)
    assert brake_campaigns(journal, Guards()) == 1 and "look at them" in found(journal).reason
    set_mode(journal, "teste", DialMode.LIVE, reason="looks good")
    assert found(journal).mode is DialMode.LIVE


def test_calls_that_pulled_a_brake_are_no_pilot(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    people = [make_case(n) for n in range(5)]
    campaign(*people)
    change_campaign(journal, "teste", limits=lambda old: replace(old, pilot_calls=2))
    set_mode(journal, "teste", DialMode.PILOT, reason="try it")
    queue = Queue(journal, rules, Gate(DialMode.PILOT, allowed=frozenset(one.phones[0] for one in people)))
    for lease in queue.lease_many(["a", "b"]):
        finish(queue, journal, lease, D.WN)
    clock.advance(10)
    set_state(journal, "teste", CampaignState.PAUSED, brake={"brake": "wrong_party", "calls": []}, actor="brake")
    set_state(journal, "teste", CampaignState.RUNNING)
    with pytest.raises(BadInputError, match="0 of its pilot's 2 calls"):
        set_mode(journal, "teste", DialMode.LIVE, reason="looks good")
    clock.advance(10)
    for lease in queue.lease_many(["a", "b"]):
        finish(queue, journal, lease, D.NA)
    set_mode(journal, "teste", DialMode.LIVE, reason="looks good now")


def test_switches_stop_leases_and_calls_leased_a_moment_ago(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, rules: RuleBook
) -> None:
    taken = campaign(*(make_case(n) for n in range(4)))
    switches.set_trunk(journal, switches.Trunk("carrier", 2, 5, ("+5511955550190", "+5511955550191")))
    lease = queue.lease("seat-1")
    assert lease is not None and lease.trunk == "carrier" and lease.caller_id in ("+5511955550190", "+5511955550191")
    queue.recheck(lease)
    with pytest.raises(BadInputError, match="say why"):
        switches.stop(journal, StopScope.ALL, reason=" ")
    with pytest.raises(BadInputError, match="no trunk"):
        switches.stop(journal, StopScope.TRUNK, "other", reason="x")
    switches.stop(journal, StopScope.TRUNK, "carrier", reason="bad audio")
    assert queue.lease("seat-2") is None
    with pytest.raises(DeniedError, match="bad audio"):
        queue.recheck(lease)
    with journal.db.read() as connection:
        told = explain_case(
            connection, taken[2].case_id, now=journal.clock.now(), rules=rules, gate=Gate(), guard_s=240.0,
            tenant_id=journal.tenant_id,
        )  # fmt: skip
    assert not told["callable"] and "trunk_stopped: bad audio" in told["reasons"][0]
    switches.resume(journal, StopScope.TRUNK, "carrier")
    switches.stop(journal, StopScope.ALL, reason="wrong prompt")
    assert queue.lease("seat-2") is None
    with pytest.raises(DeniedError, match="wrong prompt"):
        queue.lease_case("seat-2", taken[3].case_id)
    switches.resume(journal, StopScope.ALL)
    assert queue.lease("seat-2") is not None and queue.lease("seat-3") is None, "two channels"
    set_state(journal, "teste", CampaignState.PAUSED)
    with pytest.raises(DeniedError, match="paused"):
        queue.recheck(lease)


def test_hours_and_caps_of_a_campaign_hold(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    campaign(*(make_case(n) for n in range(4)))
    change_campaign(journal, "teste", limits=lambda old: replace(old, calls=2))
    assert len(queue.lease_many(["a", "b", "c"])) == 2
    change_campaign(journal, "teste", limits=lambda old: replace(old, calls=None),
                    hours=Hours.parse("mon-fri 14:00-16:00", "America/Sao_Paulo"))  # fmt: skip
    assert queue.lease_many(["c"]) == []
    clock.advance(4 * 3600 + 60)
    assert queue.lease_many(["c"]) != []


def test_contacts_with_nothing_planned_are_listed(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock, db: Database
) -> None:
    taken = campaign(*(make_case(n) for n in range(3)))
    with db.read() as connection:
        assert stale_cases(connection, journal.tenant_id, clock.now()) == []
    with db.write() as connection:
        connection.execute(sa.update(enrollment).where(enrollment.c.case_id == taken[0].case_id).values(next_at=None))
    clock.advance(4 * 86400)
    asked: list[str] = []
    with db.read() as connection:
        driver = connection.connection.driver_connection
        driver.set_trace_callback(asked.append)
        stale = stale_cases(connection, journal.tenant_id, clock.now())
        driver.set_trace_callback(None)
        plans = [
            step.detail
            for text in asked
            if "FROM enrollment" in text
            for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
        ]
        how = progress(connection, found(journal), clock.now(), journal.tenant_id)
    assert [one.why for one in stale] == ["unplanned", "overdue", "overdue"]
    found_by = "SEARCH enrollment USING INDEX ix_enrollment_due (campaign_id=? AND priority=? AND next_at"
    assert sum(step.startswith(found_by) for step in plans) == 3, "each question reads a short range of the index"
    assert stale[0].case_id == taken[0].case_id and how["never_called"] == 2
    registry = CollectorRegistry()
    registry.register(DialerCollector(db, clock, journal.tenant_id))
    text = generate_latest(registry).decode()
    assert 'voiceagent_stale_cases{why="unplanned"} 1.0' in text
    assert 'voiceagent_hopper_items{campaign="teste",status="ready"} 2.0' in text
    with db.write() as connection:
        lost = sa.update(enrollment).where(enrollment.c.case_id == taken[0].case_id)
        connection.execute(lost.values(state=EnrollmentState.LEASED))
        stale = stale_cases(connection, journal.tenant_id, clock.now())
    assert [one.why for one in stale] == ["overdue", "overdue", "lost_lease"]


def test_the_hopper_tells_what_contacts_wait_for(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock, rules: RuleBook
) -> None:
    """One is in a call, one at the day's cap, one waits for the hours, one for another part of the day, one is due."""
    taken = campaign(*(make_case(n) for n in range(5)))
    assert queue.lease("seat-1") is not None
    later = clock.now() + timedelta(hours=2)
    with journal.db.write() as connection:
        for one, reason in zip(taken[1:4], ("policy.dials_per_day", "BR-10", "NA"), strict=True):
            waits = sa.update(enrollment).where(enrollment.c.case_id == one.case_id)
            connection.execute(waits.values(state="waiting", reason=reason, next_at=later))
    registry = CollectorRegistry()
    registry.register(DialerCollector(journal.db, clock, journal.tenant_id, rules=rules))
    for status in ("leased", "capped", "waiting_window", "waiting", "ready"):
        labels = {"campaign": "teste", "status": status}
        assert registry.get_sample_value("voiceagent_hopper_items", labels) == 1, status


class Jumping:
    """A clock that people set."""

    def __init__(self, at: datetime) -> None:
        self.at, self.seconds = at, 0.0

    def now(self) -> datetime:
        return self.at + timedelta(seconds=self.seconds)

    def monotonic(self) -> float:
        return self.seconds


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_was_set_calls_nobody_until_it_is_right(
    db: Database, journal: Journal, rules: RuleBook, campaign: Callable, clock: ManualClock, hours: int
) -> None:
    campaign()
    set_by_hand = Jumping(clock.now())
    queue = Queue(Journal(db, set_by_hand, list(_projections())), rules, Gate())
    set_by_hand.seconds += 30
    set_by_hand.at += timedelta(hours=hours)
    with pytest.raises(UnavailableError, match="it was set"):
        queue.lease("seat-1")
    set_by_hand.at -= timedelta(hours=hours)
    assert queue.lease("seat-1") is not None


def test_a_journal_from_the_future_calls_nobody(db: Database, journal: Journal, clock: ManualClock) -> None:
    guard = ClockGuard(Jumping(clock.now() - timedelta(hours=3)))
    switches.set_trunk(journal, switches.Trunk("carrier", 1))
    with db.read() as connection, pytest.raises(UnavailableError, match="in the journal lies 10800 s ahead"):
        guard.check(connection)


def test_what_a_wrong_clock_writes_does_not_make_it_right(
    db: Database, journal: Journal, rules: RuleBook, campaign: Callable, clock: ManualClock
) -> None:
    campaign()
    behind = Jumping(clock.now() - timedelta(hours=1))
    restarted = Journal(db, behind, list(_projections()))
    queue = Queue(restarted, rules, Gate())
    restarted.record([seat_changed("seat-1", "w1", kinds.SeatState.IDLE)])
    with pytest.raises(UnavailableError, match="trust-clock"):
        queue.lease("seat-1")
    registry = CollectorRegistry()
    registry.register(DialerCollector(db, behind, journal.tenant_id))
    assert registry.get_sample_value("voiceagent_clock_trusted") == 0
    trust(restarted)
    behind.seconds += 3600
    assert queue.lease("seat-1") is not None
    assert registry.get_sample_value("voiceagent_clock_trusted") == 1
    assert ClockGuard(clock).trusted(db)


def test_a_database_that_is_gone_says_nothing_of_the_clock_and_ends_no_program(
    clock: ManualClock, tmp_path: Path
) -> None:
    assert ClockGuard(clock).trusted(Database(f"sqlite:///{tmp_path / 'gone.db'}"))


def _projections():  # type: ignore[no-untyped-def]
    from voiceagent import cases, dialer

    return [*cases.PROJECTIONS, *dialer.PROJECTIONS]


def test_callbacks_are_promised_at_the_next_lawful_instant_and_cancelled(
    journal: Journal, campaign: Callable, clock: ManualClock, rules: RuleBook, queue: Queue
) -> None:
    (taken,) = campaign()
    zone = "America/Sao_Paulo"
    assert read_wanted("18:00", zone, clock.now()).isoformat() == "2026-11-18T18:00:00-03:00"
    assert read_wanted("9:30".zfill(5), zone, clock.now()).isoformat() == "2026-11-19T09:30:00-03:00"
    assert read_wanted("2026-11-21T09:00", zone, clock.now()).isoformat() == "2026-11-21T09:00:00-03:00"
    with pytest.raises(BadInputError, match="write 18:00"):
        read_wanted("tarde", zone, clock.now())
    night = datetime.fromisoformat("2026-11-18T22:00:00-03:00")
    made, due = add_callback(journal, taken.case_id, night, rules=rules)
    assert due == datetime.fromisoformat("2026-11-19T08:00:00-03:00")
    cancel_callback(journal, made, reason="paid")
    with pytest.raises(BadInputError, match="no open callback"):
        cancel_callback(journal, made)
    add_callback(journal, taken.case_id, clock.now() + timedelta(hours=2), rules=rules)
    with journal.db.read() as connection:
        assert [one["status"] for one in all_callbacks(connection, journal.tenant_id)] == ["open", "cancelled"]


def test_a_callback_for_next_week_survives_a_night(
    journal: Journal, campaign: Callable, clock: ManualClock, rules: RuleBook, queue: Queue, db: Database
) -> None:
    (taken,) = campaign()
    _, due = add_callback(journal, taken.case_id, clock.now() + timedelta(days=8, hours=2), rules=rules)
    clock.advance((due - clock.now()).total_seconds() + 9 * 3600)
    assert queue.lease("seat-1") is None, "the seat was away until night"
    with db.read() as connection:
        row = connection.execute(sa.select(callback.c.status, callback.c.retry_at)).one()
    assert row.status == "open" and row.retry_at == datetime.fromisoformat("2026-11-27T08:00:00-03:00")
    clock.advance((row.retry_at - clock.now()).total_seconds())
    lease = queue.lease("seat-1")
    assert lease is not None and lease.callback_id is not None


def test_missed_and_dropped_calls_are_called_back_once(
    journal: Journal, campaign: Callable, clock: ManualClock, rules: RuleBook, queue: Queue
) -> None:
    campaign()
    assert call_back_missed(journal, "+5511955550177", rules=rules) == []
    assert len(call_back_missed(journal, "+5511955550100", rules=rules)) == 1
    assert call_back_missed(journal, "+5511955550100", rules=rules) == [], "one is promised already"
    clock.advance(301)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.callback_id is not None
    finish(queue, journal, lease, D.NA)
    with journal.db.write() as connection:
        connection.execute(sa.update(callback).values(status="done"))
    clock.advance(5 * 3600)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.callback_id is None
    journal.record(
        [NewEvent("call", lease.attempt_id, said) for said in (CallAnswered(), IdentityVerified("document"))]
    )
    queue.complete(lease, CallEnded("ERR", True, False, True, 5.0, 20.0))
    queue.complete(lease, CallEnded("ERR"))
    with journal.db.read() as connection:
        rows = connection.execute(sa.select(callback.c.origin).where(callback.c.status == "open")).scalars().all()
        assert connection.execute(sa.select(tables.attempt.c.status).distinct()).scalars().all() == [
            kinds.AttemptStatus.ENDED
        ]
    assert [origin.value for origin in rows] == ["dropped_call"]


def test_no_money_until_a_named_day_waits_for_the_day_after(
    journal: Journal, campaign: Callable, clock: ManualClock, queue: Queue, db: Database
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    said = DebtorTurnHeard(1, "offer", None, 0.9, "no_money", {"date": "2026-12-10"})
    journal.record([NewEvent("call", lease.attempt_id, payload) for payload in (CallAnswered(), said)])
    finish(queue, journal, lease, D.NOMON)
    with db.read() as connection:
        planned = connection.execute(sa.select(enrollment.c.next_at)).scalar_one()
    assert planned == datetime.fromisoformat("2026-12-11T00:00:00-03:00")
    clock.advance(15 * 86400)
    with db.write() as connection:
        connection.execute(sa.update(enrollment).values(next_at=clock.now()))
    assert queue.lease("seat-1") is None, "ten days have passed, the day they named has not"
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment.c.reason, enrollment.c.next_at)).one()
    assert row.reason == "cooloff" and row.next_at == datetime.fromisoformat("2026-12-11T08:00:00-03:00")
