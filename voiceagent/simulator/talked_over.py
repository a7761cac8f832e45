"""A call in which the agent only talks, in virtual time: what a line brings into it, and whether that stops the agent.

Everything between the line and the script is the product's own; only the script is a stand-in that never runs out of
prompts. The far side plays a sound, and the agent's own voice comes back with it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import numpy as np
from numpy.typing import NDArray

from voiceagent.agent.conversation import Conversation
from voiceagent.agent.ports import AgentTurn
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, FRAME_SAMPLES, SAMPLE_RATE, SILENCE
from voiceagent.audio.levels import rms_dbov
from voiceagent.audio.mulaw import through_mulaw
from voiceagent.base.clock import ManualClock
from voiceagent.base.languages import Language
from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Expect, Heard, NoInput, Say, Understanding
from voiceagent.dialogue.understanding import understand
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.audio_driver import MemoryRecord
from voiceagent.simulator.timed_ear import TimedEar
from voiceagent.simulator.timed_hearing import TimedHearing
from voiceagent.speech.protocol import HearingContext, Hypothesis, SegmentEvent, TurnStarted
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.synthesis.shape import from_pcm, to_pcm
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.ticks import VirtualTicks

Sound = NDArray[np.float32]

#: A Wednesday, mid-morning.
AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
#: What the agent waits for after each of its prompts.
EXPECT = Expect("talking", kinds=("intent", "yes_no"), no_input_s=2.0)
#: A lost packet is the last one again, so much quieter, for two at most.
_CONCEALED, _CONCEALS = 0.7, 2
#: A prompt that ends so shortly before the call was cut by its end.
_HANGING_UP_S = 0.1


@dataclass(frozen=True, slots=True)
class Echo:
    """The agent's voice as it comes back: later, weaker, through a small room."""

    decibels: float
    delay_s: float
    room: tuple[float, ...] = (1.0,)
    """Impulse response of unit energy, at most a frame long."""


@dataclass(frozen=True, slots=True)
class Far:
    """What the far side sends."""

    sound: Sound
    into_s: float | None = None
    """It begins so long after the agent's first word; None: as the call is answered."""
    hello_s: float = 0.0
    """So much of it is how the telephone was answered: turns count from then on."""
    after_s: float = 1.0
    """It hangs up so long after its last sample."""
    echo: Echo | None = None
    loss: float = 0.0
    """Share of packets lost."""
    hiss_dbov: float | None = -65.0
    """Of its line."""
    seed: int = 0


@dataclass(slots=True)
class TalkedOver:
    """What became of it; seconds count from the answer."""

    agent: list[AgentTurn] = field(default_factory=list)
    turns: list[float] = field(default_factory=list)
    """When each turn opened."""
    in_turn_s: float = 0.0
    spoke_s: float = 0.0
    """How long the agent spoke."""
    heard: list[Understanding] = field(default_factory=list)
    """What the script was told of."""
    texts: list[str] = field(default_factory=list)
    """What the recogniser made of every turn."""
    began_s: float = 0.0
    """When the far side's sound began."""
    seconds: float = 0.0

    @property
    def stops(self) -> list[float]:
        """When the agent stopped talking before its prompt was out; the far side's hang-up is none of them."""
        ends = [turn.started_s + turn.played_s for turn in self.agent if turn.interrupted]
        return [at for at in ends if at < self.seconds - _HANGING_UP_S]


class NoWords:
    """A recogniser for sounds in which nobody says anything."""

    async def begin(self, context: HearingContext) -> None:
        """Nothing to do."""

    async def feed(self, pcm: bytes) -> None:
        """Nothing to keep."""

    async def finish(self) -> Hypothesis:
        """No speech."""
        return Hypothesis("", 0.0, engine="none", reason="no_speech")

    async def glance(self) -> Hypothesis | None:
        """Nothing is seen."""
        return None

    async def close(self) -> None:
        """Nothing to release."""


class _Prompts:
    """Voice over prompts that were rendered before."""

    def __init__(self, prompts: Sequence[tuple[Say, bytes]]) -> None:
        self._pcm = {say.parts: pcm for say, pcm in prompts}

    async def render(self, parts: Sequence[SpokenPart]) -> bytes:
        """The prompt's audio."""
        return self._pcm[tuple(parts)]

    async def prepare(self, prompts: Sequence[Sequence[SpokenPart]]) -> None:
        """They are there."""

    async def close(self) -> None:
        """Nothing to release."""


class _Talker:
    """A Brain that says one prompt after the other, whatever it is told."""

    state = "talking"

    def __init__(self, language: Language, says: Sequence[Say], call: TalkedOver) -> None:
        self.language, self.today = language.value, AT.date().isoformat()
        self._language, self._says, self._call, self._next = language, says, call, 0

    async def consult(self, event: DialogueEvent) -> None:
        """Nothing is looked up."""

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, Heard):
            self._call.heard.append(event.understanding)
        if not isinstance(event, (CallAnswered, NoInput, Heard)):
            return ()
        say = self._says[self._next % len(self._says)]
        self._next += 1
        return (say, EXPECT)

    def personal_says(self) -> Sequence[Say]:
        return ()

    def foresee(self, event: DialogueEvent) -> Sequence[Effect]:
        return ()

    def complete(self, understanding: Understanding, expect: Expect) -> bool | None:
        return is_complete(understanding, expect, self.language)

    def understand(self, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        return understand(
            hypothesis.text,
            alternatives=hypothesis.alternatives,
            language=self.language,
            region=self._language.default_region,
            expect=("intent",) if only_global else expect.kinds,
            today=date.fromisoformat(self.today),
            now=AT,
            doubtful=hypothesis.reason == "low_confidence",
        )


class _Watched(VadSegmenter):
    """A call's own segmenter, watched."""

    call: TalkedOver
    counts_from_s = 0.0
    frames = 0

    def process(self, pcm: bytes, *, hidden: bool = False) -> list[SegmentEvent]:
        events = super().process(pcm, hidden=hidden)
        self.frames += 1
        at = self.frames * FRAME_S
        if at <= self.counts_from_s:
            return events
        self.call.turns += [round(at, 2) for event in events if isinstance(event, TurnStarted)]
        self.call.in_turn_s += FRAME_S * self.in_turn
        return events


class _FarSide:
    """Plays the sound into the line, with what comes back of the agent under it."""

    def __init__(self, far: Far, call: TalkedOver) -> None:
        self._far, self._call = far, call
        after = np.zeros(round(far.after_s * SAMPLE_RATE) + FRAME_SAMPLES, np.float32)
        self._sound = np.concatenate([far.sound, after])
        self._starts = 0 if far.into_s is None else None
        self._chance = np.random.default_rng(far.seed)
        frames = round(far.echo.delay_s / FRAME_S) if far.echo else 0
        self._played: deque[Sound] = deque([np.zeros(FRAME_SAMPLES, np.float32)] * (frames + 2), maxlen=frames + 2)
        self._ticks = self._at = self._lost = 0
        self._last = np.zeros(FRAME_SAMPLES, np.float32)
        self.line: FakeLine

    def ring(self, line: FakeLine) -> None:
        """Pick up at once."""
        self.line = line
        line.far_answer()

    def tick(self, heard: bytes) -> bytes:
        """20 ms each way."""
        self._call.spoke_s += FRAME_S * (heard != SILENCE)
        self._played.append(from_pcm(heard))
        frame = self._next(heard != SILENCE)
        if self._far.echo is not None:
            frame += self._came_back(self._far.echo)
        if self._far.hiss_dbov is not None:
            frame += self._chance.standard_normal(FRAME_SAMPLES).astype(np.float32) * 10 ** (self._far.hiss_dbov / 20)
        return through_mulaw(to_pcm(self._concealed(np.clip(frame, -1.0, 1.0))))

    def _next(self, agent_speaks: bool) -> Sound:
        """20 ms of the sound, once it is its time."""
        self._ticks += 1
        if self._starts is None and agent_speaks:
            self._starts = self._ticks + round((self._far.into_s or 0.0) / FRAME_S)
        if self._starts is None or self._ticks < self._starts:
            return np.zeros(FRAME_SAMPLES, np.float32)
        if self._at == 0:
            self._call.began_s = (self._ticks - 1) * FRAME_S
        frame = self._sound[self._at : self._at + FRAME_SAMPLES].copy()
        self._at += FRAME_SAMPLES
        if self._at + FRAME_SAMPLES > self._sound.size:
            self.line.far_hangup()
        return frame

    def _came_back(self, echo: Echo) -> Sound:
        """What the agent said a moment ago, with the tail of the frame before it in the room."""
        before, now = self._played[0], self._played[1]
        room = np.asarray(echo.room, np.float32)
        heard = np.convolve(np.concatenate([before, now]), room)[FRAME_SAMPLES : 2 * FRAME_SAMPLES]
        return np.asarray(heard * np.float32(10 ** (echo.decibels / 20)), np.float32)

    def _concealed(self, frame: Sound) -> Sound:
        lost = self._far.loss > 0 and self._chance.random() < self._far.loss
        self._lost = self._lost + 1 if lost else 0
        if lost:
            frame = self._last * np.float32(_CONCEALED if self._lost <= _CONCEALS else 0.0)
        self._last = frame
        return frame


async def talk_over(
    far: Far,
    prompts: Sequence[tuple[Say, bytes]],
    language: Language,
    confirmers: Confirmers,
    ear: TimedEar | None = None,
) -> TalkedOver:
    """One call: the agent says `prompts` in turn until the far side hangs up. Without `ear` no word is recognised."""
    call = TalkedOver()
    clock = ManualClock(AT)
    ticks, record = VirtualTicks(clock), MemoryRecord()
    side = _FarSide(far, call)
    line = await FakePhone(ticks, lambda number, call_id: side).dial("+5511955550100", call_id="call")
    with confirmers.lend() as confirmer:
        segmenter = _Watched(confirmer=confirmer)
        segmenter.call, segmenter.counts_from_s = call, far.hello_s
        conversation = Conversation(
            line,
            _Talker(language, [say for say, _ in prompts], call),
            segmenter,
            NoWords() if ear is None else TimedHearing(ear, ticks),
            _Prompts(prompts),
            record,
            ticks,
            clock,
        )
        await conversation.run()
    call.agent = record.agent
    call.texts = [turn.text for turn in record.debtor if turn.result not in ("no_input", "dtmf")]
    call.seconds = clock.monotonic()
    return call


def room(chance: np.random.Generator) -> tuple[float, ...]:
    """A small one's impulse response, of unit energy."""
    length = int(chance.integers(8, FRAME_SAMPLES // 2))
    taps = chance.standard_normal(length) * np.exp(-4.0 * np.arange(length) / length)
    taps[0] = 2.0
    return tuple(float(tap) for tap in taps / np.sqrt(np.sum(taps**2)))


def loud_part(sound: Sound, below_peak_db: float = 25.0) -> tuple[float, float]:
    """Seconds at which the sound begins and ends to be loud, by frames of 20 ms."""
    pcm = to_pcm(sound)
    levels = [rms_dbov(pcm[at : at + FRAME_BYTES]) for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    loud = [index for index, dbov in enumerate(levels) if dbov > max(levels) - below_peak_db]
    return loud[0] * FRAME_S, (loud[-1] + 1) * FRAME_S
