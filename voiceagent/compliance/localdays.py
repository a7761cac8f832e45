"""Holidays of municipalities, from the user's own file: nobody publishes them all, and each binds where it is kept."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from voiceagent.base.errors import BadInputError

_KEYS = {"country", "state", "city", "area_codes", "day", "name"}
_REQUIRED = {"country", "day", "name"}
_YEARLY = re.compile(r"(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")


@dataclass(frozen=True, slots=True)
class LocalHoliday:
    """A day on which a place below the state is closed, every year or once."""

    country: str
    state: str | None
    """None: wherever in the country."""
    city: str | None
    """As `plain_city` writes it; None: everywhere in the state."""
    area_codes: frozenset[str]
    """Numbers that may be of that city; they count beside an address, which may be old."""
    month: int
    day: int
    year: int | None
    """None: every year."""
    name: str

    def falls_on(self, day: date) -> bool:
        """Whether `day` is this holiday."""
        return day.month == self.month and day.day == self.day and self.year in (None, day.year)

    def near(self, country: str, state: str | None, city: str | None, area: str | None) -> bool:
        """Whether it may be the holiday of somebody there; `city` already plain. An unknown state may be this one."""
        if country != self.country or (self.state is not None and state not in (None, self.state)):
            return False
        if self.city is None and not self.area_codes:
            return True
        return (self.city is not None and city == self.city) or area in self.area_codes


def plain_city(name: str | None) -> str | None:
    """A city's name without accents, case and spaces around it: as people type it on either side."""
    if name is None or not name.strip():
        return None
    plain = unicodedata.normalize("NFKD", name.casefold())
    return " ".join("".join(char for char in plain if not unicodedata.combining(char)).split())


def read_local_holidays(entries: Any) -> tuple[LocalHoliday, ...]:
    """From the list in the user's file; BadInputError says which entry cannot be read and why."""
    if not isinstance(entries, list):
        raise BadInputError("local_holidays must be a list")
    return tuple(_entry(number, entry) for number, entry in enumerate(entries, 1))


def _entry(number: int, entry: Any) -> LocalHoliday:
    where = f"local holiday {number}"
    if not isinstance(entry, Mapping) or not set(entry) >= _REQUIRED or set(entry) - _KEYS:
        raise BadInputError(f"{where}: needs {', '.join(sorted(_REQUIRED))}; may have {', '.join(sorted(_KEYS))}")
    codes = entry.get("area_codes") or []
    texts = [entry["country"], entry["name"], entry.get("state") or "", entry.get("city") or ""]
    if not all(isinstance(text, str) for text in texts) or not isinstance(codes, list):
        raise BadInputError(f"{where}: country, state, city and name are texts, area_codes a list")
    year, month, day = _day(where, entry["day"])
    state = str(entry.get("state") or "").strip().upper() or None
    return LocalHoliday(
        country=str(entry["country"]).strip().upper(),
        state=state,
        city=plain_city(entry.get("city")),
        area_codes=frozenset(map(str, codes)),
        month=month,
        day=day,
        year=year,
        name=str(entry["name"]),
    )


def _day(where: str, value: Any) -> tuple[int | None, int, int]:
    """Year (None: every year), month, day."""
    try:
        once = value if isinstance(value, date) else date.fromisoformat(str(value))
    except ValueError:
        match = _YEARLY.fullmatch(str(value))
        if match is None:
            raise BadInputError(f"{where}: day is a date like '2026-12-08', or '12-08' for every year") from None
        return None, int(match[1]), int(match[2])
    return once.year, once.month, once.day
