"""Guards the pacing: no call without a seat of its own, a channel and a turn; congestion and switches hold it."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.dialer.limits import Hours, Limits
from voiceagent.dialer.pacing import Allotment, CampaignNow, Floor, Held, TrunkNow

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


def campaign(name: str = "a", **changes: object) -> CampaignNow:
    return CampaignNow(uuid.uuid5(uuid.NAMESPACE_DNS, name), name, **changes)  # type: ignore[arg-type]


def begun(floor: Floor, wanted: int) -> list[tuple[str, str | None]]:
    """What a queue with endless contacts would begin: (campaign, trunk) in order."""
    allotment, found = Allotment(floor), []
    names = {one.id: one.name for one in floor.campaigns}
    while len(found) < wanted and (ready := allotment.next_campaigns()):
        trunk = allotment.trunk_for(ready[0])
        allotment.took(ready[0], trunk)
        found.append((names[ready[0]], trunk))
    return found


def test_seats_kept_for_incoming_calls_stay_free() -> None:
    floor = Floor(NOW, idle_seats=5, kept_for_inbound=2, campaigns=(campaign(),))
    assert len(begun(floor, 10)) == 3
    assert Allotment(replace(floor, idle_seats=2)).held()["a"].reason == "no_seat"


def test_weights_share_seats_and_priority_goes_first() -> None:
    heavy, light = campaign("heavy", limits=Limits(weight=3)), campaign("light")
    names = [name for name, _ in begun(Floor(NOW, 8, campaigns=(light, heavy)), 8)]
    assert names.count("heavy") == 6 and names.count("light") == 2
    urgent = campaign("urgent", priority=1, limits=Limits(calls=2))
    names = [name for name, _ in begun(Floor(NOW, 4, campaigns=(light, urgent)), 4)]
    assert names == ["urgent", "urgent", "light", "light"]


def test_a_campaign_without_contacts_passes_its_turn() -> None:
    first, second = campaign("a"), campaign("b")
    allotment = Allotment(Floor(NOW, 2, campaigns=(first, second)))
    allotment.nobody(first.id)
    assert allotment.next_campaigns() == [second.id] and allotment.share(second.id, 2) == 2


def test_calls_ramp_up_after_a_start() -> None:
    one = campaign(limits=Limits(ramp_per_minute=2), started_at=NOW)
    for minutes, most in ((0, 1), (0.5, 2), (3, 7)):
        floor = Floor(NOW + timedelta(minutes=minutes), 20, campaigns=(one,))
        assert len(begun(floor, 20)) == most
    held = Allotment(Floor(NOW, 20, campaigns=(replace(one, used=1),))).held()["a"]
    assert held == Held("ramp_up", NOW + timedelta(seconds=30))


def test_calls_per_second_hold_in_every_second() -> None:
    trunk = TrunkNow("t", 30, 2, used=1, starts=(NOW - timedelta(seconds=0.4),))
    assert trunk.room(NOW) == (1, None)
    full = replace(trunk, starts=(NOW - timedelta(seconds=0.4), NOW))
    room, held = full.room(NOW)
    assert room == 0 and held == Held("calls_per_second", NOW + timedelta(seconds=0.6))
    slow = TrunkNow("t", 30, 0.5, starts=(NOW - timedelta(seconds=1),))
    assert slow.room(NOW)[1] == Held("calls_per_second", NOW + timedelta(seconds=1))


def test_congestion_halves_a_trunk_and_quiet_minutes_give_it_back() -> None:
    trunk = TrunkNow("t", 16, 100, congestions=(NOW,))
    assert trunk.channels(NOW) == 8
    assert trunk.channels(NOW + timedelta(minutes=3)) == 11
    assert trunk.channels(NOW + timedelta(minutes=8)) == 16
    twice = replace(trunk, congestions=(NOW, NOW + timedelta(seconds=2), NOW + timedelta(seconds=30)))
    assert twice.channels(NOW + timedelta(seconds=30)) == 4, "calls that fail together are one congestion"
    assert replace(twice, used=4).room(NOW + timedelta(seconds=30))[1].reason == "congestion"


def test_a_rate_near_nothing_ends_nothing_else() -> None:
    crawling = campaign("crawling", limits=Limits(ramp_per_minute=1e-320), started_at=NOW)
    trunks = (TrunkNow("slow", 9, 1e-320, starts=(NOW - timedelta(hours=1),)), TrunkNow("up", 9, 9))
    assert begun(Floor(NOW, 2, trunks=trunks, campaigns=(crawling, campaign("b"))), 2)
    assert trunks[0].room(NOW)[1].until == NOW + timedelta(hours=23)


def test_kill_switches_hold_everything_or_their_trunk() -> None:
    one = campaign()
    assert Allotment(Floor(NOW, 4, campaigns=(one,), held=Held("stopped"))).next_campaigns() == []
    trunks = (TrunkNow("down", 9, 9, held=Held("trunk_stopped")), TrunkNow("up", 2, 9))
    assert [trunk for _, trunk in begun(Floor(NOW, 4, trunks=trunks, campaigns=(one,)), 4)] == ["up", "up"]
    tied = campaign(limits=Limits(trunks=("down",)))
    assert Allotment(Floor(NOW, 4, trunks=trunks, campaigns=(tied,))).held()["a"].reason == "trunk_stopped"
    lost = campaign(limits=Limits(trunks=("gone",)))
    assert Allotment(Floor(NOW, 4, trunks=trunks, campaigns=(lost,))).held()["a"].reason == "no_trunk"
    alone = Allotment(Floor(NOW, 4, campaigns=(lost,)))
    assert alone.next_campaigns() == [] and alone.held()["a"].reason == "no_trunk", "its last trunk was removed"


def test_a_pilot_ends_after_its_calls() -> None:
    pilot = campaign(pilot_left=3)
    assert len(begun(Floor(NOW, 9, campaigns=(pilot,)), 9)) == 3
    done = replace(pilot, name="minha carteira", pilot_left=0)
    held = Allotment(Floor(NOW, 9, campaigns=(done,))).held()["minha carteira"]
    assert held.reason == "pilot_done" and "campaigns mode 'minha carteira' live" in held.mend


trunks = st.lists(
    st.builds(
        TrunkNow,
        st.sampled_from(["t1", "t2", "t3"]),
        st.integers(1, 12),
        st.sampled_from([0.5, 1.0, 3.0, 20.0]),
        st.integers(0, 12),
        st.lists(st.integers(0, 3000).map(lambda ms: NOW - timedelta(milliseconds=ms)), max_size=6).map(tuple),
        st.lists(st.integers(0, 90).map(lambda m: NOW - timedelta(minutes=m)), max_size=5).map(tuple),
    ),
    max_size=3,
    unique_by=lambda trunk: trunk.name,
).map(tuple)
campaigns = st.lists(
    st.builds(
        campaign,
        st.sampled_from(["a", "b", "c", "d"]),
        limits=st.builds(
            Limits,
            calls=st.none() | st.integers(1, 6),
            weight=st.sampled_from([0.5, 1.0, 4.0]),
            ramp_per_minute=st.none() | st.sampled_from([0.5, 4.0]),
            trunks=st.sampled_from([(), ("t1",), ("t2", "t3")]),
        ),
        used=st.integers(0, 4),
        priority=st.integers(0, 1),
        started_at=st.none() | st.integers(0, 30).map(lambda m: NOW - timedelta(minutes=m)),
    ),
    max_size=4,
    unique_by=lambda one: one.name,
).map(tuple)


@given(st.integers(0, 12), st.integers(0, 4), trunks, campaigns)
def test_no_bound_is_ever_passed(seats: int, kept: int, trunks: tuple, campaigns: tuple) -> None:
    floor = Floor(NOW, seats, kept, trunks, campaigns)
    calls = begun(floor, 50)
    assert len(calls) <= max(0, seats - kept)
    for trunk in trunks:
        mine = sum(name == trunk.name for _, name in calls)
        assert mine == 0 or mine + trunk.used <= trunk.max_channels
        recent = sum(at > NOW - timedelta(seconds=max(1.0, 1 / trunk.calls_per_second)) for at in trunk.starts)
        assert mine == 0 or mine + recent <= max(1, int(trunk.calls_per_second))
    for one in campaigns:
        mine = sum(name == one.name for name, _ in calls)
        assert one.limits.calls is None or mine == 0 or mine + one.used <= one.limits.calls
        allowed = {trunk for name, trunk in calls if name == one.name}
        assert not trunks or not one.limits.trunks or allowed <= set(one.limits.trunks)
    left = seats - kept - len(calls)
    if left > 0:
        # Whoever may not begin a call although seats are free is told why.
        dealt = Allotment(floor)
        for name, trunk in calls:
            dealt.took(next(one.id for one in campaigns if one.name == name), trunk)
        assert dealt.next_campaigns() == []


@given(trunks, campaigns)
def test_whoever_stands_still_is_told_why(trunks: tuple, campaigns: tuple) -> None:
    allotment = Allotment(Floor(NOW, 4, 0, trunks, campaigns))
    ready, held = allotment.next_campaigns(), allotment.held()
    for one in campaigns:
        assert (one.id in ready) != (one.name in held)


def test_hours_open_and_close_on_their_own_clock() -> None:
    hours = Hours.parse("mon-fri 09:00-18:00, sat 09:00-13:00", "America/Sao_Paulo")
    assert hours.closed_until(NOW) is None
    night = NOW + timedelta(hours=11)
    assert hours.closed_until(night) == datetime(2026, 11, 19, 12, 0, tzinfo=UTC)
    saturday = datetime(2026, 11, 21, 16, 0, tzinfo=UTC)
    assert hours.closed_until(saturday) == datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
    assert Hours.from_json(hours.to_json()) == hours
    late = Hours.parse("fri-sun 20:00-24:00", "UTC")
    assert late.closed_until(datetime(2026, 11, 22, 23, 59, 59, tzinfo=UTC)) is None


@pytest.mark.parametrize("text", ["monday 9-18", "mon 09:00-08:00", "", "mon 25:00-26:00", "mon-xxx 09:00-10:00"])
def test_hours_that_cannot_be_read_are_said(text: str) -> None:
    with pytest.raises(BadInputError):
        Hours.parse(text, "UTC")


@given(
    st.builds(
        Limits, max_attempts=st.integers(1, 50), calls=st.none() | st.integers(1, 9), weight=st.floats(0.1, 100),
        trunks=st.lists(st.sampled_from("ab"), max_size=2).map(tuple),
    )
)  # fmt: skip
def test_limits_survive_their_row(limits: Limits) -> None:
    assert Limits.from_json(limits.to_json()) == limits


@pytest.mark.parametrize("wrong", [{"calls": 0}, {"weight": 0}, {"ramp_per_minute": 0}, {"max_attempts": 0}])
def test_limits_that_make_no_sense_are_refused(wrong: dict) -> None:
    with pytest.raises(BadInputError):
        Limits(**wrong)
