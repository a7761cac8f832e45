"""What an answer to each kind of question may sound like, per language, from the word tables of `language/`."""

from __future__ import annotations

import importlib
from functools import lru_cache
from types import ModuleType

from voiceagent.speech.constrained.grammar import Expr


@lru_cache(maxsize=4)
def kinds_of(language: str) -> dict[str, Expr]:
    """Kind of answer → its grammar in `language` (pt-BR, es, en)."""
    kinds: dict[str, Expr] = _module(language).kinds()
    return kinds


def unsure_of(language: str) -> tuple[str, ...]:
    """What people say instead of an answer."""
    phrases: tuple[str, ...] = _module(language).UNSURE
    return phrases


@lru_cache(maxsize=64)
def around(language: str, kind: str) -> tuple[list[list[str]], list[list[str]]]:
    """The words of what may stand before and after an answer of that kind and says nothing, longest first."""
    module = _module(language)
    # "Não quero" is no "quero".
    before = module.BEFORE if kind == "yes_no" else module.BEFORE + module.ANSWERED
    longest_first = (sorted(phrases, key=len, reverse=True) for phrases in (before, module.AFTER))
    before, after = ([phrase.split() for phrase in phrases] for phrases in longest_first)
    return before, after


def _module(language: str) -> ModuleType:
    return importlib.import_module(f"{__name__}.{language.lower().replace('-', '_')}")
