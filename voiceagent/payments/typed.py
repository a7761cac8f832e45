"""A slip's digits however they were typed or scanned: which kind they are is told by their number and first digit."""

from __future__ import annotations

import re
from datetime import date

from voiceagent.base.errors import BadInputError
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.slip import PRODUCT, UtilitySlip

_BARCODE, _BANK_LINE, _UTILITY_LINE = 44, 47, 48


def read_slip(text: str, today: date) -> Boleto | UtilitySlip:
    """A bar code (44 digits) or typed line (47, 48), with or without spaces, dots and hyphens.

    BadInputError (`boleto_...`) unless every check digit agrees. `today` decides the round of a bank's due factor.
    """
    digits = re.sub(r"[\s.-]", "", text)
    if not (digits.isascii() and digits.isdigit()):
        raise BadInputError("a slip has digits only (dots, hyphens and spaces do not count)", code="boleto_digits")
    utility = digits[0] == PRODUCT
    if len(digits) == _BARCODE:
        return UtilitySlip(digits) if utility else Boleto.from_barcode(digits, today)
    if len(digits) == _UTILITY_LINE and utility:
        return UtilitySlip.from_line(digits)
    if len(digits) == _BANK_LINE and not utility:
        return Boleto.from_line(digits, today)
    expected = _UTILITY_LINE if utility else _BANK_LINE
    raise BadInputError(
        f"{len(digits)} digits: a bar code has {_BARCODE}, a line that begins with {digits[0]} has {expected}; "
        "copy all of it",
        code="boleto_length",
    )
