"""A recogniser in this process behind the calls' protocol: for commands and measurements, not for calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import Ear, Recogniser, Recognisers


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
    return Recognisers(models).of(language)
