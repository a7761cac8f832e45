"""Comparing what was said with what somebody wrote down of it, however each spells its numbers."""

from __future__ import annotations

import difflib
import re

from voiceagent.language.canonical import canonical
from voiceagent.language.languages import lexicon_of


def plain_words(text: str, language: str) -> list[str]:
    """Folded words with every number as its digits: "dois mil" and "2.000" are the same, "0 2 8" and "028" too."""
    words: list[str] = []
    for piece in canonical(text, lexicon_of(language)).text.split():
        words += re.findall(r"\d", piece) if any(c.isdigit() for c in piece) else [piece]
    return words


def word_errors(spoken: str, heard: str, language: str) -> tuple[int, int]:
    """Words wrong, missing or added in `heard`, and words in `spoken`: their ratio is the word error rate."""
    wanted, found = plain_words(spoken, language), plain_words(heard, language)
    row = list(range(len(found) + 1))
    for index, word in enumerate(wanted, 1):
        diagonal, row[0] = row[0], index
        for column, other in enumerate(found, 1):
            diagonal, row[column] = row[column], min(row[column] + 1, row[column - 1] + 1, diagonal + (word != other))
    return row[-1], len(wanted)


def share_heard(spoken: str, heard: str, language: str) -> float:
    """The share of the spoken words that were heard, in their order.

    A word counts when three quarters of its letters stand where they should: a recogniser of a foreign name, or of two
    words run together, spells them its own way.
    """
    wanted = plain_words(spoken, language)
    one, other = "".join(wanted), "".join(plain_words(heard, language))
    there = bytearray(len(one))
    for block in difflib.SequenceMatcher(None, one, other, autojunk=False).get_matching_blocks():
        if block.size > 1 or len(one) < 20:
            there[block.a : block.a + block.size] = b"\1" * block.size
    at = count = 0
    for word in wanted:
        count += sum(there[at : at + len(word)]) >= 0.75 * len(word)
        at += len(word)
    return count / len(wanted) if wanted else 1.0
