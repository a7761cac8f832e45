"""The same words as people of other places say them: changes to the phonemes that a voice is given.

The phonemiser knows one way to say a language; a head that heard only that one takes another for another word. The
heard phones stay the same: it must learn that "terça" is said with an r of any kind.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from typing import NamedTuple


class Habit(NamedTuple):
    """Something that people do or do not: one of its ways, drawn by weight, is done to a whole answer."""

    ways: Sequence[tuple[float, Sequence[tuple[str, str]]]]
    """(weight, substitutions in order: pattern, what stands instead)."""


_TILDE = "\N{COMBINING TILDE}"
_HARD = r"(?=\s?[ˈˌ]?[ptkfsʃʧx]|\s*$|\s*[,.!?;:])"
#: The vowels that espeak-ng closes with a velar "ng".
_NASALS = {"A": f"e{_TILDE}", "i": f"i{_TILDE}", "o": f"o{_TILDE}", f"u{_TILDE}": f"u{_TILDE}"}
_OPEN = [(f"{vowel}ŋ(?! ?[kɡ])", nasal) for vowel, nasal in _NASALS.items()]
_LABIAL = [(rf"({'|'.join(_NASALS)})ŋ(?= ?[ˈˌ]?[pb])", r"\1m")]
_DENTAL = [(rf"({'|'.join(_NASALS)})ŋ(?= ?[ˈˌ]?[tdsznʧʤ])", r"\1n")]
_KEPT: Sequence[tuple[str, str]] = ()

_HABITS: dict[str, Sequence[Habit]] = {
    "pt-BR": (
        # The closed diphthong of "em" at the end of a word is one.
        Habit(((1.0, [(r"Aŋ(?= |$|[,.!?])", f"A{_TILDE}")]), (0.4, _KEPT))),
        # "um", "cinco", "vinte", "cento": with or without a consonant after the nasal vowel.
        Habit(((0.45, _OPEN), (0.3, [*_LABIAL, *_DENTAL]), (0.25, _KEPT))),
        # The r of "terça", "março", "quarta": a tap, a breath, the throat, or as in English.
        Habit(
            (
                (0.3, [("ɾə(?=[^aeiouɐæ])", "ɾ")]),
                (0.25, [("ɾə(?=[^aeiouɐæ])", "h"), (r"r(?= |$|[,.!?])", "h")]),
                (0.15, [("ɾə(?=[^aeiouɐæ])", "x"), (r"r(?= |$|[,.!?])", "x")]),
                (0.15, [("ɾə(?=[^aeiouɐæ])", "ɹ"), (r"r(?= |$|[,.!?])", "ɹ")]),
                (0.15, _KEPT),
            )
        ),
        # The last r of "pagar" is left out by most.
        Habit(((0.35, [(r"(?<=[aɛei])r(?= |$|[,.!?])", "")]), (0.35, [(r"r(?= |$|[,.!?])", "ɾ")]), (0.3, _KEPT))),
        # "três", "dez", "mês": with an i or without.
        Habit(((0.45, [(r"ˈez\b", "ˈAz"), (r"ˈes\b", "ˈAs"), (r"ˈɛz\b", "ˈɛɪz"), (r"aːz\b", "aɪz")]), (0.55, _KEPT))),
        # The last s: voiceless before a pause, hushing on the coast.
        Habit(
            (
                (0.6, [(rf"z{_HARD}", "s")]),
                (
                    0.2,
                    [
                        (r"[zs](?=\s?[ˈˌ]?[ptkfx]|\s*$|\s*[,.!?;:])", "ʃ"),
                        (r"z(?= ?[ˈˌ]?[bdɡvmnlʤ])", "ʒ"),
                    ],
                ),
                (0.2, _KEPT),
            )
        ),
        # t and d before i, as in most of the country or as in the north-east.
        Habit(((0.12, [("ʧ", "t"), ("ʤ", "d")]), (0.88, _KEPT))),
        # The last e of "sete", "nove", "vinte".
        Habit(((0.5, [(r"y\b", "i")]), (0.2, [(r"y\b", "ɪ")]), (0.1, [(r"(?<=[ʧs])y\b", "")]), (0.2, _KEPT))),
        # The last a.
        Habit(((0.6, [(r"æ\b", "ɐ")]), (0.4, _KEPT))),
        # "oito um", "vinte e um": melted together or word by word.
        Habit(((0.5, [(r"tw ", "tʊ "), (r"([ʧʤ])j ", r"\1i ")]), (0.5, _KEPT))),
        # The first r of "reais".
        Habit(((0.5, [("x", "h")]), (0.15, [("x", "ʁ")]), (0.35, _KEPT))),
        # "não" in a hurry.
        Habit(((0.2, [(rf"nˌɐ{_TILDE}ʊ{_TILDE}", f"nu{_TILDE}")]), (0.8, _KEPT))),
    ),
    "es": (
        # The last s: said, or breathed before another consonant.
        Habit(((0.2, [(r"s(?= ?[ˈˌ]?[ptkfbdɡmnl])", "h")]), (0.8, _KEPT))),
        # "ya", "llamar".
        Habit(((0.2, [("ʝ", "ʃ")]), (0.3, [("ʝ", "ʤ")]), (0.5, _KEPT))),
        # "jueves": a breath or the throat.
        Habit(((0.4, [("x", "h")]), (0.6, _KEPT))),
        # b, d and g between vowels: soft or hard.
        Habit(((0.3, [("β", "b"), ("ð", "d"), ("ɣ", "ɡ")]), (0.7, _KEPT))),
    ),
    "en": (
        # The r after a vowel: said or not.
        Habit(((0.25, [(r"(?<=[ɔɑɜə])ɹ(?=[^aeiouɪʊəɛæɑɔʌAIOWYˈˌ ]|$| )", "ː")]), (0.75, _KEPT))),
        # t between vowels: a tap or a t.
        Habit(((0.35, [("T", "t")]), (0.65, _KEPT))),
        # "oh", "no", "don't": as in America or in England.
        Habit(((0.2, [("O", "Q")]), (0.8, _KEPT))),
        # th as d, t or f.
        Habit(((0.08, [("θ", "t"), ("ð", "d")]), (0.07, [("θ", "f"), ("ð", "v")]), (0.85, _KEPT))),
    ),
}  # fmt: skip


def accented(phonemes: str, language: str, seed: int) -> str:
    """The phonemes in one person's way of speaking; the same seed gives the same one."""
    chance = random.Random(f"{language}:accent:{seed}")
    for habit in _HABITS[language]:
        (_, changes), *_ = chance.choices(habit.ways, [weight for weight, _ in habit.ways])
        for pattern, instead in changes:
            phonemes = re.sub(pattern, instead, phonemes)
    return phonemes
