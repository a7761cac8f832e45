"""Callers nobody could take, as Asterisk's queue tells them by its manager: each becomes an attempt and a callback."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from voiceagent.dialer.arrivals import Arrivals
from voiceagent.telephony.ami import AmiClient, Message, call_of

log = logging.getLogger(__name__)

#: The user event that the dialplan sends; its header `Why`: asked, nobody, or the second of these (was with a seat).
CALLBACK_EVENT, HANDED_OVER = "VoiceagentCallback", "handed_over"
#: The queue of the seats (asterisk/queues.conf).
SEATS_QUEUE = "seats"


async def watch_queue(ami: AmiClient, arrivals: Arrivals, queue: str = SEATS_QUEUE) -> None:
    """Work until cancelled. What happens while the manager's connection is down is not seen."""
    async with ami.events() as events:
        while True:
            message = await events.get()
            told = message.get("Event")
            asked = told == "UserEvent" and message.get("UserEvent") == CALLBACK_EVENT
            # Who gives up in the people's queue was in a call with a seat, which deals with it.
            given_up = told == "QueueCallerAbandon" and message.get("Queue") == queue
            if not asked and not given_up:
                continue
            call_id = _call_id(message)
            try:
                if asked and message.get("Why") == HANDED_OVER:
                    if call_id is not None:
                        await asyncio.to_thread(arrivals.handed_back, call_id)
                    continue
                made = await asyncio.to_thread(
                    arrivals.missed,
                    message.get("CallerIDNum", ""),
                    asked=asked and message.get("Why") == "asked",
                    call_id=call_id,
                )
                log.info("a missed call: %d callbacks promised", len(made))
            except Exception:
                log.exception("a missed call could not be noted")


@asynccontextmanager
async def watching(ami: AmiClient, arrivals: Arrivals) -> AsyncIterator[None]:
    """`watch_queue` for as long as the context is open."""
    task = asyncio.create_task(watch_queue(ami, arrivals), name="queue watch")
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _call_id(message: Message) -> uuid.UUID | None:
    try:
        return uuid.UUID(call_of(message))
    except ValueError:
        return None
