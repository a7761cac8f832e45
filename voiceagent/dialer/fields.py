"""One cell at a time: telephone, document, amount, date, as spreadsheets spoil them; what is doubtful is refused."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache

import phonenumbers

from voiceagent.base.money import DECIMALS, Money
from voiceagent.calendars.places import STATE_OF_DDD
from voiceagent.dialer.modes import is_fictitious

_SCIENTIFIC = re.compile(r"[+-]?\d+(?:[.,]\d+)?[eE][+-]?\d+", re.ASCII)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
_SPLIT = re.compile(r"[;|/\n]|,(?=\s*[+(\d])", re.ASCII)
_DMY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_YMD = re.compile(r"(\d{4})[/.-](\d{1,2})[/.-](\d{1,2})(?:[ T]00:00(?::00(?:\.0+)?)?)?", re.ASCII)
_CURRENCY = re.compile(r"^(?:R\$|US\$|MX\$|COP|CLP|BRL|USD|MXN|PEN|S/\.?|\$)\s*")
_DECIMAL_MARK = {"USD": ".", "MXN": ".", "PEN": "."}
_BRAZIL = re.compile(r"(?:\+?55)?([1-9][1-9])(9\d{8}|[2-5]\d{7})", re.ASCII)
_OLD_MOBILE = re.compile(r"(?:\+?55)?([1-9][1-9])([6-9]\d{7})", re.ASCII)


class CellError(Exception):
    """A cell that cannot be taken: a stable `code` and one line for the person who made the file."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def refuse_scientific(value: str) -> None:
    """A spreadsheet has rounded the digits away: they cannot be had back."""
    if _SCIENTIFIC.fullmatch(value.replace(" ", "")):
        raise _scientific()


def _scientific() -> CellError:
    return CellError("E_SCI", "a spreadsheet turned the number into 1,23E+10 and lost digits: format it as text")


def phones(value: str, region: str, area: str = "") -> tuple[list[str], list[CellError]]:
    """The E.164 numbers of a cell (several may be joined by ; | or /), and what was wrong with the others."""
    good: list[str] = []
    bad: list[CellError] = []
    if _SCIENTIFIC.fullmatch(value.strip()):
        # Its comma does not separate two numbers.
        return [], [_scientific()]
    for part in _SPLIT.split(value):
        if part.strip():
            try:
                good.append(phone(part.strip(), region, area))
            except CellError as error:
                bad.append(error)
    return good, bad


def phone(value: str, region: str, area: str = "") -> str:
    """One number in E.164. Brazilian mobiles of eight digits get their ninth; `area`: code from a column of its own."""
    refuse_scientific(value)
    if value.endswith(".0"):
        value = value[:-2]
    digits = re.sub(r"[\s().\u00a0-]", "", value)
    if not re.fullmatch(r"\+?[0-9]{6,20}", digits):
        raise CellError("E_PHONE", "not a telephone number: digits, spaces, brackets and hyphens only")
    if region == "BR" and not digits.startswith("+"):
        digits = digits.lstrip("0")
        if len(digits) in (8, 9):
            if not area:
                raise CellError("E_PHONE", "the area code (DDD) is missing")
            digits = area.lstrip("0") + digits
    if region == "BR" and (not digits.startswith("+") or digits.startswith("+55")):
        return _brazilian(digits)
    return _international(digits, region)


def _brazilian(digits: str) -> str:
    match = _BRAZIL.fullmatch(digits) or _OLD_MOBILE.fullmatch(digits)
    if match is None or match[1] not in STATE_OF_DDD:
        raise CellError("E_PHONE", "not a Brazilian number: area code and eight digits, or nine for a mobile")
    ninth = "9" if _BRAZIL.fullmatch(digits) is None else ""
    if len(set(match[2][-8:])) == 1:
        raise CellError("E_PHONE", "a number of equal digits is a filler, not a telephone")
    return f"+55{match[1]}{ninth}{match[2]}"


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


def document(value: str, region: str) -> str:
    """A document, its digits or letters only; check digits hold. Zeros lost at the front of a CPF or CNPJ return."""
    refuse_scientific(value)
    if value.endswith(".0"):
        value = value[:-2]
    plain = re.sub(r"[\s./-]", "", value).upper()
    if region == "BR":
        if not (plain.isascii() and plain.isdigit()) or len(plain) > 14:
            raise CellError("E_DOCUMENT", "a CPF has 11 digits, a CNPJ 14")
        plain = plain.zfill(11 if len(plain) <= 11 else 14)
        if not (_cpf(plain) if len(plain) == 11 else _cnpj(plain)):
            raise CellError("E_DOCUMENT", "the check digits of this CPF or CNPJ are wrong: a digit was mistyped")
        return plain
    if not re.fullmatch(r"[A-Z0-9Ñ&]{5,20}", plain):
        raise CellError("E_DOCUMENT", "a document has 5 to 20 letters and digits")
    return plain


def _cpf(digits: str) -> bool:
    numbers = [int(digit) for digit in digits]
    if len(set(numbers)) == 1:
        return False
    first = sum(numbers[n] * (10 - n) for n in range(9)) * 10 % 11 % 10
    second = sum(numbers[n] * (11 - n) for n in range(10)) * 10 % 11 % 10
    return (first, second) == (numbers[9], numbers[10])


def _cnpj(digits: str) -> bool:
    from stdnum.br import cnpj

    return bool(cnpj.is_valid(digits))


def amount(value: str, currency: str) -> Money:
    """1.234,56, 1,234.56, R$ 1234,5. A lone separator before three digits must be the currency's for thousands."""
    refuse_scientific(value)
    text = _CURRENCY.sub("", value.strip().replace("\u00a0", " ")).replace(" ", "")
    decimals = DECIMALS[currency]
    match = re.fullmatch(r"(\d{1,3}(?:([.,])\d{3})+|\d+)(?:([.,])(\d+))?", text, re.ASCII)
    if match is None or (match[2] and match[2] == match[3]):
        raise CellError("E_AMOUNT", "not an amount: write it like 1234,56")
    whole, fraction = re.sub(r"[.,]", "", match[1]), match[4] or ""
    # 900,005 in reais is a third decimal or a slip, and nobody can tell: only a lone dot groups there.
    doubtful = match[2] and not fraction and match[2] == _DECIMAL_MARK.get(currency, ",")
    if len(fraction) > decimals or doubtful or (match[2] and match[1].startswith("0")):
        raise CellError("E_AMOUNT", f"an amount of {currency} has {decimals} decimals: write it like 1234,56")
    minor = int(whole) * 10**decimals + int((fraction or "0").ljust(decimals, "0") if decimals else 0)
    if minor > 10**13:
        raise CellError("E_AMOUNT", "the amount is too large to be true")
    return Money(minor, currency)


def day(value: str, region: str) -> date:
    """dd/mm/yyyy (mm/dd/yyyy in the US) or yyyy-mm-dd; two-digit years and spreadsheet serials are refused."""
    text = value.strip()
    if match := _YMD.fullmatch(text):
        year, month, number = int(match[1]), int(match[2]), int(match[3])
    elif match := _DMY.fullmatch(text):
        first, second, year = int(match[1]), int(match[2]), int(match[3])
        number, month = (second, first) if region == "US" else (first, second)
    else:
        hint = " (a spreadsheet's serial number: format the column as a date)" if text.isdigit() else ""
        order = "mm/dd/yyyy" if region == "US" else "dd/mm/yyyy"
        raise CellError("E_DATE", f"not a date: write it {order} with a four-digit year{hint}")
    try:
        return date(year, month, number)
    except ValueError:
        raise CellError("E_DATE", "there is no such day") from None


def email(value: str) -> str:
    """An address in lower case."""
    text = value.strip().lower()
    if len(text) > 254 or not _EMAIL.fullmatch(text):
        raise CellError("E_EMAIL", "not an e-mail address")
    return text
