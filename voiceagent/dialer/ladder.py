"""After a call: when the same person may be tried again, and when not; pure, and never above the law's caps."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from voiceagent.debt.disposition import Disposition
from voiceagent.debt.retries import RetryPlan

D = Disposition


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


#: Over for good, until a stop is revoked and the case enrolled again.
_STOPPED = {D.DEC, D.CEASE}
#: People must look first, or the promised day comes first: the law's own stop holds until then, and the case only asks
#: again from day to day.
_WAITS_FOR_THE_LAW = {D.PTP, D.LEG, D.DISP, D.PAID}


def next_step(
    plan: RetryPlan,
    disposition: Disposition,
    *,
    now: datetime,
    zone: ZoneInfo,
    same_today: int,
    seed: uuid.UUID,
    other_numbers: bool,
) -> Step:
    """What follows `disposition`. `same_today`: calls of this outcome today, with this one; `seed`: the call's id."""
    name = disposition.value
    if disposition in _STOPPED:
        return Step(Next.STOPPED, None, name)
    if disposition in _WAITS_FOR_THE_LAW:
        return Step(Next.RETRY, now + timedelta(days=1), name)
    if disposition is D.XFER:
        return Step(Next.DONE, None, name)
    if disposition in plan.next_number:
        if not other_numbers:
            return Step(Next.STOPPED, None, "no_number")
        return Step(Next.NEXT_NUMBER, now + plan.next_number[disposition], name)
    if disposition in plan.cool_off:
        return Step(Next.RETRY, now + plan.cool_off[disposition], name)
    ladder = plan.ladders.get(disposition, plan.ladders[D.ERR])
    if ladder.wait is not None and same_today < ladder.times:
        return Step(Next.RETRY, now + ladder.wait * _spread(seed, plan.jitter_percent / 100), name)
    return Step(Next.RETRY, next_day_part(plan, now, zone, other_day=ladder.then == "other_part"), name)


def next_day_part(plan: RetryPlan, now: datetime, zone: ZoneInfo, *, other_day: bool = False) -> datetime:
    """The start of the next part of the person's day; `other_day`: tomorrow's, and not the part it is now."""
    local = now.astimezone(zone)
    parts = plan.day_parts
    current = max((n for n, start in enumerate(parts) if start <= local.time()), default=-1)
    if not other_day and current + 1 < len(parts):
        return datetime.combine(local.date(), parts[current + 1], tzinfo=zone).astimezone(now.tzinfo)
    tomorrow = local.date() + timedelta(days=1)
    part = parts[(current + 1) % len(parts)] if other_day else parts[0]
    return datetime.combine(tomorrow, part, tzinfo=zone).astimezone(now.tzinfo)


def _spread(seed: uuid.UUID, jitter: float) -> float:
    """Between 1 − jitter and 1 + jitter, the same for the same call."""
    return 1 - jitter + 2 * jitter * (seed.int % 1000) / 999
