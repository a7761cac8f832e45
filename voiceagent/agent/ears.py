"""The ears: cut what the line brings into turns and have each recognised, without ever holding the 20 ms beat up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass

from voiceagent.audio.format import FRAME_BYTES
from voiceagent.base.errors import UnavailableError
from voiceagent.dialogue.events import Expect
from voiceagent.speech.protocol import (
    Hearing,
    HearingContext,
    Hypothesis,
    Segmenter,
    TurnAudio,
    TurnEnded,
    TurnStarted,
)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """A turn of the debtor with what the recogniser made of it; seconds count on the conversation's stopwatch."""

    hypothesis: Hypothesis
    expect: Expect
    """What was expected when the turn began."""
    started_s: float
    ended_s: float
    """Last speech sample, not the moment silence was believed."""
    speech_s: float
    protected: bool
    """It began well inside a prompt that may not be interrupted: it answers nothing that was fully asked."""
    early: bool = False
    """It began before the question itself was being said: a yes in it is not a yes to that."""
    over: bool = False
    """It began well before the agent had finished: "uhum" in it says "go on", and a cough nothing."""
    decided_s: float = 0.0
    """When its end was believed."""
    heard_s: float = 0.0
    """When the recogniser had answered."""


@dataclass(frozen=True, slots=True)
class _Finish:
    """The end of a turn, in the recogniser's queue of work behind the turn's own audio."""

    expect: Expect
    started_s: float
    ended_s: float
    speech_s: float
    decided_s: float
    protected: bool
    early: bool
    over: bool


class Ears:
    """Feeds frames to the segmenter and turns to the recogniser; `heard` turns come out in order."""

    def __init__(
        self,
        segmenter: Segmenter,
        hearing: Hearing,
        now: Callable[[], float],
        *,
        language: str,
        today: str,
        on_turn: Callable[[HeardTurn], None],
        on_sensitive: Callable[[bool], None] = lambda begins: None,
    ) -> None:
        self._on_sensitive = on_sensitive
        self._segmenter = segmenter
        self._hearing = hearing
        self._now = now
        self._language = language
        self._today = today
        self._on_turn = on_turn
        self._expect: Expect | None = None
        self._work: asyncio.Queue[Expect | bytes | _Finish | None] = asyncio.Queue()
        self._open: tuple[Expect, float, bool, bool, bool] | None = None
        self.pending = 0
        """Turns ended but not yet recognised."""
        self.turns = 0
        """Turns ended so far."""
        self._drained = asyncio.Event()
        self._task = asyncio.create_task(self._recognise(), name="ears")

    def expect(self, expect: Expect) -> None:
        """From the next turn on, listen for this."""
        self._expect = expect
        settings = self._segmenter.settings
        settings.end_silence_s = expect.end_silence_s
        settings.max_turn_s = expect.max_turn_s

    @property
    def speaking_s(self) -> float:
        """Seconds of the speech going on now."""
        return self._segmenter.speaking_s

    @property
    def open(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._open is not None

    @property
    def in_turn(self) -> bool:
        """Whether a turn is open or waits for its recognition."""
        return self._open is not None or self.pending > 0

    def tick(self, pcm: bytes, *, protected: bool, early: bool = False, over: bool = False) -> None:
        """Take the frames of this beat, and where the agent is in what it says (as in HeardTurn)."""
        for start in range(0, len(pcm), FRAME_BYTES):
            for event in self._segmenter.process(pcm[start : start + FRAME_BYTES]):
                self._on_segment(event, protected, early, over)

    def _on_segment(self, event: TurnStarted | TurnAudio | TurnEnded, protected: bool, early: bool, over: bool) -> None:
        if isinstance(event, TurnStarted):
            expect = self._expect
            if expect is None:
                return
            self._open = (expect, self._now() - self._segmenter.speaking_s, protected, early, over)
            self._sensitive(expect, True)
            self._work.put_nowait(expect)
            self._work.put_nowait(event.pcm)
        elif self._open is None:
            return
        elif isinstance(event, TurnAudio):
            self._work.put_nowait(event.pcm)
        else:
            expect, started, *where = self._open
            self._open = None
            self._sensitive(expect, False)
            self.pending += 1
            self.turns += 1
            now = self._now()
            self._work.put_nowait(_Finish(expect, started, now - event.trailing_s, event.speech_s, now, *where))

    def _sensitive(self, expect: Expect, begins: bool) -> None:
        if expect.sensitive:
            self._on_sensitive(begins)

    async def _recognise(self) -> None:
        lost = False
        while True:
            step = await self._work.get()
            if step is None:
                self._drained.set()
                continue
            try:
                if isinstance(step, Expect):
                    lost = False
                    await self._hearing.begin(HearingContext(self._language, step.kinds, step.phrases, self._today))
                elif isinstance(step, bytes) and not lost:
                    await self._hearing.feed(step)
            except UnavailableError as error:
                log.warning("recogniser lost: %s", error)
                lost = True
            except Exception:
                log.exception("recogniser failed")
                lost = True
            if isinstance(step, _Finish):
                hypothesis = await self._finish(lost)
                self.pending -= 1
                self._on_turn(
                    HeardTurn(
                        hypothesis,
                        step.expect,
                        step.started_s,
                        step.ended_s,
                        step.speech_s,
                        step.protected,
                        step.early,
                        step.over,
                        step.decided_s,
                        self._now(),
                    )
                )

    async def _finish(self, lost: bool) -> Hypothesis:
        if not lost:
            try:
                return await self._hearing.finish()
            except Exception:  # a turn that never comes out would keep the conversation waiting for ever
                log.exception("recogniser failed")
        return Hypothesis("", 0.0, reason="unavailable")

    async def last_words(self, patience_s: float) -> None:
        """The line is down: take the open turn as it is, and wait until everything said was recognised."""
        if self._open is not None:
            expect, started, *where = self._open
            self._open = None
            self.pending += 1
            self._sensitive(expect, False)
            now = self._now()
            self._work.put_nowait(_Finish(expect, started, now, now - started, now, *where))
        self._work.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), patience_s)

    async def close(self) -> None:
        """Stop recognising and release the recogniser."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._hearing.close()
