"""The scored sets of understanding: what people say, with what it means, written apart from the rules."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from voiceagent.base.errors import BadInputError, UnavailableError, unreadable
from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION
from voiceagent.dialogue.understanding import understand
from voiceagent.settings.paths import ROOT

#: The sets' today: a Wednesday.
TODAY = date(2026, 11, 18)
SETS = ROOT / "tests" / "unit" / "dialogue" / "sets"
#: The held-out sets, each scored apart: `test` was written with the first rules, the others without sight of any.
HELD_OUT = ("test", "fresh", "final", "blind")
#: Mistakes shown, so that a report stays readable.
_SHOWN = 25


def lines(path: Path) -> Iterator[list[str]]:
    """The fields of each line of a set of intents or of slots.

    UnavailableError when the set is not there (an installation without the checkout); BadInputError names a line that
    is none of its kind, or a set without any.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise UnavailableError(f"no set at {path}: run this from a checkout, or give --sets") from error
    except UnicodeDecodeError as error:
        raise unreadable(path, error) from None
    read = _slots if ".slots." in path.name else _intents
    empty = True
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.startswith("#"):
            fields = [part.strip() for part in line.split("|")]
            if wanted := read(fields):
                raise BadInputError(f"{path}:{number}: a line is {wanted}")
            yield fields
            empty = False
    if empty:
        raise BadInputError(f"{path}: the set holds no line")


def _intents(fields: list[str]) -> str:
    """What a line of intents is; "" when this is one."""
    return "" if len(fields) == 2 and all(fields) else "`intent | words`"


def _slots(fields: list[str]) -> str:
    """What a line of slots is; "" when this is one."""
    if len(fields) not in (3, 4) or not all(fields):
        return "`expect | words | slot=value ...`, with a region behind another `|` if need be"
    if not (fields[2] == "-" or fields[2].startswith("?") or all("=" in pair for pair in fields[2].split())):
        return "`expect | words | slot=value ...`, or `?slot`, or `-`"
    if len(fields) == 4 and fields[3] not in CURRENCY_OF_REGION:
        return f"for one of the regions {', '.join(sorted(CURRENCY_OF_REGION))}"
    return ""


def utterances(language: Language, sets: Path = SETS) -> list[str]:
    """Everything the language's test sets say."""
    return [
        fields[1]
        for name in held_out(language, sets)
        for kind in ("intents", "slots")
        for fields in lines(sets / f"{language}.{kind}.{name}.txt")
    ]


def held_out(language: Language, sets: Path = SETS) -> tuple[str, ...]:
    """The names of the sets there are: the first always, so that its absence is reported."""
    return (
        HELD_OUT[0],
        *(name for name in HELD_OUT[1:] if (sets / f"{language}.intents.{name}.txt").exists()),
    )


def score_intents(language: Language, sets: Path = SETS, name: str = "test") -> dict[str, Any]:
    """{n, right, accuracy, macro_f1, mistakes}: F1 averaged over the intents of the set."""
    right: Counter[str] = Counter()
    missed: Counter[str] = Counter()
    wrong: Counter[str] = Counter()
    mistakes: list[str] = []
    for intent, words in lines(sets / f"{language}.intents.{name}.txt"):
        heard = understand(
            words, language=language, region=language.default_region, expect=("intent",), today=TODAY
        ).intent
        if (heard or "none") == intent:
            right[intent] += 1
            continue
        missed[intent] += 1
        wrong[heard or "none"] += 1
        mistakes.append(f"{words} | {intent}, not {heard}")
    intents = sorted(right.keys() | missed.keys())
    scores = [2 * right[intent] / (2 * right[intent] + missed[intent] + wrong[intent]) for intent in intents]
    n = right.total() + missed.total()
    return {
        "n": n,
        "right": right.total(),
        "accuracy": round(right.total() / n, 4),
        "macro_f1": round(sum(scores) / len(scores), 4),
        "mistakes": mistakes[:_SHOWN],
    }


def score_slots(language: Language, sets: Path = SETS, name: str = "test") -> dict[str, Any]:
    """{n, right, rejected, wrong, right_rate, wrong_rate, kinds, mistakes}; rejected: nothing was filled."""
    kinds: dict[str, Counter[str]] = {}
    mistakes: list[str] = []
    for kind, words, wanted, *rest in lines(sets / f"{language}.slots.{name}.txt"):
        region = rest[0] if rest else language.default_region
        heard = understand(words, language=language, region=region, expect=(kind,), today=TODAY)
        filled = {slot: str(value) for slot, value in heard.slots.items()}
        verdict = _verdict(kind, wanted, filled, {str(option["slot"]) for option in heard.alternatives})
        kinds.setdefault(kind, Counter())[verdict] += 1
        if verdict != "right":
            mistakes.append(f"{words} | {kind}: {wanted}, not {filled}")
    total = sum(kinds.values(), Counter())
    return {
        **_rates(total),
        "kinds": {kind: _rates(kinds[kind]) for kind in sorted(kinds)},
        "mistakes": mistakes[:_SHOWN],
    }


def _verdict(kind: str, wanted: str, filled: dict[str, str], open_slots: set[str]) -> str:
    main = "date" if kind == "birth_date" else kind
    if wanted.startswith("?") or wanted == "-":
        if main in filled:
            return "wrong"
        return "right" if wanted == "-" or main in open_slots else "rejected"
    values = dict(pair.split("=", 1) for pair in wanted.split())
    if any(name in filled and filled[name] != value for name, value in values.items()):
        return "wrong"
    return "right" if values.keys() <= filled.keys() else "rejected"


def _rates(counted: Counter[str]) -> dict[str, Any]:
    n = counted.total()
    parts = {name: counted[name] for name in ("right", "rejected", "wrong")}
    return {
        "n": n,
        **parts,
        "right_rate": round(counted["right"] / n, 4) if n else None,
        "wrong_rate": round(counted["wrong"] / n, 4) if n else None,
    }
