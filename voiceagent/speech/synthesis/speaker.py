"""The speech process's mouths: picks each call's voice, joins cached units with the call's own parts."""

from __future__ import annotations

import asyncio
import functools
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
class OwnPart:
    """A part that is never kept: it goes with the last call that says it."""

    pcm: bytes


@dataclass(slots=True)
class CallVoice:
    """A call's voice, fixed at its first prompt, and the parts that go with the call."""

    voice: VoiceSpec
    own: dict[str, OwnPart] = field(default_factory=dict)


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
        self._rendering: dict[tuple[VoiceSpec, str], asyncio.Task[bytes]] = {}
        # Calls that are up at the same time mostly speak of the same creditor and the same product.
        self._own: WeakValueDictionary[tuple[VoiceSpec, str], OwnPart] = WeakValueDictionary()

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
            pcm = self.cache.get(call.voice, part.text) if part.cacheable else self._own_part(call, part.text)
            if pcm is None:
                rendered += 1
                pcm = await self._shared(call.voice, part, deadline)
                if not part.cacheable:
                    call.own[part.text] = self._own[call.voice, part.text] = OwnPart(pcm)
            units.append((part.text, pcm))
        return units, rendered

    async def close(self) -> None:
        """End the child processes."""
        for task in self._rendering.values():
            task.cancel()
        await asyncio.gather(*self._rendering.values(), return_exceptions=True)
        for child in self._children.values():
            await child.close()

    def _own_part(self, call: CallVoice, text: str) -> bytes | None:
        """A part that this call or another one that is up has had rendered."""
        own = call.own.get(text) or self._own.get((call.voice, text))
        if own is None:
            return None
        call.own[text] = own
        return own.pcm

    async def _shared(self, voice: VoiceSpec, part: SpokenPart, deadline: float) -> bytes:
        """One rendering however many calls wait for the same text."""
        key = (voice, part.text)
        task = self._rendering.get(key)
        if task is None:
            task = asyncio.create_task(self._render(voice, part, deadline))
            self._rendering[key] = task
            task.add_done_callback(functools.partial(self._forget, key))
        # Shielded: a caller that hangs up must not take the others' rendering with it.
        return await asyncio.shield(task)

    async def _render(self, voice: VoiceSpec, part: SpokenPart, deadline: float) -> bytes:
        child = self._child(voice.engine)
        pcm = await self._queues[voice.engine].run(lambda: child.render(part.text, voice), deadline)
        if part.cacheable:
            self.cache.put(voice, part.text, pcm)
        return pcm

    def _forget(self, key: tuple[VoiceSpec, str], task: asyncio.Task[bytes]) -> None:
        self._rendering.pop(key, None)
        if not task.cancelled():
            task.exception()

    def _child(self, engine: str) -> UnitRenderer:
        if engine not in self._children:
            self._children[engine] = self._new_child(engine, self._models)
            self._queues[engine] = DeadlineQueue(1, _BACKLOG)
        return self._children[engine]
