"""Bank slips (boleto de cobrança): the 44 digits of the bar code and the 47 that people type."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.checkdigits import mod10, mod11_bank, require
from voiceagent.payments.duefactor import date_of, factor_of

_BANK = re.compile(r"(?!000)[0-79][0-9]{2}")
_REAL = "9"
_MOST = 10**10 - 1


@dataclass(frozen=True, slots=True)
class Boleto:
    """What a bank's slip says. `bank` 3 digits, `free_field` 25 digits of the bank's own.

    `due` None: no date on it; `amount` None: the payer types it. Construction raises BadInputError (`boleto_...`).
    """

    bank: str
    free_field: str
    due: date | None = None
    amount: Money | None = None

    def __post_init__(self) -> None:
        if not _BANK.fullmatch(self.bank):
            # A bar code that begins with 8 is read as a utility's.
            raise BadInputError("bank must be a bank's 3 digits, not 000 and not 8..", code="boleto_bank")
        if not re.fullmatch(r"[0-9]{25}", self.free_field):
            raise BadInputError("free_field must be the bank's 25 digits", code="boleto_free_field")
        if self.amount is not None and not (self.amount.currency == "BRL" and 0 < self.amount.minor <= _MOST):
            raise BadInputError(
                "amount must be in BRL, from 0.01 to 99999999.99; leave it out to let the payer type it",
                code="boleto_amount",
            )
        factor_of(self.due)

    @classmethod
    def from_barcode(cls, barcode: str, today: date) -> Boleto:
        """From 44 digits; `today` tells which round of the due factor is meant."""
        if barcode[3] != _REAL:
            raise BadInputError(
                f"currency {barcode[3]} is not {_REAL} (real): check the digits", code="boleto_currency"
            )
        require(mod11_bank, barcode[:4] + barcode[5:], barcode[4], "the whole slip")
        minor = int(barcode[9:19])
        return cls(
            bank=barcode[:3],
            free_field=barcode[19:],
            due=date_of(barcode[5:9], today),
            amount=Money(minor) if minor else None,
        )

    @classmethod
    def from_line(cls, line: str, today: date) -> Boleto:
        """From the 47 digits people type, each field proved by its own check digit."""
        one, two, three = line[:10], line[10:21], line[21:32]
        for number, field in enumerate((one, two, three), 1):
            require(mod10, field[:-1], field[-1], f"field {number} ({field})")
        return cls.from_barcode(one[:4] + line[32:] + one[4:9] + two[:10] + three[:10], today)

    @property
    def factor(self) -> str:
        """The four digits that stand for the due date; 0000 for none."""
        return factor_of(self.due)

    @property
    def check_digit(self) -> str:
        """The general check digit."""
        return mod11_bank(self._head + self._tail)

    @property
    def barcode(self) -> str:
        """44 digits."""
        return self._head + self.check_digit + self._tail

    @property
    def line(self) -> str:
        """The 47 digits as slips print them: `AAAAA.AAAAA BBBBB.BBBBBB CCCCC.CCCCCC D EEEEEEEEEEEEEE`."""
        free = self.free_field
        fields = (self._head + free[:5], free[5:15], free[15:])
        typed = " ".join(f"{field[:5]}.{field[5:]}{mod10(field)}" for field in fields)
        return f"{typed} {self.check_digit} {self._tail[:14]}"

    @property
    def _head(self) -> str:
        return self.bank + _REAL

    @property
    def _tail(self) -> str:
        return f"{self.factor}{self.amount.minor if self.amount is not None else 0:010d}{self.free_field}"
