"""The door of a seat: calls that come in are let wait, one at a time, or hear at once that the seat is busy."""

from __future__ import annotations

import asyncio
import logging

from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.line import Phone, SeatLine

log = logging.getLogger(__name__)

#: What is said to a queue: try the next member; and by a seat that is going away.
BUSY, GOING = 486, 480


class Door:
    """While it is open one caller may wait (it rings there), everybody else is refused. `stirred`: one waits.

    Everything happens on one asyncio loop, so whoever shuts it has the caller that waits, and nobody comes between.
    """

    def __init__(self, phone: Phone, stirred: asyncio.Event) -> None:
        self._phone, self._stirred = phone, stirred
        self._open = self._gone = False
        self._waiting: SeatLine | None = None

    async def run(self) -> None:
        """Listen until cancelled."""
        while True:
            line = await self._phone.incoming()
            if self._open and self._waiting is None:
                self._waiting = line
                self._stirred.set()
            else:
                await self.refuse(line)

    def open(self) -> None:
        """The seat is idle."""
        self._open = not self._gone

    def shut(self, *, for_good: bool = False) -> SeatLine | None:
        """The seat is busy from now on; returns who waits, to be taken or refused."""
        self._open, self._gone = False, self._gone or for_good
        line, self._waiting = self._waiting, None
        return line

    async def refuse(self, line: SeatLine) -> None:
        """Send a caller away."""
        try:
            await self._phone.reject(line, GOING if self._gone else BUSY)
        except UnavailableError as error:
            log.info("a call could not be refused, it is gone: %s", error)
