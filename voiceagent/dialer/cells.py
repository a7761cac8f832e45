"""One cell at a time: amount, date, address and text, as spreadsheets spoil them; what is doubtful is refused."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from functools import lru_cache

from voiceagent.base.money import DECIMALS, Money

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_TIME = r"(?:[ T]\d{1,2}:\d{2}(?::\d{2}(?:\.\d+)?)?)?"
_DMY = re.compile(rf"(\d{{1,2}})[/.-](\d{{1,2}})[/.-](\d{{4}}){_TIME}", re.ASCII)
_YMD = re.compile(rf"(\d{{4}})[/.-](\d{{1,2}})[/.-](\d{{1,2}}){_TIME}", re.ASCII)
_CURRENCY = re.compile(r"^(?:R\$|US\$|MX\$|COP|CLP|BRL|USD|MXN|PEN|ARS|EUR|S/\.?|\$|€)\s*")
_AMOUNT = re.compile(r"(\d{1,3}(?:([.,])\d{3})+|\d+)(?:([.,])(\d+))?", re.ASCII)
_DIGITS = 30
_SEPARATORS = str.maketrans("", "", ".,")
_DECIMAL_MARK = {"USD": ".", "MXN": ".", "PEN": "."}
#: Marks of direction and of width nobody sees, as copying from web pages and address books leaves them.
_UNSEEN = dict.fromkeys((0xAD, *range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2070), 0xFEFF))
#: How the letters of Western languages look where their UTF-8 was taken for Windows-1252: Ã£ for ã, Â° for the degree.
_TWICE = re.compile("[ÂÃ][\u00a0-\u00bf€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ]")
_AS_TEXT = re.compile(r'="([^"]*)"')
#: What spreadsheets show where a formula failed, in their languages.
_FAILED = re.compile(r"#(?:N/?[AD]|REF|VALU?E|VALOR|DIV/?0|NAME|NOME|NOMBRE|¿NOMBRE|NUM|NÚM|NUL[LO]O?|¡\S+)[!?]?", re.I)


class CellError(Exception):
    """A cell that cannot be taken: a stable `code` and one line for the person who made the file."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def cleaned(cell: str) -> str:
    """A cell without blanks around it, marks nobody sees, and what told a spreadsheet that it is text: ="012", '012."""
    text = cell.strip()
    if not text.isascii():
        text = text.translate(_UNSEEN).strip()
    if text[:1] in ("=", "'"):
        match = _AS_TEXT.fullmatch(text)
        return match[1].strip() if match else text[1:].strip() if text[0] == "'" else text
    return text


def reread(texts: Sequence[str]) -> tuple[Sequence[str], int]:
    """The texts, and how many of them were put right whose UTF-8 was taken for Windows-1252 on its way here."""
    joined = "".join(texts)
    if "Ã" not in joined and "Â" not in joined:
        return texts, 0
    right = tuple(map(_reread, texts))
    return right, sum(new != old for new, old in zip(right, texts, strict=True))


def _reread(text: str) -> str:
    if not _TWICE.search(text):
        return text
    try:
        return text.encode("cp1252").decode("utf-8")
    except UnicodeError:
        return text


def refuse_scientific(value: str) -> None:
    """A spreadsheet has rounded the digits away: they cannot be had back."""
    if is_scientific(value):
        raise scientific()


def is_scientific(value: str) -> bool:
    """Digits as 1,23E+10, of a number that was not meant as one."""
    return ("E" in value or "e" in value) and _SCIENTIFIC.fullmatch(value.strip()) is not None


def scientific() -> CellError:
    """What to do about it."""
    return CellError("E_SCI", "a spreadsheet turned the number into 1,23E+10 and lost digits: format it as text")


def refuse_formula(value: str) -> None:
    """A formula that was not computed, or failed, is no value; nor may one come out again in somebody's spreadsheet."""
    if value[:1] in ("=", "@") or (value[:1] == "#" and _FAILED.fullmatch(value)):
        raise CellError("E_FORMULA", "a formula or its failure, not a value: paste values only")


def whole(value: str) -> str:
    """Digits without the `.0` of a spreadsheet that took them for a fraction."""
    return value[:-2] if value.endswith(".0") else value


@lru_cache(maxsize=65536)
def amount(value: str, currency: str) -> Money:
    """1.234,56, 1,234.56, R$ 1234,5. A lone separator before three digits must be the currency's for thousands."""
    refuse_scientific(value)
    text = value.strip()
    if not text[:1].isdigit():
        text = _CURRENCY.sub("", text)
    text = text.replace("\u00a0", "").replace("\u202f", "").replace(" ", "")
    decimals = DECIMALS[currency]
    match = _AMOUNT.fullmatch(text)
    if match is None or (match[2] and match[2] == match[3]):
        raise CellError("E_AMOUNT", "not an amount: write it like 1234,56")
    grouped, fraction = match[2], match[4] or ""
    # 900,005 in reais is a third decimal or a slip, and nobody can tell: only a lone dot groups there.
    doubtful = grouped and not fraction and grouped == _DECIMAL_MARK.get(currency, ",")
    if len(fraction) > decimals or doubtful or (grouped and text[0] == "0"):
        raise CellError("E_AMOUNT", f"an amount of {currency} has {decimals} decimals: write it like 1234,56")
    number = match[1].translate(_SEPARATORS) if grouped else match[1]
    # Looked at before it is a number: thousands of digits cannot be made one.
    minor = 0 if len(number) > _DIGITS else int(number) * 10**decimals + int(fraction.ljust(decimals, "0") or 0)
    if len(number) > _DIGITS or minor > 10**13:
        raise CellError("E_AMOUNT", "the amount is too large to be true")
    return Money(minor, currency)


@lru_cache(maxsize=65536)
def day(value: str, region: str) -> date:
    """dd/mm/yyyy (mm/dd/yyyy in the US) or yyyy-mm-dd; two-digit years and spreadsheet serials are refused."""
    text = value.strip()
    if match := _DMY.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        number, month = (second, first) if region == "US" else (first, second)
    elif match := _YMD.fullmatch(text):
        year, month, number = int(match[1]), int(match[2]), int(match[3])
    else:
        serial = text.replace(".", "", 1).isdigit()
        hint = " (a spreadsheet's serial number: format the column as a date)" if serial else ""
        order = "mm/dd/yyyy" if region == "US" else "dd/mm/yyyy"
        raise CellError("E_DATE", f"not a date: write it {order} with a four-digit year{hint}")
    try:
        return date(year, month, number)
    except ValueError:
        raise CellError("E_DATE", "there is no such day") from None


def day_parts(value: str) -> tuple[int, int] | None:
    """The first two numbers of a day written with the year last; None for other cells."""
    match = _DMY.fullmatch(value.strip())
    return (int(match[1]), int(match[2])) if match else None


def email(value: str) -> str:
    """An address in lower case."""
    text = value.strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise CellError("E_EMAIL", "not an e-mail address")
    return text
