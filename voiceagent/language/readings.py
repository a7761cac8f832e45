"""Readings: values found in an utterance, and what corrections and contradictions leave of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from voiceagent.language.canonical import Canonical
from voiceagent.language.lexicon import Lexicon


@dataclass(frozen=True, slots=True)
class Reading:
    """One span of the utterance read as a value of `slot`; several candidates when the words allow several."""

    slot: str
    candidates: tuple[Any, ...]
    start: int
    end: int
    bare: bool = False
    """Only the question makes it this slot (a number alone)."""
    weekday: int | None = None
    """A date known by its weekday alone: a full date of that weekday beside it says which one is meant."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a slot came to: a sure `value`, or the values it may be, or nothing."""

    value: Any = None
    candidates: tuple[Any, ...] = ()


class Scan:
    """Patterns run over canonical text; what a pattern took is no longer there for the next."""

    def __init__(self, heard: Canonical) -> None:
        self.heard = heard
        self.left = heard.text

    def take(self, pattern: re.Pattern[str]) -> Iterable[re.Match[str]]:
        """Each match in what is left, not yet consumed."""
        return list(pattern.finditer(self.left))

    def consume(self, start: int, end: int) -> None:
        """Blank a span, keeping every other position."""
        self.left = self.left[:start] + "~" * (end - start) + self.left[end:]


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """A pattern that matches whole words of canonical text (which may begin with # or r$)."""
    return re.compile(rf"(?<![^\s~])(?:{pattern})(?![^\s~])")


@lru_cache(maxsize=256)
def _edge(pattern: str, before: bool) -> re.Pattern[str]:
    return re.compile(rf"(?:^|(?<=\s))(?:{pattern})\s*$" if before else rf"^\s*(?:{pattern})(?=\s|$)")


def settle(readings: Sequence[Reading], heard: Canonical, lexicon: Lexicon) -> Outcome:
    """Apply corrections ("dia quinze nao, dia vinte"), then agree on one value, or list what it may be."""
    ordered = sorted(readings, key=lambda reading: reading.start)
    alive: list[Reading] = []
    unsure: list[Any] = []
    doubtful = False
    for index, reading in enumerate(ordered):
        following = ordered[index + 1] if index + 1 < len(ordered) else None
        if following is not None and _doubtful_denial(reading, following, heard, lexicon):
            alive.append(reading)
            doubtful = True
            continue
        if _retracted(reading, ordered, heard, lexicon):
            continue
        if _edge(lexicon.bounded, True).search(heard.text[: reading.start]):
            unsure.extend(reading.candidates)
            continue
        if alive and not doubtful and _corrected(alive[-1], reading, heard, lexicon):
            alive.clear()
        doubtful = False
        alive.append(reading)
    if not alive:
        return Outcome(candidates=tuple(unsure))
    full = [reading for reading in alive if reading.weekday is None]
    named = {reading.weekday for reading in alive if reading.weekday is not None}
    if full and named and all(value.weekday() in named for reading in full for value in reading.candidates):
        alive = full
    common = [value for value in alive[0].candidates if all(value in other.candidates for other in alive[1:])]
    if len(common) == 1 and not unsure:
        return Outcome(value=common[0])
    return Outcome(candidates=_distinct([value for reading in alive for value in reading.candidates] + unsure))


def _distinct(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(dict.fromkeys(values))


def _retracted(reading: Reading, ordered: Sequence[Reading], heard: Canonical, lexicon: Lexicon) -> bool:
    if _edge(lexicon.retract_after, False).search(heard.text[reading.end :]):
        return True
    found = _edge(lexicon.retract_before, True).search(heard.text[: reading.start])
    if found is None or heard.pause_in(found.start() + 1, reading.start):
        return False
    return not any(found.start() <= other.start < reading.start for other in ordered)


def _corrected(earlier: Reading, later: Reading, heard: Canonical, lexicon: Lexicon) -> bool:
    between = heard.text[earlier.end : later.start]
    return re.search(rf"(?:^|\s)(?:{lexicon.correction})(?=\s|$)", between) is not None


def _doubtful_denial(reading: Reading, following: Reading, heard: Canonical, lexicon: Lexicon) -> bool:
    """Whether "X, not Y" (pause before the negator, none after) leaves open which of the two is meant."""
    between = heard.text[reading.end : following.start]
    if between.strip() not in lexicon.negators:
        return False
    negator_at = reading.end + 1
    return negator_at in heard.pauses and following.start not in heard.pauses
