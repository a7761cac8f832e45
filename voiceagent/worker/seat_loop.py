"""A seat at work: asks the dialer for the next call, makes it, closes it, asks again; its state is on the board."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid

from voiceagent.base.clock import Clock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases.kinds import SeatState
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.journal.writer import JournalWriter
from voiceagent.telephony.line import Phone
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf

log = logging.getLogger(__name__)


class SeatLoop:
    """One seat of a worker; `drain` lets the present call end and takes no other."""

    def __init__(
        self,
        name: str,
        worker: str,
        phone: Phone,
        queue: Queue,
        shelf: ContentShelf,
        writer: JournalWriter,
        house: House,
        clock: Clock,
        *,
        idle_poll_s: float,
    ) -> None:
        self.name, self._worker, self._phone, self._queue = name, worker, phone, queue
        self._shelf, self._writer, self._house, self._clock = shelf, writer, house, clock
        self._idle_poll_s = idle_poll_s
        self._draining = asyncio.Event()
        self._seat_id = uuid.uuid5(uuid.NAMESPACE_URL, f"seat:{name}")
        self._state: SeatState | None = None

    def drain(self) -> None:
        """Take no further call."""
        self._draining.set()

    async def run(self) -> None:
        """Work until drained."""
        self._show(SeatState.IDLE)
        try:
            while not self._draining.is_set():
                lease = await self._next()
                if lease is not None:
                    await self._work(lease)
                    continue
                self._show(SeatState.IDLE)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._draining.wait(), self._idle_poll_s)
        finally:
            self._show(SeatState.OFFLINE)

    async def _next(self) -> Lease | None:
        try:
            return await asyncio.to_thread(self._queue.lease, self.name)
        except UnavailableError as error:
            log.error("seat %s cannot ask for work: %s", self.name, error)
            await asyncio.sleep(self._idle_poll_s)
            return None
