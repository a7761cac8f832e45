"""Guards the features Whisper sees: the same as the 16 kHz features it was trained on, from 8 kHz audio."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.speech.mel import HOP, MELS, _filters, log_mel


def tone(hertz: float, seconds: float = 1.0) -> np.ndarray:
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000)).astype(np.float32)


def at_16_khz(samples: np.ndarray, seconds: float) -> np.ndarray:
    """The textbook computation on the same signal sampled at 16 kHz (ideal band-limited upsampling)."""
    padded = np.zeros(int(16000 * seconds), np.float64)
    spectrum = np.fft.rfft(samples)
    wide = np.zeros(samples.size + 1, complex)
    wide[: spectrum.size] = spectrum * 2
    padded[: 2 * samples.size] = np.fft.irfft(wide, 2 * samples.size)
    padded = np.pad(padded, 200, mode="reflect")
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 400)
    frames = np.lib.stride_tricks.sliding_window_view(padded, 400)[::160][: int(seconds * 100)]
    power = np.abs(np.fft.rfft(frames * window, axis=1)) ** 2
    filters = np.zeros((MELS, 201))
    filters[:, :101] = _filters()
    logs = np.log10(np.maximum(filters @ power.T, 1e-10))
    return (np.maximum(logs, logs.max() - 8) + 4) / 4


def test_shape_is_even_and_as_long_as_asked():
    assert log_mel(np.zeros(4000, np.float32), 8.0).shape == (MELS, 800)
    assert log_mel(np.zeros(4000, np.float32), 3.33).shape == (MELS, 332)
    assert log_mel(np.ones(80_000, np.float32), 2.0).shape == (MELS, 200)


@pytest.mark.parametrize("hertz", [200.0, 1000.0, 3300.0])
def test_a_tone_shows_in_its_own_band(hertz):
    bands = log_mel(tone(hertz), 1.0)[:, 20:80].mean(axis=1)
    widths = _filters()[:, round(hertz / 40)]
    assert widths[int(np.argmax(bands))] > 0


def test_equals_the_features_of_the_upsampled_signal():
    random = np.random.default_rng(3)
    shaped = np.convolve(random.normal(0, 0.1, 16000), [0.2, 0.5, 0.6, 0.5, 0.2], mode="same").astype(np.float32)
    shaped[:400] = shaped[-400:] = 0.0
    ours, textbook = log_mel(shaped, 3.0), at_16_khz(shaped, 3.0)
    low = slice(0, 60)  # the mel bands below 3.6 kHz
    assert np.abs(ours[low] - textbook[low]).max() < 0.12
    assert np.abs(ours[low] - textbook[low]).mean() < 0.01


def test_bands_above_the_telephone_are_empty():
    assert _filters()[-1].max() == 0.0
    assert HOP == 80
