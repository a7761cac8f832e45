"""Slips of utilities and taxes (arrecadação): the 44 digits of the bar code and the 48 that people type."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.checkdigits import mod10, mod11_utility, require

#: First digit of every bar code of this kind, and of no bank's.
PRODUCT = "8"

#: Second digit: what is paid.
_SEGMENTS = {
    "1": "city",
    "2": "water",
    "3": "power_gas",
    "4": "telecom",
    "5": "government",
    "6": "company",
    "7": "traffic_fine",
    "9": "bank",
}
#: Third digit: how check digits are made, and whether the value is reais or units of something else.
_RULES = {"6": (mod10, True), "7": (mod10, False), "8": (mod11_utility, True), "9": (mod11_utility, False)}
_BLOCK = 11


@dataclass(frozen=True, slots=True)
class UtilitySlip:
    """A slip, held as its bar code of 44 digits. Construction raises BadInputError (`boleto_...`) unless they agree."""

    barcode: str

    def __post_init__(self) -> None:
        if self.barcode[1] not in _SEGMENTS:
            raise BadInputError(
                f"the second digit, {self.barcode[1]}, is no segment's: check the digits", code="boleto_segment"
            )
        require(_check_of(self.barcode), self.barcode[:3] + self.barcode[4:], self.check_digit, "the whole slip")

    @classmethod
    def from_line(cls, line: str) -> UtilitySlip:
        """From the 48 digits people type: four blocks of 11, each with its own check digit."""
        check = _check_of(line)
        blocks = [line[at : at + _BLOCK + 1] for at in range(0, len(line), _BLOCK + 1)]
        for number, block in enumerate(blocks, 1):
            require(check, block[:-1], block[-1], f"block {number} ({block})")
        return cls("".join(block[:-1] for block in blocks))

    @property
    def segment(self) -> str:
        """What is paid: `power_gas`, `city`, ..."""
        return _SEGMENTS[self.barcode[1]]

    @property
    def value_identifier(self) -> str:
        """6 and 8: the value is reais; 7 and 9: units of an index."""
        return self.barcode[2]

    @property
    def check_digit(self) -> str:
        """The general check digit."""
        return self.barcode[3]

    @property
    def amount(self) -> Money | None:
        """What is to be paid; None where the payer types it or an index decides."""
        minor = int(self.barcode[4:15])
        in_reais = _RULES[self.value_identifier][1]
        return Money(minor) if in_reais and minor else None

    @property
    def company(self) -> str:
        """Who is paid: FEBRABAN's 4 digits, or the first 8 of a CNPJ in segment `company`."""
        return self._after_value[: self._company_digits]

    @property
    def free_field(self) -> str:
        """The company's own 25 digits (21 in segment `company`)."""
        return self._after_value[self._company_digits :]

    @property
    def line(self) -> str:
        """The 48 digits as slips print them: four times `AAAAAAAAAAA-B`."""
        blocks = (self.barcode[at : at + _BLOCK] for at in range(0, len(self.barcode), _BLOCK))
        return " ".join(f"{block}-{_check_of(self.barcode)(block)}" for block in blocks)

    @property
    def _after_value(self) -> str:
        return self.barcode[15:]

    @property
    def _company_digits(self) -> int:
        return 8 if self.segment == "company" else 4


def _check_of(digits: str) -> Callable[[str], str]:
    """How the check digits of this bar code or line are made; BadInputError when its third digit says neither way."""
    if digits[2] not in _RULES:
        raise BadInputError(
            f"the third digit, {digits[2]}, must be 6 to 9: check the digits", code="boleto_value_identifier"
        )
    return _RULES[digits[2]][0]
