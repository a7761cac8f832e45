"""Guards the queue: attempts are committed before anyone dials; nobody is called twice at once, or unlawfully."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError, DeniedError, UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.base.money import Money
from voiceagent.cases import kinds, tables
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.debt.case import Debt
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.retries import Ladder, RetryPlan, Variant
from voiceagent.dialer.callbacks import add_callback
from voiceagent.dialer.campaigns import change_campaign, set_mode, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import ForbiddenError, Lease, Queue
from voiceagent.dialer.retrying import adopt
from voiceagent.dialer.tables import CallbackStatus, CampaignState, DialMode, EnrollmentState, callback, enrollment
from voiceagent.journal.catalogue import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    OptOutRecorded,
    PromisedInstalment,
    PromiseMade,
    RequestOpened,
)
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import RequestStatusChanged
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

D = Disposition


def verdict(disposition: Disposition, right_party: bool = False) -> CallEnded:
    meaning = MEANING[disposition]
    return CallEnded(
        disposition.value, meaning.human, meaning.machine, right_party, 5.0, 30.0 if meaning.human else 0.0
    )


def enrolled(db: Database) -> sa.Row:
    with db.read() as connection:
        return connection.execute(sa.select(enrollment)).one()


def attempts(db: Database) -> list[sa.Row]:
    with db.read() as connection:
        return list(connection.execute(sa.select(tables.attempt).order_by(tables.attempt.c.t_start)))


def test_the_attempt_and_its_decision_are_committed_before_the_lease_returns(
    queue: Queue, campaign: Callable, db: Database, rules: RuleBook
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None and lease.number == "+5511955550100" and lease.today == date(2026, 11, 18)
    assert lease.case.name == "Pessoa Inventada 0" and lease.mode is DialMode.REHEARSAL
    assert lease.must_end_by is not None and lease.must_end_by.hour == 20
    (row,) = attempts(db)
    assert (row.id, row.status, row.seat, row.worker) == (lease.attempt_id, "dialling", "seat-1", "w1")
    with db.read() as connection:
        decision = connection.execute(sa.select(tables.compliance_decision)).one()
        inputs = connection.execute(
            sa.text("SELECT body FROM private WHERE id = :id"), {"id": str(decision.inputs_ref)}
        ).scalar_one()
    assert decision.id == lease.decision_id == row.decision_id and decision.allow
    again = decide(Request.from_json(json.loads(inputs)), rules)
    assert (again.allow, again.inputs_hash, again.rule_version) == (True, decision.inputs_sha256, decision.rule_version)


def test_nobody_is_leased_twice(queue: Queue, campaign: Callable, make_case: Callable) -> None:
    campaign(*(make_case(n) for n in range(3)))
    leased = [queue.lease(f"seat-{n}") for n in range(5)]
    people = [lease.person_id for lease in leased if lease]
    assert len(people) == 3 == len(set(people)) and leased[3] is None


@pytest.mark.parametrize("error", [UnavailableError("the database is away"), ValueError("a fault")])
def test_leases_of_an_earlier_round_are_given_although_a_later_one_fails(
    queue: Queue, campaign: Callable, make_case: Callable, db: Database, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture, error: Exception,
) -> None:  # fmt: skip
    campaign(*(make_case(n) for n in range(2)))
    first, rounds = queue._round, 0

    def interrupted(seats: list[str], only: str | None) -> tuple[list[Lease], bool]:
        nonlocal rounds
        rounds += 1
        if rounds > 1:
            raise error
        return first(seats[:1], only)[0], True

    monkeypatch.setattr(queue, "_round", interrupted)
    (lease,) = queue.lease_many(["seat-1", "seat-2"])
    assert [row.id for row in attempts(db)] == [lease.attempt_id] and str(error) in caplog.text
    with pytest.raises(type(error)):
        queue.lease_many(["seat-2"])


def test_one_household_number_rings_once_at_a_time(queue: Queue, campaign: Callable, make_case: Callable) -> None:
    shared = ("+5511955550142",)
    campaign(make_case(1, phones=shared), make_case(2, phones=shared))
    first = queue.lease("seat-1")
    assert first is not None and queue.lease("seat-2") is None
    queue.complete(first, verdict(D.NA))
    queue.journal.clock.advance(180)  # type: ignore[attr-defined]
    second = queue.lease("seat-2")
    assert second is not None and second.person_id != first.person_id


def test_outside_the_hours_nobody_is_called_and_the_case_waits(
    queue: Queue, campaign: Callable, db: Database, clock: ManualClock
) -> None:
    campaign()
    clock.advance(11 * 3600)
    assert queue.lease("seat-1") is None and attempts(db) == []
    row = enrolled(db)
    assert row.state is EnrollmentState.WAITING and row.reason == "BR-10"
    assert row.next_at == datetime.fromisoformat("2026-11-19T08:00:00-03:00")
    with db.read() as connection:
        assert not connection.execute(sa.select(tables.compliance_decision.c.allow)).scalar_one()
    clock.advance((row.next_at - clock.now()).total_seconds())
    assert queue.lease("seat-1") is not None


def test_no_rules_no_calls(journal: Journal, campaign: Callable, db: Database) -> None:
    campaign()
    assert Queue(journal, None, Gate()).lease("seat-1") is None
    assert attempts(db) == [] and enrolled(db).reason == "fail_closed"


@pytest.mark.parametrize(
    ("disposition", "state", "least", "most"),
    [
        (D.BUSY, EnrollmentState.WAITING, timedelta(minutes=13), timedelta(minutes=17)),
        (D.NA, EnrollmentState.WAITING, timedelta(minutes=215), timedelta(minutes=265)),
        (D.VM, EnrollmentState.WAITING, timedelta(hours=2), timedelta(hours=2)),
        (D.CONG, EnrollmentState.WAITING, timedelta(minutes=9), timedelta(minutes=11)),
        (D.NOMON, EnrollmentState.WAITING, timedelta(days=10), timedelta(days=10)),
        (D.REF, EnrollmentState.WAITING, timedelta(days=7), timedelta(days=7)),
        (D.DEC, EnrollmentState.STOPPED, None, None),
        (D.CEASE, EnrollmentState.STOPPED, None, None),
        (D.DISP, EnrollmentState.WAITING, timedelta(days=1), timedelta(days=1)),
        (D.XFER, EnrollmentState.DONE, None, None),
        (D.WN, EnrollmentState.STOPPED, None, None),
    ],
)
def test_what_follows_an_outcome(
    queue: Queue, campaign: Callable, db: Database, clock: ManualClock, disposition: Disposition,
    state: EnrollmentState, least: timedelta | None, most: timedelta | None,
) -> None:  # fmt: skip
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.complete(lease, verdict(disposition))
    row = enrolled(db)
    assert row.state is state and row.leased_until is None and row.attempts == 1
    if least is None or most is None:
        assert row.next_at is None
    else:
        assert least <= row.next_at - clock.now() <= most
    queue.complete(lease, verdict(D.PTP))
    assert enrolled(db) == row, "a second verdict changes nothing"
    assert attempts(db)[0].disposition is disposition


def test_a_campaign_goes_by_the_ladders_it_names_and_another_by_the_houses(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    at_once = Variant(ladders={D.NA: Ladder(wait=timedelta(minutes=30), times=2)}, jitter_percent=0)
    adopt(journal, RetryPlan(retries=2, named={"eager": at_once}))
    campaign(make_case(1, phones=("+5511955550101",)), name="teste")
    campaign(make_case(2, phones=("+5511955550102",)), name="outra")
    change_campaign(journal, "teste", limits=lambda old: replace(old, retries="eager"))
    for name, least, most in (("teste", 30, 30), ("outra", 215, 265)):
        lease = queue.lease("seat-1", name)
        assert lease is not None
        queue.complete(lease, verdict(D.NA))
        with db.read() as connection:
            row = connection.execute(sa.select(enrollment).where(enrollment.c.id == lease.enrollment_id)).one()
        assert timedelta(minutes=least) <= row.next_at - clock.now() <= timedelta(minutes=most)


def test_a_wrong_number_is_never_called_again_and_the_next_one_is(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal
) -> None:
    from voiceagent.cases.intake import import_cases

    case = make_case(phones=("+5511955550100", "+5511955550199"))
    campaign(case)
    first = queue.lease("seat-1")
    assert first is not None and first.number == "+5511955550100"
    queue.complete(first, verdict(D.WN))
    import_cases(journal, [case], source="again")
    clock.advance(180)
    second = queue.lease("seat-1")
    assert second is not None and second.number == "+5511955550199"
    queue.complete(second, verdict(D.WN))
    clock.advance(3 * 86400)
    assert queue.lease("seat-1") is None


def test_a_dead_process_still_counts_and_its_case_comes_back(
    queue: Queue, campaign: Callable, db: Database, clock: ManualClock
) -> None:
    campaign()
    for _ in range(3):
        assert queue.lease("seat-1") is not None
        clock.advance(901)
        assert queue.lease("seat-1") is None, "the lost lease is taken back and waits"
        clock.advance(2000)
    assert [row.disposition for row in attempts(db)] == [D.ERR] * 3
    row = enrolled(db)
    clock.advance(max(0.0, (row.next_at - clock.now()).total_seconds()))
    assert queue.lease("seat-1") is None and enrolled(db).reason == "policy.dials_per_day"


def test_renewed_leases_are_kept(queue: Queue, campaign: Callable, clock: ManualClock, db: Database) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    for _ in range(4):
        clock.advance(600)
        queue.renew(lease)
    assert queue.lease("seat-2") is None and attempts(db)[0].status is kinds.AttemptStatus.DIALLING


def test_a_lost_call_with_a_promise_is_a_promise(
    queue: Queue, campaign: Callable, db: Database, clock: ManualClock, journal: Journal
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    promise(journal, lease, date(2026, 11, 25))
    clock.advance(901)
    queue.lease("seat-1")
    assert attempts(db)[0].disposition is D.PTP


def promise(journal: Journal, lease: Lease, due: date) -> None:
    part = PromisedInstalment(uuid7(journal.clock.now()), 1, due, 100_000)
    made = PromiseMade(uuid7(journal.clock.now()), lease.case_id, 100_000, 20_000, "BRL", (part,))
    journal.record([NewEvent("call", lease.attempt_id, made)])


def test_a_stop_said_in_a_call_acts_at_once_in_every_campaign(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign(make_case())
    other = Debt("X9", "Loja Exemplo", "carnê", Money(50_000), Money(0), date(2026, 4, 10))
    campaign(make_case(debts=(other,)), name="outra")
    lease = queue.lease("seat-1")
    assert lease is not None
    stop = OptOutRecorded(uuid7(clock.now()), "person", lease.person_id, phone_id=lease.phone_id)
    journal.record([NewEvent("call", lease.attempt_id, stop)])
    with pytest.raises(ForbiddenError, match="cease"):
        queue.recheck(lease)
    queue.complete(lease, verdict(D.CEASE))
    clock.advance(5 * 86400)
    assert queue.lease("seat-1") is None and len(attempts(db)) == 1


def test_a_stopped_number_is_stopped_for_everybody(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    shared = "+5511955550142"
    one, two = campaign(make_case(1, phones=(shared,)), make_case(2, phones=(shared, "+5511955550143")))
    stop = OptOutRecorded(uuid7(clock.now()), "number", one.person_id, phone_id=one.phone_ids[0])
    journal.record([NewEvent("person", one.person_id, stop)])
    lease = queue.lease("seat-1")
    assert lease is not None and lease.person_id == two.person_id and lease.number == "+5511955550143"
    assert queue.lease("seat-2") is None
    assert {row.number for row in attempts(db)} == {"+5511955550143"}


def test_a_dispute_pauses_until_people_have_answered_it(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    request = RequestOpened(uuid7(clock.now()), "dispute", lease.case_id)
    journal.record([NewEvent("call", lease.attempt_id, request)])
    queue.complete(lease, verdict(D.DISP))
    with pytest.raises(DeniedError, match="dispute"):
        queue.lease_case("seat-1", lease.case_id)
    done = RequestStatusChanged(request.request_id, kinds.RequestStatus.DONE)
    journal.record([NewEvent("case", lease.case_id, done)])
    clock.advance(5 * 86400)
    again = queue.lease("seat-1")
    assert again is not None and again.case_id == lease.case_id


def test_a_verdict_that_comes_too_late_leaves_the_next_call_its_contact(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, rules: RuleBook, db: Database
) -> None:
    (taken,) = campaign()
    add_callback(journal, taken.case_id, clock.now(), rules=rules)
    lost = queue.lease("seat-1")
    assert lost is not None and lost.callback_id is not None
    queue.complete(lost, verdict(D.ERR))  # taken for lost, while it went on
    clock.advance(16 * 60)
    second = queue.lease("seat-1")
    assert second is not None and (second.callback_id, second.enrollment_id) == (lost.callback_id, lost.enrollment_id)
    queue.complete(lost, verdict(D.NA))
    with db.read() as connection:
        for table in (callback, enrollment):
            held = connection.execute(sa.select(table.c.leased_until)).scalar_one()
            assert held == second.leased_until, "by the second call"
    queue.complete(second, verdict(D.REF))
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
        kept = connection.execute(sa.select(callback)).one()
    assert (row.state, row.reason, row.attempts, kept.status) == (
        EnrollmentState.WAITING,
        "REF",
        2,
        CallbackStatus.DONE,
    )


def callback_for(journal: Journal, lease: Lease, due_at: datetime, origin: str = "debtor_asked") -> None:
    wish = CallbackRequested(
        uuid7(journal.clock.now()), lease.case_id, lease.person_id, lease.phone_id, due_at, origin,
        campaign_id=lease.campaign_id,
    )  # fmt: skip
    journal.record([NewEvent("call", lease.attempt_id, wish)])


def test_a_callback_comes_at_its_hour_not_before_and_before_the_others(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign(make_case(1), make_case(2))
    lease = queue.lease("seat-1")
    assert lease is not None
    at_six = datetime.fromisoformat("2026-11-18T18:00:00-03:00")
    callback_for(journal, lease, at_six)
    queue.complete(lease, verdict(D.CB))
    other = queue.lease("seat-1")
    assert other is not None and other.person_id != lease.person_id
    queue.complete(other, verdict(D.VM))
    clock.advance((at_six - clock.now()).total_seconds() - 60)
    early = queue.lease("seat-1")
    assert early is None or early.person_id != lease.person_id
    clock.advance(60)
    again = queue.lease("seat-2")
    assert again is not None and again.person_id == lease.person_id and again.callback_id is not None
    assert again.purpose == "callback"
    queue.recheck(again)
    queue.complete(again, verdict(D.REF, right_party=True))
    with db.read() as connection:
        assert connection.execute(sa.select(callback.c.status)).scalar_one() is CallbackStatus.DONE


def test_a_callback_nobody_answers_is_tried_three_times(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign()
    first = queue.lease("seat-1")
    assert first is not None
    callback_for(journal, first, clock.now() + timedelta(hours=24))
    queue.complete(first, verdict(D.CB))
    clock.advance(24 * 3600)
    for _ in range(3):
        lease = queue.lease("seat-1")
        assert lease is not None and lease.callback_id is not None
        queue.complete(lease, verdict(D.NA))
        clock.advance(16 * 60)
    with db.read() as connection:
        assert connection.execute(sa.select(callback.c.status)).scalar_one() is CallbackStatus.EXPIRED


def test_a_callback_asked_for_at_night_waits_for_the_morning(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign()
    first = queue.lease("seat-1")
    assert first is not None
    callback_for(journal, first, datetime.fromisoformat("2026-11-18T21:00:00-03:00"))
    queue.complete(first, verdict(D.CB))
    clock.advance(11.5 * 3600)
    assert queue.lease("seat-1") is None
    with db.read() as connection:
        retry_at = connection.execute(sa.select(callback.c.retry_at)).scalar_one()
    assert retry_at == datetime.fromisoformat("2026-11-19T08:00:00-03:00")
    clock.advance((retry_at - clock.now()).total_seconds())
    second = queue.lease("seat-1")
    assert second is not None and second.callback_id is not None


def test_a_simulated_phone_by_its_sip_address(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable
) -> None:
    address = "sip:maria@127.0.0.1:5090"
    campaign(make_case(phones=(address,)))
    lease = Queue(journal, rules, Gate.of("rehearsal", simulated=[address])).lease("seat-1")
    assert lease is not None and lease.number == address and lease.zone == "America/Sao_Paulo"


def test_paused_campaigns_call_nobody(queue: Queue, campaign: Callable, journal: Journal) -> None:
    campaign()
    set_state(journal, "teste", CampaignState.PAUSED)
    assert queue.lease("seat-1") is None
    set_state(journal, "teste", CampaignState.RUNNING)
    assert queue.lease("seat-1", campaign="nenhuma") is None
    assert queue.lease("seat-1", campaign="teste") is not None


def test_rehearsal_leases_only_simulated_numbers(
    queue: Queue, campaign: Callable, make_case: Callable, db: Database, journal: Journal, rules: RuleBook
) -> None:
    campaign(make_case(phones=("+5511987654321",)))
    assert queue.lease("seat-1") is None and attempts(db) == [] and enrolled(db).reason == "dial_mode"
    set_mode(journal, "teste", DialMode.LIVE, reason="approved by the creditor", piloted=False)
    journal.clock.advance(3700)  # type: ignore[attr-defined]
    assert queue.lease("seat-1") is None, "the installation is still a rehearsal"
    journal.clock.advance(3700)  # type: ignore[attr-defined]
    live = Queue(journal, rules, Gate.of("live"))
    lease = live.lease("seat-1")
    assert lease is not None and lease.mode is DialMode.LIVE
    queue.gate.check("+5511955550100", None)
    with pytest.raises(DeniedError, match="rehearsal"):
        queue.recheck(lease)


def test_a_campaign_gives_up_after_its_attempts(
    queue: Queue, campaign: Callable, db: Database, clock: ManualClock
) -> None:
    campaign()
    for _ in range(200):
        row = enrolled(db)
        if row.state is EnrollmentState.DONE:
            break
        if row.next_at is not None:
            clock.advance(max(0.0, (row.next_at - clock.now()).total_seconds()))
        lease = queue.lease("seat-1")
        if lease is not None:
            queue.complete(lease, verdict(D.NA))
    assert enrolled(db).reason == "max_attempts" and len(attempts(db)) == 12
    by_day: dict[date, int] = {}
    for row in attempts(db):
        by_day[row.local_date] = by_day.get(row.local_date, 0) + 1
        assert 8 <= row.local_hour < 20 and row.local_date.weekday() < 6
    assert max(by_day.values()) <= 3


def test_what_is_paid_is_not_called_for(queue: Queue, campaign: Callable, db: Database, journal: Journal) -> None:
    from voiceagent.journal.floor import DebtStatusChanged

    (taken,) = campaign()
    paid = DebtStatusChanged(taken.debt_ids[0], kinds.DebtStatus.PAID)
    journal.record([NewEvent("case", taken.case_id, paid)])
    assert queue.lease("seat-1") is None
    assert enrolled(db).state is EnrollmentState.DONE and enrolled(db).reason == "nothing_owed"


def test_a_call_now_is_weighed_like_any_other(queue: Queue, campaign: Callable, clock: ManualClock) -> None:
    (taken,) = campaign()
    with pytest.raises(BadInputError, match="no such number"):
        queue.lease_case("seat-1", taken.case_id, number="+5511955550177")
    lease = queue.lease_case("seat-1", taken.case_id, number="+5511955550100")
    with pytest.raises(DeniedError, match="another call"):
        queue.lease_case("seat-2", taken.case_id)
    queue.complete(lease, verdict(D.NA))
    clock.advance(11 * 3600)
    with pytest.raises(DeniedError, match="BR-10") as refused:
        queue.lease_case("seat-1", taken.case_id)
    assert refused.value.retry_at == "2026-11-19T08:00:00-03:00"


def test_the_last_minutes_of_the_window_are_left_alone(queue: Queue, campaign: Callable, clock: ManualClock) -> None:
    campaign()
    clock.advance(10 * 3600 - 200)
    assert queue.lease("seat-1") is None


def test_recheck_refuses_when_the_window_has_closed_meanwhile(
    queue: Queue, campaign: Callable, clock: ManualClock
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.recheck(lease)
    clock.advance(10 * 3600)
    with pytest.raises(ForbiddenError, match="BR-10"):
        queue.recheck(lease)
    with pytest.raises(DeniedError, match="number is gone"):
        queue.recheck(replace(lease, phone_id=uuid7(clock.now())))


def test_answered_calls_stay_with_their_seat_until_the_verdict(
    queue: Queue, campaign: Callable, journal: Journal, db: Database
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    journal.record([NewEvent("call", lease.attempt_id, CallAnswered())])
    assert queue.lease("seat-2") is None
    assert attempts(db)[0].status is kinds.AttemptStatus.TALKING


def test_what_follows_a_call_is_not_looked_for_among_all_calls(
    queue: Queue, campaign: Callable, journal: Journal, db: Database, clock: ManualClock
) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    clock.advance(30)
    said: list[str] = []
    with db.engine.connect() as connection:
        connection.connection.driver_connection.set_trace_callback(said.append)
    queue.complete(lease, verdict(D.NA))
    clock.advance(1000)
    queue.lease("seat-1")
    asked = {text for text in said if text.startswith(("SELECT", "UPDATE"))}
    assert len(asked) > 10
    with db.write() as connection:
        plans = {
            step.detail: text for text in asked for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}")
        }
    everybody = ("SCAN attempt", "SCAN interaction", "SCAN callback")
    # Nor are its promised calls among all that are open.
    scanned = {step: text for step, text in plans.items() if step.startswith(everybody) or step.endswith("(status=?)")}
    assert not scanned, scanned
