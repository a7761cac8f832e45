"""Keeps our processes alive: restarts what died or is stuck, and clears up after it before the next call."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from itertools import groupby

from voiceagent.worker.children import Child, ChildSpec

log = logging.getLogger(__name__)

CleanUp = Callable[[ChildSpec], Awaitable[None]]


@dataclass(slots=True)
class Kept:
    """One supervised process."""

    spec: ChildSpec
    clean_up: CleanUp | None
    child: Child
    restarts: int = 0
    unanswered: int = 0
    """Probes in a row that got no answer."""
    next_probe: float = 0.0
    renewed: asyncio.Event = field(default_factory=asyncio.Event, repr=False)
    """Set each time a successor is ready."""
    task: asyncio.Task[None] | None = field(default=None, repr=False)


class Supervisor:
    """Starts children in order, watches them, stops them in reverse order."""

    #: How often children are looked at (a death is noticed at once, being stuck within this), and restart back-off.
    WATCH_S = 0.25
    #: A child with a probe is asked so often, and is stuck after so many unanswered ones.
    PROBE_S, PROBES = 5.0, 3
    BACK_OFF_S = (0.2, 10.0)

    def __init__(self) -> None:
        self._kept: dict[str, Kept] = {}
        self._stopping = False

    async def start(self, spec: ChildSpec, clean_up: CleanUp | None = None) -> Child:
        """Start a child and keep it. `clean_up` runs after each death, before the restart."""
        kept = Kept(spec, clean_up, Child(spec))
        await kept.child.start()
        self._kept[spec.name] = kept
        kept.task = asyncio.create_task(self._watch(kept), name=f"watch {spec.name}")
        return kept.child

    async def replace(self, spec: ChildSpec) -> Child:
        """Have the child of that name end, and its successor be as `spec` says; returns when it is ready."""
        kept = self._kept[spec.name]
        kept.spec, before = spec, kept.child
        kept.renewed.clear()
        await before.stop()
        await kept.renewed.wait()
        return kept.child

    def child(self, name: str) -> Child:
        """The child of that name as it runs now."""
        return self._kept[name].child

    @property
    def pids(self) -> dict[str, int]:
        """The process of each child that runs."""
        return {name: kept.child.pid for name, kept in self._kept.items() if kept.child.pid is not None}

    @property
    def restarts(self) -> dict[str, int]:
        """How often each child was restarted."""
        return {name: kept.restarts for name, kept in self._kept.items()}

    async def _watch(self, kept: Kept) -> None:
        while not self._stopping:
            try:
                await asyncio.wait_for(kept.child.died.wait(), self.WATCH_S)
            except TimeoutError:
                if not (kept.child.stuck or await self._mute(kept)):
                    continue
                log.error("%s is stuck; killed", kept.spec.name)
                await kept.child.kill()
                await kept.child.died.wait()
            if self._stopping:
                return
            code = kept.child.returncode
            if code:
                log.error("%s died (exit code %s); restarting it", kept.spec.name, code)
            else:
                log.info("%s retired; starting its successor", kept.spec.name)
            if kept.clean_up is not None:
                try:
                    await kept.clean_up(kept.spec)
                except Exception:
                    log.exception("clean-up after %s", kept.spec.name)
            await self._restart(kept)

    async def _mute(self, kept: Kept) -> bool:
        """Whether a child that is known by its answers has stopped giving any."""
        now = asyncio.get_running_loop().time()
        if kept.spec.probe is None or now < kept.next_probe:
            return False
        kept.next_probe = now + self.PROBE_S
        kept.unanswered = 0 if await kept.spec.probe() else kept.unanswered + 1
        return kept.unanswered >= self.PROBES

    async def _restart(self, kept: Kept) -> None:
        pause, longest = self.BACK_OFF_S
        while not self._stopping:
            kept.child = Child(kept.spec)
            kept.restarts += 1
            kept.unanswered = 0
            try:
                await kept.child.start()
                kept.renewed.set()
                return
            except Exception as error:
                # Whatever it was, this child has no other keeper.
                log.error("%s did not come back: %s", kept.spec.name, error)
                await asyncio.sleep(pause)
                pause = min(pause * 2, longest)

    async def stop(self) -> None:
        """Stop every child, the last started first; those of one group together."""
        self._stopping = True
        for _, together in groupby(reversed(self._kept.values()), lambda kept: kept.spec.group or kept.spec.name):
            group = list(together)
            await asyncio.gather(*(kept.child.stop() for kept in group))
            watching = [kept.task for kept in group if kept.task is not None]
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
