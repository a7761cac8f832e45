"""The payment that a reminder is about, and the case as it stands in a call that only reminds."""

from __future__ import annotations

import uuid
from dataclasses import replace

import sqlalchemy as sa

from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.cases.kinds import PromiseStatus
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.case import Case


def next_payment(connection: sa.Connection, case_id: uuid.UUID) -> Instalment | None:
    """The earliest payment promised in the case that is still to come, less what was paid of it; None: nothing is."""
    p = tables.promise.c
    row = connection.execute(
        sa.select(p.number, p.due, p.amount_minor, p.paid_minor, p.currency)
        .where(p.case_id == case_id, p.status.in_((PromiseStatus.OPEN, PromiseStatus.PARTIAL)))
        .order_by(p.due, p.number)
        .limit(1)
    ).first()
    if row is None:
        return None
    return Instalment(row.number, row.due, Money(max(0, row.amount_minor - row.paid_minor), row.currency))


def owing_only(case: Case, payment: Instalment) -> Case:
    """The same person's case as if only `payment` were owed: that is all a reminder speaks of."""
    nothing = Money(0, payment.amount.currency)
    return replace(case, debts=(replace(case.debts[0], original=payment.amount, charges=nothing, due=payment.due),))
