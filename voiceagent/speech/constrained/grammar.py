"""Grammars of answers as expressions over written words: they can be said at random and become word automata."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One written word, accents kept."""

    text: str


@dataclass(frozen=True, slots=True)
class Seq:
    """Parts one after the other; no parts: nothing said."""

    parts: tuple[Expr, ...]


@dataclass(frozen=True, slots=True)
class Choice:
    """One of the options; `weights` steer only what is said at random, not what is understood."""

    options: tuple[Expr, ...]
    weights: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Loop:
    """The body once or more, with `between` between one and the next; `more` is the chance of another at random."""

    body: Expr
    between: Expr
    more: float


Expr = Word | Seq | Choice | Loop
NOTHING = Seq(())


def said(text: str) -> Expr:
    """The words of `text` in order."""
    words = tuple(Word(word) for word in text.split())
    return words[0] if len(words) == 1 else Seq(words)


def seq(*parts: Expr | str) -> Expr:
    """Parts in order; texts are split into words."""
    return Seq(tuple(_expr(part) for part in parts))


def either(*options: Expr | str, weights: Sequence[float] | None = None) -> Expr:
    """One of the options."""
    return Choice(tuple(_expr(option) for option in options), tuple(weights or (1.0,) * len(options)))


def maybe(part: Expr | str, often: float = 0.3) -> Expr:
    """The part or nothing."""
    return Choice((_expr(part), NOTHING), (often, 1 - often))


def loop(body: Expr | str, between: Expr | str = NOTHING, more: float = 0.5) -> Expr:
    """The body, again and again."""
    return Loop(_expr(body), _expr(between), more)


def words_of(expression: Expr) -> frozenset[str]:
    """Every word that it can say."""
    match expression:
        case Word(text):
            return frozenset({text})
        case Seq(parts):
            return frozenset().union(*map(words_of, parts))
        case Choice(options):
            return frozenset().union(*map(words_of, options))
        case Loop(body, between):
            return words_of(body) | words_of(between)


def say(expression: Expr, chance: random.Random, longest: int = 14) -> list[str]:
    """One sentence of the grammar at random; a loop ends after `longest` rounds."""
    if isinstance(expression, Word):
        return [expression.text]
    if isinstance(expression, Seq):
        return [word for part in expression.parts for word in say(part, chance, longest)]
    if isinstance(expression, Choice):
        return say(chance.choices(expression.options, expression.weights)[0], chance, longest)
    words = say(expression.body, chance, longest)
    for _ in range(longest - 1):
        if chance.random() >= expression.more:
            break
        words += say(expression.between, chance, longest) + say(expression.body, chance, longest)
    return words


def _expr(part: Expr | str) -> Expr:
    return said(part) if isinstance(part, str) else part
