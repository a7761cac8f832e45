"""Yes and no in all their shades. Consent is only what cannot be heard as anything else."""

from __future__ import annotations

import re
from functools import lru_cache

from voiceagent.language.lexicon import Lexicon

_MOST_BESIDE_NO = 3


def read_yes_no(text: str, lexicon: Lexicon) -> tuple[bool | None, float]:
    """(True, False or None when unsure, confidence) for folded words without punctuation.

    Whole answers decide first. Otherwise every piece of yes and of no is found; both together, or a doubt, is unsure.
    """
    line = " ".join(word for word in text.split() if word not in lexicon.assent_fillers) or text
    for whole in (text, line):
        if whole in lexicon.no_whole:
            return False, 0.97
        if whole in lexicon.yes_whole:
            return True, 0.97
    said = re.split(rf"(?:^|\s)(?:{lexicon.taken_back})(?=\s|$)", text)
    if len(said) > 1 and said[-1].strip(" ,") and read_yes_no(said[-1].strip(" ,"), lexicon)[0] is False:
        # Only a no is believed at once: a yes after a no is asked again.
        return False, 0.9
    left, idioms = _strip(text, lexicon.yes_first)
    left, unsure = _strip(left, lexicon.unsure)
    if unsure:
        return None, 0.0
    left, denied = _strip(left, lexicon.no)
    left, agreed = _strip(left, lexicon.yes)
    left, willing = _strip(left, lexicon.yes_bare)
    agreed += idioms + willing
    if any(word in lexicon.negators for word in left.split()):
        # A negator left over denies something nobody listed: never a yes.
        denied, agreed = denied, 0
        if not denied:
            return None, 0.0
    if denied and agreed:
        return None, 0.0
    if not denied and not agreed:
        return None, 0.0
    rest = [word for word in left.split() if word != "~"]
    if agreed and not _only_a_yes(rest, lexicon, bare=willing > 0):
        # "Quero desistir" and "I have to go" only begin like a yes: any word that is no part of one asks again.
        return None, 0.0
    told = [word for word in rest if not _slight(word, lexicon)]
    if denied and len(told) > _MOST_BESIDE_NO:
        # One no-like word inside a long story is no answer.
        return None, 0.0
    return bool(agreed), max(0.55, 0.95 - 0.06 * len(told))


def denies(text: str, lexicon: Lexicon) -> bool:
    """Whether folded words hold a negation that is not part of an idiom."""
    left, _ = _strip(text, (*lexicon.yes_first, *lexicon.no_denial))
    return any(word in lexicon.negators for word in left.split())


def hesitates(text: str, lexicon: Lexicon) -> bool:
    """Whether folded words hold a doubt or a condition: "sim, se der" agrees to nothing."""
    left, _ = _strip(text, lexicon.yes_first)
    return _strip(left, lexicon.unsure)[1] > 0


def _only_a_yes(rest: list[str], lexicon: Lexicon, *, bare: bool) -> bool:
    """Whether the words beside a yes take nothing from it; beside a bare "I will" not even a value is agreed to."""
    other = [word for word in rest if word not in lexicon.assent_fillers and word not in lexicon.yes_beside]
    if bare or not any(_valued(word, lexicon) for word in other):
        return not other
    return all(word in lexicon.bare_fillers or _valued(word, lexicon) for word in other)


def _slight(word: str, lexicon: Lexicon) -> bool:
    """Whether a word adds nothing of its own: a filler, or part of a value that other grammars read."""
    return word in lexicon.assent_fillers or word in lexicon.bare_fillers or _valued(word, lexicon)


def _valued(word: str, lexicon: Lexicon) -> bool:
    """Whether a word is part of a value that other grammars read."""
    tables = (lexicon.cardinals, lexicon.ordinals, lexicon.months, lexicon.weekdays)
    return word[0].isdigit() or any(word in known for known in tables)


@lru_cache(maxsize=64)
def _alternation(patterns: tuple[str, ...]) -> re.Pattern[str]:
    ordered = sorted(patterns, key=len, reverse=True)
    return re.compile(rf"(?<!\S)(?:{'|'.join(ordered)})(?!\S)")


def _strip(text: str, patterns: tuple[str, ...]) -> tuple[str, int]:
    if not patterns:
        return text, 0
    return _alternation(patterns).subn("~", text)
