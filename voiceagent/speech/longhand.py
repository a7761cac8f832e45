"""Listening again, another way than calls do: long stretches between pauses, whole windows, several hypotheses.

What a second opinion on a recording comes from: nothing here is shared with the in-call decode but the model's weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES, FRAME_S
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.errors import INSTALL, MissingPartError
from voiceagent.speech.mel import log_mel

QUIET_DBOV = -50.0
#: A stretch ends at the first pause this long once it has this much in it.
PAUSE_S, ENOUGH_S = 0.2, 16.0
WINDOW_S = 30.0
BEAM = 5
#: Surer than this that nobody spoke, and nothing was said.
NOBODY = 0.6
_LEVEL = 0.1  # root mean square the model is given


def stretches(pcm: bytes) -> Iterator[bytes]:
    """8 kHz audio cut at pauses into pieces of some seconds, silence before and after left out."""
    frames = [pcm[at : at + FRAME_BYTES] for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES)]
    piece: list[bytes] = []
    quiet = 0
    for frame in frames:
        quiet = quiet + 1 if rms_dbov(frame) < QUIET_DBOV else 0
        if quiet and not piece:
            continue
        piece.append(frame)
        long = len(piece) * FRAME_S >= ENOUGH_S
        if quiet * FRAME_S >= (PAUSE_S if long else 4 * PAUSE_S):
            yield b"".join(piece)
            piece = []
    if piece:
        yield b"".join(piece)


class LongHand:
    """The model as its makers meant it: whole windows of 30 s, beam search, no deadline. About a second a piece."""

    def __init__(self, directory: Path, threads: int = 2) -> None:
        try:
            import ctranslate2
            import tokenizers
        except ImportError as error:
            raise MissingPartError(f"a second decode needs ctranslate2: {INSTALL}") from error
        self._storage = ctranslate2.StorageView
        self._model = ctranslate2.models.Whisper(str(directory), compute_type="int8", intra_threads=threads)
        self._tokens = tokenizers.Tokenizer.from_file(str(directory / "tokenizer.json"))

    def transcript(self, recording: Path, language: str, channel: int = 0) -> str:
        """What is said on one side of a recording."""
        pcm = wav.decode(recording.read_bytes()).channel(channel)
        return " ".join(self.write(piece, language) for piece in stretches(pcm))

    def write(self, pcm: bytes, language: str) -> str:
        """What is said in up to 30 s of 8 kHz s16le audio; "" when it is silent."""
        return next(iter(self.readings(pcm, language, best=1)), "")

    def readings(self, pcm: bytes, language: str, best: int = BEAM) -> tuple[str, ...]:
        """What it may say, likeliest first; () when it is silent, or (of several readings) when nobody speaks in it."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        level = float(np.sqrt(np.mean(samples**2))) if samples.size else 0.0
        if not level:
            return ()
        features = self._storage.from_array(log_mel(samples * (_LEVEL / level), WINDOW_S)[None])
        marks = ("<|startoftranscript|>", f"<|{language[:2]}|>", "<|transcribe|>", "<|notimestamps|>")
        prompt = [self._tokens.token_to_id(mark) for mark in marks]
        found = self._model.generate(
            features,
            [prompt],
            beam_size=BEAM,
            num_hypotheses=best,
            max_length=440,
            return_no_speech_prob=True,
        )[0]
        if best > 1 and found.no_speech_prob > NOBODY:
            return ()
        texts = (str(self._tokens.decode(ids)).strip() for ids in found.sequences_ids)
        return tuple(dict.fromkeys(text for text in texts if text))
