"""Where installed models lie under the models directory; what they must hold is the catalogue's business."""

from __future__ import annotations

from pathlib import Path

WHISPER = "whisper-base"
KOKORO = "kokoro"
#: Vosk's model directories by the agent's language.
VOSK = {"pt-BR": "vosk-pt", "es": "vosk-es", "en": "vosk-en"}
#: A real Vosk model from a registry, in Korean: proves that the engine works, serves no language of the agent.
VOSK_TEST = "vosk-ko-test"


def recogniser_directory(models: Path, engine: str, language: str) -> Path | None:
    """The directory of an engine's model for `language`, None when it is not installed."""
    if engine == "whisper":
        name, needed = WHISPER, "model.bin"
    elif engine == "vosk" and language in VOSK:
        name, needed = VOSK[language], "am/final.mdl"
    else:
        return None
    directory = models / name
    return directory if (directory / needed).is_file() else None


def kokoro_directory(models: Path) -> Path | None:
    """The neural voice's directory, None when it is not installed."""
    directory = models / KOKORO
    complete = (directory / "model.onnx").is_file() and any((directory / "voices").glob("*.bin"))
    return directory if complete else None


def phrases_directory(models: Path) -> Path:
    """Where rendered phrases are kept: `bank/` from the installation, `recent/` from calls."""
    return models / "phrases"
