"""Work in order of its deadline, a bounded backlog, and a plain no when the machine is full."""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Awaitable, Callable
from typing import TypeVar

from voiceagent.base.errors import UnavailableError

T = TypeVar("T")


class DeadlineQueue:
    """At most `slots` pieces of work at a time and `backlog` waiting; the earliest deadline goes first.

    Deadlines are instants of the running loop's clock.
    """

    def __init__(self, slots: int, backlog: int) -> None:
        self._free = slots
        self._backlog = backlog
        self._order = itertools.count()
        self._waiting: list[tuple[float, int, asyncio.Future[None]]] = []

    @property
    def waiting(self) -> int:
        """How many wait for a slot."""
        return sum(not future.done() for _, _, future in self._waiting)

    async def run(self, work: Callable[[], Awaitable[T]], deadline: float, begin_by: float | None = None) -> T:
        """The work's result. UnavailableError (code busy) when too many wait, TimeoutError when its turn came too late.

        Too late is after `begin_by`, which is the deadline unless it is given. Work that has begun keeps its
        slot until it ends, whatever its deadline: a native call cannot be interrupted.
        """
        await self._slot(deadline, deadline if begin_by is None else begin_by)
        try:
            return await work()
        finally:
            self._release()

    async def _slot(self, deadline: float, begin_by: float) -> None:
        if self._free:
            self._free -= 1
            return
        if self.waiting >= self._backlog:
            raise UnavailableError("the speech process is busy: fewer calls at a time, or another machine", code="busy")
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        heapq.heappush(self._waiting, (deadline, next(self._order), turn))
        try:
            async with asyncio.timeout_at(begin_by):
                await turn
        except (TimeoutError, asyncio.CancelledError):
            if turn.done() and not turn.cancelled():
                # The slot arrived in the same moment: pass it on.
                self._release()
            turn.cancel()
            raise

    def _release(self) -> None:
        while self._waiting:
            _, _, turn = heapq.heappop(self._waiting)
            if not turn.done():
                turn.set_result(None)
                return
        self._free += 1
