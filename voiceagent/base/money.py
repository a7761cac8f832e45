"""Money as integer minor units and a currency: no float, no rounding that nobody asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

#: ISO 4217 minor-unit digits of the currencies debts are held in.
DECIMALS = {"BRL": 2, "MXN": 2, "COP": 2, "CLP": 0, "PEN": 2, "ARS": 2, "USD": 2, "EUR": 2}

#: The currency of each region a debtor may live in.
CURRENCY_OF_REGION = {
    "BR": "BRL",
    "MX": "MXN",
    "CO": "COP",
    "CL": "CLP",
    "PE": "PEN",
    "AR": "ARS",
    "US": "USD",
    "EC": "USD",
    "ES": "EUR",
}

_TEXT = re.compile(r"-?\d+(?:\.(\d+))?")


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount: `minor` units (centavos, cents; may be negative) of `currency` (ISO 4217)."""

    minor: int
    currency: str = "BRL"

    def __post_init__(self) -> None:
        if self.currency not in DECIMALS:
            raise ValueError(f"unknown currency {self.currency!r}: one of {', '.join(sorted(DECIMALS))}")

    @classmethod
    def parse(cls, text: str, currency: str = "BRL") -> Money:
        """From the interchange form "1200.50" (dot, no grouping, no more decimals than the currency has)."""
        match = _TEXT.fullmatch(text.strip())
        digits = DECIMALS.get(currency)
        if match is None or digits is None or len(match[1] or "") > digits:
            raise ValueError(f"not an amount of {currency}: {text!r}; write it like 1200{'.50' if digits else ''}")
        return cls(int(Decimal(text.strip()).scaleb(digits)), currency)

    def __str__(self) -> str:
        digits = DECIMALS[self.currency]
        if digits == 0:
            return str(self.minor)
        sign, whole = "-" if self.minor < 0 else "", abs(self.minor)
        return f"{sign}{whole // 10**digits}.{whole % 10**digits:0{digits}d}"

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same(other), self.currency)

    def _same(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other.minor
