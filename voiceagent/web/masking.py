"""What a page shows of people before someone asks, on record, to see more."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from voiceagent.language.canonical import read_cardinal, read_number
from voiceagent.language.languages import CODES, lexicon_of
from voiceagent.language.lexicon import Lexicon, table
from voiceagent.language.text import Token, fold

DOTS = "•••"

#: States of the scripts that ask how to reach somebody: an answer there may be half a number or half an address.
REACH_STATES = frozenset({"deliver_text", "deliver_how", "ask_email", "check_email", "ask_mobile", "check_mobile"})

_ADDRESS = re.compile(
    r"@|\b(?:arroba|at sign|g ?mail|hot ?mail|outlook|yahoo|icloud)\b|\bat\b.*\b(?:dot|period|point)\b"
    r"|\b(?:ponto|punto|dot) (?:com|net|org|edu|gov|br|mx|cl|co|pe|ec)\b"
)
_PIECE = re.compile(
    r"(?P<day>(?:\d{4}-\d\d-\d\d|\d{1,2}(?:/\d{2,4}){1,2}|\d{1,2}:\d\d)(?![\d/]))"
    r"|(?P<number>\d+(?:[.,]\d+)*)|(?P<sign>[$€]|\bS/)|(?P<word>[^\W\d_]+)"
)
#: What may stand between dictated digits without ending them, beside the language's own "and".
_BETWEEN = table("ah eh hum uh um este ponto punto dot traco guion dash hifen hyphen depois luego despues then")
_CURRENCIES = table(
    "real reais centavo centavos peso pesos sol soles dolar dolares dollar dollars cent cents buck bucks euro euros €"
)
#: Digits of a number written in groups ("1.234.567") from which on it is a telephone's, not a sum of money.
_TOO_MANY = 8


def mask_name(name: str | None) -> str | None:
    """Initials: "Maria da Silva" becomes "M••• d••• S•••"."""
    return " ".join(word[0] + DOTS for word in name.split()) if name else name


def mask_number(number: str | None) -> str | None:
    """Country, area and the last two digits: "+5511987654321" becomes "+5511•••21"; of a SIP address, two letters."""
    if not number:
        return number
    if ":" in number or "@" in number:
        scheme, colon, address = number.partition(":")
        if not (colon and scheme.isalpha()):
            scheme, colon, address = "", "", number
        return f"{scheme}{colon}{address.partition('@')[0][:2]}{DOTS}"
    return f"{number[:5]}{DOTS}{number[-2:]}" if len(number) > 8 else f"{number[:1]}{DOTS}"


def mask_words(text: str, name: str | None) -> str:
    """A sentence without the parts of the person's name and without dictated digits; nothing of one with an address.

    Amounts, days and hours stay. Whatever the call's language, digits in any are hidden.
    """
    text = unicodedata.normalize("NFC", text)
    # Any word may be part of an address: none beside one is safe.
    if _ADDRESS.search(fold(text)):
        return DOTS
    hidden = {at for code in CODES for start, end in _dictated(text, lexicon_of(code)) for at in range(start, end)}
    text = "".join(letter if at not in hidden else "" if at - 1 in hidden else DOTS for at, letter in enumerate(text))
    parts = [re.escape(part) for part in unicodedata.normalize("NFC", name or "").split() if len(part) > 2]
    if not parts:
        return text
    return re.sub(rf"\b(?:{'|'.join(parts)})\b", DOTS, text, flags=re.IGNORECASE)


def _dictated(text: str, lexicon: Lexicon) -> Iterator[tuple[int, int]]:
    """Where numbers stand in a row as in no amount and no day, from the first to the last of each row."""
    places: list[tuple[int, int]] = []
    tokens: list[Token] = []
    for match in _PIECE.finditer(text):
        before = text[places[-1][1] : match.start()] if places else ""
        places.append(match.span())
        pause = "," if re.search("[,.;:?!…]", before) else ""
        tokens.append(Token(fold(match[0]), match[0], match.lastgroup or "", pause))
    row: list[str] = []
    first = last = index = 0
    while index < len(tokens):
        digits, width = _number(tokens, index, lexicon)
        if digits:
            first = first if row else index
            row.append(digits)
            last = index + width - 1
        elif tokens[index].text not in lexicon.joiners | _BETWEEN:
            if _is_dictation(row, tokens[first : last + 1]):
                yield places[first][0], places[last][1]
            row = []
        index += width
    if _is_dictation(row, tokens[first : last + 1]):
        yield places[first][0], places[last][1]


def _is_dictation(row: list[str], tokens: list[Token]) -> bool:
    """Three numbers or two long ones; written, as many digits as no day, year or count has."""
    size = sum(map(len, row))
    written = any(token.kind == "number" for token in tokens)
    return len(row) > 2 or (size > 4 and written) or (size > 5 and len(row) == 2)


def _number(tokens: list[Token], index: int, lexicon: Lexicon) -> tuple[str, int]:
    """(the digits that a number at `index` says, its tokens); no digits where there is none or it is money."""
    token = tokens[index]
    repeat = lexicon.digit_repeats.get(token.text)
    if repeat and index + 1 < len(tokens):
        digits, width = _number(tokens, index + 1, lexicon)
        if len(digits) == 1:
            return digits * repeat, 1 + width
    if token.kind not in ("number", "word"):
        return "", 1
    value, width = read_cardinal(tokens, index, lexicon) or (lexicon.digit_words.get(token.text, ""), 1)
    if token.kind == "number" and width == 1:
        value = token.text
        known = read_number(value)
        if known and not value.isdigit() and len(known.partition(".")[0]) < _TOO_MANY:
            return "", 1
        value = re.sub(r"\D", "", value)
    following = tokens[index + width].text if index + width < len(tokens) else ""
    if following in _CURRENCIES or (index and tokens[index - 1].kind == "sign"):
        return "", width
    return value, width
