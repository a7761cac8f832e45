"""From a synthesiser's raw samples to a unit that joins: one rate, one loudness, fixed margins, no clicks."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.resample import resample

#: Active speech level: 0 dBov is the power of a full-scale square wave.
LEVEL_DBOV = -20.0
LEAD_S = 0.02
TAIL_S = 0.06
FADE_S = 0.008
#: Silence after a unit by the mark its text ends with; the units' own margins come on top.
PAUSES_S = {".": 0.28, "!": 0.28, "?": 0.32, "…": 0.35, ":": 0.16, ";": 0.16, ",": 0.1}
_BLOCK = 80  # samples, 10 ms
_QUIET_BELOW_DB = 38.0
_KNEE = 0.8


def unit(samples: NDArray[np.float32], rate: int) -> bytes:
    """One rendered text as an 8 kHz s16le unit; b"" when there is nothing to hear."""
    narrow = from_pcm(resample(to_pcm(samples), rate))
    blocks = narrow[: narrow.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if not blocks.size:
        return b""
    powers = np.mean(blocks**2, axis=1)
    peak = float(powers.max())
    if peak < 1e-8:
        return b""
    active = powers > peak * 10 ** (-_QUIET_BELOW_DB / 10)
    first, last = np.flatnonzero(active)[[0, -1]]
    lead, tail = int(LEAD_S * SAMPLE_RATE), int(TAIL_S * SAMPLE_RATE)
    body = narrow[max(0, first * _BLOCK - lead) : (last + 1) * _BLOCK + tail]
    loud = powers > peak * 10 ** (-25 / 10)
    gain = 10 ** (LEVEL_DBOV / 20) / np.sqrt(float(np.mean(powers[loud])))
    return to_pcm(faded(limited(body * gain)))


def limited(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Peaks bent softly under full scale; samples below the knee are untouched."""
    excess = np.maximum(np.abs(samples) - _KNEE, 0.0)
    soft = _KNEE + (1 - _KNEE) * 0.95 * np.tanh(excess / (1 - _KNEE))
    return np.where(excess > 0, np.sign(samples) * soft, samples).astype(np.float32)


def faded(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """`samples` beginning and ending at zero."""
    length = min(int(FADE_S * SAMPLE_RATE), samples.size // 2)
    if length:
        ramp = 0.5 - 0.5 * np.cos(np.pi * np.arange(length, dtype=np.float32) / length)
        samples = samples.copy()
        samples[:length] *= ramp
        samples[-length:] *= ramp[::-1]
    return samples


def to_pcm(samples: NDArray[np.float32]) -> bytes:
    """Samples of -1..1 as s16le, clipped."""
    return bytes(np.clip(np.rint(samples * 32767), -32768, 32767).astype("<i2").tobytes())


def from_pcm(pcm: bytes) -> NDArray[np.float32]:
    """s16le as samples of -1..1; an odd last byte is dropped."""
    return np.frombuffer(pcm[: len(pcm) // 2 * 2], "<i2").astype(np.float32) / np.float32(32768)


def join(units: Sequence[tuple[str, bytes]]) -> bytes:
    """Units (text, PCM) one after the other, with the pause that each text's last mark asks for, none at the end."""
    return join_at(units)[0]


def join_at(units: Sequence[tuple[str, bytes]]) -> tuple[bytes, tuple[int, ...]]:
    """As `join`, with the bytes at which a unit begins or ends: where a careless join would click."""
    heard = [(text.rstrip(), pcm) for text, pcm in units if pcm]
    pcm, edges = bytearray(), []
    for index, (text, piece) in enumerate(heard):
        edges.append(len(pcm))
        pcm += piece
        edges.append(len(pcm))
        if index < len(heard) - 1:
            pcm += bytes(2 * int(PAUSES_S.get(text[-1:], 0.0) * SAMPLE_RATE))
    return bytes(pcm), tuple(edges)
