"""Personas against the script without a telephone: as text, or as fake audio in virtual time with tones for speech."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import datetime

from voiceagent.agent.brain import ScriptBrain
from voiceagent.agent.conversation import Conversation
from voiceagent.agent.turns import OPENING
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.policy import Policy
from voiceagent.dialogue.answerers import FILED_AS, AnsweredBy, Phrase, phrases_of
from voiceagent.dialogue.events import Effect, Hangup, Promise, Say
from voiceagent.settings.dialplans import load_policy, policy_path
from voiceagent.settings.paths import Paths
from voiceagent.simulator import verdict
from voiceagent.simulator.audio_driver import LONGEST_S, MemoryRecord
from voiceagent.simulator.debtor_call import CUT_S
from voiceagent.simulator.debtor_voice import DebtorVoice, pieces_of, words
from voiceagent.simulator.persona import Answer, Debtor
from voiceagent.simulator.sample import SampleDebtor
from voiceagent.simulator.scenario import disclosed, forbidden_words
from voiceagent.simulator.text_driver import TextCall, machine_of
from voiceagent.simulator.tones import ToneService, ToneVoice
from voiceagent.speech.protocol import Hypothesis
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
    disclosed: tuple[str, ...]
    """What it was told of the debt before identity was proved."""

    @property
    def false_promise(self) -> bool:
        """Whether a promise was recorded that the persona did not make, in amount, day or number of payments."""
        return self.promise is not None and self.promise != self.expected

    @property
    def as_expected(self) -> bool:
        """Whether it ended as the persona should be brought to."""
        return verdict.as_expected(self.debtor, self.disposition) and self.promise == self.expected


def by_text(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    """The persona reads what the agent says, and writes its answers."""
    call, person = TextCall(machine_of(debtor.case, at, paths=paths)), _person(debtor, at, paths)
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
    first = person.picked_up()
    opening = Hypothesis(words(first.text) if first is not None else "", 1.0)
    phrases, answered = phrases_of(debtor.case.language), False

    def gone(machine: Phrase) -> str:
        return take(call.machine_answers(FILED_AS[machine.kind], mailbox=machine.kind is AnsweredBy.VOICEMAIL))

    machine = phrases.find(opening.text)
    if machine is not None:
        text = gone(machine)
    elif ScriptBrain(call.machine).understand(opening, OPENING, only_global=True).intent is not None:
        text = take(call.say(opening.text))
    for _ in range(MOST_TURNS):
        if call.over:
            break
        answer = person.hears(text) if text else None
        spoken = "" if answer is None or answer.cut else words(answer.text)
        if spoken:
            said.append(spoken)
            machine = None if answered else phrases.recorded(spoken)
            text = gone(machine) if machine is not None else take(call.say(spoken))
            answered = answered or (
                call.understood is not None and bool(call.understood.intent or call.understood.slots)
            )
        elif answer is None or not answer.cut:
            text = take(call.silence())
        if answer is not None and answer.hangs_up and not call.over:
            take(call.hang_up())
    ended = [effect.disposition for effect in effects if isinstance(effect, Hangup)]
    made = [effect.agreement for effect in effects if isinstance(effect, Promise)]
    told = disclosed(debtor.case, effects)
    return _played(debtor, at, paths, ended[-1] if ended else None, made, 0.0, heard, said, told)


def by_audio(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    """The persona hears tones at the end of a fake line and answers in tones; all of the agent is the real one."""
    return asyncio.run(_by_audio(debtor, at, paths))


async def _by_audio(debtor: SampleDebtor, at: datetime, paths: Paths) -> Played:
    service, clock, record = ToneService(), ManualClock(at), _Record()
    ticks, far = VirtualTicks(clock), _FarPersona(_person(debtor, at, paths), service, record)
    line = await FakePhone(ticks, lambda number, call_id: far).dial(debtor.number, call_id=str(uuid7(at)))
    brain = ScriptBrain(machine_of(debtor.case, at, paths=paths))
    hearing, voice = await service.hearing("call", brain.language), await service.voice("call", brain.language)
    segmenter = VadSegmenter(detector=EnergyDetector())
    conversation = Conversation(
        line, brain, segmenter, hearing, voice, record, ticks, clock, phrases=phrases_of(brain.language)
    )
    await conversation.prepare()
    ended = await conversation.run()
    strangers = " ".join(far.heard_by_stranger).casefold()
    told = [word for word in forbidden_words(debtor.case) if word in strangers]
    seconds = clock.monotonic()
    return _played(debtor, at, paths, ended.disposition, record.agreements, seconds, far.heard, far.said, told)


def _person(debtor: SampleDebtor, at: datetime, paths: Paths) -> Debtor:
    return Debtor(debtor.persona, debtor.facts, debtor.seed, verdict.days_of(debtor, _policy(debtor, paths), at.date()))


def _policy(debtor: SampleDebtor, paths: Paths) -> Policy:
    return load_policy(policy_path(paths.dialplans, f"demo-{debtor.case.region.lower()}"))


def _played(
    debtor: SampleDebtor,
    at: datetime,
    paths: Paths,
    disposition: Disposition | None,
    made: list[Agreement],
    seconds: float,
    heard: list[str],
    said: list[str],
    told: list[str],
) -> Played:
    expected = verdict.expected_promise(debtor, _policy(debtor, paths), at.date())
    promise = verdict.made_promise(made[-1].instalments, made[-1].total) if made else None
    final = disposition or Disposition.ERR
    return Played(debtor, final, promise, expected, round(seconds, 2), tuple(heard), tuple(said), tuple(told))


class _Record(MemoryRecord):
    """A record that knows whether identity was proved."""

    def __init__(self) -> None:
        super().__init__()
        self.proved = False

    def verified(self, datum: str) -> None:
        """From here on the debt may be spoken of."""
        self.proved = True


class _FarPersona:
    """The far side of a fake line: a persona that listens until the agent is silent, then answers."""

    def __init__(self, person: Debtor, service: ToneService, record: _Record) -> None:
        self._record = record
        self.heard_by_stranger: list[str] = []
        self._person, self._service, self._manners = person, service, person.persona.manners
        self._voice = DebtorVoice(ToneVoice(service.book), self._manners)
        self._listening = bytearray()
        self._speaking = bytearray()
        self._silent_s = self._now = self._spoke_at = self._heard_from = 0.0
        self._leaves_at: float | None = None
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
            self._due = (self._manners.pickup_s, first)

    def tick(self, heard: bytes) -> bytes:
        """20 ms each way."""
        self._now += FRAME_S
        if heard != SILENCE:
            self._silent_s = 0.0
            self._heard_from = self._heard_from if self._listening else self._now
            self._listening += heard
        else:
            self._silent_s += FRAME_S
        long = self._manners.interrupts and self._now - self._heard_from >= self._manners.attention_s
        if self._listening and (long or self._silent_s >= self._manners.patience_s):
            self._understand()
        if self._due is not None and self._now >= self._due[0]:
            self._answer(self._due[1])
            self._due = None
        frame = bytes(self._speaking[:FRAME_BYTES])
        del self._speaking[:FRAME_BYTES]
        cut = self._leaves_at is not None and self._now >= self._leaves_at
        if (self._leaves and not frame) or cut or self._now > LONGEST_S:
            self._line.far_hangup()
        if not frame and self._voice.noise is not None:
            return self._voice.noise.take(FRAME_BYTES)
        return frame.ljust(FRAME_BYTES, b"\0")

    def _understand(self) -> None:
        text = self._service.book.hear(bytes(self._listening))
        self._listening.clear()
        self.heard.append(text)
        if not self._record.proved:
            self.heard_by_stranger.append(text)
        if self._heard_from < self._spoke_at:
            return  # the rest of what it has answered already
        answer = self._person.hears(text) if text else None
        if answer is not None:
            self._due = (self._now + self._manners.reaction_s, answer)

    def _answer(self, answer: Answer) -> None:
        if answer.text:
            self.said.append(words(answer.text))
            self._spoke_at = self._now
            self._speaking += self._voice.sound(pieces_of(answer.text), self._service.book.speak)
        if answer.cut:
            self._leaves_at = self._now + CUT_S
        self._leaves = self._leaves or answer.hangs_up
