"""What the answer grammars of every language share: spelling of folded tables, digits, what surrounds a value."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from voiceagent.language.languages import lexicon_of
from voiceagent.language.say import bank
from voiceagent.language.text import fold, tokenise
from voiceagent.speech.constrained.grammar import NOTHING, Expr, either, seq


@lru_cache(maxsize=4)
def written(language: str) -> dict[str, str]:
    """Folded word → the word as written, for the words of numbers and the calendar ("marco" → "março")."""
    spelled = {
        fold(token.raw): token.raw for unit in bank(language) for token in tokenise(unit) if token.kind == "word"
    }
    lexicon = lexicon_of(language)
    tables = (lexicon.cardinals, lexicon.months, lexicon.weekdays, lexicon.ordinals, lexicon.digit_words)
    return {word: word for table in tables for word in table} | spelled


def digit_words(language: str) -> list[str]:
    """The single digits as dictated, as written."""
    spelled = written(language)
    return [spelled[word] for word in lexicon_of(language).digit_words if word not in ("hum", "ze")]


def carried(
    value: Expr, fillers: Sequence[str], before: Sequence[str], after: Sequence[str], closing: Sequence[str]
) -> Expr:
    """A value with a filler and a carrier phrase before it, words that belong to it after it, and a closing word."""
    return seq(_some(fillers, 0.07), _some(before, 0.2), value, _some(after, 0.07), _some(closing, 0.05))


def _some(options: Sequence[str], often: float) -> Expr:
    if not options:
        return NOTHING
    return either(either(*options), NOTHING, weights=(often, 1 - often))
