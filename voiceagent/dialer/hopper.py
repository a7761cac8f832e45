"""Who is due: the rows a lease is chosen from, and how they wait, run and end. SQL only; it decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.dialer.tables import (
    CallbackOrigin,
    CallbackStatus,
    CampaignState,
    EnrollmentState,
    Priority,
    callback,
    campaign,
    enrollment,
)

_TIERS = sorted(Priority, reverse=True)

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
    priority: Priority = Priority.LIST


def anybody_due(connection: sa.Connection, now: datetime, tenant_id: uuid.UUID) -> bool:
    """Whether asking is worth a write: some case of a running campaign, or a callback, is due."""
    query = sa.select(campaign.c.id).where(campaign.c.tenant_id == tenant_id, campaign.c.state == CampaignState.RUNNING)
    running = list(connection.execute(query).scalars())
    if callbacks(connection, now, tenant_id, running, limit=1):
        return True
    return any(enrolled(connection, now, campaign_id, limit=1, locked=False) for campaign_id in running)


def next_due(connection: sa.Connection, tenant_id: uuid.UUID) -> datetime | None:
    """The earliest instant at which something becomes due (it may be past); None when nothing is planned."""
    running = sa.select(campaign.c.id).where(
        campaign.c.tenant_id == tenant_id, campaign.c.state == CampaignState.RUNNING
    )
    instants = []
    for campaign_id in connection.execute(running).scalars():
        for tier in _TIERS:
            first = sa.select(sa.func.min(enrollment.c.next_at)).where(
                enrollment.c.campaign_id == campaign_id, enrollment.c.priority == tier
            )
            instants.append(connection.execute(first).scalar())
    instants.append(
        connection.execute(
            sa.select(sa.func.min(callback.c.due_at)).where(
                callback.c.tenant_id == tenant_id,
                callback.c.status == CallbackStatus.OPEN,
                callback.c.leased_until.is_(None),
            )
        ).scalar()
    )
    return min((at for at in instants if at is not None), default=None)


def callbacks(
    connection: sa.Connection,
    now: datetime,
    tenant_id: uuid.UUID,
    campaigns: Sequence[uuid.UUID],
    *,
    alone: bool = True,
    limit: int,
) -> list[Candidate]:
    """Promised calls that are due, of these campaigns and (`alone`) of none, to people who are not in a call."""
    whose = callback.c.campaign_id.in_(campaigns)
    query = (
        sa.select(callback, enrollment.c.id.label("enrollment_id"))
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
            sa.or_(callback.c.campaign_id.is_(None), whose) if alone else whose,
            ~_in_a_call(callback.c.person_id),
        )
        .order_by(callback.c.priority.desc(), callback.c.due_at, callback.c.id)
        .limit(limit)
    )
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


def enrolled(
    connection: sa.Connection, now: datetime, campaign_id: uuid.UUID, *, limit: int, locked: bool = True
) -> list[Candidate]:
    """Contacts of a campaign that are due and not in a call: reminders, hot leads, the rest; the longest due first."""
    found: list[Candidate] = []
    for tier in _TIERS:
        if len(found) < limit:
            found += _tier(connection, now, campaign_id, tier, limit - len(found), locked)
    return found


def _tier(
    connection: sa.Connection, now: datetime, campaign_id: uuid.UUID, tier: Priority, limit: int, locked: bool
) -> list[Candidate]:
    """One short range of `ix_enrollment_due`: a row that has a `next_at` waits, and no other row has one."""
    query = (
        sa.select(enrollment)
        .join(tables.debt_case, tables.debt_case.c.id == enrollment.c.case_id)
        .where(
            enrollment.c.campaign_id == campaign_id,
            enrollment.c.priority == tier,
            enrollment.c.next_at <= now,
            ~_in_a_call(tables.debt_case.c.person_id),
        )
        .order_by(enrollment.c.next_at)
        .limit(limit)
    )
    if locked and connection.dialect.name == "postgresql":
        # Other seats are asking too: each looks at rows that nobody else is looking at.
        query = query.with_for_update(of=enrollment, skip_locked=True)
    return [
        Candidate(
            case_id=row.case_id,
            campaign_id=row.campaign_id,
            enrollment_id=row.id,
            since=row.next_at,
            priority=tier,
        )
        for row in connection.execute(query)
    ]


def _in_a_call(person_id: sa.ColumnElement[uuid.UUID]) -> sa.ColumnElement[bool]:
    live = tables.attempt.alias("live")
    # A literal, so that both databases use the small index of live calls.
    alive = sa.literal_column("live.status") != sa.literal_column("'ended'")
    return sa.exists(sa.select(live.c.id).where(live.c.person_id == person_id, alive))


def take(connection: sa.Connection, taken: Sequence[tuple[Candidate, str]], until: datetime, now: datetime) -> None:
    """These candidates are being called, each by its seat."""
    called = [
        {"key": one.callback_id, "seat": seat, "until": until} for one, seat in taken if one.callback_id is not None
    ]
    held = [
        {"key": one.enrollment_id, "seat": seat, "until": until, "at": now}
        for one, seat in taken
        if one.enrollment_id is not None
    ]
    key, seat, end = sa.bindparam("key"), sa.bindparam("seat"), sa.bindparam("until")
    if called:
        connection.execute(
            sa.update(callback)
            .where(callback.c.id == key)
            .values(attempts=callback.c.attempts + 1, leased_by=seat, leased_until=end),
            called,
        )
    if held:
        connection.execute(
            sa.update(enrollment)
            .where(enrollment.c.id == key)
            .values(
                state=EnrollmentState.LEASED,
                attempts=enrollment.c.attempts + 1,
                reason=None,
                next_at=None,
                leased_by=seat,
                leased_until=end,
                updated_at=sa.bindparam("at"),
            ),
            held,
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
        waits: dict[str, object] = {"next_at": retry_at or now + STOPPED_LOOK}
        if retry_at is None and candidate.priority is Priority.REMINDER:
            # Nothing to remind of any more: the case goes on as the others do.
            waits = {"next_at": now, "priority": Priority.LIST}
        connection.execute(
            sa.update(enrollment)
            .where(enrollment.c.id == candidate.enrollment_id)
            .values(state=EnrollmentState.WAITING, reason=reason, updated_at=now, **waits)
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
