"""What a measurement cost the machine: processor time by part, and how late an idle thread wakes up."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

_PROC = Path("/proc")


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes and everything they started that still lives."""
    parents: dict[int, int] = {}
    spent: dict[int, float] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # The name, in brackets, may hold anything; what follows its last bracket are numbers.
            fields = (entry / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(entry.name)] = int(fields[1])
        spent[int(entry.name)] = (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    wanted = set(pids)
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in wanted} - wanted
        wanted |= more
        grown = bool(more)
    return sum(spent.get(pid, 0.0) for pid in wanted)


def held_by(pid: int) -> dict[str, int]:
    """What a process holds: threads, file descriptors, UDP sockets among them."""
    home = Path(f"/proc/{pid}")
    sockets = {row.split()[9] for row in (home / "net/udp").read_text().splitlines()[1:]}
    links = []
    for entry in (home / "fd").iterdir():
        with contextlib.suppress(OSError):
            links.append(str(entry.readlink()))
    own = sum(link.startswith("socket:[") and link[8:-1] in sockets for link in links)
    return {"threads": len(list((home / "task").iterdir())), "descriptors": len(links), "udp_sockets": own}


class ProcessorTime:
    """Counts inside each `with`; `parts` names, then, the processes of each part."""

    def __init__(self, parts: Callable[[], Mapping[str, Iterable[int]]]) -> None:
        self._parts = parts
        self._spent: dict[str, float] = {}
        self._lasted = 0.0
        self._since = 0.0

    def __enter__(self) -> ProcessorTime:
        self._since = time.monotonic()
        self._add(-1.0)
        return self

    def __exit__(self, *_: object) -> None:
        self._add(1.0)
        self._lasted += time.monotonic() - self._since

    def _add(self, sign: float) -> None:
        for name, pids in self._parts().items():
            self._spent[name] = self._spent.get(name, 0.0) + sign * processor_seconds(pids)

    def cores(self) -> dict[str, float]:
        """Cores each part kept busy, on average."""
        return {name: round(max(0.0, spent) / max(self._lasted, 1e-6), 3) for name, spent in self._spent.items()}


class IdleThread:
    """A thread that only sleeps: how late it wakes is what the machine does to anybody. Use as a context."""

    STEP_S = 0.02

    def __init__(self) -> None:
        self._late: list[float] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="idle", daemon=True)

    def __enter__(self) -> IdleThread:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            due = time.perf_counter() + self.STEP_S
            time.sleep(self.STEP_S)
            self._late.append(1000 * (time.perf_counter() - due))

    def milliseconds(self) -> dict[str, float]:
        """Median, 95th percentile and worst lateness."""
        late = self._late or [0.0]
        return {
            "p50": round(float(np.percentile(late, 50)), 2),
            "p95": round(float(np.percentile(late, 95)), 2),
            "max": round(max(late), 2),
        }
