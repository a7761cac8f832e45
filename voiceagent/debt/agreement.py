"""What a debtor agreed to: a total and its instalments, each of which becomes one promise."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from voiceagent.base.money import Money


@dataclass(frozen=True, slots=True)
class Instalment:
    """One payment: `number` counts from 1 (0 is a down payment)."""

    number: int
    due: date
    amount: Money


@dataclass(frozen=True, slots=True)
class Agreement:
    """Instalments that sum to `total` exactly; `discount` is what the creditor forgave of the balance."""

    total: Money
    discount: Money
    instalments: tuple[Instalment, ...]

    def __post_init__(self) -> None:
        if not self.instalments:
            raise ValueError("an agreement needs at least one instalment")
        if sum(i.amount.minor for i in self.instalments) != self.total.minor:
            raise ValueError("instalments do not sum to the agreement's total")
