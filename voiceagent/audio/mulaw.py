"""G.711 mu-law: what a telephone line in the Americas does to every sample."""

from __future__ import annotations

import numpy as np

from voiceagent.audio.levels import samples

_BIAS, _LARGEST = 132, 32635


def encode(pcm: bytes) -> bytes:
    """s16le as mu-law, a byte a sample."""
    values = samples(pcm).astype(np.int32)
    magnitudes = np.minimum(np.abs(values), _LARGEST) + _BIAS
    segments = np.floor(np.log2(magnitudes)).astype(np.int32) - 7
    steps = (magnitudes >> (segments + 3)) & 0x0F
    code = (np.where(values < 0, 0x80, 0) | segments << 4 | steps) ^ 0xFF
    return bytes(code.astype(np.uint8).tobytes())


def decode(code: bytes) -> bytes:
    """mu-law as s16le."""
    return bytes(_DECODED[np.frombuffer(code, np.uint8)].tobytes())


def through_mulaw(pcm: bytes) -> bytes:
    """What comes out at the other end of the line."""
    return decode(encode(pcm))


def _table() -> np.ndarray[tuple[int], np.dtype[np.int16]]:
    code = np.arange(256) ^ 0xFF
    magnitudes = (((code & 0x0F) << 3) + _BIAS << ((code & 0x70) >> 4)) - _BIAS
    return np.where(code & 0x80, -magnitudes, magnitudes).astype("<i2")


_DECODED = _table()
