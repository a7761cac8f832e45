"""Offers and asks: what the creditor proposes and what the debtor proposes back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from voiceagent.base.money import Money
from voiceagent.debt.agreement import Agreement, Instalment


class OfferKind(StrEnum):
    """How an offer is paid."""

    CASH = "cash"
    INSTALMENTS = "instalments"
    NONE = "none"


class Reason(StrEnum):
    """Why an offer is what it is."""

    OPENING = "opening"
    NEXT = "next"  # the next step down after a refusal
    AS_ASKED = "as_asked"  # everything the debtor fixed is met
    NEAREST = "nearest"  # the nearest allowed point to what the debtor asked
    EXHAUSTED = "exhausted"  # nothing lower may be offered
    ROUNDS = "rounds"  # as many offers were refused as the policy makes
    DISPUTED = "disputed"
    NOT_DUE = "not_due"
    TOO_OLD = "too_old"
    NO_SEGMENT = "no_segment"


@dataclass(frozen=True, slots=True)
class Offer:
    """What may be promised. `discount` is what the creditor forgives of the balance; interest is inside `total`."""

    kind: OfferKind
    total: Money
    discount: Money
    instalments: tuple[Instalment, ...]
    reason: Reason
    expires: date | None = None
    """Last day on which this offer may be accepted."""
    final: bool = False
    """Nothing lower will be offered after a plain refusal."""

    @property
    def down_payment(self) -> Money | None:
        """The payment made first, outside the counted instalments (number 0)."""
        first = self.instalments[0] if self.instalments else None
        return first.amount if first is not None and first.number == 0 else None

    @property
    def counted(self) -> tuple[Instalment, ...]:
        """The instalments without the down payment."""
        return tuple(i for i in self.instalments if i.number > 0)

    @property
    def first_due(self) -> date | None:
        """Day of the first payment."""
        return self.instalments[0].due if self.instalments else None

    @property
    def terms(self) -> tuple[OfferKind, tuple[Instalment, ...]]:
        """What makes two offers the same to a debtor."""
        return self.kind, self.instalments

    def agreement(self) -> Agreement:
        """The agreement that accepting this offer makes; ValueError when there is nothing to accept."""
        return Agreement(self.total, self.discount, self.instalments)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a debtor proposes; a part not said is None. `rejected` are the offers already refused, in order."""

    kind: OfferKind | None = None
    total: Money | None = None
    instalments: int | None = None
    instalment_amount: Money | None = None
    down_payment: Money | None = None
    first_due: date | None = None
    rejected: tuple[Offer, ...] = ()

    @property
    def is_open(self) -> bool:
        """Nothing was fixed beyond, perhaps, the kind."""
        return (
            self.total is None
            and self.instalments is None
            and self.instalment_amount is None
            and self.down_payment is None
            and self.first_due is None
        )
