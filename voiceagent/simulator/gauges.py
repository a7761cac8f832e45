"""What a measurement cost the machine: processor time by part, and how late an idle thread wakes up."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import numpy as np

_PROC = Path("/proc")


def processor_seconds(pids: Iterable[int]) -> float:
    """Processor time of these processes and everything they started that still lives."""
    parents, spent = _processes()
    return _spent(pids, parents, spent)


def _processes() -> tuple[dict[int, int], dict[int, float]]:
    """Every process' parent and its processor time."""
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
    return parents, spent


def _spent(pids: Iterable[int], parents: Mapping[int, int], spent: Mapping[int, float]) -> float:
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


class BusiestStretch:
    """Cores that parts kept busy in the stretch in which they all together were busiest; a mean hides that.

    Cancel `run` when there is nothing more to see. `within`: what a part started is a part of its own, under that name.
    """

    STEP_S, STEPS = 2.0, 5

    def __init__(self, parts: Callable[[], Mapping[str, Iterable[int]]], within: Mapping[str, str]) -> None:
        self._parts, self._within = parts, within
        self._seen: deque[tuple[float, dict[str, float]]] = deque(maxlen=self.STEPS + 1)
        self._busiest: dict[str, float] = {}

    async def run(self) -> None:
        """Look every `STEP_S`."""
        while True:
            self.look(time.monotonic(), await asyncio.to_thread(self._spent_so_far))
            await asyncio.sleep(self.STEP_S)

    def look(self, at: float, spent: Mapping[str, float]) -> None:
        """At that time (monotonic) so many processor seconds were spent by each part."""
        self._seen.append((at, dict(spent)))
        began, before = self._seen[0]
        if len(self._seen) <= self.STEPS:
            return
        cores = {name: max(0.0, (spent[name] - before.get(name, 0.0)) / (at - began)) for name in spent}
        if sum(cores.values()) > sum(self._busiest.values()):
            self._busiest = cores

    def cores(self) -> dict[str, float]:
        """The busiest stretch; empty before one is over."""
        return {name: round(busy, 3) for name, busy in self._busiest.items()}

    def _spent_so_far(self) -> dict[str, float]:
        parents, spent = _processes()
        told: dict[str, float] = {}
        for name, pids in self._parts().items():
            pids = set(pids)
            told[name] = _spent(pids, parents, spent)
            if name in self._within:
                own = sum(spent.get(pid, 0.0) for pid in pids)
                told[self._within[name]], told[name] = told[name] - own, own
        return told


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

    def share_over(self, milliseconds: float) -> float:
        """How often it woke more than that late, of all times."""
        return sum(late > milliseconds for late in self._late) / max(1, len(self._late))
