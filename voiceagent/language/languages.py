"""The languages there are, by code."""

from __future__ import annotations

from functools import lru_cache

from voiceagent.base.errors import BadInputError
from voiceagent.language.lexicon import Lexicon

CODES = ("pt-BR", "es", "en")


@lru_cache(maxsize=8)
def lexicon_of(language: str) -> Lexicon:
    """The words and grammars of a language; BadInputError for one that is not spoken."""
    if language == "pt-BR":
        from voiceagent.language.pt_br import LEXICON

        return LEXICON
    if language == "es":
        from voiceagent.language.es import LEXICON as SPANISH

        return SPANISH
    if language == "en":
        from voiceagent.language.en import LEXICON as ENGLISH

        return ENGLISH
    raise BadInputError(f"language {language!r} is not spoken: use one of {', '.join(CODES)}")
