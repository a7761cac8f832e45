"""Guards the comparison of what was said with what was written down: spellings of numbers do not count, words do."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.language.wording import plain_words, share_heard, word_errors

_WORDS = st.lists(
    st.sampled_from(["casa", "valor", "dia", "duzentos", "reais", "parcela", "maria", "combinado"]), max_size=8
)


@pytest.mark.parametrize(
    ("spoken", "heard", "language", "errors"),
    [
        ("São dois mil reais.", "são 2.000 reais", "pt-BR", 0),
        ("Protocolo zero dois oito.", "protocolo 028", "pt-BR", 0),
        ("Your balance is two hundred dollars.", "your balance is 200 dollars", "en", 0),
        ("Pode ser dia quinze?", "pode ser dia 16", "pt-BR", 1),
        ("Pode ser dia quinze?", "pode dia quinze", "pt-BR", 1),
        ("Pode ser dia quinze?", "pode ser no dia quinze", "pt-BR", 1),
        ("Pode ser dia quinze?", "", "pt-BR", 5),
    ],
)
def test_word_errors_count_words_not_spellings(spoken: str, heard: str, language: str, errors: int) -> None:
    wrong, words = word_errors(spoken, heard, language)
    assert (wrong, words) == (errors, len(plain_words(spoken, language)))


@given(_WORDS, _WORDS)
def test_word_errors_are_a_distance(one: list[str], other: list[str]) -> None:
    there = word_errors(" ".join(one), " ".join(other), "pt-BR")[0]
    assert there == word_errors(" ".join(other), " ".join(one), "pt-BR")[0]
    assert (there == 0) == (plain_words(" ".join(one), "pt-BR") == plain_words(" ".join(other), "pt-BR"))


def test_the_share_heard_forgives_letters_not_words() -> None:
    assert share_heard("combinado Marina", "combinado Marinna", "pt-BR") == 1.0
    assert share_heard("combinado Marina até logo", "até logo", "pt-BR") == 0.5
