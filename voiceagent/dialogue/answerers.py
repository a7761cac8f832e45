"""Who or what answers a call, told by its words: phrases that only machines say, known by their letters.

A data file per language (`dialplans/language/<language>/answerers.yaml`) lists phrases by kind; a supervisor may add
some. A phrase counts wherever it stands in what was heard, and however a recogniser parted or spelled its words.
"""

from __future__ import annotations

import itertools
import math
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import yaml
from rapidfuzz import fuzz, process

from voiceagent.base.errors import BadInputError, MissingPartError
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue import intents
from voiceagent.language.languages import lexicon_of
from voiceagent.language.text import fold, tokenise, words


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
#: What people say that sounds like a machine's is listed under `human`: this alike, and no less than a phrase in the
#: same place, it wins.
_PERSON = 0.9
#: From here on it is a person who speaks of recordings, wherever the phrase is.
_PLAINLY = 0.95
#: The kind that several hints make where there is one of each: a mistake among the first costs least.
_BY_HINTS = (AnsweredBy.VOICEMAIL, AnsweredBy.MENU, AnsweredBy.UNAVAILABLE, AnsweredBy.SCREENING)
#: What a machine says often and a person seldom is listed under this key, by kind: two of them are as good as a phrase.
_HINTS = "hints"
#: Words by which a person is known are listed under this key: each takes a hint away, and a phrase alone is none.
_PERSONAL = "personal"
#: Words that begin a choice of a menu are listed under this key: "PARA saldo, dois". Each other key of it is a hint.
_CHOICES = "choices"
#: So many words at most lie between that and the key.
_WORDS_TO_A_KEY = 7
#: What a phrase and a hint weigh where one phrase is too little: beside personal words, each of which weighs against
#: it, or in a turn that waited for the agent to finish, as people do.
_PHRASE_WEIGHS, _HINT_WEIGHS, _RECORDED_WEIGHS = 2, 1, 4
#: A hint of so many letters is found among them, this alike; a shorter one where a word begins like it.
_LETTERS_MISHEARD = 9
_ALIKE_HINT = ((12, 0.88), (_LETTERS_MISHEARD, 0.93))
_SHORTEST_HINT = 4
#: A phrase that was missed by little is a hint.
_ALIKE_NEARLY = ((19, 0.78), (15, 0.83), (12, 0.86), (0, 0.91))
#: So many hints, the longest, are named in what is recorded.
_NAMED = 3
#: Fewer letters than this are an "alô" with a name, and nothing is made of hints in it.
_LETTERS_FOR_HINTS = 18
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
class _Found:
    """A phrase and where it is in the letters that were heard."""

    phrase: str
    letters: str
    likeness: float
    begins: int
    ends: int

    def apart(self, other: _Found) -> bool:
        """Whether they share no letter."""
        return self.ends <= other.begins or other.ends <= self.begins


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
    hints: Mapping[AnsweredBy, Mapping[str, str]] = field(default_factory=dict)
    """What machines say often and people seldom."""
    personal: tuple[str, ...] = ()
    """Words that only people say, folded."""
    entries: Mapping[tuple[AnsweredBy, str], str] = field(default_factory=dict)
    """Kind and phrase -> the entry of the data that it is a choice of."""
    choices: tuple[str, ...] = ()
    """Words that begin a choice of a menu, folded."""

    def find(self, text: str, *, at_length: bool = False, hints: int = 0) -> Phrase | None:
        """The most telling phrase in `text`, or that many hints (0: hints are none).

        `at_length`: it was said in a long turn, which machines' are.
        """
        heard = self._letters(text)
        if len(heard) < _SHORTEST:
            return None
        people = list(_alike(heard, self.human, ((0, _PERSON),)))

        def a_persons(one: _Found) -> bool:
            return any(said.likeness >= one.likeness and not said.apart(one) for said in people)

        best: list[tuple[float, Phrase]] = []
        scale = tuple((least, wanted - _LENIENT) for least, wanted in _ALIKE) if at_length else _ALIKE
        for order, kind in enumerate(SPOKEN):
            known = dict(self.phrases.get(kind, {})) | (dict(self.at_length.get(kind, {})) if at_length else {})
            for one in _alike(heard, known, scale):
                plain = kind is not AnsweredBy.OUT_OF_SERVICE or one.likeness >= _ALIKE_OUT_OF_SERVICE
                if plain and not a_persons(one):
                    best.append((one.likeness - _ORDER * order, Phrase(kind, one.phrase, round(one.likeness, 3))))
        personal = self._personal(text)
        if best:
            found = max(best, key=lambda one: one[0])[1]
            return found if not personal or self._weight(heard, text)[0] >= _PHRASE_WEIGHS + personal else None
        if not hints or len(heard) < _LETTERS_FOR_HINTS:
            return None
        given = [(kind, one) for kind, one in self._hints(heard, text) if not a_persons(one)]
        return self._together(given, hints + personal)

    def recorded(self, text: str) -> Phrase | None:
        """What a recording says so plainly that it is one even where it has let the agent finish, as people do.

        Two phrases, or one and two hints, in different places, and nothing that people say.
        """
        heard = self._letters(text)
        if len(heard) < _LETTERS_FOR_HINTS or self._personal(text) or any(_alike(heard, self.human, ((0, _PLAINLY),))):
            return None
        weight, taken = self._weight(heard, text)
        told = [kind for kind, one in taken if one.phrase in self.phrases.get(kind, {})]
        if not told or weight < _RECORDED_WEIGHS:
            return None
        named = " + ".join(one.phrase for _, one in taken[:_NAMED])
        return Phrase(min(told, key=SPOKEN.index), named, round(min(one.likeness for _, one in taken), 3))

    def _weight(self, heard: str, text: str) -> tuple[int, list[tuple[AnsweredBy, _Found]]]:
        """What phrases and hints in different places weigh together, and which they are, phrases first."""
        plain = [(kind, one) for kind in SPOKEN for one in _alike(heard, self.phrases.get(kind, {}), _ALIKE)]
        taken: list[tuple[AnsweredBy, _Found]] = []
        weight = 0
        for weighs, given in ((_PHRASE_WEIGHS, plain), (_HINT_WEIGHS, list(self._hints(heard, text)))):
            # The shortest first: "leave your message after the tone" is two of them.
            for kind, one in sorted(given, key=lambda other: (len(other[1].letters), -other[1].likeness)):
                if all(one.apart(other) for _, other in taken):
                    taken.append((kind, one))
                    weight += weighs
        return weight, taken

    def _personal(self, text: str) -> int:
        """How many words of it only people say."""
        said = f" {words(text)} "
        return sum(f" {word} " in said for word in self.personal)

    def _together(self, given: list[tuple[AnsweredBy, _Found]], needed: int) -> Phrase | None:
        """What several hints make, each of which is too little: those of one entry, or of one place, count once."""
        taken: dict[tuple[AnsweredBy, str], _Found] = {}
        for kind, hint in sorted(given, key=lambda one: (one[1].begins - one[1].ends, -one[1].likeness)):
            entry = kind, self.entries.get((kind, hint.phrase), hint.phrase)
            if entry not in taken and all(hint.apart(other) for other in taken.values()):
                taken[entry] = hint
        if len(taken) < needed:
            return None
        # No number is given up for good on hints.
        kinds: Counter[AnsweredBy] = Counter()
        for kind, _ in taken:
            kinds[AnsweredBy.UNAVAILABLE if kind is AnsweredBy.OUT_OF_SERVICE else kind] += 1
        most = max(_BY_HINTS, key=lambda one: (kinds[one], -_BY_HINTS.index(one)))
        named = list(taken.values())[:_NAMED]
        phrases = [hint.phrase for hint in sorted(named, key=lambda hint: hint.begins)]
        return Phrase(most, " + ".join(phrases), round(min(hint.likeness for hint in taken.values()), 3))

    def _hints(self, heard: str, text: str) -> Iterator[tuple[AnsweredBy, _Found]]:
        """Every hint there is: those listed, the keys of a menu, and phrases that were nearly said."""
        said = f" {words(text)} "
        yield from ((AnsweredBy.MENU, one) for one in self._keys(text))
        for kind, known in self.hints.items():
            for phrase, letters in known.items():
                at = heard.find(letters) if f" {phrase}" in said else -1
                if at >= 0:
                    yield kind, _Found(phrase, letters, 1.0, at, at + len(letters))
            longer = {phrase: letters for phrase, letters in known.items() if len(letters) >= _LETTERS_MISHEARD}
            yield from ((kind, one) for one in _alike(heard, longer, _ALIKE_HINT))
        for kind, known in self.phrases.items():
            yield from ((kind, one) for one in _alike(heard, known, _ALIKE_NEARLY))

    def _keys(self, text: str) -> Iterator[_Found]:
        """The different keys that are named at the end of a choice: "for sales, one; to hear this again, nine"."""
        tokens = tokenise(text)
        keys = {name: key for key, name in enumerate(self.digits)} | {str(key): key for key in range(10)}
        seen: set[int] = set()
        begun: int | None = None
        for index, token in enumerate(tokens):
            if token.text in self.choices:
                begun = index
            key = keys.get(token.text)
            if key is None or begun is None or not 1 < index - begun <= _WORDS_TO_A_KEY:
                continue
            after = tokens[index + 1] if index + 1 < len(tokens) else None
            if key not in seen and (after is None or after.pause or after.text in self.choices):
                seen.add(key)
                begins, ends = (len(self._letters(" ".join(t.text for t in tokens[:at]))) for at in (index, index + 1))
                yield _Found(f"{tokens[begun].raw} … {self.digits[key]}", self.digits[key], 1.0, begins, ends)
                begun = None

    def _letters(self, text: str) -> str:
        return _letters(_DIGIT.sub(lambda digit: f" {self.digits[int(digit[0])]} ", text))


def _alike(heard: str, known: Mapping[str, str], scale: Sequence[tuple[int, float]]) -> Iterator[_Found]:
    """Every phrase in `heard` that is alike enough (`scale`: the likeness wanted, by least letters, most first)."""
    near = process.extract(
        heard, known, processor=None, scorer=fuzz.partial_ratio, score_cutoff=100 * scale[0][1], limit=None
    )
    for letters, score, phrase in near:
        wanted = next(likeness for least, likeness in scale if len(letters) >= least)
        # Of a text shorter than the phrase a piece of the phrase would be found.
        if len(heard) < 0.9 * len(letters) or score < 100 * wanted:
            continue
        if (place := fuzz.partial_ratio_alignment(letters, heard)) is not None:
            yield _Found(phrase, letters, score / 100, place.dest_start, place.dest_end)


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
    personal, choices = _words(path, _PERSONAL, tree), _words(path, _CHOICES, tree)
    at_length = _kinds(path, tree.pop(_AT_LENGTH, {}), SPOKEN)
    hints = _kinds(path, tree.pop(_HINTS, {}), SPOKEN, _SHORTEST_HINT)
    found = _kinds(path, tree, (*SPOKEN, AnsweredBy.HUMAN))
    entries = {
        (kind, text): entry
        for listed in (at_length, hints, found)
        for kind, texts in listed.items()
        for text, (_, entry) in texts.items()
    }
    human = _plain(found).pop(AnsweredBy.HUMAN, {})
    found.pop(AnsweredBy.HUMAN, None)
    return MachinePhrases(
        _plain(found),
        _plain(at_length),
        human,
        _digits(language),
        _plain(hints),
        personal,
        entries,
        choices,
    )


def _words(path: Path, key: str, tree: dict[str, object]) -> tuple[str, ...]:
    """Taken out of `tree`, folded."""
    listed = tree.pop(key, [])
    if not isinstance(listed, list) or not all(isinstance(word, str) and words(word) for word in listed):
        raise BadInputError(f"{path}: {key}: put a list of words")
    return tuple(words(word) for word in listed)


_Listed = dict[AnsweredBy, dict[str, tuple[str, str]]]


def _plain(listed: _Listed) -> dict[AnsweredBy, dict[str, str]]:
    return {kind: {text: letters for text, (letters, _) in texts.items()} for kind, texts in listed.items()}


def _kinds(path: Path, tree: object, kinds: Collection[AnsweredBy], shortest: int = _SHORTEST) -> _Listed:
    """Kind -> phrase -> its letters and the entry that it is a choice of."""
    if not isinstance(tree, dict) or not all(isinstance(listed, list) for listed in tree.values()):
        raise BadInputError(f"{path}: put a list of phrases under each kind")
    unknown = sorted(str(kind) for kind in tree if kind not in kinds)
    if unknown:
        raise BadInputError(f"{path}: no kind {', '.join(unknown)}: one of {', '.join(kinds)}")
    found: _Listed = {}
    for kind, listed in tree.items():
        for entry in listed:
            for phrase in entry if isinstance(entry, list) else [entry]:
                if not isinstance(phrase, str):
                    raise BadInputError(f"{path}: {kind}: quote {phrase!r}: a phrase is a text")
                if _NESTED.search(phrase):
                    raise BadInputError(f"{path}: {kind}: {phrase!r} has a choice inside a choice: write two phrases")
                for text in _every(path, phrase):
                    if len(_letters(text)) < shortest:
                        raise BadInputError(f"{path}: {kind}: {text!r} is too short: people say that too")
                    found.setdefault(AnsweredBy(kind), {})[text] = _letters(text), str(entry)
    return found


def _every(path: Path, phrase: str) -> list[str]:
    """All texts that a phrase with `(a|b)` choices stands for, folded: each must be known to the letter."""
    options = [piece.split("|") if index % 2 else [piece] for index, piece in enumerate(_CHOICE.split(phrase))]
    if math.prod(len(option) for option in options) > _MOST:
        raise BadInputError(f"{path}: {phrase!r} stands for more than {_MOST} texts: write it as several")
    return list(dict.fromkeys(words(" ".join("".join(pick).split())) for pick in itertools.product(*options)))


def _digits(language: str) -> tuple[str, ...]:
    names: dict[int, str] = {}
    for word, value in lexicon_of(language).cardinals.items():
        names.setdefault(int(value), word)
    return tuple(fold(names[digit]) for digit in range(10))
