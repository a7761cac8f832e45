"""What a language must bring: number words, calendar words and the patterns of its grammars, as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

#: A pattern over canonical text (see `canonical.py`) and the name of the reading rule it feeds.
Pattern = tuple[str, str]


@dataclass(frozen=True)
class Lexicon:
    """One language's words. Everything is folded (no accents, lower case) and matched on whole words."""

    code: str
    cardinals: Mapping[str, int]
    """0-19, tens, hundreds, and fused forms ("veintitres")."""
    closed: frozenset[str]
    """Number words that take no further part ("cem", "cien", "dez")."""
    multipliers: Mapping[str, int]
    """"mil", "hundred", "thousand", ...; each multiplies what stands before it."""
    bare_multipliers: frozenset[str]
    """Multipliers that stand alone for one of themselves ("mil" = 1000)."""
    joiners: frozenset[str]
    """The words that join number parts ("e", "y", "and")."""
    joiner_scope: str
    """"any": between any parts; "tens": only tens and units; "hundreds": only after a hundred or a thousand."""
    ordinals: Mapping[str, int]
    months: Mapping[str, int]
    weekdays: Mapping[str, int]
    """Monday = 0."""
    phrases: tuple[tuple[str, str], ...]
    """Multi-word spellings folded into one form before numbers are read (regex, replacement)."""
    date_patterns: tuple[Pattern, ...]
    time_patterns: tuple[Pattern, ...]
    amount_patterns: tuple[Pattern, ...]
    instalment_patterns: tuple[Pattern, ...]
    share_patterns: tuple[tuple[str, float], ...]
    approx: str
    """Regex: "about", right before a value."""
    retract_before: str
    """Regex that ends right before a value and takes it back ("nao posso", "tirando o")."""
    retract_after: str
    """Regex right after a value that takes it back ("nao", "nao da")."""
    correction: str
    """Regex between two values after which only the later one counts ("quer dizer")."""
    taken_back: str
    """Regex of words that only ever take back what was said before them ("quer dizer", "i mean")."""
    bounded: str
    """Regex right before a value that makes it a bound, not an answer ("depois do", "antes do")."""
    digit_words: Mapping[str, str]
    """Single digits as dictated, with the language's extras ("meia" = 6, "oh" = 0)."""
    digit_repeats: Mapping[str, int]
    """"double", "triple"."""
    digit_fillers: frozenset[str]
    """Words that may surround or separate dictated digits."""
    bare_fillers: frozenset[str]
    """Words that may surround a bare number given as the answer to a question."""
    yes: tuple[str, ...]
    no: tuple[str, ...]
    yes_whole: tuple[str, ...]
    no_whole: tuple[str, ...]
    unsure: tuple[str, ...]
    assent_fillers: frozenset[str]
    negators: frozenset[str]
    letters: Mapping[str, str]
    """Names of letters for spelled e-mail."""
    email_signs: Mapping[str, str]
    """Spoken signs of an address ("arroba", "ponto", "underline"), possibly of several words."""
    email_fillers: frozenset[str]
    yes_first: tuple[str, ...] = ()
    """Yeses that hold a negator ("como no", "no problem"), read before anything else."""
    yes_bare: tuple[str, ...] = ()
    """Yeses that are one only while nothing else follows: "quero", but not "quero desistir"."""
    yes_beside: frozenset[str] = frozenset()
    """Words that may stand beside a yes: of the offer's own acceptance, of a day, of a greeting, of who one is."""
    no_denial: tuple[str, ...] = ()
    """Idioms with a negator that deny nothing and agree to nothing ("pois nao")."""
    approx_after: str = r"(?!)"
    """Regex: "or so", right after a value."""
    common: frozenset[str] = frozenset()
    """Frequent words that are never a misheard number."""
    confusions: tuple[tuple[str, str], ...] = ()
    """Recogniser writings mended only inside an expected number (regex, replacement)."""
    unsounded: Mapping[str, str] = field(default_factory=dict)
    """Letter rules for the phonetic key, applied in order (regex, replacement)."""


def table(text: str) -> frozenset[str]:
    """The words of a blank-separated list."""
    return frozenset(text.split())
