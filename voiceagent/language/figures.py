"""Figures in a written text as people read them aloud: money, days, times, e-mail addresses, numbers of documents."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, time
from decimal import Decimal

from voiceagent.base.languages import Language
from voiceagent.base.money import DECIMALS, Money
from voiceagent.language import say
from voiceagent.language.dates import day_month
from voiceagent.language.spoken import SpokenPart

_NUMBER = r"\d+(?:[.,]\d+)*"
_SIGNS = {"R$": "BRL", "US$": "USD", "S/": "PEN"}
#: What a bare $ is where the language is spoken by default.
_DOLLAR = {"pt-BR": "BRL", "es": "MXN", "en": "USD"}
_PERCENT = {"pt-BR": "por cento", "es": "por ciento", "en": "percent"}
#: A number of so many digits is no quantity but a name: a protocol, a document, a telephone.
_NAMES = 5

_MONEY = re.compile(rf"(R\$|US\$|S/|\$)\s?({_NUMBER})")
_ISO_DAY = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})\b")
_DAY = re.compile(r"(?<![\d/])(\d{1,2})/(\d{1,2})(?:/(\d{4}))?(?![\d/])")
_TIME = re.compile(
    r"(?:\b(às|as|das|a las?|de las?|hasta las?|at|from|until|by|before|after) )?"
    r"(?<![\d:])([01]?\d|2[0-3])(?:h([0-5]\d)?|:([0-5]\d))(?![\d:])",
    re.IGNORECASE,
)
#: How a time of day begins when it is said.
_AT = re.compile(r"(?:às|à|a las|a la|at) ")
_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_NAME = re.compile(r"(?<![\d.,])\+?\d(?:[ ./-]?\d)+(?![.,]?\d)")
_GROUPED = re.compile(r"\d{1,3}(?:\.\d{3})+")

_Read = Callable[[re.Match[str], str, date], tuple[SpokenPart, ...] | None]


def aloud(text: str, language: str, *, today: date) -> str:
    """`text` with its figures in words; what cannot be read stays as it is written.

    A bare $ is the money of the language's own country; 3/4 is the third of April but in English.
    """
    text = re.sub(r"(?<=\d) ?%", f" {_PERCENT[language]}", text)
    pieces: list[str | SpokenPart] = [text]
    for pattern, read in _READERS:
        pieces = [one for piece in pieces for one in _split(piece, pattern, read, language, today)]
    return "".join(piece.text if isinstance(piece, SpokenPart) else piece for piece in pieces)


def _split(
    piece: str | SpokenPart, pattern: re.Pattern[str], read: _Read, language: str, today: date
) -> list[str | SpokenPart]:
    """`piece` cut where `pattern` was read; what is words already is no piece to read figures in."""
    if isinstance(piece, SpokenPart):
        return [piece]
    found: list[str | SpokenPart] = []
    done = 0
    for match in pattern.finditer(piece):
        spoken = read(match, language, today)
        if spoken is not None:
            found += [piece[done : match.start()], SpokenPart(say.joined(spoken), cacheable=False)]
            done = match.end()
    found.append(piece[done:])
    return found


def _money(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    currency = _SIGNS.get(match[1], _DOLLAR[language])
    whole, decimals = match[2], ""
    # The last sign parts the decimals where it has as many figures behind it as the currency has.
    parted = re.fullmatch(rf"(.*)[.,](\d{{{DECIMALS[currency]}}})", whole) if DECIMALS[currency] else None
    if parted:
        whole, decimals = parted[1], parted[2]
    amount = Decimal(re.sub(r"[.,]", "", whole) + (f".{decimals}" if decimals else ""))
    minor = int(amount * 10 ** DECIMALS[currency])
    return say.money(Money(minor, currency), language) if minor < 10**9 * 10 ** DECIMALS[currency] else None


def _iso_day(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    return _said_day(int(match[3]), int(match[2]), match[1], language, today)


def _day(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    first, second = int(match[1]), int(match[2])
    if language == Language.EN:
        first, second = second, first
    return _said_day(first, second, match[3], language, today)


def _said_day(day: int, month: int, year: str | None, language: str, today: date) -> tuple[SpokenPart, ...] | None:
    try:
        meant = date(int(year), month, day) if year else None
    except ValueError:
        return None
    meant = meant or next(iter(day_month(day, month, None, today)), None)
    return say.day(meant, language, year=year is not None) if meant else None


def _time(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    spoken = say.joined(say.clock(time(int(match[2]), int(match[3] or match[4] or 0)), language))
    before = match[1]
    if before and not _AT.fullmatch(f"{before.lower()} ") and before.lower() != "as":
        spoken = f"{before} {_AT.sub('', spoken, count=1)}"
    return (SpokenPart(spoken, cacheable=False),)


def _email(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    return say.email(match[0], language)


def _name(match: re.Match[str], language: str, today: date) -> tuple[SpokenPart, ...] | None:
    quantity = _GROUPED.fullmatch(match[0]) is not None
    return say.digits(match[0], language) if sum(map(str.isdigit, match[0])) >= _NAMES and not quantity else None


_READERS: tuple[tuple[re.Pattern[str], _Read], ...] = (
    (_EMAIL, _email),
    (_MONEY, _money),
    (_ISO_DAY, _iso_day),
    (_DAY, _day),
    (_TIME, _time),
    (_NAME, _name),
)
