"""Ticks: the 20 ms beat by which conversations take and give audio, in real time or in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from typing import Protocol

from voiceagent.audio.format import FRAME_S
from voiceagent.base.clock import ManualClock


class Ticks(Protocol):
    """The beat."""

    async def next(self) -> None:
        """Wait for the next tick."""
        ...


class RealTicks:
    """One timer on the asyncio loop for all who wait: 50 wake-ups a second, none while nobody waits.

    Beats stay on one grid, so waiting does not drift; beats missed by a busy loop are skipped, not made up for,
    because whoever wakes takes all the audio there is.
    """

    def __init__(self) -> None:
        self._waiters: list[asyncio.Future[None]] = []
        self._due = 0.0
        self.skipped = 0
        """Beats that a busy loop missed while somebody waited."""

    async def next(self) -> None:
        """Wait for the next beat."""
        loop = asyncio.get_running_loop()
        if not self._waiters:
            now = loop.time()
            self._due = now + FRAME_S if now - self._due > FRAME_S else self._due + FRAME_S
            loop.call_at(self._due, self._strike, loop)
        waiter = loop.create_future()
        self._waiters.append(waiter)
        await waiter

    def _strike(self, loop: asyncio.AbstractEventLoop) -> None:
        waiters, self._waiters = self._waiters, []
        self.skipped += max(0, int((loop.time() - self._due) / FRAME_S))
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)


class VirtualTicks:
    """Time that moves on only when everybody waits for it: a whole call in milliseconds, the same each time.

    `clock` is advanced 20 ms per tick, then the added functions run (fake lines move their audio), then waiters wake.
    A tick happens when `participants` coroutines wait and the loop has had `settle` passes to do whatever was ready.
    Work that leaves the loop (a thread, a process) stops time for as long as it is inside `hold()`.
    """

    def __init__(self, clock: ManualClock, *, participants: int = 1, settle: int = 4) -> None:
        self.clock, self.participants = clock, participants
        self._settle = settle
        self._waiters: list[asyncio.Future[None]] = []
        self._holds = 0
        self._pumping = False
        self._on_tick: list[Callable[[], None]] = []
        self.count = 0
        """Ticks so far."""

    def add(self, on_tick: Callable[[], None]) -> None:
        """Call this on every tick, in the order of adding, before anybody wakes."""
        self._on_tick.append(on_tick)

    def remove(self, on_tick: Callable[[], None]) -> None:
        """Stop calling it."""
        self._on_tick.remove(on_tick)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """Time stands still inside."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._pump()

    async def next(self) -> None:
        """Wait until virtual time has moved by 20 ms."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._pump()
        try:
            await waiter
        finally:
            if waiter in self._waiters:
                self._waiters.remove(waiter)

    def _pump(self) -> None:
        if not self._pumping and self._waiters:
            self._pumping = True
            asyncio.get_running_loop().call_soon(self._pass, self._settle)

    def _pass(self, left: int) -> None:
        if self._holds or len(self._waiters) < self.participants:
            self._pumping = False  # whoever comes next, or lets go, pumps again
        elif left:
            asyncio.get_running_loop().call_soon(self._pass, left - 1)
        else:
            self._pumping = False
            self._tick()

    def _tick(self) -> None:
        self.count += 1
        self.clock.advance(FRAME_S)
        for on_tick in list(self._on_tick):
            on_tick()
        waiters, self._waiters = self._waiters, []
        for waiter in waiters:
            if not waiter.done():
                waiter.set_result(None)
