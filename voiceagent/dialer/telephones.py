"""Telephone numbers as lists hold them, to E.164: several in a cell, area codes apart, old mobiles without a ninth."""

from __future__ import annotations

import re
from functools import lru_cache

import phonenumbers

from voiceagent.calendars.places import STATE_OF_DDD
from voiceagent.dialer.cells import CellError, is_scientific, scientific, whole
from voiceagent.dialer.modes import is_fictitious

_SPLIT = re.compile(r"[;|/\n]|,(?=\s*[+(\d])|\s(?:e|y|o|ou|and|or)\s", re.ASCII)
#: Dashes and spaces of every width: people copy numbers from letters and web pages.
_BETWEEN = str.maketrans("", "", " ().\u00a0\u2007\u202f-\u2010\u2011\u2012\u2013\u2014\u2212\t")
_DIGITS = re.compile(r"\+?[0-9]{6,20}", re.ASCII)
_BRAZIL = re.compile(r"(?:\+?55)?([1-9][1-9])(9\d{8}|[2-5]\d{7})", re.ASCII)
_OLD_MOBILE = re.compile(r"(?:\+?55)?([1-9][1-9])([6-9]\d{7})", re.ASCII)


def phones(value: str, region: str, area: str = "", code: str = "") -> tuple[list[str], list[CellError], int]:
    """The numbers of a cell (several may be joined by ; | or /), what was wrong with the others, how many got a ninth.

    `area`, `code`: area code and country code from columns of their own.
    """
    if value.isdigit() and not code:
        # The usual cell, without a list around it.
        try:
            number, ninth = phone(value, region, area)
        except CellError as error:
            return [], [error], 0
        return [number], [], int(ninth)
    if is_scientific(value):
        # Its comma does not separate two numbers.
        return [], [scientific()], 0
    good: list[str] = []
    bad: list[CellError] = []
    ninths = 0
    for part in _SPLIT.split(value):
        text = part.strip()
        if not text:
            continue
        try:
            number, ninth = phone(f"+{code}{text}" if code and text[0] != "+" else text, region, area)
        except CellError as error:
            bad.append(error)
            continue
        good.append(number)
        ninths += ninth
    return good, bad, ninths


def phone(value: str, region: str, area: str = "") -> tuple[str, bool]:
    """One number in E.164, and whether it is a Brazilian mobile of eight digits that got its ninth."""
    digits = whole(value.strip()).translate(_BETWEEN)
    if not _DIGITS.fullmatch(digits):
        if is_scientific(value):
            raise scientific()
        raise CellError("E_PHONE", "not a telephone number: digits, spaces, brackets and hyphens only")
    if region == "BR" and digits[0] != "+":
        digits = digits.lstrip("0") or "0"
        if len(digits) in (8, 9):
            if not area:
                raise CellError("E_PHONE", "the area code (DDD) is missing")
            digits = area.lstrip("0") + digits
    if region == "BR" and (digits[0] != "+" or digits.startswith("+55")):
        return _brazilian(digits)
    if region != "BR" and area and digits[0] != "+" and len(digits) < 9:
        digits = area + digits
    return _international(digits, region), False


def _brazilian(digits: str) -> tuple[str, bool]:
    """What `phonenumbers` says of Brazil, for the price of a pattern; a test holds the two together."""
    match = _BRAZIL.fullmatch(digits)
    ninth = match is None
    if match is None:
        match = _OLD_MOBILE.fullmatch(digits)
    if match is None or match[1] not in STATE_OF_DDD:
        raise CellError("E_PHONE", "not a Brazilian number: area code and eight digits, or nine for a mobile")
    local = match[2]
    if local[-8:] == local[-1] * 8:
        raise CellError("E_PHONE", "a number of equal digits is a filler, not a telephone")
    return f"+55{match[1]}{'9' if ninth else ''}{local}", ninth


@lru_cache(maxsize=65536)
def _international(digits: str, region: str) -> str:
    try:
        parsed = phonenumbers.parse(digits, region)
    except phonenumbers.NumberParseException:
        raise CellError("E_PHONE", f"not a telephone number of {region}") from None
    e164 = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    if not (is_fictitious(e164) or phonenumbers.is_valid_number(parsed)):
        raise CellError("E_PHONE", f"no such telephone number in {region}: check digits and area code")
    return e164
