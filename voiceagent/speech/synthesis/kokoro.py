"""The natural voice: Kokoro-82M, int8, on onnxruntime with one thread. Runs in its own low-priority process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceagent.base.errors import INSTALL, BadInputError, MissingPartError
from voiceagent.speech.synthesis.phonemes import Phonemiser
from voiceagent.speech.synthesis.spec import VoiceSpec

RATE = 24000  # Hz
_STYLE_ROWS = 510
STYLE_WIDTH = 256


class Kokoro:
    """One loaded model; a style file per voice. `directory` holds model.onnx, vocab.json and voices/*.bin."""

    rate = RATE

    def __init__(self, directory: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingPartError(f"the neural voice needs onnxruntime: {INSTALL}") from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session: Any = onnxruntime.InferenceSession(
            str(directory / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self._vocabulary: dict[str, int] = json.loads((directory / "vocab.json").read_text(encoding="utf-8"))["vocab"]
        self._voices = directory / "voices"
        self._styles: dict[str, NDArray[np.float32]] = {}
        self._phonemiser = Phonemiser()

    def render(self, text: str, voice: VoiceSpec) -> NDArray[np.float32]:
        """`text` said by `voice`: mono samples at 24 kHz, about -1..1; empty for text without sounds."""
        return self.speak(self.phonemes(text, voice.language), voice)

    def phonemes(self, text: str, language: str) -> str:
        """The phoneme letters of `text`, as the language's phonemiser says it."""
        return self._phonemiser.phonemes(text, language)

    def speak(self, phonemes: str, voice: VoiceSpec) -> NDArray[np.float32]:
        """Phoneme letters said by `voice`, as `render`."""
        style = self._style(voice.name)
        runs = [
            [self._vocabulary[letter] for letter in run if letter in self._vocabulary]
            for run in breaths(phonemes)
            if any(letter.isalpha() for letter in run)
        ]
        spoken = [self._infer(tokens, style, voice.speed) for tokens in runs]
        return np.concatenate(spoken) if spoken else np.zeros(0, np.float32)

    def _infer(self, tokens: list[int], style: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
        (audio,) = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": style[min(len(tokens), _STYLE_ROWS) - 1][None, :],
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return np.asarray(audio, np.float32).ravel()

    def _style(self, name: str) -> NDArray[np.float32]:
        style = self._styles.get(name)
        if style is None:
            path = self._voices / f"{name}.bin"
            if not path.is_file():
                known = ", ".join(sorted(file.stem for file in self._voices.glob("*.bin")))
                raise BadInputError(f"voice {name} is not installed; there are: {known}")
            style = np.fromfile(path, dtype=np.float32).reshape(_STYLE_ROWS, STYLE_WIDTH)
            self._styles[name] = style
        return style


def breaths(phonemes: str, limit: int = _STYLE_ROWS - 1) -> list[str]:
    """Runs of at most `limit` letters, cut after the last clause end that fits, else at a space, else anywhere."""
    runs = []
    rest = phonemes.strip()
    while len(rest) > limit:
        cut = max(rest.rfind(mark, 0, limit) for mark in ".!?;:,")
        cut = cut + 1 if cut > 0 else max(rest.rfind(" ", 1, limit), 0) or limit
        runs.append(rest[:cut].rstrip())
        rest = rest[cut:].lstrip()
    return [run for run in (*runs, rest) if run]
