"""Test signals that are found again after a codec, a jitter buffer and an exchange."""

from __future__ import annotations

import numpy as np

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.levels import samples


def noise(seed: int, seconds: float = 0.8) -> bytes:
    """A burst of noise that no other seed resembles."""
    values = np.random.default_rng(seed).normal(0, 4000, int(seconds * SAMPLE_RATE) // 160 * 160)
    return np.clip(values, -30000, 30000).astype("<i2").tobytes()


def share(wanted: bytes, recording: bytes, block_s: float = 0.02) -> float:
    """How much of `wanted` is in `recording`, 0..1, block by block.

    A block is one frame: a jitter buffer on a busy machine may drop or repeat any of them, and is no fault here.
    """
    size = int(block_s * SAMPLE_RATE) * 2
    blocks = [wanted[start : start + size] for start in range(0, len(wanted) - size + 1, size)]
    return sum(find(block, recording)[0] > 0.8 for block in blocks) / len(blocks)


def find(wanted: bytes, recording: bytes) -> tuple[float, float]:
    """Where `wanted` is in `recording`: (normalised correlation 0..1 at the best place, that place in seconds)."""
    needle, hay = samples(wanted).astype(float), samples(recording).astype(float)
    if len(hay) < len(needle):
        return 0.0, 0.0
    size = 1 << (len(hay) + len(needle)).bit_length()
    products = np.fft.irfft(np.fft.rfft(hay, size) * np.conj(np.fft.rfft(needle, size)), size)
    products = products[: len(hay) - len(needle) + 1]
    at = int(np.argmax(products))
    energy = np.linalg.norm(needle) * np.linalg.norm(hay[at : at + len(needle)])
    return (float(products[at] / energy) if energy else 0.0), at / SAMPLE_RATE
