"""Intents from examples and rules: data that a supervisor extends, a small linear classifier learned from it at load.

A data file per language (`dialplans/language/<language>/intents.yaml`):

    intents:
      human:
        rules: ["falar com (um )?(atendente|humano)"]   # regex on the whole utterance, folded; certain
        examples: ["(quero|queria) falar com uma pessoa", "me passa pro gerente"]

In an example `(a|b|)` stands for each of its choices. Examples and rules are folded: accents and case do not matter.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import words

#: What nobody means to say as an intent: slot answers and small talk. Never returned.
NONE = "none"
#: Where the data is in a checkout; `configure` points elsewhere.
DEFAULT_FOLDER = Path(__file__).resolve().parents[2] / "dialplans" / "language"

_MOST_OF_ONE = 6
_RIDGE = 0.35
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
        raw = np.zeros(len(self.names), dtype=np.float32)
        for row, value in _vector(text, self.features).items():
            raw += value * self.weights[row]
        return {name: float(value) for name, value in zip(self.names, raw, strict=True)}

    def exact(self, text: str) -> tuple[str, ...]:
        """The one intent that this very text is an example of; nothing when several are."""
        found = self.examples.get(text, ())
        return found if len(found) == 1 else ()

    def ruled(self, text: str) -> tuple[str, ...]:
        """Intents whose rules match, in order of the rules."""
        return tuple(dict.fromkeys(name for name, rule in self.rules if rule.fullmatch(text)))


def configure(folder: Path) -> None:
    """Read intents from this folder (one sub-folder per language) from now on."""
    global _folder
    _folder = folder
    model_of.cache_clear()


@lru_cache(maxsize=8)
def model_of(language: str) -> IntentModel:
    """The language's model, trained on first use (well under a second)."""
    return train(load(_folder / language / "intents.yaml", number_words(language)))


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
        raise BadInputError(f"cannot read intents from {path}: {' '.join(str(error).split())}") from error
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
    """Every text an example with `(a|b|)` choices stands for, folded; evenly thinned to a handful."""
    pieces = _CHOICE.split(example)
    choices = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(pieces)]
    total = 1
    for choice in choices:
        total *= len(choice)
    step = max(1, total // _MOST_OF_ONE)
    # A step that shares a factor with the choices would always pick the same ones.
    while step > 1 and any(len(choice) > 1 and step % len(choice) == 0 for choice in choices):
        step += 1
    picked = itertools.islice(itertools.product(*choices), 0, None, step)
    return list(dict.fromkeys(text for text in (words(" ".join("".join(p).split())) for p in picked) if text))


def train(data: IntentData) -> IntentModel:
    """Ridge regression of one-versus-rest targets, solved in its dual: no iterations, the same result every time."""
    names = tuple(dict.fromkeys(name for name, _ in data.examples))
    features: dict[str, int] = {}
    counts: dict[str, int] = {}
    grams = [_grams(text) for _, text in data.examples]
    for found in grams:
        for gram in found:
            counts[gram] = counts.get(gram, 0) + 1
    for gram, seen in counts.items():
        if seen > 2 or (seen > 1 and not gram.startswith("c:")) or gram.startswith("w:"):
            features[gram] = len(features)
    matrix = np.zeros((len(data.examples), len(features)), dtype=np.float32)
    for row, (_, text) in enumerate(data.examples):
        for column, value in _vector(text, features).items():
            matrix[row, column] = value
    sizes = {name: sum(label == name for label, _ in data.examples) for name in names}
    # Every intent weighs the same however many ways of saying it were written down.
    weight = np.array([1 / np.sqrt(sizes[label]) for label, _ in data.examples], dtype=np.float32)
    weight /= weight.mean()
    target = np.zeros((len(data.examples), len(names)), dtype=np.float32)
    for row, (label, _) in enumerate(data.examples):
        target[row, names.index(label)] = 1
    kernel = matrix @ matrix.T
    kernel[np.diag_indices_from(kernel)] += _RIDGE / weight
    weights = matrix.T @ np.linalg.solve(kernel, target)
    by_text: dict[str, tuple[str, ...]] = {}
    for label, text in data.examples:
        by_text[text] = (*by_text.get(text, ()), label)
    return IntentModel(names, features, weights.astype(np.float32), data.rules, by_text)


def _grams(text: str) -> dict[str, float]:
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


def _vector(text: str, features: Mapping[str, int]) -> dict[int, float]:
    grams = _grams(text)
    norm = sum(value * value for value in grams.values()) ** 0.5 or 1.0
    # Normed over all grams, known or not: what is mostly unknown is near to nothing.
    return {features[gram]: value / norm for gram, value in grams.items() if gram in features}


def masked(text: str, numbers: Collection[str]) -> str:
    """Folded words with each number word or figure as `#`, so that examples need not list values."""
    table = set(numbers)
    said = ["#" if word in table or word[0].isdigit() else word for word in text.split()]
    return " ".join(word for word, previous in zip(said, ["", *said], strict=False) if not (word == "#" == previous))
