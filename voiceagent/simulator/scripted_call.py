"""The debtor's end of a call, scripted: does a scenario's steps one by one, each when the agent has fallen silent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from voiceagent.agent.ports import Stopwatch, Ticks
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, seconds
from voiceagent.audio.frames import pad
from voiceagent.audio.levels import rms_dbov
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.debtor_call import DebtorReport, Spoken
from voiceagent.simulator.scenario import Step
from voiceagent.speech.protocol import Voice
from voiceagent.telephony.line import HungUp, Line

#: Louder than this is the agent; a telephone line without anybody speaking is far below.
SPEECH_DBOV = -50.0
#: Seconds of the agent's silence after which it has finished: it pauses between sentences, and while it renders one.
PATIENCE_S = 1.4
#: Seconds of the agent's speech after which it has said something.
SPOKE_S = 0.3
#: Seconds a key takes to arrive and to be acted on: what the agent says meanwhile is no answer yet.
KEY_S = 0.35
#: From lifting the phone to saying hello, in seconds.
PICKUP_S = 0.4
#: It hangs up then.
LONGEST_S = 240.0


class ScriptedCall:
    """One call. The debtor hears only how loud the line is, so it costs no recognition; it stays on after its steps.

    `on_step` is told the number of each step when it begins.
    """

    def __init__(
        self,
        line: Line,
        steps: Sequence[Step],
        ticks: Ticks,
        clock: Stopwatch,
        *,
        hello: str = "",
        on_step: Callable[[int], None] = lambda number: None,
    ) -> None:
        self._line, self._ticks, self._clock, self._on_step = line, ticks, clock, on_step
        self._steps = [(number, step) for number, step in enumerate(steps) if step.acts]
        self._hello = hello
        self._audio: dict[str, bytes] = {}
        self._playing = b""
        self._busy_s = 0.0
        self._spoke_s = 0.0
        self._silent_s = 0.0
        self._over = False
        self.report = DebtorReport()

    async def prepare(self, voice: Voice) -> None:
        """Have every word rendered before the phone is lifted: the call must not need the speech process any more."""
        for text in [self._hello, *(step.say for _, step in self._steps)]:
            if text:
                self._audio[text] = pad(await voice.render((SpokenPart(text),)))

    async def run(self) -> DebtorReport:
        """Stay on the line until either side hangs up. The line is already answered."""
        zero = self._clock.monotonic()
        watcher = asyncio.create_task(self._watch(), name="scripted line")
        try:
            while not self._over:
                await self._ticks.next()
                now = self._clock.monotonic() - zero
                if self._hello and now >= PICKUP_S:
                    self._say(self._hello, now)
                    self._hello = ""
                self._listen(self._line.hear())
                self._speak()
                if now > LONGEST_S:
                    await self._line.hangup()
                elif self._steps and self._time_for(self._steps[0][1]):
                    await self._do(*self._steps.pop(0), now)
        finally:
            watcher.cancel()
            await asyncio.gather(watcher, return_exceptions=True)
        self.report.seconds = round(self._clock.monotonic() - zero, 3)
        return self.report

    async def _watch(self) -> None:
        while not isinstance(await self._line.next_event(), HungUp):
            pass
        self._over = True

    def _listen(self, pcm: bytes) -> None:
        for start in range(0, len(pcm), FRAME_BYTES):
            self._busy_s -= FRAME_S
            if rms_dbov(pcm[start : start + FRAME_BYTES]) > SPEECH_DBOV:
                self._spoke_s += FRAME_S
                self._silent_s = 0.0
            else:
                self._silent_s += FRAME_S

    def _time_for(self, step: Step) -> bool:
        if self._playing or self._busy_s > 0:
            self._spoke_s = 0.0  # what the agent says meanwhile is no answer yet
            return False
        if step.barge is not None:
            return self._spoke_s * 1000 >= max(step.barge.after_ms, 1)
        return self._spoke_s >= SPOKE_S and self._silent_s >= PATIENCE_S

    async def _do(self, number: int, step: Step, now: float) -> None:
        self._spoke_s = 0.0
        self._on_step(number)
        if step.say is not None:
            self._say(step.say, now)
        elif step.key is not None:
            self._line.send_dtmf(step.key)
            self._busy_s = KEY_S * len(step.key)
        elif step.hangup:
            await self._line.hangup()

    def _say(self, text: str, now: float) -> None:
        self._playing = self._audio[text]
        self._busy_s = seconds(len(self._playing))
        self.report.said.append(Spoken("", text, round(now, 3), round(now + self._busy_s, 3)))

    def _speak(self) -> None:
        if self._playing and (room := self._line.room()) > 0:
            self._playing = self._playing[self._line.play(self._playing[:room]) :]
