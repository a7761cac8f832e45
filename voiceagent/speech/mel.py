"""Log-mel features for Whisper, computed straight from 8 kHz telephone audio.

Whisper was trained on 16 kHz audio: windows of 400 samples every 160, 201 bins of 40 Hz. A 200-sample window every 80
samples at 8 kHz spans the same 25 and 10 ms and has the same 40 Hz bins up to 4 kHz; above that a telephone line
carries nothing. So the spectrum is taken at 8 kHz and scaled, which equals perfect band-limited upsampling at half
the cost.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE

WINDOW = 200  # samples, 25 ms
HOP = 80  # samples, 10 ms
MELS = 80
FRAMES_PER_SECOND = SAMPLE_RATE // HOP
_MODEL_NYQUIST = 8000.0
_BINS = 201


def log_mel(samples: NDArray[np.float32], seconds: float) -> NDArray[np.float32]:
    """Features (80, frames) of `samples` (8 kHz, -1..1), zero-padded or cut to `seconds`; an even number of frames."""
    frames = 2 * round(seconds * FRAMES_PER_SECOND / 2)
    wanted = frames * HOP
    padded = np.zeros(wanted + WINDOW, np.float32)
    body = samples[:wanted]
    half = WINDOW // 2
    padded[half : half + body.size] = body
    mirror = body[1 : half + 1][::-1]
    padded[half - mirror.size : half] = mirror
    windows = np.lib.stride_tricks.sliding_window_view(padded, WINDOW)[::HOP][:frames]
    spectrum = np.fft.rfft(windows * _hann(), axis=1)
    # Half the samples per window halve each magnitude: four restores the power that 16 kHz audio would show.
    power = 4.0 * (spectrum.real**2 + spectrum.imag**2).astype(np.float32)
    mel = _filters() @ power.T
    logs = np.log10(np.maximum(mel, 1e-10))
    logs = np.maximum(logs, logs.max() - 8.0)
    return np.ascontiguousarray((logs + 4.0) / 4.0, dtype=np.float32)


@lru_cache(maxsize=1)
def _hann() -> NDArray[np.float32]:
    return (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(WINDOW) / WINDOW)).astype(np.float32)


@lru_cache(maxsize=1)
def _filters() -> NDArray[np.float32]:
    """The Slaney mel bank of Whisper (0-8 kHz), its columns up to 4 kHz."""
    edges = _mel_to_hz(np.linspace(0.0, _hz_to_mel(_MODEL_NYQUIST), MELS + 2))
    hertz = np.linspace(0.0, _MODEL_NYQUIST, _BINS)
    rise = (hertz[None, :] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - hertz[None, :]) / (edges[2:] - edges[1:-1])[:, None]
    triangles = np.maximum(0.0, np.minimum(rise, fall)) * (2.0 / (edges[2:] - edges[:-2]))[:, None]
    return np.ascontiguousarray(triangles[:, : WINDOW // 2 + 1], dtype=np.float32)


def _hz_to_mel(hertz: float) -> float:
    """Slaney's scale: linear to 1 kHz, logarithmic above."""
    return hertz * 3 / 200 if hertz < 1000.0 else 15.0 + 27.0 * float(np.log(hertz / 1000.0) / np.log(6.4))


def _mel_to_hz(mels: NDArray[np.float64]) -> NDArray[np.float64]:
    linear = mels * 200 / 3
    return np.where(mels < 15.0, linear, 1000.0 * np.exp(np.log(6.4) * (mels - 15.0) / 27.0))
