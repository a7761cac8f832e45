"""Brazilian Portuguese: words (`words.py`), grammars (`grammar.py`), assent (`assent.py`) and rendering (`say.py`)."""

from voiceagent.language.pt_br.words import LEXICON

__all__ = ["LEXICON"]
