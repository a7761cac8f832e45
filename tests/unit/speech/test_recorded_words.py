"""Guards how answers for the training are spliced from single words, and which speakers they may have."""

from __future__ import annotations

import random

import numpy as np
import pytest

from voiceagent.speech.constrained.phones import labels
from voiceagent.speech.training.recorded import spliced, trimmed, vocabulary
from voiceagent.speech.training.texts import draw_texts, hard

LANGUAGES = ("pt-BR", "es", "en")


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_recorded_word_has_phones(language):
    words = vocabulary(language)
    assert len(words) > 40
    assert [word for word in words if not labels(word, language)] == []


def test_the_words_of_amounts_days_and_digits_are_recorded():
    assert {"um", "e", "de", "mil", "cem", "cento", "março", "terça", "meia", "reais"} <= set(vocabulary("pt-BR"))


def test_silence_around_a_word_is_cut_off_and_its_sound_kept():
    sound = np.sin(np.arange(4000) * 0.5).astype(np.float32)
    word = trimmed(np.concatenate([np.zeros(1600, np.float32), sound, np.zeros(2400, np.float32)]))
    assert sound.size - 160 <= word.size <= sound.size + 160
    assert trimmed(np.zeros(800, np.float32)).size == 800


@pytest.mark.parametrize("seed", range(8))
def test_spliced_words_keep_their_order_and_are_never_far_apart(seed):
    words = [np.full(800, 0.1 * (k + 1), np.float32) for k in range(4)]
    made = spliced(words, "digits", random.Random(seed))
    assert 3200 <= made.size <= 3200 + 3 * 0.3 * 8000
    peaks = [made[at : at + 400].max() for at in range(0, made.size - 400, 400)]
    assert peaks[-1] > peaks[0]


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_that_are_alike_are_drawn_more_often(language):
    shares = {"amount": 0.5, "yes_no": 0.5}

    def share(alike: bool) -> float:
        texts = draw_texts(language, 200, 3, shares, alike=alike)
        return sum(hard(text.split(), language) for _, text in texts) / len(texts)

    assert share(True) > share(False) + 0.05
