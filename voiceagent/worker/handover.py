"""Handing a debtor over to people: the exchange is asked, their queue says what became of it, and both are kept."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime

from voiceagent.agent.ports import Stopwatch
from voiceagent.base.ids import uuid7
from voiceagent.calendars.opening import OpeningHours
from voiceagent.cases.handovers import HandOverBegan, HandOverEnded
from voiceagent.cases.kinds import HandOverVerdict
from voiceagent.dialogue.events import HandOver
from voiceagent.journal.private import private_ref
from voiceagent.telephony.ami import AmiClient, Message, call_of
from voiceagent.telephony.line import SeatLine
from voiceagent.worker.record import CallRecord
from voiceagent.worker.summary import note_of, summary_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HumansQueue:
    """The people of an exchange: their queue, their hours, and the manager that says who has whom."""

    ami: AmiClient
    number: str
    """What a seat transfers to."""
    queue: str
    hours: OpeningHours
    longest_s: float

    def there(self, at: datetime) -> bool:
        """Whether a call that begins at this instant may be handed over: people work, and the verdict can be known."""
        return self.ami.connected and self.hours.open_at(at)


@dataclass(frozen=True, slots=True)
class _Word:
    """What was heard of a debtor at the queue."""

    verdict: HandOverVerdict
    detail: str = ""
    taken_by: str | None = None


class Handing:
    """Implements the agent's People port for one call."""

    def __init__(
        self, people: HumansQueue, line: SeatLine, record: CallRecord, clock: Stopwatch, language: str, protocol: str
    ) -> None:
        self._people, self._line, self._record, self._clock = people, line, record, clock
        self._language, self._protocol = language, protocol

    async def take_over(self, wish: HandOver) -> bool | None:
        """True: a person has him; False: he is with us; None: he has left, or nobody can tell."""
        people, record = self._people, self._record
        hand_over_id, begun = uuid7(record.now()), self._clock.monotonic()
        summary = private_ref("summary", summary_of(wish, self._language, self._protocol), record.now())
        record.note(HandOverBegan(hand_over_id, people.queue, wish.reason, wish.verified, summary))
        record.holds(True)
        word = _Word(HandOverVerdict.UNKNOWN, "line closed")
        try:
            word = await self._ask(note_of(wish, self._protocol))
        finally:
            record.holds(False)
            waited = round(self._clock.monotonic() - begun, 3)
            record.note(HandOverEnded(hand_over_id, word.verdict.value, waited, word.taken_by, word.detail))
        log.info("call %s at the people's queue: %s (%s)", self._line.call_id, word.verdict, word.detail)
        if word.verdict in (HandOverVerdict.LEFT, HandOverVerdict.UNKNOWN):
            self._line.given_up()
            return None
        return word.verdict is HandOverVerdict.TAKEN

    async def _ask(self, note: str) -> _Word:
        async with self._people.ami.events() as events:
            status = await self._line.transfer(self._people.number, note)
            if not 200 <= status < 300:
                return _Word(HandOverVerdict.REFUSED, f"SIP {status}")
            told = asyncio.create_task(self._told(events), name="queue's verdict")
            back = asyncio.create_task(self._line.back(), name="given back")
            try:
                await asyncio.wait({told, back}, timeout=self._people.longest_s, return_when=asyncio.FIRST_COMPLETED)
                # Given back is what we can hear ourselves: it goes before what the manager says late.
                if back.done():
                    return _Word(HandOverVerdict.NOBODY, back.result())
                return told.result() if told.done() else _Word(HandOverVerdict.UNKNOWN, "the queue said nothing")
            finally:
                told.cancel()
                back.cancel()
                await asyncio.gather(told, back, return_exceptions=True)

    async def _told(self, events: asyncio.Queue[Message]) -> _Word:
        abandoned, waited = "", "?"
        while True:
            message = await events.get()
            if message.get("Event") == "Hangup" and abandoned and message.get("Uniqueid") == abandoned:
                return _Word(HandOverVerdict.LEFT, f"waited {waited} s")
            if message.get("Queue") != self._people.queue or call_of(message) != self._line.call_id:
                continue
            if message.get("Event") == "AgentConnect":
                member = message.get("MemberName") or message.get("Interface", "")
                return _Word(HandOverVerdict.TAKEN, f"rang {message.get('RingTime', '?')} s", member[:128])
            if message.get("Event") == "QueueCallerAbandon":
                # Asterisk says the same of one whom the queue itself sends away: only who hung up has no channel left.
                abandoned, waited = message.get("Uniqueid", ""), message.get("HoldTime", "?")
