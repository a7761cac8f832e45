"""A recogniser that knows some recordings by heart: for tests and rehearsals that must not depend on a model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from voiceagent.base.errors import unreadable
from voiceagent.base.languages import Language
from voiceagent.speech.protocol import HearingContext, Hypothesis


def fingerprint(pcm: bytes) -> str:
    """How the engine knows a recording: the digest of its PCM without the digital silence around it."""
    return hashlib.sha256(pcm.strip(b"\0")).hexdigest()


class Scripted:
    """`answers` maps fingerprints to texts; anything else is not understood."""

    name = "scripted"
    languages = frozenset(language.value for language in Language)

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = dict(answers)

    @classmethod
    def from_file(cls, path: Path) -> Scripted:
        """From a JSON object {fingerprint: text}."""
        try:
            answers = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise unreadable(f"the scripted answers {path}", error) from error
        return cls(answers)

    def open(self, language: str) -> ScriptedEar:
        """An ear that looks up each turn."""
        return ScriptedEar(self._answers)


class ScriptedEar:
    """Looks a turn's audio up."""

    streams = False

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers
        self._audio = bytearray()
        self._phrases: tuple[str, ...] = ()

    def begin(self, context: HearingContext) -> None:
        """Start a turn."""
        self._audio.clear()
        self._phrases = context.phrases

    def feed(self, pcm: bytes) -> None:
        """Keep the audio."""
        self._audio += pcm

    def finish(self) -> Hypothesis:
        """The text known for this audio; no_speech for digital silence, low_confidence for unknown audio."""
        heard = self.glance()
        self._audio.clear()
        return heard

    def glance(self) -> Hypothesis:
        """The same, and the turn goes on."""
        heard = bytes(self._audio)
        if not heard.strip(b"\0"):
            return Hypothesis("", 0.0, engine="scripted", reason="no_speech")
        text = self._answers.get(fingerprint(heard))
        if text is None:
            return Hypothesis("", 0.0, engine="scripted", reason="low_confidence")
        ranked = tuple((phrase, 1.0 if phrase == text else 0.0) for phrase in self._phrases)
        return Hypothesis(text, 1.0, tuple(sorted(ranked, key=lambda pair: -pair[1])), "scripted")

    def close(self) -> None:
        """Forget the audio."""
        self._audio.clear()
