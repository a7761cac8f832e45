"""Who or what answers a call, told by its words: phrases that only machines say, known by their letters.

A data file per language (`dialplans/language/<language>/answerers.yaml`) lists phrases by kind; a supervisor may add
some. A phrase counts wherever it stands in what was heard, and however a recogniser parted or spelled its words.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml
from rapidfuzz import fuzz, process

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue import intents
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import fold, words


class AnsweredBy(StrEnum):
    """What is at the other end of an answered call."""

    HUMAN = "human"
    VOICEMAIL = "voicemail"
    SCREENING = "screening"
    """A service that asks who is calling; a person may come."""
    MENU = "ivr"
    UNAVAILABLE = "unavailable"
    """An announcement: switched off, out of reach, no way through."""
    OUT_OF_SERVICE = "out_of_service"
    """An announcement: there is no such number."""
    FAX = "fax"
    BUSY = "busy"
    CONGESTION = "congestion"
    """A fast busy tone, or special information tones without words."""
    RINGING = "ringing"
    """It goes on ringing: what answered was an exchange."""
    SILENCE = "silence"


#: What a call is filed as when nobody but that was there.
FILED_AS: Mapping[AnsweredBy, Disposition] = {
    AnsweredBy.VOICEMAIL: Disposition.VM,
    AnsweredBy.SCREENING: Disposition.VM,
    AnsweredBy.MENU: Disposition.VM,
    AnsweredBy.UNAVAILABLE: Disposition.NA,
    AnsweredBy.OUT_OF_SERVICE: Disposition.DC,
    AnsweredBy.FAX: Disposition.FAX,
    AnsweredBy.BUSY: Disposition.BUSY,
    AnsweredBy.CONGESTION: Disposition.CONG,
    AnsweredBy.RINGING: Disposition.NA,
}

#: Kinds that have phrases, the one that decides where several are heard first: a switched-off phone's voicemail is one.
SPOKEN = (
    AnsweredBy.SCREENING,
    AnsweredBy.VOICEMAIL,
    AnsweredBy.OUT_OF_SERVICE,
    AnsweredBy.MENU,
    AnsweredBy.UNAVAILABLE,
)

#: Likeness from which a phrase was said, by the letters it has: the fewer, the more often people say something like it.
_ALIKE = ((19, 0.83), (15, 0.88), (12, 0.91), (0, 0.96))
#: How much less will do in a turn as long as people's are not.
_LENIENT = 0.03
#: A number is given up for good on these words, so they must be plain.
_ALIKE_OUT_OF_SERVICE = 0.92
_SHORTEST = 6
#: How much more alike a phrase of the next kind must be to decide before one of this.
_ORDER = 0.03
#: Phrases that people say too are listed apart under this key, by kind: they count in a long turn only.
_AT_LENGTH = "at_length"
#: What people say that sounds like a machine's is listed under `human`: this alike, and no less than a phrase, it wins.
_PERSON = 0.9
#: Texts that one phrase of the data may stand for.
_MOST = 200
_DIGIT = re.compile(r"\d")
_CHOICE = re.compile(r"\(([^()]*)\)")
_NESTED = re.compile(r"\([^()]*\(")


@dataclass(frozen=True, slots=True)
class Phrase:
    """A machine's phrase found in what was said."""

    kind: AnsweredBy
    phrase: str
    likeness: float
    """0-1."""


@dataclass(frozen=True, slots=True)
class MachinePhrases:
    """One language's phrases."""

    phrases: Mapping[AnsweredBy, Mapping[str, str]]
    """Kind -> phrase -> its letters as they sound."""
    at_length: Mapping[AnsweredBy, Mapping[str, str]]
    """Those that people say too."""
    human: Mapping[str, str]
    """What people say that holds a machine's phrase."""
    digits: tuple[str, ...]
    """The words for 0 to 9."""

    def find(self, text: str, *, at_length: bool = False) -> Phrase | None:
        """The most telling phrase in `text`; `at_length`: it was said in a long turn, which machines' are."""
        heard = self._letters(text)
        if len(heard) < _SHORTEST:
            return None
        found: list[tuple[float, Phrase]] = []
        for order, kind in enumerate(SPOKEN):
            known = dict(self.phrases.get(kind, {})) | (dict(self.at_length.get(kind, {})) if at_length else {})
            near = process.extract(heard, known, processor=None, scorer=fuzz.partial_ratio, limit=5)
            for letters, score, text_of in near:
                likeness = score / 100
                # Of a text shorter than the phrase a piece of the phrase would be found.
                if len(heard) >= 0.9 * len(letters) and likeness >= _wanted(kind, letters, at_length):
                    found.append((likeness - _ORDER * order, Phrase(kind, text_of, round(likeness, 3))))
        if not found:
            return None
        phrase = max(found, key=lambda one: one[0])[1]
        return None if self._person(heard) >= max(_PERSON, phrase.likeness) else phrase

    def _person(self, heard: str) -> float:
        """How alike to something that people say it is."""
        near = process.extract(heard, self.human, processor=None, scorer=fuzz.partial_ratio, limit=5)
        return max((score / 100 for letters, score, _ in near if len(heard) >= 0.9 * len(letters)), default=0.0)

    def _letters(self, text: str) -> str:
        return _letters(_DIGIT.sub(lambda digit: f" {self.digits[int(digit[0])]} ", text))


def _wanted(kind: AnsweredBy, letters: str, at_length: bool) -> float:
    wanted = next(likeness for least, likeness in _ALIKE if len(letters) >= least)
    if kind is AnsweredBy.OUT_OF_SERVICE:
        return max(wanted, _ALIKE_OUT_OF_SERVICE)
    return wanted - _LENIENT if at_length else wanted


def _letters(text: str) -> str:
    """Letters as they sound alike: run together, without accents, doubles, mute h, and one sign for s, z and c."""
    plain = "".join(letter for letter in fold(text) if letter.isalpha())
    for one, other in (("ph", "f"), ("qu", "k"), ("h", ""), ("ce", "se"), ("ci", "si"), ("c", "k"), ("z", "s")):
        plain = plain.replace(one, other)
    return re.sub(r"(.)\1+", r"\1", plain)


def phrases_of(language: str) -> MachinePhrases:
    """The language's phrases, from where its intents are. BadInputError says what to mend."""
    return load(intents.folder() / language / "answerers.yaml", language)


@lru_cache(maxsize=8)
def load(path: Path, language: str) -> MachinePhrases:
    """Read one data file. MissingPartError when absent, BadInputError naming what to mend."""
    try:
        tree = yaml.safe_load(path.read_text("utf-8"))
    except FileNotFoundError as error:
        raise MissingPartError(f"no phrases at {path}: restore the file or set VOICEAGENT_DIALPLANS") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BadInputError(f"cannot read phrases from {path}: {' '.join(str(error).split())}") from error
    if not isinstance(tree, dict):
        raise BadInputError(f"{path}: put a list of phrases under each kind")
    at_length = _kinds(path, tree.pop(_AT_LENGTH, {}), SPOKEN)
    found = _kinds(path, tree, (*SPOKEN, AnsweredBy.HUMAN))
    human = found.pop(AnsweredBy.HUMAN, {})
    return MachinePhrases(found, at_length, human, _digits(language))


def _kinds(path: Path, tree: object, kinds: Collection[AnsweredBy]) -> dict[AnsweredBy, dict[str, str]]:
    if not isinstance(tree, dict) or not all(isinstance(listed, list) for listed in tree.values()):
        raise BadInputError(f"{path}: put a list of phrases under each kind")
    unknown = sorted(str(kind) for kind in tree if kind not in kinds)
    if unknown:
        raise BadInputError(f"{path}: no kind {', '.join(unknown)}: one of {', '.join(kinds)}")
    found: dict[AnsweredBy, dict[str, str]] = {}
    for kind, listed in tree.items():
        for phrase in listed:
            if not isinstance(phrase, str):
                raise BadInputError(f"{path}: {kind}: quote {phrase!r}: a phrase is a text")
            if _NESTED.search(phrase):
                raise BadInputError(f"{path}: {kind}: {phrase!r} has a choice inside a choice: write two phrases")
            for text in _every(path, phrase):
                if len(_letters(text)) < _SHORTEST:
                    raise BadInputError(f"{path}: {kind}: {text!r} is too short: people say that too")
                found.setdefault(AnsweredBy(kind), {})[text] = _letters(text)
    return found


def _every(path: Path, phrase: str) -> list[str]:
    """All texts that a phrase with `(a|b)` choices stands for, folded: each must be known to the letter."""
    options = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(_CHOICE.split(phrase))]
    if math.prod(len(option) for option in options) > _MOST:
        raise BadInputError(f"{path}: {phrase!r} stands for more than {_MOST} texts: write it as several")
    return list(dict.fromkeys(words(" ".join("".join(pick).split())) for pick in itertools.product(*options)))


def _digits(language: str) -> tuple[str, ...]:
    words: dict[int, str] = {}
    for word, value in lexicon_of(language).cardinals.items():
        words.setdefault(int(value), word)
    return tuple(words[digit] for digit in range(10))
