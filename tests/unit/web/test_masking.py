"""Guards what a page may show of people unasked: never a whole name, never a whole number."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.web.masking import DOTS, mask_name, mask_number, mask_words

WORDS = st.text(st.characters(whitelist_categories=("Lu", "Ll")), min_size=3, max_size=12)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+5511987654321", f"+5511{DOTS}21"),
        ("sip:debtor1@127.0.0.1:5080", f"sip:de{DOTS}"),
        ("debtor1@127.0.0.1", f"de{DOTS}"),
        ("1001", f"1{DOTS}"),
        ("", ""),
        (None, None),
    ],
)
def test_numbers(number: str | None, shown: str | None) -> None:
    assert mask_number(number) == shown


@given(st.integers(10**9, 10**14 - 1))
def test_a_number_keeps_at_most_seven_signs(number: int) -> None:
    shown = mask_number(f"+{number}")
    assert shown is not None and len(shown.replace(DOTS, "")) <= 7


@given(st.lists(WORDS, min_size=1, max_size=5))
def test_a_name_keeps_its_initials_alone(parts: list[str]) -> None:
    shown = mask_name(" ".join(parts))
    assert shown is not None
    assert [word[0] for word in shown.split()] == [part[0] for part in parts]
    assert all(word[1:] == DOTS for word in shown.split())


def test_words_lose_the_name_and_nothing_else() -> None:
    said = "Falo com Marina Alves? A marinada da sra. ALVES, de Sá."
    assert mask_words(said, "Marina Alves de Sá") == f"Falo com {DOTS} {DOTS}? A marinada da sra. {DOTS}, de Sá."
    assert mask_words(said, None) == mask_words(said, "de Sá") == said


@given(st.text(max_size=40), st.text(max_size=20))
def test_any_text_and_name_can_be_masked(text: str, name: str) -> None:
    assert isinstance(mask_words(text, name), str)
    assert isinstance(mask_name(name), str)
    assert isinstance(mask_number(name), str)
