"""Which voice says a text: engine, name, the language of its phonemes, speed."""

from __future__ import annotations

from dataclasses import dataclass

from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language

KOKORO = "kokoro"
PYTTSX3 = "pyttsx3"

#: The agent's own voices, one per language and engine.
AGENT_VOICES = {
    KOKORO: {"pt-BR": "pf_dora", "es": "ef_dora", "en": "af_heart"},
    PYTTSX3: {"pt-BR": "roa/pt-br", "es": "roa/es-419", "en": "gmw/en-us"},
}


@dataclass(frozen=True, slots=True)
class VoiceSpec:
    """A voice as named on the command line and between processes."""

    engine: str
    """kokoro or pyttsx3."""
    name: str
    """Style file (kokoro) or voice id (pyttsx3)."""
    language: str
    """pt-BR, es or en: the language it speaks here, which need not be the one it was made for."""
    speed: float = 1.0
    """1.0 = natural pace."""

    def __post_init__(self) -> None:
        if self.engine not in AGENT_VOICES:
            raise BadInputError(f"unknown voice engine {self.engine!r}: one of {', '.join(AGENT_VOICES)}")
        if self.language not in set(Language):
            raise BadInputError(f"unknown language {self.language!r}: one of {', '.join(Language)}")
        if not 0.5 <= self.speed <= 2.0:
            raise BadInputError(f"speed {self.speed} is outside 0.5-2.0")

    @classmethod
    def parse(cls, text: str, language: str) -> VoiceSpec:
        """From `NAME`, `NAME@LANGUAGE`, `NAME*1.1` or `ENGINE:NAME@LANGUAGE*1.1`; `language` is the default."""
        engine, colon, rest = text.partition(":")
        if not colon:
            engine, rest = "", text
        rest, star, speed = rest.partition("*")
        name, at, own_language = rest.partition("@")
        if not engine:
            engine = PYTTSX3 if "/" in name else KOKORO
        try:
            return cls(engine, name, own_language if at else language, float(speed) if star else 1.0)
        except ValueError as error:
            raise BadInputError(
                f"not a voice: {text!r}; write it like pf_dora, am_adam@pt-BR or pm_alex*1.1"
            ) from error

    def __str__(self) -> str:
        pace = "" if self.speed == 1.0 else f"*{self.speed:g}"
        return f"{self.engine}:{self.name}@{self.language}{pace}"


def agent_voice(engine: str, language: str) -> VoiceSpec:
    """The agent's voice for a language on an engine."""
    return VoiceSpec(engine, AGENT_VOICES[engine][language], language)
