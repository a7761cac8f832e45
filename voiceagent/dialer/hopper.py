"""Who is due: the rows a lease is chosen from, and how they wait, run and end. SQL only; it decides nothing."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.dialer.tables import (
    CallbackOrigin,
    CallbackStatus,
    CampaignState,
    EnrollmentState,
    callback,
    campaign,
    enrollment,
)

#: A callback that could not be placed for so long is given up; the campaign goes on with the case.
CALLBACK_LIFE = timedelta(days=3)
#: A case that no waiting cures is looked at again after this, because a stop may be lifted by people.
STOPPED_LOOK = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A case that may be due, with what made it so."""

    case_id: uuid.UUID
    campaign_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None
    callback_id: uuid.UUID | None = None
    phone_id: uuid.UUID | None = None
    due_at: datetime | None = None
    origin: CallbackOrigin | None = None
    since: datetime | None = None
    """In the queue since."""


def due(
    connection: sa.Connection, now: datetime, tenant_id: uuid.UUID, *, campaign: str | None = None, limit: int = 40
) -> list[Candidate]:
    """Cases whose time has come and who are not in a call: callbacks first, then campaigns by priority."""
    return [
        *_callbacks(connection, now, tenant_id, campaign, limit),
        *_enrollments(connection, now, tenant_id, campaign, limit),
    ]


def _callbacks(
    connection: sa.Connection, now: datetime, tenant_id: uuid.UUID, name: str | None, limit: int
) -> list[Candidate]:
    query = (
        sa.select(callback, enrollment.c.id.label("enrollment_id"))
        .outerjoin(campaign, campaign.c.id == callback.c.campaign_id)
        .outerjoin(
            enrollment,
            sa.and_(enrollment.c.campaign_id == callback.c.campaign_id, enrollment.c.case_id == callback.c.case_id),
        )
        .where(
            callback.c.tenant_id == tenant_id,
            callback.c.status == CallbackStatus.OPEN,
            callback.c.due_at <= now,
            callback.c.case_id.is_not(None),
            callback.c.leased_until.is_(None),
            sa.or_(callback.c.campaign_id.is_(None), campaign.c.state == CampaignState.RUNNING),
            ~_in_a_call(callback.c.person_id),
        )
        .order_by(callback.c.priority.desc(), callback.c.due_at, callback.c.id)
        .limit(limit)
    )
    if name is not None:
        query = query.where(campaign.c.name == name)
    return [
        Candidate(
            case_id=row.case_id,
            campaign_id=row.campaign_id,
            enrollment_id=row.enrollment_id,
            callback_id=row.id,
            phone_id=row.phone_id,
            due_at=row.due_at,
            origin=row.origin,
            since=row.created_at,
        )
        for row in connection.execute(query)
    ]


def _enrollments(
    connection: sa.Connection, now: datetime, tenant_id: uuid.UUID, name: str | None, limit: int
) -> list[Candidate]:
    query = (
        sa.select(enrollment)
        .join(campaign, campaign.c.id == enrollment.c.campaign_id)
        .join(tables.debt_case, tables.debt_case.c.id == enrollment.c.case_id)
        .where(
            enrollment.c.tenant_id == tenant_id,
            campaign.c.state == CampaignState.RUNNING,
            enrollment.c.state.in_((EnrollmentState.READY, EnrollmentState.WAITING)),
            sa.or_(enrollment.c.next_at.is_(None), enrollment.c.next_at <= now),
            ~_in_a_call(tables.debt_case.c.person_id),
        )
        .order_by(
            campaign.c.priority.desc(), enrollment.c.priority.desc(), enrollment.c.attempts, enrollment.c.next_at,
            enrollment.c.id,
        )
        .limit(limit)
    )  # fmt: skip
    if name is not None:
        query = query.where(campaign.c.name == name)
    if connection.dialect.name == "postgresql":
        # Other seats are asking too: each looks at rows that nobody else is looking at.
        query = query.with_for_update(of=enrollment, skip_locked=True)
    return [
        Candidate(
            case_id=row.case_id,
            campaign_id=row.campaign_id,
            enrollment_id=row.id,
            since=row.next_at or row.created_at,
        )
        for row in connection.execute(query)
    ]


def _in_a_call(person_id: sa.ColumnElement[uuid.UUID]) -> sa.ColumnElement[bool]:
    live = tables.attempt.alias()
    return sa.exists(
        sa.select(live.c.id).where(live.c.person_id == person_id, live.c.status != kinds.AttemptStatus.ENDED)
    )


def take(connection: sa.Connection, candidate: Candidate, seat: str, until: datetime, now: datetime) -> None:
    """The candidate is being called."""
    leased = {"leased_until": until, "leased_by": seat}
    if candidate.callback_id is not None:
        connection.execute(
            sa.update(callback)
            .where(callback.c.id == candidate.callback_id)
            .values(attempts=callback.c.attempts + 1, **leased)
        )
    if candidate.enrollment_id is not None:
        connection.execute(
            sa.update(enrollment)
            .where(enrollment.c.id == candidate.enrollment_id)
            .values(
                state=EnrollmentState.LEASED, attempts=enrollment.c.attempts + 1, reason=None, updated_at=now, **leased
            )
        )


def renew(
    connection: sa.Connection, enrollment_id: uuid.UUID | None, callback_id: uuid.UUID | None, until: datetime
) -> None:
    """The call goes on."""
    for table, key in ((enrollment, enrollment_id), (callback, callback_id)):
        if key is not None:
            connection.execute(
                sa.update(table).where(table.c.id == key, table.c.leased_until.is_not(None)).values(leased_until=until)
            )


def postpone(
    connection: sa.Connection, candidate: Candidate, reason: str, retry_at: datetime | None, now: datetime
) -> None:
    """Not now: wait until `retry_at`; None: nothing but people can change it."""
    reason = reason[:64]
    if candidate.callback_id is not None:
        late = candidate.since is not None and now - candidate.since > CALLBACK_LIFE
        if retry_at is None or late:
            values: dict[str, object] = {"status": CallbackStatus.EXPIRED, "closed_at": now}
        else:
            values = {"due_at": retry_at}
        connection.execute(sa.update(callback).where(callback.c.id == candidate.callback_id).values(**values))
        return
    if candidate.enrollment_id is not None:
        connection.execute(
            sa.update(enrollment)
            .where(enrollment.c.id == candidate.enrollment_id)
            .values(
                state=EnrollmentState.WAITING,
                next_at=retry_at or now + STOPPED_LOOK,
                reason=reason,
                updated_at=now,
            )
        )


def finish(connection: sa.Connection, candidate: Candidate, reason: str, now: datetime) -> None:
    """Nothing to call for any more: paid, erased."""
    if candidate.callback_id is not None:
        connection.execute(
            sa.update(callback)
            .where(callback.c.id == candidate.callback_id)
            .values(status=CallbackStatus.CANCELLED, closed_at=now)
        )
    if candidate.enrollment_id is not None:
        connection.execute(
            sa.update(enrollment)
            .where(enrollment.c.id == candidate.enrollment_id)
            .values(state=EnrollmentState.DONE, reason=reason[:64], next_at=None, updated_at=now)
        )
