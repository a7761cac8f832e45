"""The natural voice: Kokoro-82M, int8, on onnxruntime with one thread. Runs in its own low-priority process."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.speech.synthesis.phonemes import Phonemiser
from voiceagent.speech.synthesis.spec import VoiceSpec

RATE = 24000  # Hz
_STYLE_ROWS = 510
_STYLE_WIDTH = 256


class Kokoro:
    """One loaded model; a style file per voice. `directory` holds model.onnx, vocab.json and voices/*.bin."""

    rate = RATE

    def __init__(self, directory: Path) -> None:
        try:
            import onnxruntime
        except ImportError as error:
            raise MissingPartError("the neural voice needs onnxruntime: pip install 'voiceagent[speech]'") from error
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
        style = self._style(voice.name)
        phonemes = self._phonemiser.phonemes(text, voice.language)
        spoken = [self._infer(tokens, style, voice.speed) for tokens in self._split(phonemes)]
        return np.concatenate(spoken) if spoken else np.zeros(0, np.float32)

    def _split(self, phonemes: str) -> list[list[int]]:
        """Token runs that fit the model, cut at the last clause end (or space) that still fits."""
        runs = []
        rest = phonemes
        while rest:
            if len(rest) < _STYLE_ROWS:
                head, rest = rest, ""
            else:
                cut = max(rest.rfind(mark, 0, _STYLE_ROWS - 1) for mark in ".!?;:,")
                cut = cut if cut > 0 else max(rest.rfind(" ", 0, _STYLE_ROWS - 1), 1)
                head, rest = rest[: cut + 1], rest[cut + 1 :].lstrip()
            tokens = [self._vocabulary[letter] for letter in head if letter in self._vocabulary]
            if any(letter.isalpha() for letter in head):
                runs.append(tokens)
        return runs

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
            style = np.fromfile(path, dtype=np.float32).reshape(_STYLE_ROWS, _STYLE_WIDTH)
            self._styles[name] = style
        return style
