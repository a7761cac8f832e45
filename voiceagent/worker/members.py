"""Seats as members of Asterisk's queue: one that is reserved for a call of its own is paused there."""

from __future__ import annotations

import asyncio
import logging

from voiceagent.telephony.ami import AmiClient, AmiError

log = logging.getLogger(__name__)


def nobody_rings(seat: str, reserved: bool) -> None:
    """No queue is known here: nothing has to be told when a seat is reserved."""


async def pause(ami: AmiClient, queue: str, seat: str, reason: str) -> None:
    """Have the queue ring this seat no more; with an empty reason, again. AmiError when it is no member."""
    await ami.action(
        "QueuePause", Queue=queue, Interface=f"PJSIP/{seat}", Paused=str(bool(reason)).lower(), Reason=reason
    )


class QueueMembers:
    """Pauses seats in their queue without keeping them waiting; the last wish for a seat is the one that holds."""

    def __init__(self, ami: AmiClient, queue: str) -> None:
        self._ami, self._queue = ami, queue
        self._wished: dict[str, bool] = {}
        self._at_work: dict[str, asyncio.Task[None]] = {}

    def reserve(self, seat: str, reserved: bool) -> None:
        """From now on the queue rings this seat no more (or again). Never waits, never raises."""
        self._wished[seat] = reserved
        if seat not in self._at_work or self._at_work[seat].done():
            self._at_work[seat] = asyncio.create_task(self._see_to(seat), name=f"queue member {seat}")

    async def settle(self) -> None:
        """Wait until every wish was seen to."""
        await asyncio.gather(*self._at_work.values())

    async def _see_to(self, seat: str) -> None:
        while seat in self._wished:
            reserved = self._wished.pop(seat)
            try:
                await pause(self._ami, self._queue, seat, "call of its own" if reserved else "")
            except AmiError as error:
                # The seat refuses by itself whom it cannot take (486): the queue is a little slower then, that is all.
                log.warning("seat %s in queue %s: %s", seat, self._queue, error)
