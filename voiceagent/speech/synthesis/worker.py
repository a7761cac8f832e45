"""The child process of one synthesiser: texts in on stdin, samples out on stdout, as Wyoming events.

`python -m voiceagent.speech.synthesis.worker ENGINE MODELS NICENESS`. A process of its own because espeak-ng keeps
global state, two copies of it in one process break each other, and a hung native call ends only with its process.
"""

from __future__ import annotations

import os
import sys
import tempfile
import wave
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from wyoming.event import Event, read_event, write_event

from voiceagent.base.errors import MissingPartError, VoiceagentError
from voiceagent.speech.priority import give_way
from voiceagent.speech.synthesis.shape import unit
from voiceagent.speech.synthesis.spec import KOKORO, VoiceSpec

_SYSTEM_RATE_WPM = 165
_ATTEMPTS = 4


class Synthesiser(Protocol):
    """A loaded engine."""

    rate: int
    """Hz of what `render` returns."""

    def render(self, text: str, voice: VoiceSpec) -> NDArray[np.float32]:
        """Samples of -1..1."""
        ...


class Pyttsx3:
    """The system's voice (espeak-ng): robotic, but there on every machine."""

    rate = 22050

    def __init__(self) -> None:
        try:
            import pyttsx3

            self._engine: Any = pyttsx3.init()
        except Exception as error:
            raise MissingPartError(f"pyttsx3 cannot speak ({error}): install it and espeak-ng") from error

    def render(self, text: str, voice: VoiceSpec) -> NDArray[np.float32]:
        """By way of a WAV file: the driver's only headless output."""
        with tempfile.TemporaryDirectory(prefix="voiceagent-") as folder:
            # The driver synthesises in a thread of its own and now and then returns before the file is whole.
            for attempt in range(_ATTEMPTS):
                path = Path(folder) / f"{attempt}.wav"
                self._engine.setProperty("voice", voice.name)
                self._engine.setProperty("rate", int(_SYSTEM_RATE_WPM * voice.speed))
                self._engine.save_to_file(text, str(path))
                self._engine.runAndWait()
                frames = self._frames(path)
                if frames or not any(letter.isalnum() for letter in text):
                    return np.frombuffer(frames, "<i2").astype(np.float32) / np.float32(32768)
        raise RuntimeError("pyttsx3 wrote no audio")

    def _frames(self, path: Path) -> bytes:
        try:
            with wave.open(str(path), "rb") as wav:
                self.rate = wav.getframerate()
                return wav.readframes(wav.getnframes())
        except (OSError, EOFError, wave.Error):
            return b""


def load(engine: str, models: Path) -> Synthesiser:
    """The engine, its model loaded."""
    if engine != KOKORO:
        return Pyttsx3()
    from voiceagent.speech.installed import kokoro_directory
    from voiceagent.speech.synthesis.kokoro import Kokoro

    directory = kokoro_directory(models)
    if directory is None:
        raise MissingPartError("the neural voice is not installed: run `voiceagent models install kokoro`")
    return Kokoro(directory)


def main(engine: str, models: str, niceness: str) -> int:
    """Serve requests until stdin closes; libraries that print are sent to stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    give_way(int(niceness))
    try:
        synthesiser = load(engine, Path(models))
    except VoiceagentError as error:
        write_event(Event("error", {"text": error.message, "code": error.code}), replies)
        return 1
    write_event(Event("ready"), replies)
    while (event := read_event(sys.stdin.buffer)) is not None:
        request = event.data
        try:
            voice = VoiceSpec(engine, request["name"], request["language"], request["speed"])
            pcm = unit(synthesiser.render(request["text"], voice), synthesiser.rate)
            reply = Event("unit", {"bytes": len(pcm)}, pcm)
        except VoiceagentError as error:
            reply = Event("error", {"text": error.message, "code": error.code})
        except Exception as error:
            reply = Event("error", {"text": f"{type(error).__name__}: {error}", "code": "unavailable"})
        write_event(reply, replies)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:4]))
