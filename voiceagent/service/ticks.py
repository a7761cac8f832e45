"""Runs ticks, most of them only while this program leads: each at its pace, off the event loop, failing alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from voiceagent.base.clock import Clock
from voiceagent.base.errors import VoiceagentError
from voiceagent.service.leader import Leadership

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Tick:
    """A piece of upkeep. `work` blocks (it talks to the database) and returns how many things it changed."""

    name: str
    every_s: float
    work: Callable[[], int]
    everywhere: bool = False
    """Also where another program leads: what it looks after is each machine's own."""


@dataclass(slots=True)
class TickCount:
    """What a tick did since the program began."""

    runs: int = 0
    failures: int = 0
    changed: int = 0


class Service:
    """The ticks of one program. `counts` by name and `leads` are for monitoring."""

    def __init__(
        self, leadership: Leadership, clock: Clock, ticks: Sequence[Tick], *, trusted: Callable[[], bool] = lambda: True
    ) -> None:
        """`trusted`: whether the clock is; under a wrong one leases would run out, and promises break, too early."""
        self.leadership, self._trusted = leadership, trusted
        self.clock = clock
        self.ticks = tuple(ticks)
        self.counts = {tick.name: TickCount() for tick in ticks}
        self.leads = False
        self._due = {tick.name: 0.0 for tick in ticks}
        self._renew_at = 0.0
        self._trouble = ""

    async def run(self, stop: asyncio.Event, *, beat_s: float = 1.0) -> None:
        """Until `stop` is set; gives the lease back at the end."""
        while not stop.is_set():
            await asyncio.to_thread(self.beat)
            try:
                await asyncio.wait_for(stop.wait(), beat_s)
            except TimeoutError:
                continue
        try:
            await asyncio.to_thread(self.leadership.release)
        except VoiceagentError as error:
            log.warning("the service's lease could not be given back: %s", error)

    def beat(self) -> None:
        """One look at the clock: renew the lease when it is time, run what is due."""
        now = self.clock.monotonic()
        if now >= self._renew_at:
            self._renew(now)
        due = [tick for tick in self.ticks if (self.leads or tick.everywhere) and now >= self._due[tick.name]]
        if not due or not self._trusted():
            return
        for tick in due:
            self._due[tick.name] = now + tick.every_s
            self._run(tick)

    def _renew(self, now: float) -> None:
        led = self.leads
        try:
            self.leads = self.leadership.hold()
            self._trouble = ""
        except VoiceagentError as error:
            self.leads = False
            if error.message != self._trouble:
                # Once, not at every try for as long as the database is away.
                log.warning("the service's lease cannot be had: %s", error)
            self._trouble = error.message
        self._renew_at = now + self.leadership.lasts.total_seconds() / 3
        if self.leads != led:
            log.info("this program %s the service's ticks", "leads" if self.leads else "no longer leads")

    def _run(self, tick: Tick) -> None:
        count = self.counts[tick.name]
        count.runs += 1
        try:
            count.changed += tick.work()
        except VoiceagentError as error:
            count.failures += 1
            log.warning("tick %s: %s", tick.name, error)
        except Exception:
            count.failures += 1
            log.exception("tick %s failed", tick.name)
