"""What an answer to each kind of question may sound like, per language, from the word tables of `language/`."""

from __future__ import annotations

import importlib
from functools import lru_cache

from voiceagent.speech.constrained.grammar import Expr


@lru_cache(maxsize=4)
def kinds_of(language: str) -> dict[str, Expr]:
    """Kind of answer → its grammar in `language` (pt-BR, es, en)."""
    module = importlib.import_module(f"{__name__}.{language.lower().replace('-', '_')}")
    kinds: dict[str, Expr] = module.kinds()
    return kinds
