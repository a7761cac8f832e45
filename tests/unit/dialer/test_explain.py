"""Guards what people are told of a contact that is not called: ladder, law and mode, the debtor's clock, the seats."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError
from voiceagent.compliance import RuleBook
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.retries import Ladder, RetryPlan, Variant
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.callbacks import add_callback, all_callbacks, call_back_missed, late_callbacks, read_wanted
from voiceagent.dialer.campaigns import change_campaign, set_mode, set_state
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.heartbeat import Heartbeat, staff
from voiceagent.dialer.limits import Limits
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.retrying import adopt
from voiceagent.dialer.switches import Trunk, find_trunk, set_trunk
from voiceagent.dialer.tables import CallbackStatus, CampaignState, DialMode, callback
from voiceagent.journal.catalogue import CallAnswered, CallbackRequested, CallEnded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

D = Disposition


def told(journal: Journal, rules: RuleBook, case_id: uuid.UUID, gate: Gate | None = None) -> dict[str, Any]:
    with journal.db.read() as connection:
        return explain_case(
            connection, case_id, now=journal.clock.now(), rules=rules, gate=gate or Gate(), guard_s=240.0,
            tenant_id=journal.tenant_id,
        )  # fmt: skip


def test_the_ladder_that_makes_a_contact_wait_is_named_with_its_owner(
    journal: Journal, rules: RuleBook, queue: Queue, campaign: Callable
) -> None:
    gentle = Variant(ladders={D.NA: Ladder(wait=timedelta(hours=6), times=1, then="next_part")})
    adopt(journal, RetryPlan(retries=2, named={"gentle": gentle}))
    (taken,) = campaign()
    for name, words in (
        ("", "(after NA: 2 a day, 4 h apart, then other part of the day, by retry plan version 2)"),
        (
            "gentle",
            "(after NA: 1 a day, 6 h apart, then next part of the day, by ladders 'gentle' of retry plan version",
        ),
    ):
        change_campaign(journal, "teste", limits=lambda _, name=name: Limits(retries=name))
        lease = queue.lease("seat-1")
        assert lease is not None
        queue.complete(lease, CallEnded("NA", ring_s=20.0))
        (reason, *_) = told(journal, rules, taken.case_id)["reasons"]
        assert reason.startswith("teste: waits until 2026-11-") and "-03:00 " in reason and words in reason
        journal.clock.advance(86_400)  # type: ignore[attr-defined]


def test_the_bound_that_ended_a_contact_is_named(
    journal: Journal, rules: RuleBook, queue: Queue, campaign: Callable
) -> None:
    (taken,) = campaign()
    change_campaign(journal, "teste", limits=lambda _: Limits(max_attempts=1))
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.complete(lease, CallEnded("NA"))
    assert "teste: done (max_attempts: its 1 calls are made)" in told(journal, rules, taken.case_id)["reasons"]


def test_law_and_mode_are_both_told_where_both_forbid(
    journal: Journal, rules: RuleBook, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    (taken,) = campaign(make_case(phones=("+5511987654321",)))
    clock.advance(12 * 3600)
    (number,) = told(journal, rules, taken.case_id)["numbers"]
    assert not number["allow"] and not number["mode_allows"]
    assert "lawful hours" in number["why"] and "rehearsal" in number["why"]


def test_a_contact_that_may_be_called_is_told_to_wait_where_no_seat_asks(
    journal: Journal, rules: RuleBook, campaign: Callable
) -> None:
    (taken,) = campaign()
    one = told(journal, rules, taken.case_id)
    assert one["callable"] and one["waits_for"] == ["no worker is at work: start voiceagent up"]
    troubled, fine = (Heartbeat(journal.db, journal.clock, name, 2) for name in ("w1", "w2"))
    troubled.beat("no new call for now: turns wait 0.80 s for their text")
    assert told(journal, rules, taken.case_id)["waits_for"] == [
        "the seats of w1 ask for no calls: no new call for now: turns wait 0.80 s for their text"
    ]
    fine.beat()
    assert told(journal, rules, taken.case_id)["waits_for"] == []
    troubled.beat()
    with journal.db.read() as connection:
        assert staff(connection, journal.tenant_id, journal.clock.now()).troubles == {}


def test_promised_calls_end_with_their_campaign_and_late_ones_show(
    journal: Journal, rules: RuleBook, campaign: Callable, clock: ManualClock
) -> None:
    (taken,) = campaign()
    made, due = add_callback(journal, taken.case_id, clock.now() + timedelta(hours=1), rules=rules)
    set_state(journal, "teste", CampaignState.PAUSED)

    def late(after: timedelta) -> list[dict[str, Any]]:
        with journal.db.read() as connection:
            return late_callbacks(connection, journal.tenant_id, due + after)

    assert late(timedelta(0)) == []
    (one,) = late(timedelta(minutes=1))
    assert (one["id"], one["campaign"], one["campaign_state"]) == (str(made), "teste", "paused")
    with journal.db.read() as connection:
        (listed,) = all_callbacks(connection, journal.tenant_id)
    assert listed["zone"] == "America/Sao_Paulo" and listed["retry_at"] is None
    assert set_state(journal, "teste", CampaignState.FINISHED) == 1
    with journal.db.read() as connection:
        (listed,) = all_callbacks(connection, journal.tenant_id, status=CallbackStatus.CANCELLED)
    assert listed["id"] == str(made) and late(timedelta(minutes=1)) == []


def test_no_call_is_promised_in_the_name_of_a_campaign_that_was_finished_meanwhile(
    journal: Journal, rules: RuleBook, queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    kept, missed, asks, broke = campaign(*(make_case(n) for n in range(4)))
    for taken in (kept, missed):
        add_callback(journal, taken.case_id, clock.now(), rules=rules)
    calls = {one.case_id: one for one in queue.lease_many([f"seat-{n}" for n in range(4)])}
    assert calls[kept.case_id].callback_id and calls[missed.case_id].callback_id
    assert set_state(journal, "teste", CampaignState.FINISHED) == 0, "both are being called"
    call = calls[asks.case_id]
    wish = CallbackRequested(
        uuid.uuid4(), call.case_id, call.person_id, call.phone_id, clock.now() + timedelta(hours=3),
        campaign_id=call.campaign_id,
    )  # fmt: skip
    journal.record([NewEvent("call", call.attempt_id, wish)])
    for taken, ended in (
        (kept, CallEnded("CPC_NEG", human=True)),
        (missed, CallEnded("NA")),
        (asks, CallEnded("CB", human=True)),
        (broke, CallEnded("HUP", human=True, right_party=True)),
    ):
        queue.complete(calls[taken.case_id], ended)
    with journal.db.read() as connection:
        now = {uuid.UUID(one["case_id"]): one["status"] for one in all_callbacks(connection, journal.tenant_id)}
        assert late_callbacks(connection, journal.tenant_id, clock.now() + timedelta(days=9)) == []
    assert now == {kept.case_id: "done", missed.case_id: "cancelled", asks.case_id: "cancelled"}


def test_who_calls_in_after_the_campaign_is_called_back_outside_it(
    journal: Journal, rules: RuleBook, queue: Queue, campaign: Callable, clock: ManualClock
) -> None:
    (taken,) = campaign()
    set_state(journal, "teste", CampaignState.FINISHED)
    arrivals = Arrivals(journal, rules, worker="w1", mode="rehearsal", region="BR")
    arrival = arrivals.begin("+5511955550100", "seat-1")
    (visitor,) = arrival.visitors
    wish = CallbackRequested(
        uuid.uuid4(), taken.case_id, taken.person_id, visitor.phone_id, clock.now() + timedelta(hours=3),
        campaign_id=visitor.campaign_id,
    )  # fmt: skip
    journal.record([NewEvent("call", arrival.attempt_id, said) for said in (CallAnswered(), wish)])
    arrivals.complete(arrival, CallEnded("CB", human=True, right_party=True))
    clock.advance(3 * 3600)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.callback_id == wish.callback_id and lease.campaign_id is None


def test_a_request_of_somebody_unknown_keeps_no_missed_call_from_being_returned(
    journal: Journal, rules: RuleBook, campaign: Callable, clock: ManualClock
) -> None:
    campaign()
    stranger = CallbackRequested(uuid.uuid4(), None, None, None, clock.now())
    journal.record([NewEvent("person", uuid.uuid4(), stranger)])
    assert len(call_back_missed(journal, "+5511955550100", rules=rules)) == 1
    with journal.db.read() as connection:
        assert connection.execute(sa.select(callback.c.case_id).where(callback.c.case_id.is_(None))).all()


def test_nobody_promises_a_call_in_the_past_or_in_another_age(clock: ManualClock) -> None:
    for text, why in (("2020-01-01T10:00", "is over"), ("2099-01-01T10:00", "366 days away")):
        with pytest.raises(BadInputError, match=why):
            read_wanted(text, "America/Sao_Paulo", clock.now())


def test_what_makes_no_sense_of_a_campaign_is_refused(journal: Journal, campaign: Callable) -> None:
    campaign()
    for limits, why in (
        ({"trunks": ("carrier",)}, "no trunk 'carrier'"),
        ({"caller_ids": ("hello",)}, "no caller id"),
        ({"ramp_per_minute": float("nan")}, "ramp"),
        ({"ramp_per_minute": float("inf")}, "ramp"),
        ({"ramp_per_minute": 1e-320}, "ramp"),
        ({"calls": 10**20}, "calls must be at most"),
    ):
        with pytest.raises(BadInputError, match=why):
            change_campaign(journal, "teste", limits=lambda _, limits=limits: Limits(**limits))
    with pytest.raises(BadInputError, match="rank"):
        change_campaign(journal, "teste", priority=10**12)
    for name in ("a b", "a;b", "", "x" * 65):
        with pytest.raises(BadInputError, match="letters"):
            set_trunk(journal, Trunk(name, 1))
    for trunk in (Trunk("carrier", 4, 1e-320), Trunk("carrier", 10**14)):
        with pytest.raises(BadInputError, match="a trunk has 1 to"):
            set_trunk(journal, trunk)
    set_trunk(journal, Trunk("carrier", 4))
    change_campaign(journal, "teste", limits=lambda _: Limits(trunks=("carrier",)))
    with journal.db.read() as connection:
        assert find_trunk(connection, "carrier", journal.tenant_id) == Trunk("carrier", 4)
    set_state(journal, "teste", CampaignState.FINISHED)
    for change in (
        lambda: change_campaign(journal, "teste", priority=1),
        lambda: set_mode(journal, "teste", DialMode.PILOT, reason="x"),
    ):
        with pytest.raises(BadInputError, match="finished for good"):
            change()
