"""A debtor's proposal and the policy's offers in the interchange form of the `offer` command."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.offer import Ask, Offer, OfferKind, Reason
from voiceagent.settings.yamltext import build, read_yaml


def _text(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


Amount = Annotated[str, BeforeValidator(_text)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PaymentFile(_Strict):
    """One payment of an offer."""

    due: date
    amount: Amount


class OfferFile(BaseModel):
    """An offer as the command printed it; what it prints beyond the terms is not needed to refuse it."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    kind: OfferKind
    total: Amount
    discount: Amount = "0"
    down_payment: Amount | PaymentFile | None = None
    instalments: tuple[PaymentFile, ...] = ()
    expires: date | None = None


class AskFile(_Strict):
    """What a debtor proposes."""

    kind: OfferKind | None = None
    total: Amount | None = None
    instalments: int | None = Field(default=None, ge=1, le=600)
    instalment_amount: Amount | None = None
    down_payment: Amount | None = None
    first_due: date | None = None
    rejected: tuple[OfferFile, ...] = ()

    def ask(self, currency: str, source: str) -> Ask:
        """The proposal; BadInputError for amounts that are none."""
        try:
            return Ask(
                kind=self.kind,
                total=_money(self.total, currency),
                instalments=self.instalments,
                instalment_amount=_money(self.instalment_amount, currency),
                down_payment=_money(self.down_payment, currency),
                first_due=self.first_due,
                rejected=tuple(_offer(offer, currency) for offer in self.rejected),
            )
        except ValueError as error:
            raise BadInputError(f"{source}: {error}") from error


def _money(text: str | None, currency: str) -> Money | None:
    return None if text is None else Money.parse(text, currency)


def _offer(offer: OfferFile, currency: str) -> Offer:
    payments = [(payment.due, Money.parse(payment.amount, currency)) for payment in offer.instalments]
    down = _money(offer.down_payment, currency) if isinstance(offer.down_payment, str) else None
    # The first payment of a plan with a down payment is the down payment itself (number 0).
    first = 0 if down is not None and payments and payments[0][1] == down else 1
    return Offer(
        offer.kind,
        Money.parse(offer.total, currency),
        Money.parse(offer.discount, currency),
        tuple(Instalment(first + index, due, amount) for index, (due, amount) in enumerate(payments)),
        Reason.NEXT,
        expires=offer.expires,
    )


def read_offer(path: Path, currency: str) -> Offer:
    """An offer from a file, as the command printed it; BadInputError with file and line when it is none."""
    document = read_yaml(path)
    try:
        return _offer(build(OfferFile, document), currency)
    except ValueError as error:
        raise BadInputError(f"{document.source}: {error}") from error


def offer_as_json(offer: Offer) -> dict[str, Any]:
    """The interchange form; `instalments` lists every payment, the down payment (if any) first."""
    down = offer.down_payment
    return {
        "kind": offer.kind.value,
        "total": str(offer.total),
        "discount": str(offer.discount),
        "currency": offer.total.currency,
        "down_payment": str(down) if down is not None else None,
        "instalments": [
            {"due": payment.due.isoformat(), "amount": str(payment.amount)} for payment in offer.instalments
        ],
        "expires": offer.expires.isoformat() if offer.expires is not None else None,
        "final": offer.final,
        "reason": offer.reason.value,
    }
