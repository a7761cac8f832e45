"""Business days: counting, rolling off weekends and holidays, the n-th of a month."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from voiceagent.calendars.holidays import is_bank_closed

Direction = Literal["next", "previous"]
_DAY = timedelta(days=1)
_LONGEST_CLOSURE = 31


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """The business days of one place. `closed` adds days of the user's own (municipal holidays)."""

    country: str
    state: str | None = None
    saturdays: bool = False
    """Saturday counts (the payroll rule of Brazil's labour law); banks say no."""
    closed: frozenset[date] = frozenset()

    def is_open(self, day: date) -> bool:
        """Whether `day` is a business day."""
        last_open = calendar.SATURDAY if self.saturdays else calendar.FRIDAY
        return day.weekday() <= last_open and not self.is_holiday(day)

    def is_holiday(self, day: date) -> bool:
        """Whether the place, or its user, keeps `day` closed, on whatever day of the week it falls."""
        return day in self.closed or is_bank_closed(day, self.country, self.state)

    def roll(self, day: date, direction: Direction = "next") -> date:
        """`day` when open, else the nearest open day in `direction`."""
        step = _DAY if direction == "next" else -_DAY
        for _ in range(_LONGEST_CLOSURE):
            if self.is_open(day):
                return day
            day += step
        raise ValueError(f"no business day within {_LONGEST_CLOSURE} days of {day}")

    def add(self, day: date, count: int) -> date:
        """The business day `count` business days after `day` (before, when negative); 0 rolls forward."""
        if count == 0:
            return self.roll(day)
        for _ in range(abs(count)):
            day = self.roll(day + _DAY) if count > 0 else self.roll(day - _DAY, "previous")
        return day

    def nth(self, year: int, month: int, ordinal: int) -> date:
        """The `ordinal`-th business day of a month (1 = first, -1 = last). ValueError when the month has fewer."""
        last = calendar.monthrange(year, month)[1]
        days = [day for day in (date(year, month, n) for n in range(1, last + 1)) if self.is_open(day)]
        try:
            return days[ordinal - 1 if ordinal > 0 else ordinal]
        except IndexError:
            raise ValueError(f"{year}-{month:02d} has {len(days)} business days, not {ordinal}") from None
