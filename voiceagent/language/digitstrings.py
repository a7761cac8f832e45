"""Dictated digits: one by one, in groups ("doze trinta e seis"), with the language's own words for six or zero."""

from __future__ import annotations

import re

from voiceagent.language.canonical import read_cardinal
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.text import Token, tokenise

_CORRECTED = "|"


def read_digits(text: str, lexicon: Lexicon) -> str | None:
    """The digits of an utterance that is nothing but a dictation; None when anything else was said.

    A correction ("um dois quatro, não, um dois três") counts when it says as many digits again, else nothing is sure.
    """
    tokens = tokenise(text)
    pieces: list[str] = []
    index = 0
    while index < len(tokens):
        piece, width = _piece(tokens, index, lexicon)
        if piece is None:
            return None
        if piece:
            pieces.append(piece)
        index += width
    said = "".join(pieces).strip(_CORRECTED).split(_CORRECTED)
    said = [run for run in said if run]
    if not said:
        return None
    if len(said) == 1:
        return said[0]
    return said[-1] if len({len(run) for run in said}) == 1 else None


def _piece(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[str | None, int]:
    """(digits or "" or the correction mark, tokens used); None: not part of a dictation."""
    token = tokens[index]
    # "os três primeiros são ..." speaks of the digits, it does not say them.
    if _names_digits(tokens, index, lexicon):
        return "", 1
    repeat = lexicon.digit_repeats.get(token.text)
    if repeat and index + 1 < len(tokens):
        digit, width = _digit(tokens, index + 1, lexicon)
        return (digit * repeat, 1 + width) if digit and len(digit) == 1 else (None, 1)
    if token.kind in ("number", "document", "time", "date"):
        joined = read_cardinal(tokens, index, lexicon) if token.kind == "number" else None
        if joined and joined[1] > 1 and "." not in joined[0] and len(token.raw) <= 3:
            return joined[0], joined[1]
        return re.sub(r"\D", "", token.raw), 1
    digit, width = _digit(tokens, index, lexicon)
    if digit is not None:
        return digit, width
    if re.search(rf"^(?:{lexicon.correction})$", token.text) or token.text in lexicon.negators:
        return _CORRECTED, 1
    if index + 1 < len(tokens) and re.search(rf"^(?:{lexicon.correction})$", f"{token.text} {tokens[index + 1].text}"):
        return _CORRECTED, 2
    return ("", 1) if token.text in lexicon.digit_fillers else (None, 1)


def _digit(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[str | None, int]:
    number = read_cardinal(tokens, index, lexicon)
    single = lexicon.digit_words.get(tokens[index].text)
    if number is not None and (single is None or number[1] > 1):
        return number
    return (single, 1) if single is not None else (None, 1)


_FIRST_OR_LAST = ("primeir", "primer", "ultim", "first", "last")


def _names_digits(tokens: list[Token], index: int, lexicon: Lexicon) -> bool:
    """Whether a number speaks of how many digits ("os tres primeiros", "my last four are") instead of being one."""
    if read_cardinal(tokens, index, lexicon) is None or index + 1 >= len(tokens):
        return False
    following = tokens[index + 1]
    if following.text.startswith((*_FIRST_OR_LAST, "digit", "numer", "number")):
        return True
    before = tokens[index - 1].text if index else ""
    return before.startswith(_FIRST_OR_LAST) and read_cardinal(tokens, index + 1, lexicon) is None
