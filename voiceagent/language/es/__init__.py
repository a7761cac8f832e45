"""Latin American Spanish: words (`words.py`), grammars (`grammar.py`), assent (`assent.py`), rendering (`say.py`)."""

from voiceagent.language.es.words import LEXICON

__all__ = ["LEXICON"]
