"""A case: one person and the debts owed to one creditor, as a conversation and the law need to see them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from voiceagent.base.languages import Language
from voiceagent.base.money import Money


@dataclass(frozen=True, slots=True)
class Debt:
    """One contract's balance; `original` and `charges` are added up to what is owed."""

    contract: str
    creditor: str
    product: str
    original: Money
    charges: Money
    due: date

    @property
    def total(self) -> Money:
        """What is owed today."""
        return self.original + self.charges


@dataclass(frozen=True, slots=True)
class Case:
    """The debtor's side of a call. `document` (CPF) and `birth_date` are identity data: never spoken, never logged."""

    name: str
    document: str
    language: Language
    region: str
    debts: tuple[Debt, ...]
    birth_date: date | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    state: str | None = None
    """Federal unit (SP, RJ, ...) when known: decides holidays and hours."""

    @property
    def creditor(self) -> str:
        """The creditor of the case (all its debts have the same one)."""
        return self.debts[0].creditor

    @property
    def total(self) -> Money:
        """Sum of the debts."""
        total = Money(0, self.debts[0].original.currency)
        for debt in self.debts:
            total += debt.total
        return total
