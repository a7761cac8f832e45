"""Time is handed in, never taken: every room that needs `now` receives a Clock."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Where a program takes the time from."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back; only differences mean anything."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """The machine's instant in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """The machine's monotonic seconds."""
        return time.monotonic()


class OffsetClock:
    """The machine's clock moved so that it began at a chosen instant; it runs at real speed (`--at`)."""

    def __init__(self, at: datetime) -> None:
        self.offset = require_aware(at) - datetime.now(UTC)

    @classmethod
    def by_offset(cls, offset: timedelta) -> OffsetClock:
        """The same shift in another process: hand `offset` over, not the instant."""
        clock = cls.__new__(cls)
        clock.offset = offset
        return clock

    def move(self, at: datetime) -> None:
        """It is `at` now, whatever it was."""
        self.offset = require_aware(at) - datetime.now(UTC)

    def now(self) -> datetime:
        """The shifted instant in UTC."""
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        """The machine's monotonic seconds (a shift changes no duration)."""
        return time.monotonic()


class ManualClock:
    """A clock that moves only when told: tests and the virtual-time driver."""

    def __init__(self, at: datetime) -> None:
        self._now = require_aware(at)
        self._elapsed = 0.0

    def now(self) -> datetime:
        """The instant set, in UTC."""
        return self._now

    def monotonic(self) -> float:
        """Seconds advanced so far."""
        return self._elapsed

    def advance(self, seconds: float) -> None:
        """Move on by `seconds`."""
        self._now += timedelta(seconds=seconds)
        self._elapsed += seconds


def require_aware(at: datetime) -> datetime:
    """`at` in UTC; ValueError when it is naive, because a naive instant means a different moment to each reader."""
    if at.tzinfo is None or at.utcoffset() is None:
        raise ValueError(f"naive datetime {at.isoformat()}: give an offset, for example {at.isoformat()}-03:00")
    return at.astimezone(UTC)
