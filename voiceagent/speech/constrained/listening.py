"""What the head and the grammars make of one turn: the likeliest answer to the question, and how sure it is."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from voiceagent.language.heard import understand_slots
from voiceagent.speech.constrained.answers import around, kinds_of, unsure_of
from voiceagent.speech.constrained.automaton import Automaton, automaton
from voiceagent.speech.constrained.grammar import Expr, either
from voiceagent.speech.constrained.phones import BLANK, INVENTORY, VOWELS, anew, labels, ways, with_codas
from voiceagent.speech.constrained.search import Found, Graph

PHRASE = "phrase"
#: What people say instead of an answer; always listened for.
UNSURE = "unsure"
DIGITS = "digits"
#: Where money is counted, for telling one amount from another.
_REGION = {"pt-BR": "BR", "es": "MX", "en": "US"}
#: The slots that an answer of a kind fills, where they are not named like it.
_SLOTS = {
    "birth_date": {"date"},
    "amount": {"amount", "instalment_amount", "down_payment"},
    "time": {"time", "period", "in_minutes"},
}
_MOST = 16
#: How far under the winner (log probability) other values are looked for: the next one tells how sure it is.
_WITHIN = 12.0
#: The same for values worth telling.
_NEAR = 5.0

#: How much clearer a number must be heard that has not as many digits as were asked for (log probability): a digit that
#: melts into its neighbour leaves less, somebody who says another number far more.
_UNASKED = 6.0
#: How much clearer a word must be heard that stands around an answer and says nothing, than none (log probability):
#: people say few, and with them nearly every sound is some answer ("ah sim tá" for "à vista").
_SURPLUS = 3.0
#: Share of values with more digits from which one may be lost.
_MORE = 0.01


@dataclass(frozen=True, slots=True)
class Rival:
    """Another value that the same turn might hold."""

    text: str
    value: Hashable
    behind: float
    """How far its best path stays behind the answer's, in log probability."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The likeliest answer of all grammars that were listened with."""

    text: str
    kind: str
    """The grammar it comes from: a kind of answer, "phrase" or "unsure"."""
    reads: str
    """The kind by whose question its words are read: of a phrase that answers one of those asked, that one."""
    value: Hashable
    """What its words mean, as `value_of` gives it."""
    fit: float
    """Log probability per phone, compared with whatever phones fit the audio best: 0 when these words are what was
    said, far below when other words were."""
    share: float
    """0-1: how much of the probability of all near answers is this value's, however it is worded."""
    others: tuple[tuple[str, float], ...]
    """Wordings of other values with their share, best first."""
    unexplained: bool = False
    """Of digits: one may be lost, as more digits are near or one of their consonants was heard once more."""
    rivals: tuple[Rival, ...] = ()
    """Every other value that is anywhere near, nearest first."""


def listen(
    logs: NDArray[np.float32],
    language: str,
    kinds: Sequence[str],
    phrases: Sequence[str],
    today: date,
    asked: tuple[int, int] | None = None,
) -> Answer | None:
    """The likeliest answer in log probabilities (frames, outputs) of the head; None when no grammar can say anything.

    `kinds` and `phrases` are searched side by side, so that each competes with the others. `asked`: fewest and most
    digits of a number; one of more or fewer must be heard the more clearly.
    """
    plain, logs = logs, with_codas(logs, language)
    candidates: list[tuple[Found, str]] = []
    for kind in dict.fromkeys(kinds):
        found_in = grammar(language, kind)
        if found_in is not None:
            for found in found_in[1].best(logs, _MOST, _WITHIN):
                candidates.append((replace(found, path=found.path - _surplus(found, kind, language)), kind))
    if asked is not None:
        candidates = [
            (_less_likely(found, language, today, asked) if kind == DIGITS else found, kind)
            for found, kind in candidates
        ]
    written = {words: phrase for phrase in phrases if (words := plain_words(phrase)) and labels(words, language)}
    if written:
        candidates += [(found, PHRASE) for found in _phrases(language, tuple(written))[1].best(logs, _MOST, _WITHIN)]
    if not candidates:
        return None
    candidates += [(found, UNSURE) for found in _phrases(language, unsure_of(language))[1].best(logs, 1)]
    # A phrase of the state wins over the same words as an answer, fewer words over more that sound the same.
    candidates.sort(key=lambda pair: (-pair[0].path, pair[1] != PHRASE, pair[0].phones))
    top = candidates[0][0].path
    shares: dict[Hashable, float] = {}
    wording: dict[Hashable, str] = {}
    behind: dict[Hashable, float] = {}
    read_by: dict[str, str] = {}
    for found, kind in candidates:
        text = " ".join(found.words)
        # The same words as an answer of another kind are no rival: "à vista" is a phrase, instalments and an amount.
        if found.path >= top - _WITHIN and text not in read_by:
            read_by[text] = _answered(text, kinds, language) if kind == PHRASE else kind
            value = value_of(text, read_by[text], language, today)
            shares[value] = shares.get(value, 0.0) + math.exp(found.path - top)
            wording.setdefault(value, written.get(text, text) if kind == PHRASE else text)
            behind.setdefault(value, top - found.path)
    (first, share), *rest = shares.items()
    total = sum(shares.values())
    near = total * math.exp(-_NEAR)
    best, kind = candidates[0]
    said = best.path + _surplus(best, kind, language)
    return Answer(
        text=wording[first],
        kind=kind,
        reads=read_by[" ".join(best.words)],
        value=first,
        fit=(said - float(logs.max(axis=1).sum())) / best.phones,
        share=share / total,
        others=tuple(
            sorted(((wording[value], part / total) for value, part in rest if part > near), key=lambda pair: -pair[1])
        ),
        unexplained=kind == DIGITS
        and (
            any(part > _MORE * total and digits_in(value) > digits_in(first) for value, part in rest)
            or more_heard(plain, labels(" ".join(best.words), language) or [], language)
        ),
        rivals=tuple(Rival(wording[value], value, behind[value]) for value, _ in rest),
    )


def _less_likely(found: Found, language: str, today: date, asked: tuple[int, int]) -> Found:
    """The same with a path that is lower by `_UNASKED` where it has not the digits that were asked for."""
    said = digits_in(value_of(" ".join(found.words), DIGITS, language, today))
    return found if asked[0] <= said <= asked[1] else replace(found, path=found.path - _UNASKED)


def _surplus(found: Found, kind: str, language: str) -> float:
    """How much less likely it is for what stands around its answer (log probability)."""
    words, surplus = list(found.words), 0.0
    spoken = grammar(language, kind)
    if spoken is None:
        return surplus
    before, after = around(language, kind)
    for phrases, at_end in ((before, False), (after, True)):
        for said in phrases:
            size = len(said)
            there, rest = (words[-size:], words[:-size]) if at_end else (words[:size], words[size:])
            if there == said and rest and spoken[0].accepts(rest):
                words, surplus = rest, surplus + _SURPLUS
                break
    return surplus


def digits_in(value: Hashable) -> int:
    """How many digits a value has, as `value_of` gives it."""
    slots = value[0] if isinstance(value, tuple) else ()
    return sum(len(text) for name, text in slots if name == DIGITS)


def more_heard(logs: NDArray[np.float32], said: list[int], language: str) -> bool:
    """Whether the likeliest phones hold a consonant of what was said once more than it was said.

    What none of its words has is no digit said twice: a breath behind the last one, or somebody else in the room.
    """
    likeliest = logs.argmax(axis=1)
    heard = [int(phone) for phone in likeliest[np.insert(np.diff(likeliest) != 0, 0, True)] if phone != BLANK]
    added = (heard[step.dest_pos] for step in Levenshtein.editops(said, heard) if step.tag == "insert")
    return any(phone in said and INVENTORY[language][phone - 1] not in VOWELS for phone in added)


def _answered(phrase: str, kinds: Sequence[str], language: str) -> str:
    """The kind of answer that a phrase is too; a phrase if none."""
    words = phrase.split()
    return next((kind for kind in kinds if (known := grammar(language, kind)) and known[0].accepts(words)), PHRASE)


def value_of(text: str, kind: str, language: str, today: date) -> Hashable:
    """What the words mean as an answer of that kind; a phrase and who does not know mean themselves."""
    if kind in (PHRASE, UNSURE):
        return plain_words(text)
    read = understand_slots(text, language=language, region=_REGION[language], expect=(kind,), today=today)
    slots = {name: str(value) for name, value in read.slots.items() if name != "approx"}
    options = tuple((str(option["slot"]), str(option["value"])) for option in read.alternatives)
    return (tuple(sorted(slots.items())), options) if slots or options else text


def is_value(value: Hashable) -> bool:
    """Whether words mean one value, by what `value_of` gives: not nothing, and not one of several ("44.4.4")."""
    return isinstance(value, tuple) and bool(value[0])


def reads_as(text: str, kind: str, language: str, today: date) -> bool:
    """Whether free words hold a value of that kind."""
    region = _REGION[language]
    slots = understand_slots(text, language=language, region=region, expect=(kind,), today=today).slots
    return bool(slots.keys() & _SLOTS.get(kind, {kind}))


def holds_value(text: str, kind: str, language: str, today: date) -> bool:
    """Whether anything at all is read in free words that answer a question of that kind, or may be."""
    return value_of(text, kind, language, today) != text


@lru_cache(maxsize=64)
def grammar(language: str, kind: str) -> tuple[Automaton, Graph] | None:
    """The automaton of a kind of answer and its search graph; None for a kind without grammar."""
    expression = kinds_of(language).get(kind)
    return None if expression is None else _built(expression, language)


@lru_cache(maxsize=256)
def _phrases(language: str, phrases: tuple[str, ...]) -> tuple[Automaton, Graph]:
    return _built(either(*phrases), language)


def _built(expression: Expr, language: str) -> tuple[Automaton, Graph]:
    words = automaton(expression)
    return words, Graph(words, lambda word: ways(word, language), anew(language))


def fits(logs: NDArray[np.float32], texts: Sequence[str], language: str) -> dict[str, float]:
    """How well each text fits the whole utterance, as `Answer.fit`; those of unknown sound are left out.

    All texts advance together, so that twenty cost little more than one.
    """
    said = {text: known for text in texts if (known := labels(plain_words(text), language))}
    if not said:
        return {}
    rows = list(said.values())
    wide = 2 * max(len(row) for row in rows) + 1
    expected = np.full((len(rows), wide), BLANK, np.intp)
    skips = np.zeros((len(rows), wide))
    for index, row in enumerate(rows):
        expected[index, 1 : 2 * len(row) + 1 : 2] = row
        skips[index, 3 : 2 * len(row) + 1 : 2] = [a != b for a, b in zip(row[1:], row, strict=False)]
    chances = np.exp((logs - logs.max(axis=1, keepdims=True)).astype(np.float64))
    now = np.zeros(expected.shape)
    now[:, :2] = chances[0][expected[:, :2]]
    total = np.zeros(len(rows))
    for frame in chances[1:]:
        came = now.copy()
        came[:, 1:] += now[:, :-1]
        came[:, 2:] += now[:, :-2] * skips[:, 2:]
        now = came * frame[expected]
        scale = now.max(axis=1)
        scale[scale <= 0] = 1.0
        now /= scale[:, None]
        total += np.log(scale)
    each = np.arange(len(rows))
    ends = np.array([2 * len(row) for row in rows])
    total += np.log(np.maximum(now[each, ends] + now[each, ends - 1], 1e-300))
    return {text: float(score) / len(row) for (text, row), score in zip(said.items(), total, strict=True)}


def plain_words(phrase: str) -> str:
    """A phrase as words: lower case, punctuation dropped."""
    kept = "".join(letter if letter.isalnum() or letter in "'" else " " for letter in phrase.lower())
    return " ".join(kept.split())
