"""The ears: cut what the line brings into turns and have each recognised, without ever holding the 20 ms beat up."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from voiceagent.agent.echo import EchoGuard
from voiceagent.agent.patience import Patience
from voiceagent.audio.format import FRAME_BYTES, SILENCE
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

#: Looks at one turn before its end is sure; each costs a recognition.
MOST_GLANCES = 4
#: A turn that begins so soon after the last one ended was the same one, cut in two.
SAME_TURN_S = 1.5

#: What of it is heard so far: whether that is a whole answer, breaks off, or cannot be told.
Judge = Callable[[Hypothesis, Expect], bool | None]


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


@dataclass(slots=True)
class _Turn:
    """A turn while it lasts, and until it is recognised."""

    expect: Expect
    started_s: float
    protected: bool
    early: bool
    over: bool
    runs: int = 0
    """Times the debtor went on after a pause: what was heard before that is not all."""
    glances: int = 0
    glanced_at: int = -1
    """The run after which it was last looked at."""
    guess: Hypothesis | None = None
    """What it says if nothing more was said since `runs`."""
    complete: bool | None = None
    torn: bool = False
    """Part of a turn that was too long: the words are not all there."""
    ended_s: float = 0.0
    decided_s: float = 0.0
    speech_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Glance:
    """A look at the turn so far, in the recogniser's queue of work behind the turn's own audio."""

    turn: _Turn
    runs: int


@dataclass(frozen=True, slots=True)
class _Finish:
    """The end of a turn, behind everything else of it."""

    turn: _Turn


class Ears:
    """Feeds frames to the segmenter and turns to the recogniser; `heard` turns come out in order.

    With a `judge`, a turn is recognised as soon as the debtor pauses. If nothing more is said, that is its result; and
    a whole answer shortens the silence that ends the turn, words that break off lengthen it.
    """

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
        judge: Judge | None = None,
    ) -> None:
        self._on_sensitive = on_sensitive
        self._segmenter = segmenter
        self._hearing = hearing
        self._now = now
        self._language = language
        self._today = today
        self._on_turn = on_turn
        self._judge = judge
        self.patience = Patience()
        self._echo = EchoGuard()
        self._expect: Expect | None = None
        self._work: asyncio.Queue[Expect | bytes | _Glance | _Finish | None] = asyncio.Queue()
        self._open: _Turn | None = None
        self._silent_s = 0.0
        self._last_end_s = float("-inf")
        self._last_sensitive = False
        self._last_cut = False
        self.pending = 0
        """Turns ended but not yet recognised."""
        self.turns = 0
        """Turns ended so far."""
        self._drained = asyncio.Event()
        self._task = asyncio.create_task(self._recognise(), name="ears")

    def expect(self, expect: Expect) -> None:
        """From the next turn on, listen for this."""
        self._expect = expect
        self._segmenter.settings.max_turn_s = expect.max_turn_s
        self._wait()

    @property
    def speaking_s(self) -> float:
        """Seconds of the speech going on now."""
        return self._segmenter.speaking_s

    @property
    def voice_s(self) -> float:
        """The same, of what is certain to be a voice: cause to stop talking."""
        return self._segmenter.voice_s

    @property
    def open(self) -> bool:
        """Whether a turn has begun and not ended."""
        return self._open is not None

    @property
    def in_turn(self) -> bool:
        """Whether a turn is open or waits for its recognition."""
        return self._open is not None or self.pending > 0

    def tick(
        self,
        pcm: bytes,
        *,
        protected: bool,
        early: bool = False,
        over: bool = False,
        played: bytes = SILENCE,
    ) -> None:
        """Take the frames of this beat, and where the agent is in what it says (as in HeardTurn), and its sound."""
        self._echo.played(played)
        for start in range(0, len(pcm), FRAME_BYTES):
            frame = pcm[start : start + FRAME_BYTES]
            for event in self._segmenter.process(frame, hidden=self._echo.hides(frame)):
                self._on_segment(event, protected, early, over)
            if self._judge is not None and self._open is not None:
                self._watch(self._open, self._segmenter.silent_s)

    def _on_segment(self, event: TurnStarted | TurnAudio | TurnEnded, protected: bool, early: bool, over: bool) -> None:
        if isinstance(event, TurnStarted):
            expect = self._expect
            if expect is None:
                return
            started = self._now() - event.onset_s
            torn = False
            if started - self._last_end_s < SAME_TURN_S:
                self.patience.paused(max(0.0, started - self._last_end_s))
                torn = self._last_cut
                if self._last_sensitive and not expect.sensitive:
                    # The rest of an identity answer, said when the script had gone on: no words of it are kept.
                    expect = replace(expect, sensitive=True)
            self._open = _Turn(expect, started, protected, early, over, torn=torn)
            self._silent_s = 0.0
            self._wait()
            self._sensitive(expect, True)
            self._work.put_nowait(expect)
            self._work.put_nowait(event.pcm)
        elif self._open is None:
            return
        elif isinstance(event, TurnAudio):
            self._work.put_nowait(event.pcm)
        else:
            self._open.torn |= event.cut
            self._last_cut = event.cut
            self._end(self._open, self._now() - event.trailing_s, event.speech_s)

    def _watch(self, turn: _Turn, silent_s: float) -> None:
        """Follow the pauses of the open turn: look at what was said in each, forget it when the debtor goes on."""
        glance_s = self.patience.settings.glance_s
        if silent_s == 0.0 and self._silent_s >= glance_s:
            self.patience.paused(self._silent_s)
            turn.runs += 1
            turn.guess = turn.complete = None
            self._wait()
        self._silent_s = silent_s
        if silent_s >= glance_s and turn.glanced_at != turn.runs and turn.glances < MOST_GLANCES:
            turn.glanced_at = turn.runs
            turn.glances += 1
            self._work.put_nowait(_Glance(turn, turn.runs))

    def _wait(self) -> None:
        """Set the silence that ends the open turn, or the next one."""
        if self._expect is not None:
            state_s, complete = self._expect.end_silence_s, self._open.complete if self._open else None
            wait = state_s if self._judge is None else self.patience.wait_s(state_s, complete)
            self._segmenter.settings.end_silence_s = wait

    def _end(self, turn: _Turn, ended_s: float, speech_s: float) -> None:
        self._open = None
        self._sensitive(turn.expect, False)
        self.pending += 1
        self.turns += 1
        turn.ended_s, turn.decided_s, turn.speech_s = ended_s, self._now(), speech_s
        self._last_end_s = ended_s
        self._last_sensitive = turn.expect.sensitive
        self.patience.turn_ended()
        self._wait()
        self._work.put_nowait(_Finish(turn))

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
                    asked = HearingContext(self._language, step.kinds, step.phrases, self._today, step.digits)
                    await self._hearing.begin(asked)
                elif isinstance(step, bytes) and not lost:
                    await self._hearing.feed(step)
                elif isinstance(step, _Glance) and not lost:
                    await self._look(step)
            except UnavailableError as error:
                log.warning("recogniser lost: %s", error)
                lost = True
            except Exception:
                log.exception("recogniser failed")
                lost = True
            if isinstance(step, _Finish):
                await self._heard(step.turn, lost)

    async def _look(self, asked: _Glance) -> None:
        turn = asked.turn
        if turn.runs != asked.runs:
            return  # the debtor has gone on before anybody had time to look
        seen = await self._hearing.glance()
        if seen is None or turn.runs != asked.runs:
            return
        turn.guess = seen
        if turn is self._open and self._judge is not None:
            turn.complete = self._judge(seen, turn.expect)
            self._wait()

    async def _heard(self, turn: _Turn, lost: bool) -> None:
        hypothesis = turn.guess if turn.guess is not None and not turn.guess.partial else await self._finish(lost)
        if turn.torn:
            hypothesis = hypothesis.torn()
        self.pending -= 1
        self._on_turn(
            HeardTurn(
                hypothesis,
                turn.expect,
                turn.started_s,
                turn.ended_s,
                turn.speech_s,
                turn.protected,
                turn.early,
                turn.over,
                turn.decided_s,
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
            now = self._now()
            self._end(self._open, now, now - self._open.started_s)
        self._work.put_nowait(None)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._drained.wait(), patience_s)

    async def close(self) -> None:
        """Stop recognising and release the recogniser."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)
        await self._hearing.close()
