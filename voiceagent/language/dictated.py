"""Digits read out two by two: one by one they sound like a list of ten, each word with an ending of its own."""

from __future__ import annotations

from collections.abc import Sequence


def pairs(digits: str, words: Sequence[str]) -> list[str]:
    """Phrase-bank units of a digit string, `words` being zero to nine; a comma keeps the voice up until the last."""
    said = [" ".join(words[int(digit)] for digit in digits[at : at + 2]) for at in range(0, len(digits), 2)]
    return [f"{pair}," for pair in said[:-1]] + said[-1:]


def all_pairs(words: Sequence[str]) -> list[str]:
    """Every unit that `pairs` can emit."""
    two = [f"{one} {other}" for one in words for other in words]
    return [*words, *two, *(f"{pair}," for pair in two)]
