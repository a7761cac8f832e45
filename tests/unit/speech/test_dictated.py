"""Guards how answers for the training are joined of words said one by one."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.speech.training.dictated import joined_words, pieces


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("vinte e seis de março", ["vinte", "e seis", "de março"]),
        ("quatro um zero", ["quatro", "um zero"]),
        ("dezembro de", ["dezembro", "de"]),
        ("el dos", ["el dos"]),
    ],
)
def test_short_words_are_said_with_the_next_one(text, said):
    assert pieces(text) == said


@given(st.lists(st.text("abcde", min_size=1, max_size=6), min_size=1, max_size=12))
def test_no_word_is_lost_or_moved(words):
    assert " ".join(pieces(" ".join(words))).split() == words


@pytest.mark.parametrize("kind", ["digits", "amount"])
def test_words_follow_each_other_with_a_short_silence(kind):
    word = np.full(800, 0.1, np.float32)
    made = joined_words([word, word, word], kind, random.Random(1))
    loud = int(np.count_nonzero(made))
    assert loud == 3 * word.size
    assert 0 < made.size - loud <= 2 * 0.3 * 8000
    assert made[0] != 0 and made[-1] != 0
