"""What a campaign may do at most: calls at once and in all, its share of the seats, its hours, its trunks. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from voiceagent.base.errors import BadInputError

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
#: Bounds of what a campaign or a trunk may be told: calls, and calls by the minute or by the second.
MOST, SLOWEST = 1_000_000, 0.01
#: What a telephone shows: E.164, or a number that only its own country dials.
_SHOWN = re.compile(r"\+?[0-9]{3,15}")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]|24):([0-5]\d)")


def require_shown(caller_ids: Iterable[str]) -> None:
    """BadInputError unless each of these is a number that a telephone can show."""
    for number in caller_ids:
        if not _SHOWN.fullmatch(number):
            raise BadInputError(f"{number!r} is no caller id: write a number like +551133330000")


@dataclass(frozen=True, slots=True)
class Limits:
    """A campaign's own bounds; the law, the installation and the trunks may only narrow them further."""

    max_attempts: int = 12
    """Calls to one contact before it is left alone, whatever the ladders say."""
    calls: int | None = None
    """Calls at once; None: as many as there are seats."""
    weight: float = 1.0
    """Share of the seats among campaigns of the same priority."""
    ramp_per_minute: float | None = None
    """After a start: one call at once, and so many more each minute; None: all at once."""
    pilot_calls: int = 20
    """Calls of a pilot before it pauses for people to look."""
    trunks: tuple[str, ...] = ()
    """Only these; empty: any."""
    caller_ids: tuple[str, ...] = ()
    """Shown in turn; empty: the trunk's."""
    retries: str = ""
    """Ladders of its own, by their name in the retry plan; empty: the house's."""
    brakes: Mapping[str, float] = field(default_factory=dict)
    """Shares (above 0, at most 1) by sign of BRAKES at which it pauses itself; those absent: the installation's."""

    #: Signs that a campaign's own brakes can name.
    BRAKES: ClassVar[tuple[str, ...]] = ("wrong_party", "opt_out", "no_match", "overturned", "short_calls")

    def __post_init__(self) -> None:
        wrong = (
            (self.max_attempts < 1, "max_attempts must be 1 or more"),
            (self.calls is not None and self.calls < 1, "calls must be 1 or more"),
            (not 0 < self.weight <= 100, "weight must be above 0 and at most 100"),
            (
                self.ramp_per_minute is not None and not 0 < self.ramp_per_minute < math.inf,
                "ramp must be above 0 calls a minute",
            ),
            (self.pilot_calls < 1, "pilot_calls must be 1 or more"),
            (not set(self.brakes) <= set(self.BRAKES), f"a brake is one of {', '.join(self.BRAKES)}"),
            (not all(0 < share <= 1 for share in self.brakes.values()), "a brake is a share above 0 and at most 1"),
        )
        for bad, told in wrong:
            if bad:
                raise BadInputError(told)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Limits:
        """From the campaign's row; what it does not say is the default."""
        known: dict[str, Any] = {name: value for name, value in (data or {}).items() if name in cls.__slots__}
        known.update((name, tuple(known[name])) for name in ("trunks", "caller_ids") if name in known)
        return cls(**known)

    def require_sensible(self) -> None:
        """BadInputError for bounds that nobody means, which would be no bounds, or never let a call begin."""
        for name in ("max_attempts", "calls", "pilot_calls"):
            if (getattr(self, name) or 1) > MOST:
                raise BadInputError(f"{name} must be at most {MOST}")
        if self.ramp_per_minute is not None and not SLOWEST <= self.ramp_per_minute <= MOST:
            raise BadInputError(f"ramp must be {SLOWEST:g} to {MOST} calls a minute")

    def to_json(self) -> dict[str, Any]:
        """For the campaign's row: only what is not the default."""
        plain = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        default = asdict(Limits())
        return {name: value for name, value in plain.items() if getattr(self, name) != default[name]}


@dataclass(frozen=True, slots=True)
class Hours:
    """When a campaign dials, on the clock of `zone`; the law of each contact's place still holds within."""

    zone: str
    days: Mapping[str, tuple[time, time]]
    """By DAYS; a day that is absent is closed. An end of midnight (00:00) is the end of the day."""

    @classmethod
    def parse(cls, text: str, zone: str) -> Hours:
        """`mon-fri 09:00-19:00, sat 09:00-13:00`; BadInputError says how to write it."""
        try:
            ZoneInfo(zone)
        except (ZoneInfoNotFoundError, ValueError):
            raise BadInputError(f"unknown time zone {zone!r}: use an IANA name like America/Sao_Paulo") from None
        days: dict[str, tuple[time, time]] = {}
        for part in text.lower().split(","):
            named, _, span = part.strip().partition(" ")
            first, _, last = named.partition("-")
            match = _SPAN.fullmatch(span.strip())
            if first not in DAYS or (last and last not in DAYS) or match is None:
                raise BadInputError(f"hours {part.strip()!r}: write them like mon-fri 09:00-19:00, sat 09:00-13:00")
            start, end = time(int(match[1]), int(match[2])), time(int(match[3]) % 24, int(match[4]))
            if end != time(0) and end <= start:
                raise BadInputError(f"hours {part.strip()!r} end before they begin")
            one, other = DAYS.index(first), DAYS.index(last or first)
            for n in range(one, (other if other >= one else other + 7) + 1):
                days[DAYS[n % 7]] = (start, end)
        return cls(zone, days)

    @classmethod
    def from_json(cls, data: Mapping[str, Any] | None) -> Hours | None:
        """From the campaign's row; None: whenever the law allows."""
        if not data:
            return None
        days = {day: (time.fromisoformat(span[0]), time.fromisoformat(span[1])) for day, span in data["days"].items()}
        return cls(data["zone"], days)

    def to_json(self) -> dict[str, Any]:
        """For the campaign's row."""
        spans = {day: [start.isoformat("minutes"), end.isoformat("minutes")] for day, (start, end) in self.days.items()}
        return {"zone": self.zone, "days": spans}

    def closed_until(self, now: datetime) -> datetime | None:
        """None when open at `now`; else the next opening. An Hours without any day opens in a week's time."""
        zone = ZoneInfo(self.zone)
        local = now.astimezone(zone)
        for ahead in range(8):
            day = local.date() + timedelta(days=ahead)
            span = self._span(day, zone)
            if span is None or span[1] <= now:
                continue
            return None if span[0] <= now else span[0].astimezone(now.tzinfo)
        return now + timedelta(days=7)

    def open_until(self, now: datetime) -> datetime:
        """The end of the opening that `now` lies in; `now` itself where it is closed."""
        zone = ZoneInfo(self.zone)
        span = self._span(now.astimezone(zone).date(), zone)
        return span[1].astimezone(now.tzinfo) if span is not None and span[0] <= now < span[1] else now

    def _span(self, day: date, zone: ZoneInfo) -> tuple[datetime, datetime] | None:
        span = self.days.get(DAYS[day.weekday()])
        if span is None:
            return None
        until = day + timedelta(days=1) if span[1] == time(0) else day
        return datetime.combine(day, span[0], zone), datetime.combine(until, span[1], zone)
