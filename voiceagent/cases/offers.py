"""What an earlier conversation left on the table, as the next one takes it up."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.offer import Offer, OfferKind, Reason
from voiceagent.storage.question import Question, one_of

#: It is asked after every call.
OFFERS = Question(sa.select(tables.open_offer).where(one_of(tables.open_offer.c.case_id, "cases")))


def open_offer(connection: sa.Connection, case_id: uuid.UUID, today: date) -> Offer | None:
    """The offer of the case that is still valid on `today`, the debtor's day; None when there is none."""
    return open_offers(connection, {case_id: today}).get(case_id)


def open_offers(connection: sa.Connection, today: Mapping[uuid.UUID, date]) -> dict[uuid.UUID, Offer]:
    """The same for several cases, each with its debtor's day; those without one are absent."""
    return {
        row.case_id: _offer(row)
        for row in OFFERS(connection, cases=today)
        if row.expires is None or row.expires >= today[row.case_id]
    }


def _offer(row: Any) -> Offer:
    payments = tuple(
        Instalment(number, date.fromisoformat(due), Money(minor, row.currency)) for number, due, minor in row.payments
    )
    return Offer(
        OfferKind(row.kind),
        Money(row.total_minor, row.currency),
        Money(row.discount_minor, row.currency),
        payments,
        Reason.NEXT,
        expires=row.expires,
    )
