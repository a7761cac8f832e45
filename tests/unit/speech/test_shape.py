"""Guards rendered units: one level, no clipping, fixed margins, joins without clicks, pauses by punctuation."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.audio.levels import peak_dbov
from voiceagent.speech.synthesis.shape import LEAD_S, LEVEL_DBOV, PAUSES_S, TAIL_S, from_pcm, join, to_pcm, unit

RANDOM = np.random.default_rng(7)


def voice(seconds: float, level: float, rate: int = 24000) -> np.ndarray:
    """Syllables of noise and tone at 4 a second."""
    time = np.arange(int(seconds * rate)) / rate
    carrier = np.sin(2 * np.pi * 180 * time) + 0.3 * RANDOM.normal(0, 1, time.size)
    return (level * (0.4 + 0.6 * np.abs(np.sin(2 * np.pi * 2 * time))) * carrier).astype(np.float32)


def active_level(pcm: bytes) -> float:
    samples = from_pcm(pcm)
    blocks = np.mean(samples[: samples.size // 80 * 80].reshape(-1, 80) ** 2, axis=1)
    return float(10 * np.log10(np.mean(blocks[blocks > blocks.max() * 10**-2.5])))


def silent(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * 24000), np.float32)


def test_loud_and_soft_renderings_come_out_equally_loud():
    levels = [active_level(unit(voice(1.0, level), 24000)) for level in (0.02, 0.1, 0.4)]
    assert all(abs(level - LEVEL_DBOV) < 1.5 for level in levels)
    assert max(levels) - min(levels) < 0.5


def test_spiky_audio_is_bent_not_clipped():
    spiky = voice(1.0, 0.05)
    spiky[::2400] = 0.9
    pcm = unit(spiky, 24000)
    assert peak_dbov(pcm) < 0.0
    assert np.count_nonzero(np.abs(from_pcm(pcm)) > 0.999) == 0


def test_margins_are_the_same_whatever_the_silence_around():
    for lead, tail in ((0.0, 0.0), (0.3, 0.8), (1.0, 0.05)):
        pcm = unit(np.concatenate([silent(lead), voice(1.0, 0.2), silent(tail)]), 24000)
        seconds = len(pcm) / 16000
        assert 1.0 <= seconds <= 1.0 + LEAD_S + TAIL_S + 0.03


def test_units_begin_and_end_at_zero():
    samples = from_pcm(unit(voice(0.5, 0.3), 24000))
    assert abs(samples[0]) < 1e-3
    assert abs(samples[-1]) < 1e-3


def test_nothing_to_hear_gives_nothing():
    assert unit(np.zeros(0, np.float32), 24000) == b""
    assert unit(silent(1.0), 24000) == b""


def test_pauses_follow_the_punctuation_and_none_ends_the_prompt():
    one = unit(voice(0.3, 0.2), 24000)
    plain = len(join([("O valor é de", one), ("duzentos reais.", one)]))
    comma = len(join([("Bom dia,", one), ("tudo bem?", one)]))
    stop = len(join([("Certo.", one), ("Obrigada.", one)]))
    assert plain == 2 * len(one)
    assert comma - plain == 2 * int(PAUSES_S[","] * 8000)
    assert stop - plain == 2 * int(PAUSES_S["."] * 8000)
    assert join([("Certo.", one), ("", b"")]) == one


@given(st.lists(st.tuples(st.sampled_from(["a", "b.", "c,", ""]), st.integers(0, 300)), max_size=8))
def test_joining_loses_no_sample(units):
    parts = [(text, to_pcm(np.full(length, 0.1, np.float32))) for text, length in units]
    joined = join(parts)
    assert np.count_nonzero(from_pcm(joined)) == sum(length for _, length in units)
