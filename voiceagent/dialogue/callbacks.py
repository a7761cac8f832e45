"""When to call again: from what the debtor said to an instant in his own zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from voiceagent.calendars.business import BusinessCalendar

#: Times of day a debtor means by a part of the day.
PERIODS = {"morning": time(9, 30), "afternoon": time(14, 0), "evening": time(18, 30), "night": time(18, 30)}
_DEFAULT = time(10, 0)
_EARLIEST, _LATEST = time(8, 0), time(19, 45)
_SATURDAY_LATEST = time(13, 45)
_SATURDAY, _SUNDAY = 5, 6
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


def call_at(wish: Wish, now: datetime, business: BusinessCalendar) -> datetime:
    """The instant to call at, aware, in the zone of `now`, later than now and within ordinary calling hours.

    It is a proposal that is said to the debtor; whether the law allows the call is decided again when it is made.
    """
    clock = wish.at or (PERIODS.get(wish.period) if wish.period is not None else None)
    if wish.day is None and clock is None:
        later = now + timedelta(hours=2)
        day, clock = (later.date(), _quarter(later.time())) if later.date() == now.date() else (later.date(), _DEFAULT)
        if clock > _latest(day):
            day, clock = day + timedelta(days=1), _DEFAULT
    else:
        # A year of birth, or a day long past or far away, is no day to call on.
        day = min(max(wish.day or now.date(), now.date()), now.date() + _FARTHEST)
        clock = clock or _DEFAULT
    at = _place(day, clock, now, business)
    while at <= now + _SOON:
        day += timedelta(days=1)
        at = _place(day, clock, now, business)
    return at


def _place(day: date, clock: time, now: datetime, business: BusinessCalendar) -> datetime:
    while not _callable_day(day, business):
        day += timedelta(days=1)
    fitted = min(max(clock, _EARLIEST), _latest(day))
    return datetime.combine(day, fitted, tzinfo=now.tzinfo)


def _callable_day(day: date, business: BusinessCalendar) -> bool:
    if day.weekday() == _SUNDAY:
        return False
    if day.weekday() == _SATURDAY:
        # A Saturday is no business day for payments; a holiday on it still forbids calling.
        return BusinessCalendar(business.country, business.state, saturdays=True, closed=business.closed).is_open(day)
    return business.is_open(day)


def _latest(day: date) -> time:
    return _SATURDAY_LATEST if day.weekday() == _SATURDAY else _LATEST


def _quarter(at: time) -> time:
    """Down to the quarter of an hour, which is how people say times."""
    return time(at.hour, at.minute // 15 * 15)
