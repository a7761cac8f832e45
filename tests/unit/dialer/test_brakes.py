"""Guards the brakes: a failing trunk, a day of short calls and a campaign gone wrong stop themselves and say why."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from voiceagent.base.clock import ManualClock
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.brakes import FAILED, Breaker, CallSeen, Canary, ShortCalls, Sign
from voiceagent.dialer.floor import read_floor
from voiceagent.dialer.lease import Lease
from voiceagent.dialer.pacing import Allotment, TrunkNow
from voiceagent.dialer.queue import Queue
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
D = Disposition


def seen(*dispositions: Disposition, **changes: object) -> list[CallSeen]:
    """One call a second, the last one just now; those that failed were not answered."""
    count = len(dispositions)
    facts: dict[str, object] = {"talk_s": 60.0, **changes}
    return [
        CallSeen(
            uuid.uuid4(),
            NOW - timedelta(seconds=count - n),
            one,
            human=MEANING[one].human,
            **{"answered": one not in FAILED} | facts,  # type: ignore[arg-type]
        )
        for n, one in enumerate(dispositions, 1)
    ]


def test_a_failing_trunk_rests_and_is_tried_again() -> None:
    calls = seen(*[D.NA] * 5, *[D.CONG] * 5)
    held = Breaker()(calls, NOW)
    assert held is not None and held.reason == "breaker" and held.until == NOW + timedelta(minutes=5)
    assert all(str(call.id) in held.detail for call in calls[-5:])
    assert Breaker()(calls, NOW + timedelta(minutes=5)) is None, "one call may try"
    assert Breaker()([*calls, *seen(D.NA)], NOW) is None, "a call that got through closes it"
    assert Breaker()(seen(*[D.NA] * 6, *[D.CONG] * 4), NOW) is None
    assert Breaker()(seen(*[D.CONG] * 9), NOW) is None, "too few to tell"


def test_a_worker_that_dies_while_it_talks_is_no_failure_of_the_trunk() -> None:
    assert Breaker()(seen(*[D.ERR] * 10), NOW) is not None
    assert Breaker()(seen(*[D.ERR] * 10, answered=True), NOW) is None
    assert not Breaker().trying(seen(*[D.ERR] * 10, answered=True), NOW + timedelta(minutes=5))


def test_short_calls_alarm_and_stop() -> None:
    guard = ShortCalls(at_least=100)
    assert guard(79, 100) is None and guard(99, 99) is None
    held = guard(80, 100)
    assert held is not None and held.reason == "short_calls" and "80 of 100" in held.detail
    assert "60 of 100 calls" in guard.alarm_told(60, 100, 0)
    assert guard.alarm_told(59, 100, 499_999) == "" and "500000 calls" in guard.alarm_told(0, 0, 500_000)


@pytest.mark.parametrize(
    ("bad", "good", "changes", "sign"),
    [
        (D.WN, D.NOMON, {}, Sign.WRONG_PARTY),
        (D.CEASE, D.NOMON, {}, Sign.OPT_OUT),
    ],
)
def test_a_campaign_that_goes_wrong_names_its_calls(bad: D, good: D, changes: dict, sign: Sign) -> None:
    calls = seen(*[good] * 6, *[bad] * 5, **changes)
    tripped = Canary()(calls)
    assert tripped is not None and tripped.sign is sign
    assert list(tripped.calls) == [call.id for call in calls if call.disposition is bad]
    assert tripped.sign.value in tripped.told()
    assert Canary()(seen(*[good] * 30, bad)) is None
    assert Canary()(seen(bad, bad, bad)) is None, "three calls say nothing"


def test_not_understood_overturned_and_short_calls_trip_too() -> None:
    assert Canary()(seen(*[D.NOMON] * 5, spoken=4, not_understood=3)).sign is Sign.NO_MATCH
    assert Canary()(seen(*[D.PTP] * 12, read_backs=1, overturned=1)).sign is Sign.OVERTURNED
    assert Canary()(seen(*[D.HUP] * 12, talk_s=3.0)).sign is Sign.SHORT
    assert Canary()(seen(*[D.NA] * 50, answered=False, talk_s=0.0)) is None, "nobody answered: no sign of anything"


def test_a_rested_trunk_is_tried_by_one_call_at_a_time() -> None:
    calls, breaker = seen(*[D.NA] * 5, *[D.CONG] * 5), Breaker()
    rested = NOW + timedelta(minutes=5)
    assert not breaker.trying(calls, NOW) and breaker.trying(calls, rested)
    assert not breaker.trying([*calls, *seen(D.NA)], rested), "one got through"
    trunk = TrunkNow("carrier", 30, 9, trying=True)
    assert trunk.room(rested) == (1, None)
    room, held = replace(trunk, used=1).room(rested)
    assert room == 0 and held is not None and held.reason == "breaker" and "1 of 1" in held.detail


def test_the_unnamed_way_of_the_exchange_rests_like_any_trunk(
    queue: Queue, campaign: Callable, make_case: Callable, clock: ManualClock, journal: Journal
) -> None:
    campaign(*(make_case(n) for n in range(14)))

    def dialled() -> list[Lease]:
        clock.advance(1)
        return queue.lease_many([f"seat-{n}" for n in range(10)])

    calls = dialled()
    assert len(calls) == 10 and {call.trunk for call in calls} == {None}
    queue.complete_many([(call.attempt_id, CallEnded(D.CONG.value)) for call in calls])
    # A caller who is talking meanwhile is no call over the way out.
    Arrivals(journal, queue.rules, worker="w1", mode="rehearsal", region="BR").begin("+5511999990000", "seat-11")
    assert dialled() == []
    with journal.db.read() as connection:
        floor = read_floor(connection, journal.tenant_id, clock.now(), guards=queue.guards)
    assert Allotment(floor).held()["teste"].reason == "breaker"
    clock.advance(300)
    (tries,) = dialled()
    assert dialled() == []
    queue.complete(tries, CallEnded(D.CONG.value))
    assert dialled() == [], "it failed again"
    clock.advance(300)
    (tries,) = dialled()
    queue.complete(tries, CallEnded(D.NA.value))
    clock.advance(5)  # what went well is seen at the next look
    assert len(dialled()) > 1
