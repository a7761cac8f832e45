"""What running processes hold: memory, threads and file handles, sampled while calls are made, so that leaks show."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_PROC = Path("/proc")
EVERY_S = 1.0
#: A process seen less often than this has not lived long enough to be judged.
_ENOUGH = 40
#: What a process may hold more in its last quarter than in its second (in its first it is still getting under way):
#: megabytes and share, threads, handles. A call takes three handles while it lasts and some seconds more, so a phone
#: that waited first shows a few calls of them.
_MORE_MB, _MORE_SHARE, _MORE_THREADS, _MORE_HANDLES = 30.0, 0.15, 2, 12


@dataclass(frozen=True, slots=True)
class Held:
    """What a process holds at a moment."""

    rss_mb: float
    threads: int
    handles: int


def held(pid: int) -> Held | None:
    """What the process holds now; None when it is gone."""
    try:
        status = (_PROC / str(pid) / "status").read_text(encoding="utf-8", errors="replace")
        handles = sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
    except OSError:
        return None
    fields = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
    if "VmRSS" not in fields:
        return None  # it has ended and nobody has looked yet
    return Held(round(int(fields["VmRSS"].split()[0]) / 1024, 1), int(fields["Threads"]), handles)


class Footprints:
    """Samples the processes that `parts` names, by name, until it is cancelled."""

    def __init__(self, parts: Callable[[], Mapping[str, Iterable[int]]]) -> None:
        self._parts = parts
        self._seen: dict[tuple[str, int], list[Held]] = {}

    async def run(self) -> None:
        """Sample once a second."""
        while True:
            self.note()
            await asyncio.sleep(EVERY_S)

    def note(self) -> None:
        """One sample of each."""
        for name, pids in self._parts().items():
            for pid in pids:
                if (now := held(pid)) is not None:
                    self._seen.setdefault((name, pid), []).append(now)

    def report(self) -> list[dict[str, Any]]:
        """Each process with what it held at most in the second and in the last quarter of its samples."""
        rows = []
        for (name, pid), samples in self._seen.items():
            quarter = max(1, len(samples) // 4)
            first, last = _most(samples[len(samples) // 4 : len(samples) // 4 + quarter]), _most(samples[-quarter:])
            rows.append(
                {
                    "process": name,
                    "pid": pid,
                    "seconds": round(len(samples) * EVERY_S),
                    "rss_mb": [first.rss_mb, last.rss_mb],
                    "threads": [first.threads, last.threads],
                    "handles": [first.handles, last.handles],
                }
            )
        return rows

    def leaks(self) -> list[str]:
        """Every process that held clearly more at its end than once it was under way."""
        found = []
        for row in self.report():
            if row["seconds"] < _ENOUGH * EVERY_S:
                continue
            who = f"{row['process']} ({row['pid']})"
            first, last = row["rss_mb"]
            if last > first * (1 + _MORE_SHARE) + _MORE_MB:
                found.append(f"{who} grew from {first} to {last} MB")
            for what, more in (("threads", _MORE_THREADS), ("handles", _MORE_HANDLES)):
                first, last = row[what]
                if last > first + more:
                    found.append(f"{who} went from {first} to {last} {what}")
        return found


def _most(samples: list[Held]) -> Held:
    return Held(
        max(sample.rss_mb for sample in samples),
        max(sample.threads for sample in samples),
        max(sample.handles for sample in samples),
    )
