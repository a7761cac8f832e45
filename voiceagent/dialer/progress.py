"""How far a campaign is, and when everybody in it will have been called once, going on as it does."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import kinds, tables
from voiceagent.cases.store import load_case
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.dialer.campaigns import Campaign
from voiceagent.dialer.facts import read_facts
from voiceagent.dialer.limits import Hours
from voiceagent.dialer.tables import enrollment

#: The pace is that of the latest hour in which the campaign called; a shorter past than this tells none.
PACE_OF, LEAST = timedelta(hours=1), timedelta(minutes=5)
#: Nobody plans further ahead.
FURTHEST = timedelta(days=365)


def progress(
    connection: sa.Connection, one: Campaign, now: datetime, tenant_id: uuid.UUID, rules: RuleBook | None = None
) -> dict[str, Any]:
    """Contacts, those called and never called, calls of the last hour, and the instant each was called once (`eta`).

    `eta` goes by the contacts that were called for the first time in the latest hour of dialing, and by the hours of
    the campaign and (with `rules`) of the law; None while there is nothing to go by, or nobody left.
    """
    e, a = enrollment.c, tables.attempt.c
    touched, untouched = (sa.case((where, 1), else_=0) for where in (e.attempts > 0, _waiting()))
    total, called, never = connection.execute(
        sa.select(
            sa.func.count(), sa.func.coalesce(sa.func.sum(touched), 0), sa.func.coalesce(sa.func.sum(untouched), 0)
        ).where(e.campaign_id == one.id)
    ).one()
    calls = connection.execute(
        sa.select(sa.func.count()).where(_dialled(one), a.t_start > now - timedelta(hours=1))
    ).scalar_one()
    eta = _eta(connection, one, now, tenant_id, rules, int(never)) if never else None
    return {
        "contacts": int(total),
        "called": int(called),
        "never_called": int(never),
        "penetration": round(called / total, 4) if total else None,
        "calls_last_hour": int(calls),
        "eta": eta.isoformat(timespec="minutes") if eta else None,
    }


def _waiting() -> sa.ColumnElement[bool]:
    return (enrollment.c.attempts == 0) & enrollment.c.next_at.is_not(None)


def _dialled(one: Campaign) -> sa.ColumnElement[bool]:
    """Its own calls; who calls in is no progress of it."""
    return (tables.attempt.c.campaign_id == one.id) & (tables.attempt.c.direction == kinds.Direction.OUT)


def _eta(
    connection: sa.Connection, one: Campaign, now: datetime, tenant_id: uuid.UUID, rules: RuleBook | None, left: int
) -> datetime | None:
    per_hour = _pace(connection, one, now)
    if not per_hour:
        return None
    open_now = _Open(one.hours, _typical(connection, one, now, tenant_id) if rules else None, rules)
    work, at = timedelta(hours=left / per_hour), now
    while at - now < FURTHEST:
        opens = open_now.opens(at)
        if opens > at:
            at = opens
            continue
        closes = open_now.closes(at)
        if work <= closes - at:
            return at + work
        work -= closes - at
        at = closes
    return None


def _pace(connection: sa.Connection, one: Campaign, now: datetime) -> float:
    """Contacts called for the first time, by the hour; 0 when nobody was called yet."""
    e, a = enrollment.c, tables.attempt.c
    last: datetime | None = connection.execute(sa.select(sa.func.max(a.t_start)).where(_dialled(one))).scalar_one()
    if last is None:
        return 0.0
    # A pause, a night or a brake says nothing of the pace.
    until = now if now - last < LEAST else last
    lately = _dialled(one) & (a.t_start > until - PACE_OF) & (a.t_start <= until)
    seen = (
        sa.select(a.case_id, sa.func.count().label("n"), sa.func.min(a.t_start).label("first"))
        .where(lately)
        .group_by(a.case_id)
        .subquery()
    )
    fresh, first = connection.execute(
        sa.select(sa.func.count(), sa.func.min(seen.c.first))
        .join(enrollment, (e.case_id == seen.c.case_id) & (e.campaign_id == one.id))
        .where(e.attempts <= seen.c.n)
    ).one()
    return fresh / (max(LEAST, until - first) / timedelta(hours=1)) if fresh else 0.0


def _typical(connection: sa.Connection, one: Campaign, now: datetime, tenant_id: uuid.UUID) -> Request | None:
    """What would be asked of the law for one of those who were never called, as if nobody ever had been."""
    waits = sa.select(enrollment.c.case_id).where(enrollment.c.campaign_id == one.id, _waiting()).limit(1)
    try:
        facts = read_facts(connection, load_case(connection, connection.execute(waits).scalar_one()), now, tenant_id)
    except BadInputError:
        return None
    phones = facts.phones()
    return replace(facts.request(phones[0], facts.purposes()[-1], guard_s=0.0), history=()) if phones else None


@dataclass(frozen=True, slots=True)
class _Open:
    """When calls may be made: the campaign's hours and the law's for a typical contact."""

    hours: Hours | None
    request: Request | None
    rules: RuleBook | None

    def opens(self, at: datetime) -> datetime:
        """`at` where it is open then, else an instant at which it may be."""
        if self.hours is not None and (until := self.hours.closed_until(at)) is not None:
            return until
        if self.request is None:
            return at
        decision = decide(replace(self.request, at=at), self.rules)
        # Never: no hour of the law is to blame, and the pace alone is told.
        return at if decision.allow or decision.retry_at is None else decision.retry_at

    def closes(self, at: datetime) -> datetime:
        """The end of the opening that `at` lies in, at most a day ahead."""
        ends = [at + timedelta(days=1)]
        if self.hours is not None:
            ends.append(self.hours.open_until(at))
        if self.request is not None:
            ends.append(decide(replace(self.request, at=at), self.rules).must_end_by or ends[0])
        return max(min(ends), at + timedelta(minutes=1))
