"""Documents of people and companies by country, each proved by its check digits; what cannot be proved is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from importlib import import_module

from voiceagent.dialer.cells import CellError, refuse_scientific, whole

#: Modules of python-stdnum, and lengths of documents of the country that have no check digits.
_KINDS: dict[str, tuple[tuple[str, ...], range]] = {
    "MX": (("mx.rfc", "mx.curp"), range(0)),
    "CO": (("co.nit",), range(6, 11)),
    "CL": (("cl.rut",), range(0)),
    "PE": (("pe.ruc",), range(8, 9)),
    "AR": (("ar.cuit",), range(7, 9)),
    "US": (("us.ssn", "us.ein", "us.itin"), range(0)),
    "ES": (("es.nif",), range(0)),
}
_NAMES = {
    "MX": "an RFC or CURP", "CO": "a NIT or cédula", "CL": "a RUT", "PE": "a RUC or DNI", "AR": "a CUIT or DNI",
    "US": "an SSN, ITIN or EIN", "ES": "a NIF",
}  # fmt: skip
#: A CPF that lost more zeros than this is a number of something else that fits by chance.
_LOST = 4
_BETWEEN = re.compile(r"[\s./-]")


def document(value: str, region: str) -> tuple[str, bool]:
    """A document, its digits and letters only, and whether zeros lost at its front were put back.

    Check digits hold; a number that may be a CPF or a CNPJ, each with lost zeros, is refused.
    """
    refuse_scientific(value)
    plain = _BETWEEN.sub("", whole(value)).upper()
    if region == "BR":
        return _brazilian(plain)
    if not re.fullmatch(r"[A-Z0-9Ñ&]{5,20}", plain):
        raise CellError("E_DOCUMENT", "a document has 5 to 20 letters and digits")
    modules, unproved = _KINDS.get(region, ((), range(5, 21)))
    if len(plain) in unproved and (plain.isdigit() or not modules):
        return plain, False
    for check in _checks(modules):
        if check(plain):
            return plain, False
    raise CellError("E_DOCUMENT", f"not {_NAMES[region]}: its check digits or its form are wrong")


def _brazilian(plain: str) -> tuple[str, bool]:
    if len(plain) == 14 and plain.isascii() and plain.isalnum():
        if _cnpj(plain):
            return plain, False
    elif plain.isascii() and plain.isdigit() and len(plain) <= 13:
        if len(plain) == 11 and _cpf(plain):
            return plain, False
        as_cpf = 11 - _LOST <= len(plain) < 11 and _cpf(plain.zfill(11))
        as_cnpj = 14 - _LOST <= len(plain) != 11 and _cnpj(plain.zfill(14))
        if as_cpf and as_cnpj:
            raise CellError("E_DOCUMENT", "with its lost zeros it may be a CPF or a CNPJ: format the column as text")
        if as_cpf or as_cnpj:
            return plain.zfill(11 if as_cpf else 14), True
    else:
        raise CellError("E_DOCUMENT", "a CPF has 11 digits, a CNPJ 14 digits or letters")
    raise CellError("E_DOCUMENT", "the check digits of this CPF or CNPJ are wrong: a digit was mistyped or lost")


def _cpf(digits: str) -> bool:
    if digits == digits[0] * 11:
        return False
    a, b, c, d, e, f, g, h, i, first, second = (ord(digit) - 48 for digit in digits)
    one = (10 * a + 9 * b + 8 * c + 7 * d + 6 * e + 5 * f + 4 * g + 3 * h + 2 * i) * 10 % 11 % 10
    two = (11 * a + 10 * b + 9 * c + 8 * d + 7 * e + 6 * f + 5 * g + 4 * h + 3 * i + 2 * first) * 10 % 11 % 10
    return one == first and two == second


def _cnpj(plain: str) -> bool:
    (check,) = _checks(("br.cnpj",))
    return check(plain)


@lru_cache(maxsize=16)
def _checks(modules: tuple[str, ...]) -> tuple[Callable[[str], bool], ...]:
    return tuple(import_module(f"stdnum.{name}").is_valid for name in modules)
