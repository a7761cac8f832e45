"""Personas against the script without a telephone: as text, or as fake audio in virtual time with tones for speech."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from voiceagent.agent.brain import ScriptBrain
from voiceagent.agent.conversation import Conversation
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import Effect, Hangup, Promise, Say
from voiceagent.settings.dialplans import load_policy, policy_path
from voiceagent.settings.paths import Paths
from voiceagent.simulator import verdict
from voiceagent.simulator.audio_driver import LONGEST_S, MemoryRecord
from voiceagent.simulator.persona import Answer, Debtor
from voiceagent.simulator.sample import SampleDebtor
from voiceagent.simulator.text_driver import TextCall, machine_of
from voiceagent.simulator.tones import ToneService
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.vad import EnergyDetector
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.ticks import VirtualTicks

#: Answers after which a conversation as text goes in circles.
MOST_TURNS = 60


@dataclass(frozen=True, slots=True)
class Played:
    """One call of a persona."""

    debtor: SampleDebtor
    disposition: Disposition
    promise: verdict.ExpectedPromise | None
    expected: verdict.ExpectedPromise | None
    seconds: float
    """Virtual; 0 as text."""
    heard: tuple[str, ...]
    """What the debtor heard, answer by answer."""
    said: tuple[str, ...]

    @property
    def false_promise(self) -> bool:
        """Whether a promise was recorded that the persona did not make, in amount, day or number of payments."""
        return self.promise is not None and self.promise != self.expected

    @property
    def as_expected(self) -> bool:
        """Whether it ended as the persona should be brought to."""
        return verdict.as_expected(self.debtor, self.disposition) and self.promise == self.expected


Driver = Callable[[SampleDebtor, datetime, Paths], Played]


def by_text(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    """The persona reads what the agent says, and writes its answers."""
    call, person = TextCall(machine_of(debtor.case, at, paths=paths)), _person(debtor)
    effects: list[Effect] = []
    heard: list[str] = []
    said: list[str] = []

    def take(step: tuple[Effect, ...]) -> str:
        effects.extend(step)
        text = " ".join(effect.text for effect in step if isinstance(effect, Say))
        if text:
            heard.append(text)
        return text

    text = take(call.answer())
    for _ in range(MOST_TURNS):
        if call.over:
            break
        answer = person.hears(text) if text else None
        if answer is not None and answer.text:
            said.append(answer.text)
        if answer is None or not answer.text:
            text = take(call.silence())
        else:
            text = take(call.say(answer.text))
        if answer is not None and answer.hangs_up and not call.over:
            take(call.hang_up())
    ended = [effect.disposition for effect in effects if isinstance(effect, Hangup)]
    made = [effect.agreement for effect in effects if isinstance(effect, Promise)]
    return _played(debtor, at, paths, ended[-1] if ended else None, made, 0.0, heard, said)


def by_audio(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    """The persona hears tones at the end of a fake line and answers in tones; all of the agent is the real one."""
    return asyncio.run(_by_audio(debtor, at, paths))


async def _by_audio(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    service, clock, record = ToneService(), ManualClock(at), MemoryRecord()
    ticks, far = VirtualTicks(clock), _FarPersona(_person(debtor), service)
    line = await FakePhone(ticks, lambda number, call_id: far).dial(debtor.number, call_id=str(uuid7(at)))
    brain = ScriptBrain(machine_of(debtor.case, at, paths=paths))
    hearing, voice = await service.hearing("call", brain.language), await service.voice("call", brain.language)
    segmenter = VadSegmenter(detector=EnergyDetector())
    conversation = Conversation(line, brain, segmenter, hearing, voice, record, ticks, clock)
    await conversation.prepare()
    ended = await conversation.run()
    return _played(debtor, at, paths, ended.disposition, record.agreements, clock.monotonic(), far.heard, far.said)


def _person(debtor: SampleDebtor) -> Debtor:
    return Debtor(debtor.persona, debtor.facts, debtor.seed)


def _played(
    debtor: SampleDebtor,
    at: datetime,
    paths: Paths,
    disposition: Disposition | None,
    made: list[Agreement],
    seconds: float,
    heard: list[str],
    said: list[str],
) -> Played:
    case = debtor.case
    policy = load_policy(policy_path(paths.dialplans, f"demo-{case.region.lower()}"))
    expected = verdict.expected_promise(debtor, policy, at.date())
    promise = verdict.made_promise(made[-1].instalments, made[-1].total) if made else None
    final = disposition or Disposition.ERR
    return Played(debtor, final, promise, expected, round(seconds, 2), tuple(heard), tuple(said))


class _FarPersona:
    """The far side of a fake line: a persona that listens until the agent is silent, then answers."""

    PICKUP_S, PATIENCE_S, REACTION_S = 0.4, 1.1, 0.25

    def __init__(self, person: Debtor, service: ToneService) -> None:
        self._person, self._service = person, service
        self._listening = bytearray()
        self._speaking = bytearray()
        self._silent_s = self._now = 0.0
        self._due: tuple[float, Answer] | None = None
        self._leaves = False
        self.heard: list[str] = []
        self.said: list[str] = []
        self._line: FakeLine

    def ring(self, line: FakeLine) -> None:
        """Pick up at once."""
        self._line = line
        line.far_answer()
        if (first := self._person.picked_up()) is not None:
            self._due = (self.PICKUP_S, first)

    def tick(self, heard: bytes) -> bytes:
        """20 ms each way."""
        self._now += FRAME_S
        if heard != SILENCE:
            self._silent_s = 0.0
            self._listening += heard
        else:
            self._silent_s += FRAME_S
            if self._listening and self._silent_s >= self.PATIENCE_S:
                self._understand()
        if self._due is not None and self._now >= self._due[0]:
            self._answer(self._due[1])
            self._due = None
        frame = bytes(self._speaking[:FRAME_BYTES])
        del self._speaking[:FRAME_BYTES]
        if (self._leaves and not frame) or self._now > LONGEST_S:
            self._line.far_hangup()
        return frame.ljust(FRAME_BYTES, b"\0")

    def _understand(self) -> None:
        text = self._service.book.hear(bytes(self._listening))
        self._listening.clear()
        self.heard.append(text)
        answer = self._person.hears(text) if text else None
        if answer is not None:
            self._due = (self._now + self.REACTION_S, answer)

    def _answer(self, answer: Answer) -> None:
        if answer.text:
            self.said.append(answer.text)
            self._speaking += self._service.book.speak(answer.text)
        self._leaves = self._leaves or answer.hangs_up
