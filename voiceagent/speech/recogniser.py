"""What every recogniser engine offers inside the speech process, and which engine serves a language.

Everything here blocks: the server calls it from worker threads, never from the event loop.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from voiceagent.base.errors import MissingPartError
from voiceagent.base.languages import Language
from voiceagent.speech.installed import recogniser_directory
from voiceagent.speech.protocol import HearingContext, Hypothesis

#: Turns recognised at a time, unless said otherwise.
WORKERS = 2


class Ear(Protocol):
    """The recogniser state of one call; used by one thread at a time."""

    streams: bool
    """True when `feed` computes (streaming engines); False when it only keeps the audio."""

    def begin(self, context: HearingContext) -> None:
        """Start a turn, forgetting what was fed and not finished."""
        ...

    def feed(self, pcm: bytes) -> None:
        """Add 8 kHz s16le audio of the turn."""
        ...

    def finish(self) -> Hypothesis:
        """End the turn and say what was heard."""
        ...

    def glance(self) -> Hypothesis:
        """What the turn says so far; it goes on. `partial` when its end may still change that."""
        ...

    def close(self) -> None:
        """Release the state."""
        ...


class Recogniser(Protocol):
    """One loaded engine; makes the ears of many calls."""

    name: str
    languages: frozenset[str]

    def open(self, language: str) -> Ear:
        """A warmed ear for a call in `language`."""
        ...


def recognise_pcm(ear: Ear, pcm: bytes, context: HearingContext) -> Hypothesis:
    """One whole turn through an ear."""
    ear.begin(context)
    ear.feed(pcm)
    return ear.finish()


def certainty(mean_log_probability: float) -> float:
    """A mean log probability per token or word as 0..1."""
    return min(1.0, max(0.0, math.exp(mean_log_probability)))


def engine_for(language: str, models: Path, order: Sequence[str] = ("vosk", "whisper")) -> str:
    """The engine whose model of `language` is installed: vosk, else whisper; MissingPartError when there is none.

    Never another language's model: an agent that mishears every word must not start to call people.
    """
    for engine in order:
        if recogniser_directory(models, engine, language) is not None:
            return engine
    raise MissingPartError(f"no recogniser for {language} is installed: run `voiceagent models install whisper-base`")


def served_languages(models: Path) -> dict[str, str]:
    """Language → engine, for each language of the agent that has one."""
    served = {}
    for language in Language:
        try:
            served[language.value] = engine_for(language, models)
        except MissingPartError:
            continue
    return served


class Recognisers:
    """The engines of this process: each is loaded when it is first asked for, whisper once for all that it serves."""

    def __init__(self, models: Path, workers: int = WORKERS) -> None:
        self._models = models
        self._workers = workers
        self._loaded: dict[Path, Recogniser] = {}

    def of(self, language: str) -> Recogniser:
        """The engine that a call in `language` uses; MissingPartError when there is none. May block for seconds."""
        engine = engine_for(language, self._models)
        directory = recogniser_directory(self._models, engine, language)
        assert directory is not None
        if directory not in self._loaded:
            self._loaded[directory] = self._load(engine, directory, language)
        return self._loaded[directory]

    def _load(self, engine: str, directory: Path, language: str) -> Recogniser:
        if engine == "vosk":
            from voiceagent.speech.engines.vosk import Vosk

            return Vosk(directory, language)
        from voiceagent.speech.engines.whisper import Whisper

        return Whisper(directory, self._workers)
