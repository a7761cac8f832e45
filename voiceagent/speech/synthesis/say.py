"""One text, once, without a speech process: what `voiceagent say` and tests need."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from voiceagent.language.figures import aloud
from voiceagent.language.spoken import SpokenPart
from voiceagent.speech.synthesis.speaker import CallVoice, Speaker

_PATIENCE_S = 120.0


async def say(models: Path, text: str, language: str, voice: str | None = None) -> bytes:
    """8 kHz PCM of `text`, its figures in words, in the agent's voice or the one named; nothing of it is kept.

    MissingPartError when the voice's engine is not installed, UnavailableError when it fails.
    """
    speaker = Speaker(models)
    try:
        call = CallVoice(speaker.voice(language, voice))
        spoken = aloud(text, language, today=date.today())
        pcm, _ = await speaker.render(call, [SpokenPart(spoken, cacheable=False)], _PATIENCE_S)
    finally:
        await speaker.close()
    return pcm
