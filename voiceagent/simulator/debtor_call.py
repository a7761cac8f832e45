"""The debtor's end of a call: hears the agent through the line and a recogniser, answers aloud, may hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from voiceagent.agent.ears import Ears, HeardTurn
from voiceagent.agent.mouth import Mouth, Played, Utterance
from voiceagent.agent.ports import Stopwatch, Ticks
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.dialogue.events import Expect, Say
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.debtor_voice import DebtorVoice
from voiceagent.simulator.persona import Answer, Debtor
from voiceagent.speech.protocol import Hearing, Segmenter
from voiceagent.telephony.line import HungUp, Line
from voiceagent.telephony.playout import RING_FRAMES

#: Answers that must be ready before the phone is lifted: "alô", who it is, and what proves it.
READY = 3
#: Seconds of its last words that are heard of somebody who hangs up while speaking.
CUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Spoken:
    """Something the debtor said; seconds since it lifted the phone."""

    topic: str
    text: str
    started_s: float
    ended_s: float


@dataclass(slots=True)
class DebtorReport:
    """What happened, as the debtor knows it."""

    said: list[Spoken] = field(default_factory=list)
    heard: list[tuple[float, str]] = field(default_factory=list)
    """(end of the agent's turn, what was understood of it)."""
    seconds: float = 0.0


class DebtorCall:
    """One call from the debtor's side; reuses the agent's ears and mouth, which serve any two people on a line."""

    def __init__(
        self,
        line: Line,
        debtor: Debtor,
        segmenter: Segmenter,
        hearing: Hearing,
        voice: DebtorVoice,
        ticks: Ticks,
        clock: Stopwatch,
        *,
        today: str,
    ) -> None:
        self._line, self._debtor, self._ticks, self._clock = line, debtor, ticks, clock
        self._manners = debtor.persona.manners
        self._noise = voice.noise
        self._zero = clock.monotonic()
        self._mouth = Mouth(line, voice, self._now, on_started=self._started, on_ended=self._ended)
        self._ears = Ears(
            segmenter, hearing, self._now, language=debtor.persona.language, today=today, on_turn=self._heard
        )
        self._ears.expect(
            Expect(state="agent", end_silence_s=self._manners.patience_s, max_turn_s=self._manners.attention_s)
        )
        self._answers: asyncio.Queue[Answer] = asyncio.Queue()
        self._over = False
        self._leaving = False
        self._cut_at: float | None = None
        self._spoke_at = -1.0
        self._later: list[Say] = []
        self._begun = ""
        self._begun_at = 0.0
        self.report = DebtorReport()

    def _now(self) -> float:
        return self._clock.monotonic() - self._zero

    async def prepare(self, answers: Sequence[str]) -> None:
        """Have the first answers rendered before it lifts the phone; the others are while it talks, in that order."""
        says = [_say(Answer("", text)) for text in answers]
        await self._mouth.prepare(says[:READY])
        self._later = says[READY:]

    async def run(self) -> DebtorReport:
        """Stay on the line until either side hangs up. The line is already answered."""
        self._zero = self._clock.monotonic()
        watcher = asyncio.create_task(self._watch_line(), name="debtor line")
        talker = asyncio.create_task(self._talk(), name="debtor talk")
        preparing = asyncio.create_task(self._mouth.prepare(self._later), name="debtor words")
        try:
            while not self._over:
                await self._ticks.next()
                self._ears.tick(self._line.hear(), protected=False)
                self._mouth.tick()
                self._hiss()
                if self._begun and not self._ears.in_turn and self._now() > self._begun_at + self._manners.patience_s:
                    self._hears("")
                if self._now() > self._manners.longest_s or self._time_to_leave():
                    await self._line.hangup()
                    self._over = True
        finally:
            for task in (watcher, talker, preparing):
                task.cancel()
            await asyncio.gather(watcher, talker, preparing, return_exceptions=True)
            self._mouth.stop()
            await self._ears.close()
        self.report.seconds = round(self._now(), 3)
        return self.report

    def _hiss(self) -> None:
        """A noisy line is noisy while nobody speaks, too."""
        queued = RING_FRAMES * FRAME_BYTES - self._line.room()
        if self._noise is not None and not self._mouth.speaking and queued < 2 * FRAME_BYTES:
            self._line.play(self._noise.take(FRAME_BYTES))

    def _time_to_leave(self) -> bool:
        if self._cut_at is not None and self._now() >= self._cut_at:
            return True
        return self._leaving and not self._mouth.speaking

    async def _watch_line(self) -> None:
        while not isinstance(await self._line.next_event(), HungUp):
            pass
        self._over = True

    async def _talk(self) -> None:
        if (first := self._debtor.picked_up()) is not None:
            await self._wait(self._manners.pickup_s)
            await self._mouth.say(_say(first), first.topic)
        while True:
            answer = await self._answers.get()
            await self._wait(self._manners.reaction_s)
            if answer.text:
                await self._mouth.say(_say(answer), answer.topic)
            if answer.cut:
                self._cut_at = self._now() + CUT_S
            self._leaving = self._leaving or answer.hangs_up

    async def _wait(self, seconds: float) -> None:
        until = self._now() + seconds
        while self._now() < until:
            await self._ticks.next()

    def _heard(self, turn: HeardTurn) -> None:
        text = turn.hypothesis.text
        self.report.heard.append((round(turn.ended_s, 3), text))
        if turn.started_s < self._spoke_at:
            return  # the rest of what it has answered already
        long = turn.ended_s - turn.started_s > self._manners.attention_s - 0.5
        if long and not self._manners.interrupts:
            self._begun, self._begun_at = f"{self._begun} {text}".strip(), self._now()
        else:
            self._hears(text)

    def _hears(self, text: str) -> None:
        text, self._begun = f"{self._begun} {text}".strip(), ""
        answer = self._debtor.hears(text) if text else None
        if answer is not None:
            self._answers.put_nowait(answer)

    def _started(self, utterance: Utterance) -> None:
        """It speaks from now on."""
        self._spoke_at = self._now()

    def _ended(self, played: Played) -> None:
        utterance = played.utterance
        started = utterance.started_at if utterance.started_at is not None else self._now()
        self.report.said.append(
            Spoken(utterance.state, utterance.say.text, round(started, 3), round(started + played.played_s, 3))
        )


def _say(answer: Answer) -> Say:
    return Say(answer.topic, 0, (SpokenPart(answer.text),))
