"""Recognition inside a call in virtual time: the call waits as long as the processor took."""

from __future__ import annotations

import math

from voiceagent.audio.format import FRAME_S
from voiceagent.simulator.timed_ear import TimedEar
from voiceagent.speech.direct import DirectHearing
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.telephony.ticks import VirtualTicks


class TimedHearing:
    """`Hearing` over an ear of this process. Without it virtual time would run on while a thread recognises."""

    def __init__(self, ear: TimedEar, ticks: VirtualTicks) -> None:
        self._ear, self._hearing, self._ticks = ear, DirectHearing(ear), ticks

    async def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        await self._hearing.begin(context)

    async def feed(self, pcm: bytes) -> None:
        """Add audio."""
        await self._hearing.feed(pcm)

    async def finish(self) -> Hypothesis:
        """End the turn."""
        with self._ticks.hold():
            heard = await self._hearing.finish()
        await self._pass(self._ear.seconds)
        return heard

    async def glance(self) -> Hypothesis | None:
        """What it says so far."""
        with self._ticks.hold():
            heard = await self._hearing.glance()
        await self._pass(self._ear.seconds)
        return heard

    async def close(self) -> None:
        """Release the ear."""
        await self._hearing.close()

    async def _pass(self, seconds: float) -> None:
        for _ in range(math.ceil(seconds / FRAME_S)):
            await self._ticks.next()
