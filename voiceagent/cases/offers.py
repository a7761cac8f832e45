"""What an earlier conversation left on the table, as the next one takes it up."""

from __future__ import annotations

import uuid
from datetime import date

import sqlalchemy as sa

from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.offer import Offer, OfferKind, Reason
from voiceagent.storage.question import Question

#: It is asked after every call.
_OF_CASE = Question(sa.select(tables.open_offer).where(tables.open_offer.c.case_id == sa.bindparam("case")))


def open_offer(connection: sa.Connection, case_id: uuid.UUID, today: date) -> Offer | None:
    """The offer of the case that is still valid on `today`, the debtor's day; None when there is none."""
    row = next(iter(_OF_CASE(connection, case=case_id)), None)
    if row is None or (row.expires is not None and row.expires < today):
        return None
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
