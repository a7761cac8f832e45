"""Intents from examples and rules: data that a supervisor extends, and the linear classifier learned from it.

A data file per language (`dialplans/language/<language>/intents.yaml`):

    intents:
      human:
        rules: ["falar com (um )?(atendente|humano)"]   # regex on the whole utterance, folded; certain
        examples: ["(quero|queria) falar com uma pessoa", "me passa pro gerente"]

In an example `(a|b|)` stands for each of its choices. Examples and rules are folded: accents and case do not matter.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml
from rapidfuzz import fuzz, process

from voiceagent.base.errors import BadInputError, MissingPartError, unreadable
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import words

#: What nobody means to say as an intent: slot answers and small talk. Never returned.
NONE = "none"
#: Where the data is in a checkout; `configure` points elsewhere.
DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "dialplans" / "language"

_MOST_OF_ONE = 6
#: Letters from which a sentence is known whatever a recogniser made of its words.
_LONG_ENOUGH = 12
_ARTICLES = frozenset({"um", "uma", "un", "una", "uno", "a", "one", "second"})
_CHOICE = re.compile(r"\(([^()]*)\)")

_folder = DEFAULT_FOLDER


@dataclass(frozen=True, slots=True)
class IntentData:
    """One language's examples (expanded, folded) and rules."""

    examples: tuple[tuple[str, str], ...]
    """(intent, text)."""
    rules: tuple[tuple[str, re.Pattern[str]], ...]
    """(intent, pattern), the most binding intents first."""


@dataclass(frozen=True)
class IntentModel:
    """The classifier of one language: word and letter n-grams, one ridge-regressed weight row per feature."""

    names: tuple[str, ...]
    features: Mapping[str, int]
    weights: npt.NDArray[np.float32]
    rules: tuple[tuple[str, re.Pattern[str]], ...]
    examples: Mapping[str, tuple[str, ...]]
    """Example text -> the intents it was given for."""

    def strength(self, text: str) -> dict[str, float]:
        """Raw regression value of each intent: near 1 for its examples, near 0 for what looks like nothing known."""
        held = vector(text, self.features)
        raw = np.fromiter(held.values(), np.float32, len(held)) @ self.weights[list(held)]
        return {name: float(value) for name, value in zip(self.names, raw, strict=True)}

    def exact(self, text: str) -> tuple[str, ...]:
        """The one intent that this very text is an example of; nothing when several are."""
        found = self.examples.get(text, ())
        return found if len(found) == 1 else ()

    @cached_property
    def run_together(self) -> dict[str, list[str]]:
        """Intent -> its examples without spaces, those long enough to be told by their letters."""
        found: dict[str, list[str]] = {}
        for text, names in self.examples.items():
            letters = text.replace(" ", "")
            if len(names) == 1 and len(letters) >= _LONG_ENOUGH:
                found.setdefault(names[0], []).append(letters)
        return found

    @cached_property
    def vocabulary(self) -> dict[str, frozenset[str]]:
        """Intent -> every word of its examples."""
        found: dict[str, set[str]] = {}
        for text, names in self.examples.items():
            for name in names:
                found.setdefault(name, set()).update(text.split())
        return {name: frozenset(said) for name, said in found.items()}

    def alike(self, name: str, text: str) -> float:
        """0-1: how much `text`, wherever its words are parted, has the letters of an example of that intent."""
        letters = text.replace(" ", "")
        if len(letters) < _LONG_ENOUGH:
            return 0.0
        best = process.extractOne(letters, self.run_together.get(name, ()), scorer=fuzz.ratio)
        return best[1] / 100 if best else 0.0

    def ruled(self, text: str) -> tuple[str, ...]:
        """Intents whose rules match, in order of the rules."""
        return tuple(dict.fromkeys(name for name, rule in self.rules if rule.fullmatch(text)))


def configure(folder: Path) -> None:
    """Read intents from this folder (one sub-folder per language) from now on."""
    global _folder
    _folder = folder
    model_of.cache_clear()


def folder() -> Path:
    """Where the languages' data is read from."""
    return _folder


@lru_cache(maxsize=8)
def model_of(language: str) -> IntentModel:
    """The language's model: the one stored beside its data, or trained here (seconds) when the data changed since."""
    from voiceagent.dialogue.training import stored, train

    path = _folder / language / "intents.yaml"
    return stored(path, number_words(language)) or train(load(path, number_words(language)))


@lru_cache(maxsize=8)
def number_words(language: str) -> frozenset[str]:
    """The words shown to the model as `#` (articles are no numbers here)."""
    lexicon = lexicon_of(language)
    return frozenset({*lexicon.cardinals, *lexicon.multipliers} - _ARTICLES)


def load(path: Path, numbers: Collection[str] = ()) -> IntentData:
    """Read one data file. Raises MissingPartError when absent, BadInputError naming what to mend."""
    try:
        # The C loader is many times faster, and as safe.
        tree = yaml.load(path.read_text("utf-8"), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except FileNotFoundError as error:
        raise MissingPartError(f"no intents at {path}: restore the file or set VOICEAGENT_DIALPLANS") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise unreadable(f"intents from {path}", error) from error
    if not isinstance(tree, dict) or not isinstance(tree.get("intents"), dict):
        raise BadInputError(f"{path}: put intents under the key `intents`")
    examples: list[tuple[str, str]] = []
    rules: list[tuple[str, re.Pattern[str]]] = []
    for intent, entry in tree["intents"].items():
        if not isinstance(intent, str):
            raise BadInputError(f'{path}: quote the intent {intent!r}: "yes" and "no" are words here')
        if not isinstance(entry, dict) or set(entry) - {"rules", "examples"}:
            raise BadInputError(f"{path}: intent {intent!r} takes only `rules` and `examples`")
        for rule in _strings(path, intent, entry, "rules"):
            try:
                rules.append((intent, re.compile(_unaccented(rule))))
            except re.error as error:
                raise BadInputError(
                    f"{path}: intent {intent!r}: rule {rule!r} is no regular expression: {error}"
                ) from error
        for example in _strings(path, intent, entry, "examples"):
            examples += [(intent, masked(text, numbers)) for text in expand(example)]
    return IntentData(tuple(dict.fromkeys(examples)), tuple(rules))


def _unaccented(rule: str) -> str:
    # Folding would also lower the case of classes such as \\S.
    plain = unicodedata.normalize("NFKD", rule)
    return "".join(letter for letter in plain if not unicodedata.combining(letter))


def _strings(path: Path, intent: str, entry: dict[str, Any], key: str) -> list[str]:
    value = entry.get(key) or []
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise BadInputError(f"{path}: `{key}` of {intent!r} must be a list of texts (quote yes, no and numbers)")
    return value


def expand(example: str) -> list[str]:
    """Texts an example with `(a|b|)` choices stands for, folded: a few, in which every choice is made at least once."""
    pieces = _CHOICE.split(example)
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    total = math.prod(len(choice) for choice in choices)
    count = min(total, max(_MOST_OF_ONE, *(len(choice) for choice in choices)))
    # Each choice turns with the number of the text, and shifts by its place each time round: no two turn together.
    picked = (
        [choice[(turn + place // 2 * (turn // len(choice))) % len(choice)] for place, choice in enumerate(choices)]
        for turn in range(total)
    )
    texts = (words(" ".join("".join(pick).split())) for pick in picked)
    return list(itertools.islice(dict.fromkeys(text for text in texts if text), count))


def grams(text: str) -> dict[str, float]:
    """Weighted word and letter n-grams of a masked text."""
    said = text.split()
    found: dict[str, float] = {}
    for word in said:
        found[f"w:{word}"] = found.get(f"w:{word}", 0) + 1.0
        padded = f"<{word}>"
        for size in (3, 4):
            for at in range(len(padded) - size + 1):
                gram = f"c:{padded[at : at + size]}"
                found[gram] = found.get(gram, 0) + 0.35
    bounded = ["^", *said, "$"]
    for first, second in itertools.pairwise(bounded):
        found[f"b:{first} {second}"] = 0.9
    for index in range(len(bounded) - 2):
        found[f"t:{' '.join(bounded[index : index + 3])}"] = 0.7
    return found


def vector(text: str, features: Mapping[str, int]) -> dict[int, float]:
    """Column -> value of a masked text, of length at most one."""
    said = grams(text)
    norm = sum(value * value for value in said.values()) ** 0.5 or 1.0
    # Normed over all grams, known or not: what is mostly unknown is near to nothing.
    return {features[gram]: value / norm for gram, value in said.items() if gram in features}


def masked(text: str, numbers: Collection[str]) -> str:
    """Folded words with each number word or figure as `#`, so that examples need not list values."""
    table = set(numbers)
    said = ["#" if word in table or word[0].isdigit() else word for word in text.split()]
    return " ".join(word for word, previous in zip(said, ["", *said], strict=False) if not (word == "#" == previous))
