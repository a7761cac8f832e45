"""American English: words (`words.py`), grammars (`grammar.py`), assent (`assent.py`) and rendering (`say.py`)."""

from voiceagent.language.en.words import LEXICON

__all__ = ["LEXICON"]
