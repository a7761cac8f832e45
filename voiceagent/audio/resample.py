"""Resampling between the rates of voices and models and the telephone's 8 kHz."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from voiceagent.audio.format import SAMPLE_RATE

Float = npt.NDArray[np.float32]

#: Zero crossings of the filter on each side: more is sharper and slower.
_CROSSINGS = 24


def resample(pcm: bytes, source: int, target: int = SAMPLE_RATE) -> bytes:
    """Mono s16le at `source` Hz as mono s16le at `target` Hz, band-limited, without delay.

    The result has ceil(n * target / source) samples. Any two rates work; those with a small ratio are fast.
    """
    if source <= 0 or target <= 0:
        raise ValueError(f"sample rates must be positive: {source} to {target}")
    if source == target or not pcm:
        return pcm
    divisor = math.gcd(source, target)
    up, down = target // divisor, source // divisor
    signal = np.frombuffer(pcm, dtype="<i2").astype(np.float32)
    length = -(-len(signal) * up // down)
    filters, reach = _filters(up, down)
    padded = np.concatenate([np.zeros(reach, np.float32), signal, np.zeros(reach + 1, np.float32)])
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * reach + 1)
    output = np.empty(length, np.float32)
    for phase in range(min(up, length)):
        # Output sample k lies at input position k * down / up: samples of one phase share a filter.
        positions = np.arange(phase, length, up)
        starts = positions * down // up
        output[phase::up] = windows[starts] @ filters[(phase * down) % up]
    return np.clip(np.rint(output), -32768, 32767).astype("<i2").tobytes()


@lru_cache(maxsize=16)
def _filters(up: int, down: int) -> tuple[Float, int]:
    """One windowed-sinc filter per phase, row p for a fractional position of p/up, each with unity gain at 0 Hz."""
    cutoff = min(1.0, up / down)  # of the source's Nyquist frequency: what the target cannot hold must go
    reach = math.ceil(_CROSSINGS / cutoff)
    offsets = np.arange(-reach, reach + 1)[None, :] - (np.arange(up) / up)[:, None]
    window = np.cos(np.clip(offsets / (reach + 1), -1, 1) * np.pi / 2) ** 2
    taps = np.sinc(offsets * cutoff * 0.96) * window
    taps /= taps.sum(axis=1, keepdims=True)
    return taps.astype(np.float32), reach
