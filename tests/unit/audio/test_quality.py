"""Guards the judge of sound: its levels are those of the standard's definition, and it finds clicks and clipping."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.levels import FLOOR_DBOV, rms_dbov
from voiceagent.audio.quality import active_level_dbov, clipped, step_dbov


def tone(seconds: float, amplitude: float, hertz: float = 200.0) -> np.ndarray:
    time = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    return amplitude * np.sin(2 * np.pi * hertz * time)


def pcm(values: np.ndarray) -> bytes:
    return np.rint(values * 32767).astype("<i2").tobytes()


@given(st.floats(0.02, 0.9))
def test_a_steady_tone_measures_its_root_mean_square(amplitude: float) -> None:
    sound = pcm(tone(2.0, amplitude))
    assert active_level_dbov(sound) == pytest.approx(rms_dbov(sound), abs=0.3)


def test_pauses_do_not_count() -> None:
    word, pause = tone(0.6, 0.2), np.zeros(2 * SAMPLE_RATE)
    alone = active_level_dbov(pcm(np.concatenate([word, word])))
    spread = active_level_dbov(pcm(np.concatenate([pause, word, pause, word, pause])))
    # Each word brings the decay of its envelope and its hang-over with it.
    assert alone - 2.0 < spread < alone + 0.1
    assert rms_dbov(pcm(np.concatenate([pause, word, pause, word, pause]))) < alone - 5


def test_twice_the_amplitude_is_six_decibels_more() -> None:
    speech = tone(1.0, 0.1) * np.abs(np.sin(np.arange(SAMPLE_RATE) * 2 * np.pi * 3 / SAMPLE_RATE))
    assert active_level_dbov(pcm(2 * speech)) - active_level_dbov(pcm(speech)) == pytest.approx(6.02, abs=0.1)


def test_silence_has_no_level() -> None:
    assert active_level_dbov(b"") == FLOOR_DBOV
    assert active_level_dbov(bytes(16000)) == FLOOR_DBOV


def test_clipped_samples_are_counted() -> None:
    assert clipped(pcm(tone(1.0, 0.99))) == 0
    assert clipped(pcm(np.clip(tone(1.0, 2.0), -1, 1))) > 1000


def test_a_cut_through_a_vowel_is_a_step_and_a_faded_end_is_none() -> None:
    vowel = tone(0.2, 0.3)
    cut = vowel[: int(0.1 * SAMPLE_RATE) + 10]  # a quarter period further: at the crest
    hard = pcm(np.concatenate([cut, np.zeros(800)]))
    faded = pcm(np.concatenate([cut * np.linspace(1, 0, cut.size) ** 2, np.zeros(800)]))
    at = 2 * cut.size
    assert step_dbov(hard, at) > -15
    assert step_dbov(faded, at) < -60
    assert step_dbov(pcm(cut), at) > -15  # also where the sound ends there
    assert step_dbov(bytes(200), 100) == FLOOR_DBOV
