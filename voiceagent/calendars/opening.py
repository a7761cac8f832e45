"""Opening hours: when people are at work, by day of the week, on their own clock, holidays apart."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

from voiceagent.calendars.holidays import is_bank_closed

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([0-2]\d:[0-5]\d)\s*-\s*([0-2]\d:[0-5]\d)")


@dataclass(frozen=True, slots=True)
class OpeningHours:
    """`hours`: for each day of the week (Monday 0) from when until when; a day without an entry is closed."""

    zone: str
    hours: tuple[tuple[int, time, time], ...]
    country: str | None = None
    """Closed on the holidays of this country; None: open on them."""

    def open_at(self, at: datetime) -> bool:
        """Whether somebody is at work at this instant (aware)."""
        local = at.astimezone(ZoneInfo(self.zone))
        if self.country is not None and self._holiday(local.date()):
            return False
        clock = local.time().replace(tzinfo=None)
        return any(day == local.weekday() and begins <= clock < ends for day, begins, ends in self.hours)

    def _holiday(self, day: date) -> bool:
        return self.country is not None and is_bank_closed(day, self.country, None)

    @classmethod
    def read(cls, written: Mapping[str, str], zone: str, country: str | None = None) -> OpeningHours:
        """From {"mon-fri": "09:00-18:00", "sat": "09:00-13:00"}. ValueError says what cannot be read."""
        hours = []
        for days, span in written.items():
            first, _, last = days.partition("-")
            times = _SPAN.fullmatch(span.strip())
            if first not in DAYS or (last or first) not in DAYS or times is None:
                raise ValueError(f"{days}: {span} is no opening time: write mon-fri: 09:00-18:00")
            try:
                begins, ends = time.fromisoformat(times[1]), time.fromisoformat(times[2])
            except ValueError:
                raise ValueError(f"{days}: {span} is no time of day") from None
            if begins >= ends:
                raise ValueError(f"{days}: {span} ends before it begins")
            hours += [(day, begins, ends) for day in range(DAYS.index(first), DAYS.index(last or first) + 1)]
        return cls(zone, tuple(sorted(hours)), country)
