"""Reads and scores the understanding sets: intents by macro F1, slots by right, missed and wrong values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from voiceagent.base.languages import Language
from voiceagent.dialogue.understanding import understand

SETS = Path(__file__).with_name("sets")
TODAY = date(2026, 11, 18)


def lines(name: str) -> Iterator[list[str]]:
    """The fields of each line of a set."""
    for line in (SETS / name).read_text("utf-8").splitlines():
        if line and not line.startswith("#"):
            yield [part.strip() for part in line.split("|")]


def macro_f1(language: str, kind: str) -> tuple[float, list[str]]:
    """(macro F1 over the intents of the set, one line per mistake)."""
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    mistakes = []
    for intent, words in lines(f"{language}.intents.{kind}.txt"):
        heard = understand(
            words, language=language, region=Language(language).default_region, expect=("intent",), today=TODAY
        )
        said = heard.intent or "none"
        if said == intent:
            right[intent] += 1
        else:
            missed[intent] += 1
            wrong[said] += 1
            mistakes.append(f"{intent}: {words!r} -> {said}")
    names = right.keys() | missed.keys()
    return sum(2 * right[n] / (2 * right[n] + missed[n] + wrong[n]) for n in names) / len(names), mistakes


@dataclass
class SlotScore:
    """How many slot answers were right, missed (nothing filled) or wrong (another value filled)."""

    right: int = 0
    missed: int = 0
    wrong: int = 0
    mistakes: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        return self.right + self.missed + self.wrong


def slot_score(language: str) -> SlotScore:
    """Score one language's slot set."""
    score = SlotScore()
    for expect, words, wanted in lines(f"{language}.slots.test.txt"):
        heard = understand(
            words, language=language, region=Language(language).default_region, expect=(expect,), today=TODAY
        )
        filled = {name: str(value) for name, value in heard.slots.items()}
        main = {"birth_date": "date"}.get(expect, expect)
        if wanted.startswith("?") or wanted == "-":
            good = main not in filled and (wanted == "-" or any(a["slot"] == main for a in heard.alternatives))
            bad = main in filled
        else:
            pairs = dict(pair.split("=", 1) for pair in wanted.split())
            good = all(filled.get(name) == value for name, value in pairs.items())
            bad = any(name in filled and filled[name] != value for name, value in pairs.items())
        score.right += good
        score.wrong += not good and bad
        score.missed += not good and not bad
        if not good:
            score.mistakes.append(f"{expect}: {words!r} wanted {wanted}, got {filled} {heard.alternatives}")
    return score
