"""Seats as members of Asterisk's queue: paused there while reserved, and paused here when people pause them there."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from voiceagent.telephony.ami import AmiClient, AmiError, Message

log = logging.getLogger(__name__)

#: Why we pause a member ourselves; whoever gives any other reason, or none, is a person who wants the seat to rest.
RESERVED, GONE = "call of its own", "its worker is gone"
OURS = frozenset({RESERVED, GONE})


def nobody_rings(seat: str, reserved: bool) -> None:
    """No queue is known here: nothing has to be told when a seat is reserved."""


def nobody_pauses(seat: str) -> bool:
    """No queue is known here: nobody can pause a seat in it."""
    return False


async def pause(ami: AmiClient, queue: str, seat: str, reason: str) -> None:
    """Have the queue ring this seat no more; with an empty reason, again. AmiError when it is no member."""
    await ami.action(
        "QueuePause", Queue=queue, Interface=f"PJSIP/{seat}", Paused=str(bool(reason)).lower(), Reason=reason
    )


async def paused_by_people(ami: AmiClient, queue: str) -> frozenset[str]:
    """The members that a person has paused, by name. AmiError when the exchange does not say."""
    rows = await ami.list_action("QueueStatus", "QueueStatusComplete", Queue=queue)
    return frozenset(row["Name"] for row in rows if "Name" in row and _by_people(row))


class QueueMembers:
    """Pauses seats in their queue without keeping them waiting; the last wish for a seat is the one that holds.

    What a person has paused stays so until a person takes it back, over calls and new workers. `on_change` is called
    when that changes, which is known while `watch` runs.
    """

    def __init__(self, ami: AmiClient, queue: str, on_change: Callable[[], None] = lambda: None) -> None:
        self._ami, self._queue, self._on_change = ami, queue, on_change
        self._wished: dict[str, bool] = {}
        self._at_work: dict[str, asyncio.Task[None]] = {}
        self._paused: frozenset[str] = frozenset()
        self._looked = False

    def paused(self, seat: str) -> bool:
        """Whether a person has paused this seat."""
        return seat in self._paused

    def reserve(self, seat: str, reserved: bool) -> None:
        """From now on the queue rings this seat no more (or again). Never waits, never raises."""
        self._wished[seat] = reserved
        if seat not in self._at_work or self._at_work[seat].done():
            self._at_work[seat] = asyncio.create_task(self._see_to(seat), name=f"queue member {seat}")

    async def settle(self) -> None:
        """Wait until every wish was seen to."""
        await asyncio.gather(*self._at_work.values())

    async def watch(self) -> None:
        """Hear who pauses whom, until cancelled."""
        async with self._ami.events() as events:
            await self._look_or_warn()
            while True:
                message = await events.get()
                if message.get("Event") == "FullyBooted":  # said at each login: an exchange that began anew forgets
                    await self._look_or_warn()
                elif message.get("Event") == "QueueMemberPause" and message.get("Queue") == self._queue:
                    self._told(message)

    async def _look_or_warn(self) -> None:
        try:
            await self._look()
        except AmiError as error:
            log.warning("who is paused in queue %s is not known: %s", self._queue, error)

    async def _look(self) -> None:
        paused = await paused_by_people(self._ami, self._queue)
        self._looked = True
        self._are(paused)

    def _told(self, message: Message) -> None:
        seat = message.get("MemberName", "")
        if _by_people(message):
            self._are(self._paused | {seat})
        elif message.get("Paused") != "1":
            self._are(self._paused - {seat})

    def _are(self, paused: frozenset[str]) -> None:
        if paused != self._paused:
            self._paused = paused
            self._on_change()

    async def _see_to(self, seat: str) -> None:
        while seat in self._wished:
            reserved = self._wished.pop(seat)
            try:
                if not self._looked:
                    await self._look()
                if not self.paused(seat):
                    await pause(self._ami, self._queue, seat, RESERVED if reserved else "")
            except AmiError as error:
                # The seat refuses by itself whom it cannot take (486): the queue is a little slower then, that is all.
                log.warning("seat %s in queue %s: %s", seat, self._queue, error)


def _by_people(member: Message) -> bool:
    return member.get("Paused") == "1" and member.get("PausedReason", "") not in OURS
