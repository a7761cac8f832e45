"""Seat mode: another dialer owns campaign and law, and is told how each of its calls ended, whatever dies meanwhile.

The row is committed before the answer, and asks to be told of as soon as its attempt has ended, whoever closed that.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.cases.kinds import AttemptStatus
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.tables import CallbackStatus, callback, lead_call
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

#: Waiting time after the first failure; doubled after each further one, up to LONGEST.
FIRST, LONGEST = timedelta(seconds=2), timedelta(minutes=10)
#: Whoever tells has this long before somebody else may try.
CLAIM = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Lead:
    """Whom another dialer has called: its id, and the column of our lists that holds it."""

    id: str
    column: str = "lead_id"


@dataclass(frozen=True, slots=True)
class LeadTold(Said):
    """The dialer has taken the disposition, or refused it for good. Stream: the call's."""

    TYPE: ClassVar[str] = "lead.told"
    lead_id: str
    taken: bool
    answer: str


@dataclass(frozen=True, slots=True)
class LeadReport:
    """How a dialer's call ended."""

    attempt_id: uuid.UUID
    lead_id: str
    seat: str | None
    disposition: Disposition
    right_party: bool
    human: bool
    talk_s: float
    started_at: datetime
    ended_at: datetime | None
    promised_minor: int | None
    currency: str | None
    callback_at: datetime | None
    tries: int


def begin_lead(
    connection: sa.Connection, tenant_id: uuid.UUID, attempt_id: uuid.UUID, lead_id: str, now: datetime
) -> None:
    """Owe the dialer a word about this call."""
    connection.execute(
        sa.insert(lead_call).values(attempt_id=attempt_id, tenant_id=tenant_id, lead_id=lead_id, tries=0, next_at=now)
    )


class Leads:
    """What is owed to the dialer. Every method blocks: use a thread."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def claim(self, limit: int = 20) -> list[LeadReport]:
        """Ended calls of which the dialer is to be told now; nobody else tells it of them for CLAIM."""
        c = lead_call.c
        with self._journal.transaction() as connection:
            now = self._journal.clock.now()
            due = (
                connection.execute(
                    sa.select(c.attempt_id)
                    .join(tables.attempt, tables.attempt.c.id == c.attempt_id)
                    .where(
                        c.tenant_id == self._journal.tenant_id,
                        c.told_at.is_(None),
                        c.given_up_at.is_(None),
                        c.next_at <= now,
                        tables.attempt.c.status == AttemptStatus.ENDED,
                    )
                    .order_by(c.next_at, c.attempt_id)
                    .limit(limit)
                )
                .scalars()
                .all()
            )
            if not due:
                return []
            mine = (
                connection.execute(
                    sa.update(lead_call)
                    .where(c.attempt_id.in_(due), c.next_at <= now)
                    .values(next_at=now + CLAIM)
                    .returning(c.attempt_id)
                )
                .scalars()
                .all()
            )
            return [self._report(connection, attempt_id) for attempt_id in mine]

    def told(self, report: LeadReport, answer: str, *, taken: bool = True) -> None:
        """The dialer has it (`taken`), or will never take it."""
        with self._journal.transaction() as connection:
            now = self._journal.clock.now()
            done = {"told_at": now, "error": None} if taken else {"given_up_at": now, "error": answer[:255]}
            connection.execute(
                sa.update(lead_call)
                .where(lead_call.c.attempt_id == report.attempt_id)
                .values(tries=report.tries + 1, **done)
            )
            said = LeadTold(report.lead_id, taken, answer[:200])
            self._journal.record([NewEvent("call", report.attempt_id, said, "dialer")], connection)

    def failed(self, report: LeadReport, why: str) -> None:
        """Try again later: 2 s, 4 s, ... 10 minutes."""
        wait = min(FIRST * 2 ** min(report.tries, 20), LONGEST)
        with self._journal.transaction() as connection:
            connection.execute(
                sa.update(lead_call)
                .where(lead_call.c.attempt_id == report.attempt_id)
                .values(tries=report.tries + 1, error=why[:255], next_at=self._journal.clock.now() + wait)
            )

    def _report(self, connection: sa.Connection, attempt_id: uuid.UUID) -> LeadReport:
        a, c = tables.attempt.c, lead_call.c
        row = connection.execute(
            sa.select(
                c.lead_id, c.tries, a.seat, a.disposition, a.right_party, a.human, a.talk_s, a.t_start, a.t_end,
                a.case_id,
            )
            .join(tables.attempt, a.id == c.attempt_id)
            .where(c.attempt_id == attempt_id)
        ).one()  # fmt: skip
        made = connection.execute(
            sa.select(tables.agreement.c.total_minor, tables.agreement.c.currency)
            .where(tables.agreement.c.interaction_id == attempt_id)
            .order_by(tables.agreement.c.made_at.desc())
            .limit(1)
        ).first()
        due = connection.execute(
            sa.select(sa.func.min(callback.c.due_at)).where(
                callback.c.case_id == row.case_id,
                callback.c.status == CallbackStatus.OPEN,
                callback.c.created_at >= row.t_start,
            )
        ).scalar()
        return LeadReport(
            attempt_id,
            row.lead_id,
            row.seat,
            Disposition(row.disposition),
            row.right_party,
            row.human,
            row.talk_s,
            row.t_start,
            row.t_end,
            made.total_minor if made else None,
            made.currency if made else None,
            due,
            row.tries,
        )
