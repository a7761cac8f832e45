"""After a call: when the same person may be tried again, and when not; pure, and never above the law's caps."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from voiceagent.debt.disposition import Disposition

D = Disposition

#: Parts of the day: a person who does not answer in one is tried in another.
DAY_PARTS = (time(8), time(12), time(17), time(20))

#: Spread of retries, so that a list that failed together does not come back together.
JITTER = 0.10


class Next(StrEnum):
    """What becomes of the enrolment."""

    RETRY = "retry"
    NEXT_NUMBER = "next_number"
    DONE = "done"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Step:
    """`at` is None for done and stopped; `reason` says why in a word."""

    what: Next
    at: datetime | None
    reason: str


@dataclass(frozen=True, slots=True)
class _Rung:
    delay: timedelta
    times: int
    """So often in a day; afterwards the next part of the day."""


_RUNGS = {
    D.BUSY: _Rung(timedelta(minutes=15), 3),
    D.NA: _Rung(timedelta(hours=4), 2),
    D.CONG: _Rung(timedelta(minutes=10), 3),
    D.ERR: _Rung(timedelta(minutes=30), 3),
    D.SIL: _Rung(timedelta(hours=2), 2),
    D.HUP: _Rung(timedelta(hours=4), 1),
}

#: Quiet for the person on every channel after these outcomes; the law's own blocks come on top.
COOL_OFF = {
    D.NOMON: timedelta(days=10),
    D.REF: timedelta(days=7),
    D.ABU: timedelta(days=7),
    D.THIRD_PARTY: timedelta(days=1),
    D.THIRD_PARTY_MESSAGE: timedelta(days=1),
    D.CPC_NEG: timedelta(days=2),
    D.CB: timedelta(hours=2),
}

#: Over for good, until a stop is revoked and the case enrolled again.
_STOPPED = {D.DEC, D.CEASE}
#: People must look first: the law's own stop holds until they have, so the case only asks again from day to day.
_REVIEW = {D.LEG, D.DISP, D.PAID}
_NUMBER_IS_BAD = {D.DC, D.WN, D.FAX}


def next_step(
    disposition: Disposition, *, now: datetime, zone: ZoneInfo, same_today: int, seed: uuid.UUID, other_numbers: bool
) -> Step:
    """What follows `disposition`. `same_today`: calls of this outcome today, with this one; `seed`: the call's id."""
    name = disposition.value
    if disposition in _STOPPED:
        return Step(Next.STOPPED, None, name)
    if disposition is D.PTP or disposition in _REVIEW:
        # The law's rules on promises and disputes decide when collection may speak again.
        return Step(Next.RETRY, now + timedelta(days=1), name)
    if disposition is D.XFER:
        return Step(Next.DONE, None, name)
    if disposition in _NUMBER_IS_BAD:
        if not other_numbers:
            return Step(Next.STOPPED, None, "no_number")
        return Step(Next.NEXT_NUMBER, now + timedelta(minutes=2), name)
    if disposition in COOL_OFF:
        return Step(Next.RETRY, now + COOL_OFF[disposition], name)
    if disposition is D.VM:
        return Step(Next.RETRY, next_day_part(now, zone), name)
    rung = _RUNGS.get(disposition, _RUNGS[D.ERR])
    if same_today < rung.times:
        return Step(Next.RETRY, now + rung.delay * _spread(seed), name)
    return Step(Next.RETRY, next_day_part(now, zone, other_day=disposition is D.NA), name)


def next_day_part(now: datetime, zone: ZoneInfo, *, other_day: bool = False) -> datetime:
    """The start of the next part of the person's day; `other_day`: tomorrow's, and not the part it is now."""
    local = now.astimezone(zone)
    parts = DAY_PARTS[:-1]
    current = max((n for n, start in enumerate(parts) if start <= local.time()), default=-1)
    if not other_day and current + 1 < len(parts):
        return datetime.combine(local.date(), parts[current + 1], tzinfo=zone).astimezone(now.tzinfo)
    tomorrow = local.date() + timedelta(days=1)
    part = parts[(current + 1) % len(parts)] if other_day else parts[0]
    return datetime.combine(tomorrow, part, tzinfo=zone).astimezone(now.tzinfo)


def _spread(seed: uuid.UUID) -> float:
    """Between 1 − JITTER and 1 + JITTER, the same for the same call."""
    return 1 - JITTER + 2 * JITTER * (seed.int % 1000) / 999
