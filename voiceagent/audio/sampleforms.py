"""The ways in which WAV files write a sample, each read as 16 bit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import numpy.typing as npt

from voiceagent.audio import mulaw

Samples = npt.NDArray[np.int16]

_PCM, _FLOAT, _ALAW, _MULAW = 1, 3, 6, 7


def reader(form: int, bits: int) -> tuple[int, Callable[[bytes], Samples]] | None:
    """Bytes of a sample of that WAVE format and size, and what reads many of them; None for what is not read here."""
    return _READERS.get((form, bits))


def _bytes(data: bytes) -> Samples:
    return (np.frombuffer(data, np.uint8).astype(np.int16) - 128) << 8


def _integers(data: bytes, size: int) -> Samples:
    """Of a little-endian integer the two highest bytes."""
    return np.frombuffer(data, np.uint8).reshape(-1, size)[:, -2:].copy().view("<i2").reshape(-1)


def _floats(data: bytes, kind: str) -> Samples:
    """Full scale is 1; what is no number is silence."""
    values: npt.NDArray[np.float64] = np.nan_to_num(np.frombuffer(data, kind).clip(-1, 1)).astype(np.float64)
    return np.rint(values * 32768).clip(-32768, 32767).astype(np.int16)


def _alaw_table() -> Samples:
    code = np.arange(256) ^ 0x55
    segment, steps = (code & 0x70) >> 4, (code & 0x0F) << 4
    magnitude = np.where(segment, steps + 0x108 << np.maximum(segment - 1, 0), steps + 8)
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


_ALAW_DECODED = _alaw_table()

_READERS: dict[tuple[int, int], tuple[int, Callable[[bytes], Samples]]] = {
    (_PCM, 8): (1, _bytes),
    **{(_PCM, 8 * size): (size, partial(_integers, size=size)) for size in (2, 3, 4)},
    (_FLOAT, 32): (4, partial(_floats, kind="<f4")),
    (_FLOAT, 64): (8, partial(_floats, kind="<f8")),
    (_ALAW, 8): (1, lambda data: _ALAW_DECODED[np.frombuffer(data, np.uint8)]),
    (_MULAW, 8): (1, lambda data: np.frombuffer(mulaw.decode(data), "<i2")),
}
