"""One call to its verdict: dials or answers, talks, records, and closes the attempt whatever happens."""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from voiceagent.agent.brain import Finder, ScriptBrain
from voiceagent.agent.conversation import Conversation, Ended
from voiceagent.agent.ports import DebtorTurn, Ticks
from voiceagent.base.clock import Clock
from voiceagent.base.errors import VoiceagentError
from voiceagent.base.ids import uuid7
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.cases.kinds import SeatState
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.answerers import FILED_AS, phrases_of
from voiceagent.dialogue.delivery import first_mobile
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.law import STRICTEST, SpokenLaw
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.state import Briefing
from voiceagent.journal import catalogue
from voiceagent.speech.protocol import Hearing, Places, Segmenter, SpeechService, Voice
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import HungUp, HungUpBy, Line, Phone, SeatLine
from voiceagent.telephony.recorder import Recorder, Recording
from voiceagent.worker.content import Content
from voiceagent.worker.handover import Handing, HumansQueue
from voiceagent.worker.members import nobody_pauses, nobody_rings
from voiceagent.worker.record import CallRecord

log = logging.getLogger(__name__)

#: What a call that was never answered is filed as.
UNANSWERED: dict[str, Disposition] = {
    HangupReason.BUSY: Disposition.BUSY,
    HangupReason.NO_ANSWER: Disposition.NA,
    HangupReason.CANCELLED: Disposition.NA,
    HangupReason.REJECTED: Disposition.NA,
    HangupReason.INVALID_NUMBER: Disposition.DC,
    HangupReason.UNREACHABLE: Disposition.CONG,
}

#: A caller hears it ring no longer than this while the first words are made ready.
ANSWER_WITHIN_S = 2.0


@dataclass(frozen=True, slots=True)
class Job:
    """What a call is about."""

    call_id: uuid.UUID
    case: Case
    number: str
    caller_id: str | None
    zone: str
    """IANA zone of the debtor."""
    content: Content
    permit: Callable[[], None]
    """The last gate before the INVITE (dial mode, stops, hours): DeniedError when it is shut. May block.

    Not asked for a call that comes in."""
    law: SpokenLaw = STRICTEST
    entry: Entry = Entry.OUTBOUND
    first_contact: bool = True
    identity_tries_left: int = TRIES_PER_DAY
    open_offer: Offer | None = None
    trunk: str | None = None
    """The wires that the dialer counts it on; None: the exchange chooses."""
    reminding: bool = False
    """Of a promised payment, which `case` then holds alone."""
    caller_known: bool = True
    """False: somebody calls whose case must be found; `case` is a stand-in until then."""


@dataclass(frozen=True, slots=True)
class House:
    """What all calls of a worker share."""

    speech: SpeechService
    recorder: Recorder
    ticks: Ticks
    clock: Clock
    company: str
    persona: str
    return_number: str
    address: str = ""
    """Of the company, where a law wants it said."""
    line_ended: Callable[[Line], None] = lambda line: None
    """Told of each line that is over."""
    turn_ended: Callable[[DebtorTurn, str], None] = lambda turn, language: None
    """Told of each turn of a debtor, with its language."""
    seat_shows: Callable[[str, SeatState], None] = lambda seat, state: None
    """Told what each seat does from now on."""
    confirmers: Confirmers = field(default_factory=Confirmers)
    people: HumansQueue | None = None
    """To whom debtors are handed over; None: to nobody."""
    reserve: Callable[[str, bool], None] = nobody_rings
    """Told when a seat makes a call of its own (True), and when it may be rung again."""
    paused: Callable[[str], bool] = nobody_pauses
    """Whether people have paused a seat."""
    past_window: Callable[[], None] = lambda: None
    """Told of each call that began within the lawful hours and ended after them."""

    @asynccontextmanager
    async def places(self, wanted: int) -> AsyncIterator[Places]:
        """Room for up to `wanted` calls beside those that are, nobody else's within it.

        Raises UnavailableError while there is none: then nobody is leased, and no attempt used up.
        """
        await asyncio.to_thread(self.recorder.check)
        async with self.speech.places(wanted) as places:
            yield places

    @contextmanager
    def segmenter(self) -> Iterator[Segmenter]:
        """A fresh one for each call."""
        with self.confirmers.lend() as confirmer:
            yield VadSegmenter(confirmer=confirmer)


class Call:
    """Runs one job on one seat.

    `incoming`: the line that rings, to be answered instead of dialling; `find`: whose case its caller means.
    """

    def __init__(
        self,
        job: Job,
        phone: Phone,
        record: CallRecord,
        house: House,
        *,
        incoming: SeatLine | None = None,
        find: Finder | None = None,
    ) -> None:
        self._job, self._phone, self._record, self._house = job, phone, record, house
        self._incoming, self._find = incoming is not None, find
        self.line: SeatLine | None = incoming

    async def run(self) -> catalogue.CallEnded:
        """Make the call; never raises for what can go wrong in a call: that becomes the verdict."""
        ended: Ended | None = None
        try:
            ended = await self._converse()
        except VoiceagentError as error:
            log.warning("call %s: %s", self._job.call_id, error)
        except Exception:
            log.exception("call %s failed", self._job.call_id)
        if self.line is not None and ended is None:
            await self.line.hangup("error")
            self._record.hung_up(HungUp(HungUpBy.FAILURE, 0, "error"))
        if self.line is not None:
            self._house.line_ended(self.line)
        return self._verdict(ended)

    @property
    def dialled(self) -> bool:
        """Whether an INVITE was sent."""
        return self.line is not None

    async def _converse(self) -> Ended:
        job, house = self._job, self._house
        language = str(job.case.language)
        # Disk, ears and mouth first: without them nobody's telephone rings.
        house.recorder.check()
        brain = ScriptBrain(Machine(job.content.script, briefing_of(job, house)), job.entry, self._find)
        async with AsyncExitStack() as opened:
            hearing = await house.speech.hearing(str(job.call_id), language)
            opened.push_async_callback(hearing.close)
            voice = await house.speech.voice(str(job.call_id), language)
            opened.push_async_callback(voice.close)
            segmenter = opened.enter_context(house.segmenter())
            if self.line is None:
                await asyncio.to_thread(job.permit)
                self._record.dialling()
                self.line = await self._phone.dial(
                    job.number, call_id=str(job.call_id), caller_id=job.caller_id, trunk=job.trunk
                )
            return await self._on(self.line, brain, segmenter, hearing, voice)

    async def _on(
        self, line: SeatLine, brain: ScriptBrain, segmenter: Segmenter, hearing: Hearing, voice: Voice
    ) -> Ended:
        now = self._house.clock.now()
        name = f"{now:%Y-%m-%d}/{self._job.call_id}"
        recording, recording_id = self._house.recorder.begin(name), uuid7(now)
        self._record.recording = catalogue.RecordingOpened(recording_id, f"{name}.wav")
        self._record.tape = recording
        line.record(recording)
        conversation = Conversation(
            line,
            brain,
            segmenter,
            hearing,
            voice,
            self._record,
            self._house.ticks,
            self._house.clock,
            phrases=None if self._incoming else phrases_of(brain.language),
            people=self._people(line, brain.language),
        )
        preparing = asyncio.create_task(conversation.prepare(), name="prepare")
        try:
            if self._incoming:
                # The first words are ready before the caller hears us lift the receiver, or he waits in silence.
                await asyncio.wait({preparing}, timeout=ANSWER_WITHIN_S)
                await self._phone.answer(line)
            return await conversation.run()
        finally:
            preparing.cancel()
            await asyncio.gather(preparing, return_exceptions=True)
            await self._close_recording(recording, recording_id)

    def _people(self, line: SeatLine, language: str) -> Handing | None:
        house, job = self._house, self._job
        if house.people is None:
            return None
        return Handing(house.people, line, self._record, house.clock, language, protocol_of(job.call_id))

    async def _close_recording(self, recording: Recording, recording_id: uuid.UUID) -> None:
        closed = await recording.close()
        if not self._record.was_answered:
            closed.path.unlink(missing_ok=True)  # nothing but a header
            return
        marks = tuple(self._record.sensitive_spans)
        self._record.note(
            catalogue.RecordingClosed(recording_id, round(closed.seconds, 3), closed.bytes, closed.sha256, marks)
        )

    def _verdict(self, ended: Ended | None) -> catalogue.CallEnded:
        record = self._record
        if ended is None:
            disposition = Disposition.PTP if record.promised else Disposition.ERR
        elif ended.answered:
            disposition = ended.disposition or Disposition.ERR
        else:
            disposition = UNANSWERED.get(ended.hung_up.reason, Disposition.ERR)
        meaning = MEANING[disposition]
        answered = record.was_answered
        verified = record.verified_datum is not None
        # What answered counts as long as the call ended for it: a screening service may have let a person speak.
        kind = record.answerer
        machine = answered and (meaning.machine or (kind is not None and disposition is FILED_AS.get(kind)))
        human = answered and not machine and (meaning.human or verified or record.human_spoke)
        return catalogue.CallEnded(
            disposition=disposition.value,
            human=human,
            machine=machine,
            right_party=verified,
            ring_s=record.ring_s,
            talk_s=record.talk_s,
            hold_s=round(record.hold_s, 3),
            wrap_s=record.wrap_s,
        )


def briefing_of(job: Job, house: House) -> Briefing:
    """What the conversation is told of its call."""
    started: datetime = house.clock.now().astimezone(ZoneInfo(job.zone))
    return Briefing(
        case=job.case,
        policy=job.content.policy,
        started=started,
        business=BusinessCalendar(job.case.region, job.case.state),
        company=house.company,
        protocol=protocol_of(job.call_id),
        persona=house.persona,
        return_number=house.return_number,
        address=house.address,
        law=job.law,
        first_contact=job.first_contact,
        identity_tries_left=job.identity_tries_left,
        open_offer=job.open_offer,
        reminding=job.reminding,
        caller_known=job.caller_known,
        people_there=house.people is not None and house.people.there(started),
        text_number=first_mobile((job.number, *job.case.phones), job.case.region),
    )


def protocol_of(call_id: uuid.UUID) -> str:
    """The number a debtor can quote: eight digits that the call's id gives, found again by `cases`."""
    return f"{call_id.int % 10**8:08d}"
