"""Spanish of Latin America: words (`words.py`), grammars (`grammar.py`), assent (`assent.py`) and rendering (`say.py`)."""

from voiceagent.language.es.words import LEXICON

__all__ = ["LEXICON"]
