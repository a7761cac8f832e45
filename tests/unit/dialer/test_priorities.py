"""Guards whom the queue gives first: promised calls, reminders of promises, warm leads, the list; one reminder each."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.cases.promised import next_payment, owing_only
from voiceagent.compliance import Purpose, RuleBook
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer import hopper
from voiceagent.dialer.admission import admit
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.callbacks import add_callback, all_callbacks, cancel_callback
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.measures import DialerCollector
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.tables import CampaignState, EnrollmentState, Priority, callback, enrollment
from voiceagent.dialer.watch import stale_cases
from voiceagent.journal.catalogue import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    OfferedPayment,
    OfferLeftOpen,
    PromisedInstalment,
    PromiseMade,
    Said,
)
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

D = Disposition


def verdict(disposition: Disposition, right_party: bool = False) -> CallEnded:
    meaning = MEANING[disposition]
    return CallEnded(disposition.value, meaning.human, meaning.machine, right_party, 5.0, 30.0 if meaning.human else 0)


def leased(queue: Queue) -> Lease:
    lease = queue.lease("seat-1")
    assert lease is not None
    return lease


def until(clock: ManualClock, text: str) -> None:
    clock.advance((datetime.fromisoformat(text) - clock.now()).total_seconds())


def said(journal: Journal, call: object, event: Said) -> None:
    journal.record([NewEvent("call", call, event)])  # type: ignore[arg-type]


def promise(journal: Journal, case_id: object, call: object, due: date) -> None:
    now = journal.clock.now()
    part = PromisedInstalment(uuid7(now), 1, due, 100_000)
    said(journal, call, PromiseMade(uuid7(now), case_id, 100_000, 20_000, "BRL", (part,)))  # type: ignore[arg-type]


def left_open(journal: Journal, lease: Lease, expires: date) -> None:
    payment = OfferedPayment(1, date(2026, 11, 25), 90_000)
    said(journal, lease.attempt_id, OfferLeftOpen(lease.case_id, "cash", 90_000, 30_000, "BRL", (payment,), expires))


def of_case(db: Database, lease: Lease) -> sa.Row:
    with db.read() as connection:
        return connection.execute(sa.select(enrollment).where(enrollment.c.case_id == lease.case_id)).one()


def test_a_promise_is_reminded_of_once_on_the_day_before(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign()
    lease = leased(queue)
    promise(journal, lease.case_id, lease.attempt_id, date(2026, 11, 25))
    queue.complete(lease, verdict(D.PTP, right_party=True))
    clock.advance(86400)
    assert queue.lease("seat-1") is None
    row = of_case(db, lease)
    assert row.reason == "open_promise" and Priority(row.priority) is Priority.REMINDER
    assert row.next_at == datetime.fromisoformat("2026-11-24T08:00:00-03:00")
    until(clock, "2026-11-24T08:00:00-03:00")
    reminder = leased(queue)
    assert reminder.purpose is Purpose.REMINDER
    queue.recheck(reminder)
    queue.complete(reminder, verdict(D.NA))
    until(clock, "2026-11-25T12:00:00-03:00")
    assert queue.lease("seat-1") is None
    row = of_case(db, lease)
    assert Priority(row.priority) is Priority.LIST
    assert row.next_at == datetime.fromisoformat("2026-11-26T08:00:00-03:00")
    # The payment may be on its way for days: nobody is reminded of a day that has passed.
    until(clock, "2026-11-26T09:00:00-03:00")
    assert queue.lease("seat-1") is None


def test_a_promise_made_when_the_debtor_called_is_reminded_of_too(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    campaign()
    lease = leased(queue)
    queue.complete(lease, verdict(D.NOMON, right_party=True))
    assert of_case(db, lease).next_at == datetime.fromisoformat("2026-11-28T10:00:00-03:00")
    clock.advance(3600)
    arrivals = Arrivals(journal, rules, worker="w1", mode="rehearsal", region="BR")
    arrival = arrivals.begin(lease.number, "seat-1")
    promise(journal, lease.case_id, arrival.attempt_id, date(2026, 11, 24))
    arrivals.complete(arrival, verdict(D.PTP, right_party=True))
    row = of_case(db, lease)
    assert Priority(row.priority) is Priority.REMINDER and row.next_at == datetime.fromisoformat(
        "2026-11-19T11:00:00-03:00"
    )


def test_the_order_is_promised_call_reminder_warm_lead_list(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign(*(make_case(n) for n in range(4)))
    promised, warm, callback, plain = (leased(queue) for _ in range(4))
    promise(journal, promised.case_id, promised.attempt_id, date(2026, 11, 24))
    queue.complete(promised, verdict(D.PTP, right_party=True))
    left_open(journal, warm, date(2026, 11, 30))
    queue.complete(warm, verdict(D.CPC_NEG, right_party=True))
    assert Priority(of_case(db, warm).priority) is Priority.HOT
    wanted = datetime.fromisoformat("2026-11-23T10:00:00-03:00")
    wish = CallbackRequested(
        uuid7(clock.now()), callback.case_id, callback.person_id, callback.phone_id, wanted, "debtor_asked",
        campaign_id=callback.campaign_id,
    )  # fmt: skip
    said(journal, callback.attempt_id, wish)
    queue.complete(callback, verdict(D.CB, right_party=True))
    queue.complete(plain, verdict(D.VM))
    until(clock, "2026-11-19T10:30:00-03:00")
    # The list's own, not who was promised a call; the promise is put off to its day meanwhile.
    assert leased(queue).case_id == plain.case_id
    until(clock, "2026-11-23T10:00:00-03:00")
    order = [leased(queue) for _ in range(3)]
    assert [one.case_id for one in order] == [callback.case_id, promised.case_id, warm.case_id]
    assert [one.purpose for one in order] == [Purpose.CALLBACK, Purpose.REMINDER, Purpose.COLLECTION]


def test_a_lead_cools_down_when_its_offer_was_refused_or_ran_out(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal, db: Database
) -> None:
    campaign(make_case(1), make_case(2))
    refused, gone = leased(queue), leased(queue)
    left_open(journal, refused, date(2026, 11, 30))
    queue.complete(refused, verdict(D.REF, right_party=True))
    left_open(journal, gone, date(2026, 11, 17))
    queue.complete(gone, verdict(D.CPC_NEG, right_party=True))
    assert [Priority(of_case(db, one).priority) for one in (refused, gone)] == [Priority.LIST] * 2


def test_a_reminder_speaks_of_the_promised_payment_alone(
    queue: Queue, campaign: Callable, journal: Journal, db: Database
) -> None:
    campaign()
    lease = leased(queue)
    with db.read() as connection:
        assert next_payment(connection, lease.case_id) is None
    promise(journal, lease.case_id, lease.attempt_id, date(2026, 11, 25))
    with db.read() as connection:
        payment = next_payment(connection, lease.case_id)
    assert payment is not None
    case = owing_only(lease.case, payment)
    assert (case.total.minor, case.debts[0].due, case.creditor) == (100_000, date(2026, 11, 25), lease.case.creditor)


def test_explain_says_what_the_next_call_is_for(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    campaign()
    lease = leased(queue)
    promise(journal, lease.case_id, lease.attempt_id, date(2026, 11, 25))
    queue.complete(lease, verdict(D.PTP, right_party=True))
    clock.advance(86400)
    with db.read() as connection:
        told = explain_case(
            connection, lease.case_id, now=clock.now(), rules=rules, gate=Gate(), guard_s=240.0,
            tenant_id=journal.tenant_id,
        )  # fmt: skip
    number = told["numbers"][0]
    assert not told["callable"] and number["purpose"] == "reminder" and number["rules"] == ["open_promise"]
    assert number["retry_at"] == "2026-11-24T08:00:00-03:00"


def test_a_case_that_joins_with_an_open_promise_waits_for_its_reminder(
    queue: Queue, campaign: Callable, journal: Journal, rules: RuleBook, db: Database
) -> None:
    campaign(name="outra")
    lease = leased(queue)
    promise(journal, lease.case_id, lease.attempt_id, date(2026, 11, 25))
    queue.complete(lease, verdict(D.PTP, right_party=True))
    joined = create_campaign(journal, "teste")
    with journal.transaction() as connection:
        enroll(journal, connection, joined, [lease.case_id])
    admit(journal, rules, guard_s=240.0)
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment).where(enrollment.c.campaign_id == joined)).one()
    assert Priority(row.priority) is Priority.REMINDER
    assert row.next_at == datetime.fromisoformat("2026-11-24T08:00:00-03:00")


def test_a_promised_call_and_its_contact_due_together_are_one_call(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    (taken,) = campaign()
    with journal.transaction() as connection:
        connection.execute(sa.update(enrollment).values(next_at=clock.now()))
    add_callback(journal, taken.case_id, clock.now(), rules=rules)
    (lease,) = queue.lease_many(["seat-1", "seat-2"])
    assert lease.callback_id is not None and lease.enrollment_id is not None
    row = of_case(db, lease)
    assert (row.state, row.next_at, row.reason) == (EnrollmentState.LEASED, None, None)
    queue.complete(lease, verdict(D.NA))
    assert of_case(db, lease).state is EnrollmentState.WAITING and of_case(db, lease).leased_until is None


def test_nobody_who_was_promised_a_call_is_called_by_the_list_before_it(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    (taken,) = campaign()
    _, due = add_callback(journal, taken.case_id, clock.now() + timedelta(hours=6), rules=rules)
    assert queue.lease("seat-1") is None, "the contact itself has been due all the time"
    clock.advance((due - clock.now()).total_seconds())
    lease = leased(queue)
    later = clock.now() + timedelta(days=5, hours=1)
    asked = CallbackRequested(
        uuid7(clock.now()), taken.case_id, taken.person_id, lease.phone_id, later, campaign_id=lease.campaign_id
    )
    journal.record([NewEvent("call", lease.attempt_id, said) for said in (CallAnswered(), asked)])
    queue.complete(lease, verdict(D.CB))
    assert of_case(db, lease).next_at < later, "its own wait, after any talk, is not that of the promised call"
    with db.read() as connection:
        assert connection.execute(sa.select(callback.c.leased_until)).scalars().all() == [None, None], "nobody holds it"
    clock.advance((later - clock.now()).total_seconds() - 1)
    assert queue.lease("seat-1") is None
    with db.read() as connection:
        (told,) = explain_case(
            connection, taken.case_id, now=clock.now(), rules=rules, gate=Gate(), guard_s=240.0,
            tenant_id=journal.tenant_id,
        )["campaigns"]  # fmt: skip
        assert stale_cases(connection, journal.tenant_id, clock.now()) == []
        assert hopper.next_due(connection, clock.now(), journal.tenant_id) == later
    assert told["why"] == "waits until 2026-11-23T17:00:00-03:00 (a call is promised for then)"
    said: list[str] = []
    with db.reader.connect() as connection:
        connection.connection.driver_connection.set_trace_callback(said.append)
    samples = [one for family in DialerCollector(db, clock, journal.tenant_id).collect() for one in family.samples]
    (asked_for,) = [text for text in said if "count(DISTINCT enrollment" in text]
    with db.read() as connection:
        plan = [step.detail for step in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked_for}")]
    assert "SEARCH enrollment USING INDEX ix_enrollment_case_id (case_id=?)" in plan, "from the few promised calls"
    waiting = {one.labels["status"]: one.value for one in samples if one.name == "voiceagent_hopper_items"}
    assert waiting == {"ready": 0, "waiting": 1}
    clock.advance(1)
    again = leased(queue)
    assert again.callback_id is not None
    # Between the tries of a promised call the list does not call either.
    queue.complete(again, verdict(D.NA))
    with journal.transaction() as connection:
        connection.execute(sa.update(enrollment).values(next_at=clock.now()))
    clock.advance(14 * 60)
    assert queue.lease("seat-1") is None


def test_whose_promised_call_is_withdrawn_waits_as_the_ladder_said(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    (taken,) = campaign()
    lease = leased(queue)
    queue.complete(lease, verdict(D.NA))
    waits = of_case(db, lease)
    assert waits.reason == "NA" and waits.next_at > clock.now()
    made, due = add_callback(journal, taken.case_id, waits.next_at + timedelta(hours=1), rules=rules)
    row = of_case(db, lease)
    assert due > waits.next_at == row.next_at and (row.state, row.reason) == (waits.state, waits.reason)
    cancel_callback(journal, made)
    assert queue.lease("seat-1") is None
    until(clock, waits.next_at.isoformat())
    again = leased(queue)
    assert again.case_id == taken.case_id and again.callback_id is None


def test_who_is_promised_a_call_no_more_is_the_lists_again(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, rules: RuleBook
) -> None:
    (taken,) = campaign()
    made, _ = add_callback(journal, taken.case_id, clock.now() + timedelta(days=200), rules=rules)
    assert queue.lease("seat-1") is None
    cancel_callback(journal, made)
    lease = leased(queue)
    assert lease.case_id == taken.case_id and lease.callback_id is None


def test_what_we_offer_takes_no_promise_away_and_passes_no_quiet_time(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, rules: RuleBook, db: Database
) -> None:
    (taken,) = campaign()
    lease = leased(queue)

    def offered() -> CallbackRequested:
        soon = clock.now() + timedelta(hours=3)
        return CallbackRequested(
            uuid7(clock.now()), taken.case_id, taken.person_id, lease.phone_id, soon, "offered",
            reason="not_understood", campaign_id=lease.campaign_id,
        )  # fmt: skip

    journal.record([NewEvent("call", lease.attempt_id, event) for event in (CallAnswered(), offered())])
    queue.complete(lease, verdict(D.CB, right_party=True))
    clock.advance(3 * 3600)
    assert queue.lease("seat-1") is None, "after a talk there is quiet, and nobody asked for this call"
    made, due = add_callback(journal, taken.case_id, clock.now() + timedelta(hours=20), rules=rules)
    said(journal, lease.attempt_id, offered())
    with db.read() as connection:
        status = {one["id"]: one["status"] for one in all_callbacks(connection, journal.tenant_id)}
    assert list(status.values()).count("open") == 1 and status[str(made)] == "open"
    clock.advance((due - clock.now()).total_seconds())
    assert leased(queue).callback_id == made


def test_a_promised_call_waits_with_its_paused_campaign_and_explain_says_so(
    queue: Queue, campaign: Callable, clock: ManualClock, journal: Journal, db: Database, rules: RuleBook
) -> None:
    (taken,) = campaign()
    set_state(journal, "teste", CampaignState.PAUSED, reason="the script is wrong")
    add_callback(journal, taken.case_id, clock.now(), rules=rules)
    assert queue.lease("seat-1") is None
    with db.read() as connection:
        told = explain_case(
            connection, taken.case_id, now=clock.now(), rules=rules, gate=Gate(), guard_s=240.0,
            tenant_id=journal.tenant_id,
        )  # fmt: skip
    assert not told["callable"]
    assert "promised call: the campaign is paused: the script is wrong" in told["reasons"]
    set_state(journal, "teste", CampaignState.RUNNING)
    assert leased(queue).purpose is Purpose.CALLBACK
