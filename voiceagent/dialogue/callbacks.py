"""When to call again: from what the debtor said to an instant in his own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from voiceagent.calendars.business import BusinessCalendar
from voiceagent.dialogue.law import STRICTEST_HOURS, Hours

#: Times of day a debtor means by a part of the day.
PERIODS = {"morning": time(9, 30), "afternoon": time(14, 0), "evening": time(18, 30), "night": time(18, 30)}
_DEFAULT = time(10, 0)
#: A call must have begun, and be well under way, before the hours end.
_BEFORE_THE_END = 15
_FARTHEST = timedelta(days=366)
_SOON = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a time to call was said."""

    day: date | None = None
    at: time | None = None
    period: str | None = None

    @property
    def said(self) -> bool:
        """Whether anything was."""
        return self.day is not None or self.at is not None or self.period is not None


def call_at(wish: Wish, now: datetime, business: BusinessCalendar, hours: Hours) -> datetime:
    """The instant to call at, aware, in the zone of `now`, later than now and within the place's calling `hours`.

    It is a proposal that is said to the debtor; whether the law allows the call is decided again when it is made.
    """
    hours = hours if any(hours) else STRICTEST_HOURS
    clock = wish.at or (PERIODS.get(wish.period) if wish.period is not None else None)
    if wish.day is None and clock is None:
        later = now + timedelta(hours=2)
        day, clock = (later.date(), _quarter(later.time())) if later.date() == now.date() else (later.date(), _DEFAULT)
        span = hours[day.weekday()]
        if span is not None and clock > _latest(span):
            day, clock = day + timedelta(days=1), _DEFAULT
    else:
        # A year of birth, or a day long past or far away, is no day to call on.
        day = min(max(wish.day or now.date(), now.date()), now.date() + _FARTHEST)
        clock = clock or _DEFAULT
    at = _place(day, clock, now, business, hours)
    while at <= now + _SOON:
        day += timedelta(days=1)
        at = _place(day, clock, now, business, hours)
    return at


def _place(day: date, clock: time, now: datetime, business: BusinessCalendar, hours: Hours) -> datetime:
    while (span := hours[day.weekday()]) is None or business.is_holiday(day):
        day += timedelta(days=1)
    fitted = min(max(clock, _clock(span[0])), _latest(span))
    return datetime.combine(day, fitted, tzinfo=now.tzinfo)


def _latest(span: tuple[int, int]) -> time:
    return _clock(max(span[0], span[1] - _BEFORE_THE_END))


def _clock(minute: int) -> time:
    return time(minute // 60, minute % 60)


def _quarter(at: time) -> time:
    """Down to the quarter of an hour, which is how people say times."""
    return time(at.hour, at.minute // 15 * 15)
