"""A recogniser in this process behind the calls' protocol: for commands and measurements, not for calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

from voiceagent.base.errors import MissingPartError
from voiceagent.speech.installed import recogniser_directory
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import Ear, Recogniser, engine_for


class DirectHearing:
    """`Hearing` over an ear of this process; `finish` blocks its thread, not the loop."""

    def __init__(self, ear: Ear) -> None:
        self._ear = ear

    async def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        self._ear.begin(context)

    async def feed(self, pcm: bytes) -> None:
        """Add audio."""
        self._ear.feed(pcm)

    async def finish(self) -> Hypothesis:
        """End the turn."""
        return await asyncio.to_thread(self._ear.finish)

    async def glance(self) -> Hypothesis | None:
        """What the turn says so far."""
        return await asyncio.to_thread(self._ear.glance)

    async def close(self) -> None:
        """Release the ear."""
        self._ear.close()


def load_recogniser(models: Path, language: str) -> Recogniser:
    """The engine that a call in `language` would use; MissingPartError when there is none."""
    engine = engine_for(language, models)
    directory = recogniser_directory(models, engine, language)
    if directory is None:
        raise MissingPartError(f"no recogniser for {language} is installed: run `voiceagent models install`")
    if engine == "vosk":
        from voiceagent.speech.engines.vosk import Vosk

        return Vosk(directory, language)
    from voiceagent.speech.engines.whisper import Whisper

    return Whisper(directory)
