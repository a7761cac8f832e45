"""The speech process's recognisers: one copy of each model, worker threads, deadlines, a limit of calls."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.speech.admission import DeadlineQueue
from voiceagent.speech.metrics import SpeechMetrics
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import WORKERS, Ear, Recogniser, Recognisers, served_languages
from voiceagent.speech.strain import Strain

log = logging.getLogger(__name__)
T = TypeVar("T")

DEADLINE_S = 1.5
#: A glance may take so much longer: nobody waits for it yet.
EARLIER_S = 0.5
#: Its answer is wanted so long after it was asked for, as the silence is believed: turns that ended before go first.
AHEAD_S = 0.25
#: A glance that has not begun in this share of the deadline is given up: its turn has ended, or the debtor has gone on.
STALE = 0.4
#: How many turns may wait for each worker.
BACKLOG = 8
#: A call that was to begin opens its ear within this, or somebody else may have its place.
KEPT_S = 30.0
#: Who asks for room waits so long for what others hold while they look for somebody to call.
MOMENT_S = 1.0
#: While so many wait for each worker, only turns that have ended are recognised: some glances are at pauses in
#: mid-turn, for nothing.
CROWD = 2


def load_recognisers(models: Path, workers: int = WORKERS) -> dict[str, Recogniser]:
    """Language → loaded engine, for each that has one. Blocks for a second or two per model."""
    recognisers = Recognisers(models, workers)
    return {language: recognisers.of(language) for language in served_languages(models)}


class Ears:
    """Opens ears for calls and runs what blocks in threads."""

    def __init__(
        self,
        recognisers: Mapping[str, Recogniser],
        metrics: SpeechMetrics,
        max_calls: int = 16,
        deadline_s: float = DEADLINE_S,
        workers: int = WORKERS,
    ) -> None:
        if not recognisers:
            raise MissingPartError("no recogniser is installed: run `voiceagent models install`")
        self.recognisers = dict(recognisers)
        self.max_calls = max_calls
        self.calls = 0
        self._reserved = 0
        self._kept: dict[str, float] = {}
        self._freed = asyncio.Event()
        self.waiting = 0
        """Who asks for room that others hold at this moment."""
        self.deadline_s = deadline_s
        self._metrics = metrics
        self.strain = Strain(time.monotonic)
        self._workers = workers
        self._queue = DeadlineQueue(workers, BACKLOG * workers)
        metrics.waiting.set_function(lambda: self._queue.waiting)
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="recognise")
        # Vosk warms an ear for most of a second: turns that have ended must not stand behind a telephone that rings.
        self._openers = ThreadPoolExecutor(workers, thread_name_prefix="open")

    def refusal(self, held: int = 0) -> str:
        """Why no new call should begin on this machine now, beside the places that are `held`; "" when one may."""
        full = "" if held or self.room() else f"the speech process already serves {self._taken()} calls"
        why = full or self.strain.refusal()
        self._metrics.admits.set(0 if why else 1)
        return why

    def room(self) -> int:
        """How many more calls it would serve, as far as their number goes."""
        return max(0, self.max_calls - self._taken())

    def _taken(self) -> int:
        """Calls, and those that are about to begin."""
        now = time.monotonic()
        self._kept = {call: until for call, until in self._kept.items() if until > now}
        return self.calls + self._reserved + len(self._kept)

    async def reserve(self, wanted: int) -> int:
        """Hold room for up to `wanted` calls, until `give_back` of what it returns: how many.

        What others hold may be free again in a moment: that is waited for.
        """
        self.waiting += 1
        try:
            async with asyncio.timeout(MOMENT_S):
                while self._reserved and not self.room():
                    self._freed.clear()
                    await self._freed.wait()
        except TimeoutError:
            pass
        finally:
            self.waiting -= 1
        held = max(0, min(wanted, self.room()))
        self._reserved += held
        return held

    def give_back(self, held: int, keep: Sequence[str] = ()) -> None:
        """What was reserved is free again, except for the calls (ids) that are to `keep` it until they open."""
        self._reserved -= held
        self._freed.set()
        until = time.monotonic() + KEPT_S
        self._kept.update((call, until) for call in keep[:held])

    async def open(self, language: str, call_id: str = "") -> CallEar:
        """A warmed ear. MissingPartError for a language without a model, UnavailableError (busy) when full.

        A call whose place was kept takes that.
        """
        self._kept.pop(call_id, None)
        recogniser = self.recognisers.get(language)
        if recogniser is None:
            raise MissingPartError(f"no recogniser for {language} is installed: run `voiceagent models install`")
        if not self.room():
            self._metrics.refused.inc()
            raise UnavailableError(f"the speech process already serves {self.max_calls} calls", code="busy")
        self.calls += 1
        self._metrics.calls.set(self.calls)
        try:
            ear = await self.opened(recogniser, language)
        except BaseException:
            self._left()
            raise
        return CallEar(self, recogniser, language, ear)

    async def opened(self, recogniser: Recogniser, language: str) -> Ear:
        """A warmed ear of the engine."""
        return await asyncio.get_running_loop().run_in_executor(self._openers, recogniser.open, language)

    async def finish(self, ear: Ear, engine: str, idle: asyncio.Event, glanced_at: float | None = None) -> Hypothesis:
        """The turn's hypothesis; after the deadline reason=timeout, and `idle` stays unset until the thread is done.

        So it is when the engine failed or too many turns wait: the next one may be heard again, and "unavailable" is
        what the client says of a process that is gone.

        A turn that was glanced at in vain (at this instant of the loop's clock) keeps the place in line it had then.
        """
        ahead_s = 0.0
        if glanced_at is not None:
            now = asyncio.get_running_loop().time()
            ahead_s = min(0.0, max(glanced_at + AHEAD_S - now, -STALE * self.deadline_s))
        heard = await self._recognise(ear.finish, engine, idle, self.deadline_s, ahead_s)
        self.count(heard)
        return heard

    def count(self, heard: Hypothesis) -> None:
        """A turn is over: for the metrics, and for whether another call may begin."""
        engine = heard.engine
        self._metrics.turns.labels(engine, heard.reason or "heard").inc()
        self._metrics.recognise_seconds.labels(engine).observe(heard.ms / 1000)
        self.strain.turn(heard.ms / 1000, late=heard.reason == "timeout")

    async def glance(self, ear: Ear, engine: str, idle: asyncio.Event) -> Hypothesis | None:
        """What the turn says so far; None when the recognisers have better things to do.

        It waits for its turn like any recognition: refused, it would be wanted all the same when the turn ends, only
        later and with the whole silence waited for.
        """
        if self._queue.waiting >= CROWD * self._workers:
            self._metrics.glances.labels("refused").inc()
            return None
        patience_s, stale_s = self.deadline_s + EARLIER_S, STALE * self.deadline_s
        heard = await self._recognise(ear.glance, engine, idle, patience_s, AHEAD_S, stale_s)
        seen = heard.reason != "timeout"
        self._metrics.glances.labels("seen" if seen else "failed").inc()
        return heard if seen else None

    async def _recognise(
        self,
        step: Callable[[], Hypothesis],
        engine: str,
        idle: asyncio.Event,
        patience_s: float,
        ahead_s: float = 0.0,
        begin_s: float | None = None,
    ) -> Hypothesis:
        """The step's hypothesis within `patience_s`; it is wanted `ahead_s` later than now, or begins in `begin_s`."""
        started = time.perf_counter()
        now = asyncio.get_running_loop().time()

        async def work() -> Hypothesis:
            idle.clear()
            try:
                return await self._in_thread(step)
            finally:
                idle.set()

        begin_by = now + (patience_s if begin_s is None else begin_s)
        task = asyncio.create_task(self._queue.run(work, now + ahead_s + self.deadline_s, begin_by))
        heard = Hypothesis("", 0.0, reason="timeout")
        try:
            heard = await asyncio.wait_for(asyncio.shield(task), patience_s)
        except TimeoutError:
            task.add_done_callback(_log_late_failure)
        except UnavailableError:
            self._metrics.refused.inc()
        except Exception:
            log.exception("recogniser %s failed", engine)
        return replace(heard, engine=engine, ms=round(1000 * (time.perf_counter() - started), 1))

    async def feed(self, ear: Ear, pcm: bytes) -> None:
        """Add audio; in a thread when the engine computes while it is fed."""
        if ear.streams:
            await self._in_thread(lambda: ear.feed(pcm))
        else:
            ear.feed(pcm)

    async def begin(self, ear: Ear, context: HearingContext) -> None:
        """Start a turn."""
        if ear.streams:
            await self._in_thread(lambda: ear.begin(context))
        else:
            ear.begin(context)

    def close(self) -> None:
        """Let the threads end."""
        for threads in (self._threads, self._openers):
            threads.shutdown(wait=False, cancel_futures=True)

    def _left(self) -> None:
        self.calls -= 1
        self._metrics.calls.set(self.calls)

    async def _in_thread(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


class CallEar:
    """One call's ear in the speech process; its connection uses it from one task."""

    def __init__(self, ears: Ears, recogniser: Recogniser, language: str, ear: Ear) -> None:
        self.language = language
        self.engine = recogniser.name
        self._ears = ears
        self._recogniser = recogniser
        self._ear = ear
        self._idle = _set()
        self._open = True
        self._failed = False
        self._glanced_at: float | None = None

    async def begin(self, context: HearingContext) -> None:
        """Start a turn; an ear still busy with a turn that timed out is left to its thread and replaced."""
        self._failed = False
        self._glanced_at = None
        await self._try(self._begin(context))

    async def feed(self, pcm: bytes) -> None:
        """Add audio of the turn."""
        if not self._failed:
            await self._try(self._ears.feed(self._ear, pcm))

    async def finish(self) -> Hypothesis:
        """What the turn said."""
        if self._failed:
            return self._given_up(0.0)
        patience_s = self._ears.deadline_s / 2
        try:  # one thread at a time may use an ear, and a glance may still have it
            await asyncio.wait_for(self._idle.wait(), patience_s)
        except TimeoutError:
            return self._given_up(patience_s)
        return await self._ears.finish(self._ear, self.engine, self._idle, self._glanced_at)

    async def _begin(self, context: HearingContext) -> None:
        if not self._idle.is_set():
            self._ear = await self._ears.opened(self._recogniser, self.language)
            self._idle = _set()
        await self._ears.begin(self._ear, context)

    async def _try(self, step: Awaitable[None]) -> None:
        """What fails costs this turn, not the connection: that would look like the end of the process."""
        try:
            await step
        except Exception:
            log.exception("recogniser %s failed", self.engine)
            self._failed = True

    def _given_up(self, after_s: float) -> Hypothesis:
        late = Hypothesis("", 0.0, engine=self.engine, reason="timeout", ms=1000 * after_s)
        self._ears.count(late)
        return late

    async def glance(self) -> Hypothesis | None:
        """What the turn says so far; None when there is no time for that."""
        if self._failed or not self._idle.is_set():
            return None
        self._glanced_at = asyncio.get_running_loop().time()
        return await self._ears.glance(self._ear, self.engine, self._idle)

    def close(self) -> None:
        """The call is over."""
        if self._open:
            self._open = False
            self._ears._left()
            if self._idle.is_set():
                self._ear.close()


def _set() -> asyncio.Event:
    event = asyncio.Event()
    event.set()
    return event


def _log_late_failure(task: asyncio.Task[Hypothesis]) -> None:
    if not task.cancelled() and task.exception() is not None and not isinstance(task.exception(), TimeoutError):
        log.warning("a recognition that came too late also failed: %s", task.exception())
