"""The speech process's mouths: picks each call's voice, joins cached units with the call's own parts."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from weakref import WeakValueDictionary

from voiceagent.base.errors import MissingPartError
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech.admission import DeadlineQueue
from voiceagent.speech.installed import kokoro_directory, phrases_directory
from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.child import SynthesiserChild
from voiceagent.speech.synthesis.shape import join
from voiceagent.speech.synthesis.spec import AGENT_VOICES, KOKORO, PYTTSX3, VoiceSpec, agent_voice

_BACKLOG = 64


class UnitRenderer(Protocol):
    """What renders one text: a synthesiser in its child process."""

    async def start(self) -> None:
        """Load the engine."""
        ...

    async def render(self, text: str, voice: VoiceSpec) -> bytes:
        """One text as an 8 kHz unit."""
        ...

    async def close(self) -> None:
        """End it."""
        ...


@dataclass(frozen=True, slots=True, weakref_slot=True)
class RenderedPart:
    """A rendered part; one that is never kept on disk goes with the last call that says it."""

    pcm: bytes


@dataclass(slots=True)
class CallVoice:
    """A call's voice, fixed at its first prompt, and the parts that go with the call."""

    voice: VoiceSpec
    own: dict[str, RenderedPart] = field(default_factory=dict)


class Speaker:
    """Renders prompts for all calls of the machine."""

    def __init__(
        self,
        models: Path,
        cache: PhraseCache | None = None,
        engine: str | None = None,
        child: Callable[[str, Path], UnitRenderer] = SynthesiserChild,
        own: VoiceSpec | None = None,
    ) -> None:
        """`own`: the agent's voice in its language instead of the one it has; its engine is then the one in use."""
        self._agents = {own.language: own} if own is not None else {}
        engine = own.engine if own is not None else engine
        self.engine = engine or (KOKORO if kokoro_directory(models) is not None else PYTTSX3)
        self.cache = cache or PhraseCache(phrases_directory(models))
        self._models = models
        self._new_child = child
        self._children: dict[str, UnitRenderer] = {}
        self._queues: dict[str, DeadlineQueue] = {}
        self._rendering: dict[tuple[VoiceSpec, str], tuple[asyncio.Task[RenderedPart], float]] = {}
        # Calls that are up at the same time mostly speak of the same creditor and the same product.
        self._own: WeakValueDictionary[tuple[VoiceSpec, str], RenderedPart] = WeakValueDictionary()

    def voice(self, language: str, wanted: str | None = None) -> VoiceSpec:
        """The agent's voice of a language, or the one named. MissingPartError when its engine is not installed."""
        voice = VoiceSpec.parse(wanted, language) if wanted else self._agent(language)
        if voice.engine == KOKORO and kokoro_directory(self._models) is None:
            raise MissingPartError(f"voice {voice.name} needs the neural voice: run `voiceagent models install kokoro`")
        return voice

    def voices(self) -> Iterable[VoiceSpec]:
        """The agent's voices of the engine in use."""
        return [self._agent(language) for language in AGENT_VOICES[self.engine]]

    def _agent(self, language: str) -> VoiceSpec:
        return self._agents.get(language) or agent_voice(self.engine, language)

    async def start(self) -> None:
        """Load the engine in use."""
        await self._child(self.engine).start()

    async def render(self, call: CallVoice, parts: Sequence[SpokenPart], patience_s: float) -> tuple[bytes, int]:
        """The prompt's 8 kHz PCM and how many parts had to be rendered; fails as `units` does."""
        units, rendered = await self.units(call, parts, patience_s)
        return join(units), rendered

    async def units(
        self, call: CallVoice, parts: Sequence[SpokenPart], patience_s: float
    ) -> tuple[list[tuple[str, bytes]], int]:
        """The prompt's units (text, 8 kHz PCM), not yet joined, and how many had to be rendered.

        UnavailableError when rendering failed, TimeoutError when its turn did not come within `patience_s`.
        """
        deadline = asyncio.get_running_loop().time() + patience_s
        rendered = 0
        units = []
        for part in parts:
            if not part.text.strip():
                continue
            unit = call.own.get(part.text) or self._known(call.voice, part)
            if unit is None:
                rendered += 1
                unit = await self._shared(call.voice, part, deadline)
            if not part.cacheable:
                call.own[part.text] = unit
            units.append((part.text, unit.pcm))
        return units, rendered

    async def close(self) -> None:
        """End the child processes."""
        tasks = [task for task, _ in self._rendering.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for child in self._children.values():
            await child.close()

    def _known(self, voice: VoiceSpec, part: SpokenPart) -> RenderedPart | None:
        """A part that is on disk, or that a call which is up has had rendered."""
        if not part.cacheable:
            return self._own.get((voice, part.text))
        pcm = self.cache.get(voice, part.text)
        return None if pcm is None else RenderedPart(pcm)

    async def _shared(self, voice: VoiceSpec, part: SpokenPart, deadline: float) -> RenderedPart:
        """One rendering however many calls wait for the same text.

        Who wants it sooner than those before queues for it anew, and they find it done. Who has more patience than the
        one that queued asks again when that one has given up.
        """
        key = (voice, part.text)
        while True:
            task, due = self._rendering.get(key, (None, math.inf))
            if task is None or deadline < due:
                due, task = deadline, asyncio.create_task(self._render(voice, part, deadline))
                self._rendering[key] = task, due
                task.add_done_callback(functools.partial(self._forget, key))
            try:
                # Shielded: a caller that hangs up must not take the others' rendering with it.
                return await asyncio.shield(task)
            except TimeoutError:
                if due >= deadline:
                    raise

    async def _render(self, voice: VoiceSpec, part: SpokenPart, deadline: float) -> RenderedPart:
        child = self._child(voice.engine)

        async def work() -> RenderedPart:
            unit = self._known(voice, part)
            if unit is None:
                unit = RenderedPart(await child.render(part.text, voice))
                if part.cacheable:
                    self.cache.put(voice, part.text, unit.pcm)
                else:
                    self._own[voice, part.text] = unit
            return unit

        return await self._queues[voice.engine].run(work, deadline)

    def _forget(self, key: tuple[VoiceSpec, str], task: asyncio.Task[RenderedPart]) -> None:
        if key in self._rendering and self._rendering[key][0] is task:
            del self._rendering[key]
        if not task.cancelled():
            task.exception()

    def _child(self, engine: str) -> UnitRenderer:
        if engine not in self._children:
            self._children[engine] = self._new_child(engine, self._models)
            self._queues[engine] = DeadlineQueue(1, _BACKLOG)
        return self._children[engine]
