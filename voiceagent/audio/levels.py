"""Levels: how loud PCM is, and making it louder or softer. 0 dBov is a full-scale square wave."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voiceagent.audio.format import FRAME_BYTES

Samples = npt.NDArray[np.int16]

#: What digital silence measures.
FLOOR_DBOV = -100.0

_FULL = 32768.0


def samples(pcm: bytes) -> Samples:
    """s16le bytes as an int16 array (a view: read only)."""
    return np.frombuffer(pcm, dtype="<i2")


def rms_dbov(pcm: bytes) -> float:
    """Root mean square level in dBov, never below FLOOR_DBOV."""
    return _frame_dbov(pcm) if len(pcm) == FRAME_BYTES else _rms_dbov(pcm)


def _rms_dbov(pcm: bytes) -> float:
    values = samples(pcm).astype(np.float64)
    return _dbov(math.sqrt(float(np.dot(values, values)) / len(values)) if len(values) else 0.0)


def peak_dbov(pcm: bytes) -> float:
    """Level of the largest sample in dBov, never below FLOOR_DBOV."""
    values = samples(pcm).astype(np.int32)
    return _dbov(float(np.max(np.abs(values))) if len(values) else 0.0)


def gain(pcm: bytes, decibels: float) -> bytes:
    """`pcm` amplified (or, negative, attenuated); what would overflow is clipped."""
    scaled = np.rint(samples(pcm).astype(np.float64) * 10 ** (decibels / 20))
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def mix(one: bytes, other: bytes) -> bytes:
    """Both at once, clipped; as long as the longer one."""
    longer, shorter = (one, other) if len(one) >= len(other) else (other, one)
    total = samples(longer).astype(np.int32)
    total[: len(shorter) // 2] += samples(shorter)
    return np.clip(total, -32768, 32767).astype("<i2").tobytes()


#: Everybody who listens to a call asks for the level of the same frame in the same beat, and silence comes again.
_frame_dbov = lru_cache(maxsize=64)(_rms_dbov)


def _dbov(amplitude: float) -> float:
    return max(FLOOR_DBOV, 20 * math.log10(amplitude / _FULL)) if amplitude > 0 else FLOOR_DBOV
