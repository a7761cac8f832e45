"""Words as a recogniser writes them: folding (case, accents), tokens, and what punctuation stood between them."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""
    (?P<date>\d{4}-\d{2}-\d{2}\b | \d{1,2}[/]\d{1,2}(?:[/]\d{2,4})?(?![\d/]) | \d{1,2}-\d{1,2}-\d{4}(?!\d))
  | (?P<document>\d{3}\.\d{3}\.\d{3}-?\d{2}(?!\d))
  | (?P<time>\d{1,2}[:]\d{2}(?:[:]\d{2})?(?!\d) | \d{1,2}\s?h(?:rs?|s)?\s?\d{2}(?![\d\w]) | \d{1,2}\s?hr?s?(?!\w))
  | (?P<ordinal>\d{1,2}(?:º|ª|°|th\b|st\b|nd\b|rd\b))
  | (?P<number>\d+(?:[.,]\d+)*)
  | (?P<sign>r\$|us\$|mx\$|\$|€|%|@)
  | (?P<word>[^\W\d_]+(?:['’][^\W\d_]+)*)
  | (?P<mark>[,.;:?!…])
    """,
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Token:
    """One word, number or sign. `text` is folded; `raw` is as written; `pause` is the punctuation before it, or ""."""

    text: str
    raw: str
    kind: str
    pause: str = ""


def fold(text: str) -> str:
    """Lower case without accents ("Não, AMANHÃ" -> "nao, amanha")."""
    plain = unicodedata.normalize("NFKD", text.lower())
    return "".join(c for c in plain if not unicodedata.combining(c))


def tokenise(text: str) -> list[Token]:
    """The tokens of an utterance; hyphens and unknown signs only separate."""
    tokens: list[Token] = []
    pause = ""
    # Compose first, so that accents stay with their letters; º and ª must survive until they are read as ordinals.
    for match in _TOKEN.finditer(unicodedata.normalize("NFC", text).lower().replace("’", "'")):
        kind, raw = match.lastgroup or "", match.group()
        if kind == "mark":
            pause = raw
            continue
        tokens.append(Token(fold(raw) if kind in ("word", "sign") else raw, raw, kind, pause))
        pause = ""
    return tokens


def words(text: str) -> str:
    """The folded words of `text` joined by single spaces, without punctuation: what rules and examples match on."""
    return " ".join(token.text for token in tokenise(text))


def listed(text: str) -> list[str]:
    """The words of a blank-separated table, in order."""
    return text.split()
