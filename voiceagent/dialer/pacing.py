"""How many calls may begin now, for which campaign and over which trunk. Pure: the floor in, an allotment out."""

from __future__ import annotations

import shlex
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from voiceagent.dialer.limits import Hours, Limits

#: Congestion takes half of a trunk's channels; each quiet minute gives one back.
RECOVER_EVERY = timedelta(minutes=1)
#: How far back congestion is remembered.
CONGESTION_MEMORY = timedelta(hours=1)
#: The name of the way that the exchange takes where no trunk was made known: what it bears nobody told.
UNNAMED = ""


@dataclass(frozen=True, slots=True)
class Held:
    """Why no call of a campaign begins now; `until` None: until something changes."""

    reason: str
    until: datetime | None = None
    detail: str = ""
    mend: str = ""
    """What people do to go on, where they must do something."""

    def told(self, zone: tzinfo | None = None) -> str:
        """One line for people; instants on the clock of `zone`."""
        until = f" until {(self.until.astimezone(zone) if zone else self.until).isoformat()}" if self.until else ""
        return f"{self.reason}{until}{': ' + self.detail if self.detail else ''}{'; ' + self.mend if self.mend else ''}"


def rate_window(calls_per_second: float) -> timedelta:
    """How far back calls count for a rate: a second, longer for less than one call a second, at most a day."""
    return timedelta(seconds=min(max(1.0, 1 / calls_per_second), 86_400.0))


@dataclass(frozen=True, slots=True)
class TrunkNow:
    """A trunk at this instant."""

    name: str
    max_channels: int
    calls_per_second: float
    used: int = 0
    """Calls over it that have not ended."""
    starts: tuple[datetime, ...] = ()
    """Calls begun lately (at least those of the last second, or of the last 1/calls_per_second), in any order."""
    congestions: tuple[datetime, ...] = ()
    """When calls over it failed for want of a route (403, 503, congestion)."""
    held: Held | None = None
    """A kill switch or its circuit breaker."""
    caller_ids: tuple[str, ...] = ()
    trying: bool = False
    """Its circuit breaker lets one call at a time see whether it works again."""

    def channels(self, now: datetime) -> int:
        """Channels it may use: halved by each congestion, one more for every quiet minute after it, never below 1."""
        if self.trying:
            return 1
        allowed, last = self.max_channels, None
        for at in sorted(at for at in self.congestions if now - CONGESTION_MEMORY < at <= now):
            if last is not None:
                # Calls begun together fail together: that is one congestion.
                if at - last < timedelta(seconds=10):
                    continue
                allowed = min(self.max_channels, allowed + int((at - last) / RECOVER_EVERY))
            allowed, last = max(1, allowed // 2), at
        if last is not None:
            allowed = min(self.max_channels, allowed + int((now - last) / RECOVER_EVERY))
        return allowed

    def room(self, now: datetime) -> tuple[int, Held | None]:
        """How many calls may begin over it, and what holds the next one back when none may."""
        if self.held is not None:
            return 0, self.held
        channels = self.channels(now)
        if self.used >= channels:
            why = "congestion" if channels < self.max_channels else "trunk_channels"
            why = "breaker" if self.trying else why
            return 0, Held(why, detail=f"{self.used} of {channels} in use")
        # A window, not a bucket: never more than the rate in any second, whoever else starts calls.
        window = rate_window(self.calls_per_second)
        allowed = max(1, int(self.calls_per_second))
        recent = sorted(at for at in self.starts if at > now - window)
        if len(recent) >= allowed:
            return 0, Held("calls_per_second", recent[-allowed] + window)
        return min(channels - self.used, allowed - len(recent)), None


@dataclass(frozen=True, slots=True)
class CampaignNow:
    """A running campaign at this instant."""

    id: uuid.UUID
    name: str
    limits: Limits = field(default_factory=Limits)
    hours: Hours | None = None
    priority: int = 0
    used: int = 0
    started_at: datetime | None = None
    pilot_left: int | None = None
    """Calls a pilot may still begin; None: it is no pilot."""

    def room(self, now: datetime) -> tuple[int, Held | None]:
        """How many calls of it may begin as far as it is concerned, and what holds it back when none may."""
        if self.hours is not None and (until := self.hours.closed_until(now)) is not None:
            return 0, Held("campaign_hours", until)
        most = 10**6 if self.limits.calls is None else self.limits.calls
        held: Held | None = Held("campaign_calls", detail=f"{self.used} of {most} at once")
        if self.limits.ramp_per_minute is not None and self.started_at is not None:
            minutes = max(0.0, (now - self.started_at) / timedelta(minutes=1))
            ramped = 1 + int(minutes * self.limits.ramp_per_minute)
            if ramped < most:
                step = timedelta(minutes=min(ramped / self.limits.ramp_per_minute, 1440.0))
                most, held = ramped, Held("ramp_up", self.started_at + step)
        left = most - self.used
        if self.pilot_left is not None and self.pilot_left < left:
            mend = f"voiceagent campaigns mode {shlex.quote(self.name)} live --reason ..."
            left, held = self.pilot_left, Held("pilot_done", detail="its calls wait for people to look", mend=mend)
        return (left, None) if left > 0 else (0, held)


@dataclass(frozen=True, slots=True)
class Floor:
    """All that bears on the next calls: seats, trunks, campaigns."""

    now: datetime
    idle_seats: int
    """Seats that could take a call, those that ask included: each call begins on a seat that is its own."""
    kept_for_inbound: int = 0
    trunks: tuple[TrunkNow, ...] = ()
    """None made known: the unnamed one alone; empty: without limits of ours."""
    campaigns: tuple[CampaignNow, ...] = ()
    held: Held | None = None
    """Everything stands still: the kill switch, the clock, the short-call guard."""


class Allotment:
    """Deals the calls that may begin: `next_campaigns`, then `took` for each. Mutable, for one round of asking."""

    def __init__(self, floor: Floor, *, only: uuid.UUID | None = None) -> None:
        self._floor = floor
        self._now = floor.now
        self._seats = max(0, floor.idle_seats - floor.kept_for_inbound)
        self._trunks = {trunk.name: trunk.room(floor.now)[0] for trunk in floor.trunks}
        self._rooms = {one.id: one.room(floor.now)[0] for one in floor.campaigns}
        self._used = {one.id: one.used for one in floor.campaigns}
        self._wanted = [one for one in floor.campaigns if only in (None, one.id)]
        self._empty: set[uuid.UUID] = set()

    @property
    def seats(self) -> int:
        """Calls that may still begin as far as seats and kill switch go."""
        return 0 if self._floor.held is not None else self._seats

    def next_campaigns(self) -> list[uuid.UUID]:
        """Campaigns that may begin a call now, the one whose turn it is first."""
        if self.seats < 1:
            return []
        ready = [
            one
            for one in self._wanted
            if one.id not in self._empty and self._rooms[one.id] > 0 and self._has_trunk(one.limits.trunks)
        ]
        ready.sort(key=lambda one: (-one.priority, self._used[one.id] / one.limits.weight, one.name))
        return [one.id for one in ready]

    def share(self, campaign_id: uuid.UUID, wanted: int) -> int:
        """How many of `wanted` calls it may begin before another campaign's turn comes; at least 1 when ready."""
        ready = self.next_campaigns()
        if campaign_id not in ready:
            return 0
        rivals = [one for one in self._wanted if one.id in ready]
        mine = next(one for one in rivals if one.id == campaign_id)
        peers = sum(one.limits.weight for one in rivals if one.priority == mine.priority)
        fair = max(1, round(wanted * mine.limits.weight / peers))
        return min(fair, wanted, self.seats, self._rooms[campaign_id], self._trunk_room(mine.limits.trunks))

    def trunk_for(self, campaign_id: uuid.UUID | None) -> str | None:
        """The trunk with the most room that the campaign may use; None: the unnamed one, Asterisk chooses."""
        allowed = next((one.limits.trunks for one in self._floor.campaigns if one.id == campaign_id), ())
        fit = [name for name, room in self._trunks.items() if room > 0 and (not allowed or name in allowed)]
        return max(fit, key=lambda name: (self._trunks[name], name), default=UNNAMED) or None

    def no_trunk(self, allowed: Sequence[str]) -> Held | None:
        """What keeps a call from all of the `allowed` trunks (empty: any); None when one takes it."""
        return None if self._has_trunk(allowed) else _first_held(self._floor.trunks, allowed, self._now)

    def caller_ids_of(self, trunk: str | None) -> tuple[str, ...]:
        """Numbers that a trunk may show."""
        return next((one.caller_ids for one in self._floor.trunks if one.name == trunk), ())

    def may_begin(self, campaign_id: uuid.UUID | None) -> bool:
        """Whether one call may begin; None: a call of no campaign."""
        if campaign_id is None:
            return self.seats > 0 and self._has_trunk(())
        return campaign_id in self.next_campaigns() or (
            campaign_id in self._empty and self._rooms.get(campaign_id, 0) > 0 and self.seats > 0
        )

    def took(self, campaign_id: uuid.UUID | None, trunk: str | None) -> None:
        """A call begins."""
        self._seats -= 1
        if campaign_id in self._rooms:
            assert campaign_id is not None
            self._rooms[campaign_id] -= 1
            self._used[campaign_id] += 1
        self._count(trunk, -1)

    def others(self, campaign_id: uuid.UUID | None, trunk: str | None) -> None:
        """Somebody else began a call since the floor was read."""
        if self._floor.kept_for_inbound:
            self._seats -= 1
        if campaign_id in self._rooms:
            assert campaign_id is not None
            self._rooms[campaign_id] -= 1
        self._count(trunk, -1)

    def too_many(self, campaign_id: uuid.UUID | None, trunk: str | None) -> bool:
        """Whether one of the calls counted by `took` must not begin after all."""
        rooms = (
            self._seats,
            self._rooms.get(campaign_id, 0) if campaign_id else 0,
            self._trunks.get(trunk or UNNAMED, 0),
        )
        return min(rooms) < 0

    def gave_back(self, campaign_id: uuid.UUID | None, trunk: str | None) -> None:
        """A call counted by `took` does not begin."""
        self._seats += 1
        if campaign_id in self._rooms:
            assert campaign_id is not None
            self._rooms[campaign_id] += 1
            self._used[campaign_id] -= 1
        self._count(trunk, 1)

    def nobody(self, campaign_id: uuid.UUID) -> None:
        """Nobody of the campaign is due: it passes its turn."""
        self._empty.add(campaign_id)

    def held(self) -> dict[str, Held]:
        """Campaigns by name that may begin nothing, and why."""
        floor, found = self._floor, {}
        for one in floor.campaigns:
            held = floor.held or one.room(self._now)[1]
            if held is None and not self._has_trunk(one.limits.trunks):
                held = _first_held(floor.trunks, one.limits.trunks, self._now)
            if held is None and self._seats < 1:
                held = Held("no_seat", detail="every idle seat is kept for incoming calls")
            if held is not None:
                found[one.name] = held
        return found

    def _count(self, trunk: str | None, more: int) -> None:
        name = trunk or UNNAMED
        if name in self._trunks:
            self._trunks[name] += more

    def _has_trunk(self, allowed: Sequence[str]) -> bool:
        return self._trunk_room(allowed) > 0

    def _trunk_room(self, allowed: Sequence[str]) -> int:
        if not self._floor.trunks and not allowed:
            return 10**6
        return sum(room for name, room in self._trunks.items() if not allowed or name in allowed)


def _first_held(trunks: Sequence[TrunkNow], allowed: Sequence[str], now: datetime) -> Held:
    """What holds the trunks of a campaign: the one that lets go first."""
    holds = [held for trunk in trunks if not allowed or trunk.name in allowed if (held := trunk.room(now)[1])]
    late = now + timedelta(days=365)
    lost = Held("no_trunk", detail="its trunks do not exist", mend="voiceagent campaigns trunks --set NAME")
    return min(holds, key=lambda held: held.until or late, default=lost)
