"""What only the console asks of the tables: the days with calls, how many, and what a list says beside each."""

from __future__ import annotations

import statistics
import uuid
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.money import Money
from voiceagent.cases import kinds, tables
from voiceagent.journal import tables as journal_tables
from voiceagent.web import views


@dataclass(frozen=True, slots=True)
class Span:
    """A calendar day where the operation is: from its first instant to the next day's."""

    day: date
    zone: ZoneInfo

    @property
    def since(self) -> datetime:
        """Its first instant."""
        return datetime(self.day.year, self.day.month, self.day.day, tzinfo=self.zone)

    @property
    def until(self) -> datetime:
        """The first instant of the day after."""
        return Span(self.day + timedelta(days=1), self.zone).since


def count_calls(connection: sa.Connection, tenant_id: uuid.UUID, span: Span) -> int:
    """How many attempts began on a day."""
    attempt = tables.attempt.c
    query = sa.select(sa.func.count()).where(
        attempt.tenant_id == tenant_id, attempt.t_start >= span.since, attempt.t_start < span.until
    )
    return connection.execute(query).scalar_one()


def days(connection: sa.Connection, tenant_id: uuid.UUID, zone: ZoneInfo, *, limit: int = 14) -> list[views.Day]:
    """The latest `limit` days on which somebody was called, newest first."""
    attempt = tables.attempt.c
    newest = sa.select(sa.func.max(attempt.t_start)).where(attempt.tenant_id == tenant_id)
    found: list[views.Day] = []
    at = connection.execute(newest).scalar()
    while at is not None and len(found) < limit:
        span = Span(at.astimezone(zone).date(), zone)
        found.append(views.Day(day=span.day, calls=count_calls(connection, tenant_id, span)))
        at = connection.execute(newest.where(attempt.t_start < span.since)).scalar()
    return found


def journal_position(connection: sa.Connection) -> int:
    """The newest event's number; 0 before the first. No projected row changes while it stays."""
    return connection.execute(sa.select(sa.func.max(journal_tables.event.c.seq))).scalar() or 0


def median_latencies(connection: sa.Connection, ids: list[uuid.UUID]) -> dict[uuid.UUID, float]:
    """Seconds from the end of the debtor's speech to the answer's first audio, the median of each call that has any."""
    turn = tables.turn.c
    found: defaultdict[uuid.UUID, list[float]] = defaultdict(list)
    for some in _chunks(ids):
        query = sa.select(turn.attempt_id, turn.latency_s).where(
            turn.attempt_id.in_(some), turn.speaker == kinds.Speaker.DEBTOR, turn.latency_s.is_not(None)
        )
        for call_id, latency in connection.execute(query):
            found[call_id].append(latency)
    return {call_id: statistics.median(values) for call_id, values in found.items()}


def promise_briefs(connection: sa.Connection, ids: list[uuid.UUID]) -> dict[uuid.UUID, views.PromiseBrief]:
    """The agreement of each call that has one; the last where it was negotiated again."""
    agreement, promise = tables.agreement, tables.promise
    found: dict[uuid.UUID, views.PromiseBrief] = {}
    for some in _chunks(ids):
        rows = connection.execute(
            sa.select(
                agreement.c.interaction_id,
                agreement.c.total_minor,
                agreement.c.currency,
                agreement.c.made_at,
                sa.func.count(promise.c.id).label("parts"),
                sa.func.min(promise.c.due).label("first_due"),
            )
            .join(promise, promise.c.agreement_id == agreement.c.id)
            .where(agreement.c.interaction_id.in_(some))
            .group_by(agreement.c.id)
            .order_by(agreement.c.made_at)
        )
        for row in rows:
            found[row.interaction_id] = views.PromiseBrief(
                total=str(Money(row.total_minor, row.currency)),
                currency=row.currency,
                instalments=row.parts,
                first_due=row.first_due,
            )
    return found


def recording(connection: sa.Connection, tenant_id: uuid.UUID, call_id: uuid.UUID) -> sa.Row[Any] | None:
    """The row of a call's newest recording."""
    table = tables.recording
    query = sa.select(table).where(table.c.tenant_id == tenant_id, table.c.attempt_id == call_id)
    return connection.execute(query.order_by(table.c.opened_at.desc()).limit(1)).first()


def playable(connection: sa.Connection, ids: list[uuid.UUID]) -> set[uuid.UUID]:
    """Which of these calls have a recording that was closed and not erased."""
    recording = tables.recording.c
    found: set[uuid.UUID] = set()
    for some in _chunks(ids):
        query = sa.select(recording.attempt_id).where(
            recording.attempt_id.in_(some), recording.state == kinds.RecordingState.CLOSED
        )
        found.update(connection.execute(query).scalars())
    return found


def _chunks(ids: list[uuid.UUID], size: int = 400) -> list[list[uuid.UUID]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
