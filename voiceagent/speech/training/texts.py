"""What is said in the training material: answers of the grammars, choices, and what debtors say besides."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from voiceagent.base.errors import BadInputError
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.grammar import say

#: Share of each kind; "general" is everything in the language's intents, so that the head does not learn only numbers.
SHARES = {
    "amount": 0.25, "date": 0.22, "birth_date": 0.03, "digits": 0.16, "time": 0.06, "instalments": 0.05,
    "yes_no": 0.11, "general": 0.12,
}  # fmt: skip
#: A yes or no of one or two words; what is longer is drawn again, so its share is about halved.
_LONE = "lone"
#: Of what is trained on: more of what is refused most, digits and short answers. What is measured keeps its mix.
TRAINED = {
    "amount": 0.18, "date": 0.17, "birth_date": 0.02, "digits": 0.23, "time": 0.05, "instalments": 0.04,
    "yes_no": 0.08, _LONE: 0.18, "general": 0.11,
}  # fmt: skip
#: Words that a bad line or a hurried speaker makes alike.
_ALIKE = {
    "pt-BR": "um uma três treze seis sete sessenta setenta terça sexta março maio junho julho dois doze duas sim cem "
    "não nove quarta quatro quatorze catorze quarenta cinquenta noventa oito dezoito dez dezenove mil meia hoje",
    "es": "uno una un dos doce tres trece seis siete sesenta setenta martes marzo mayo junio julio sí cien no nueve "
    "noventa ocho dieciocho diez mil",
    "en": "oh zero three thirteen thirty fourteen forty fifteen fifty five nine sixteen sixty seventeen seventy "
    "eighteen eighty nineteen ninety june july first fifth sixth seventh tenth tuesday thursday no",
}
#: How often a text without any of them is drawn again.
_EASY = 0.6
_LONGEST = 16  # words


def draw_texts(
    language: str, count: int, seed: int, shares: dict[str, float] = SHARES, alike: bool = False
) -> list[tuple[str, str]]:
    """`count` (kind, text) pairs, texts in lower case without punctuation; the same seed gives the same texts.

    `alike` draws more of those whose words are easily taken for others, or that say one twice.
    """
    chance = random.Random(f"{language}:{seed}")
    kinds = kinds_of(language)
    general = general_sentences(language)
    texts: list[tuple[str, str]] = []
    while len(texts) < count:
        kind = chance.choices(list(shares), list(shares.values()))[0]
        if kind == "general":
            words = vary(chance.choice(general), chance).split()
        else:
            words = say(kinds["yes_no" if kind == _LONE else kind], chance)
        if alike and kind != "general" and not hard(words, language) and chance.random() < _EASY:
            continue
        if 0 < len(words) <= (2 if kind == _LONE else _LONGEST):
            texts.append((kind, " ".join(words)))
    return texts


def hard(words: Sequence[str], language: str) -> bool:
    """Whether a word is like another one, or said twice in a row."""
    return not set(_ALIKE[language].split()).isdisjoint(words) or any(one == other for one, other in pairwise(words))


def general_sentences(language: str) -> list[str]:
    """The examples of the language's intents, alternatives unresolved."""
    path = Path(__file__).parents[3] / "dialplans" / "language" / language / "intents.yaml"
    if not path.is_file():
        raise BadInputError(f"training needs the repository's {path.relative_to(Path(__file__).parents[3])}")
    intents: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["intents"]
    return [str(example) for intent in intents.values() for example in intent.get("examples", [])]


def vary(example: str, chance: random.Random) -> str:
    """One reading of an example: every `(a|b|)` resolved, digits and punctuation dropped with their sentence."""
    while (group := re.search(r"\(([^()]*)\)", example)) is not None:
        example = example[: group.start()] + chance.choice(group[1].split("|")) + example[group.end() :]
    plain = re.sub(r"[^\w\s'-]", " ", example.lower()).replace("-", " ")
    return "" if re.search(r"[\d_#]", plain) else " ".join(plain.split())


def punctuated(text: str, kind: str, chance: random.Random) -> str:
    """The text as given to a voice: digits sometimes dictated with pauses, a full stop mostly."""
    words = text.split()
    if kind == "digits" and chance.random() < 0.5:
        size = chance.choice((1, 1, 2, 3))
        text = ", ".join(" ".join(words[at : at + size]) for at in range(0, len(words), size))
    return text[:1].upper() + text[1:] + chance.choice((".", ".", ".", "", "!"))
