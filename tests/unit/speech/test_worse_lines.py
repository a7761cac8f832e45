"""Guards what the training does to voices: throats, nasal vowels, worse lines; and that nothing is kept by halves."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.training.clips import npy, write_whole
from voiceagent.speech.training.damage import change_throat, spoil_and_mend, spoil_badly, spoil_strangely
from voiceagent.speech.training.plain import opened_nasals


def tone(hertz: float, seconds: float = 1.5) -> np.ndarray:
    """A steady tone."""
    return (0.3 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE)).astype(np.float32)


@pytest.mark.parametrize("factor", [0.78, 0.9, 1.1, 1.28])
def test_another_throat_speaks_as_long_at_other_frequencies(factor):
    sound = tone(400.0)
    changed = change_throat(sound, factor)
    assert changed.size == sound.size
    spectrum = np.abs(np.fft.rfft(changed * np.hanning(changed.size)))
    assert np.fft.rfftfreq(changed.size, 1 / SAMPLE_RATE)[spectrum.argmax()] == pytest.approx(400.0 * factor, rel=0.02)
    middle = slice(sound.size // 4, 3 * sound.size // 4)
    assert np.sqrt(np.mean(changed[middle] ** 2)) == pytest.approx(np.sqrt(np.mean(sound[middle] ** 2)), rel=0.15)


def test_another_throat_keeps_what_is_said_where_it_was():
    sound = np.concatenate([tone(400.0, 0.5), np.zeros(SAMPLE_RATE // 2, np.float32), tone(600.0, 0.5)])
    changed = change_throat(sound, 1.2)
    loud = np.abs(changed) > 0.05
    assert not loud[int(0.56 * SAMPLE_RATE) : int(0.94 * SAMPLE_RATE)].any()
    assert loud[int(0.1 * SAMPLE_RATE) : int(0.4 * SAMPLE_RATE)].any() and loud[int(1.1 * SAMPLE_RATE) :].any()


def test_a_sound_too_short_to_be_laid_out_is_left_alone():
    assert np.array_equal(change_throat(tone(400.0, 0.05), 1.2), tone(400.0, 0.05))


@pytest.mark.parametrize("spoiling", [spoil_badly, spoil_and_mend, spoil_strangely])
@pytest.mark.parametrize("seed", range(6))
def test_a_spoilt_line_is_still_speech_and_the_same_for_the_same_chance(spoiling, seed):
    sound, others = tone(500.0, 0.8), [tone(300.0), tone(700.0)]
    made = spoiling(sound, others, np.random.default_rng(seed))
    assert made.dtype == np.float32 and np.isfinite(made).all() and np.abs(made).max() <= 1.0
    assert 0.5 < made.size / SAMPLE_RATE < 3.0
    assert np.abs(made).max() > 1e-3
    assert np.array_equal(made, spoiling(sound, others, np.random.default_rng(seed)))


@pytest.mark.parametrize(
    ("sounds", "said"),
    [
        ("n'Ovj u~N z'E*U", "n'Ovj u~ z'E*U"),
        ("s'iN", "s'i~"),
        ("s'eINtw i; u~N xe'aIs", "s'e~Itw i; u~ xe'aIs"),
        ("n'&U~", "n'&U~"),
    ],
)
def test_nasal_vowels_lose_the_consonant_that_only_synthesisers_say(sounds, said):
    assert opened_nasals(sounds) == said


def test_what_is_kept_is_whole_or_not_there(tmp_path, monkeypatch):
    path = tmp_path / "made" / "states.npy"
    write_whole(path, npy(np.ones((3, 2), np.float16)))
    assert np.load(path).shape == (3, 2)
    written = type(path).write_bytes

    def stopped(at, content: bytes) -> int:
        written(at, content[: len(content) // 2])
        raise KeyboardInterrupt

    monkeypatch.setattr(type(path), "write_bytes", stopped)
    with pytest.raises(KeyboardInterrupt):
        write_whole(path, b"something else")
    assert np.load(path).shape == (3, 2)
