"""Who is due: the rows a lease is chosen from, and how they wait, run and end. SQL only; it decides nothing."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles

from voiceagent.base.errors import UnavailableError
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
from voiceagent.storage.question import Command, Question, one_of
from voiceagent.storage.taking import Take, TakenError, all_or_none

#: A callback that could not be placed for so long is given up; the campaign goes on with the case.
CALLBACK_LIFE = timedelta(days=3)
#: Postponed again and again: after this nobody expects the call any more.
CALLBACK_END = timedelta(days=45)
#: The longest due that are looked at, of a tier: those whom other workers weigh at the same moment are passed over. A
#: literal: a plan for an unknown number might read everybody who waits.
_WIDE: sa.ColumnElement[int] = sa.literal_column("540")
#: A case that no waiting cures is looked at again after this, because a stop may be lifted by people.
STOPPED_LOOK = timedelta(days=1)


#: They are asked while seats are idle.
_RUNNING = Question(
    sa.select(campaign.c.id).where(
        campaign.c.tenant_id == sa.bindparam("tenant"), campaign.c.state == CampaignState.RUNNING
    )
)
_FIRST_CALLBACK = Question(
    sa.select(sa.func.min(sa.func.coalesce(callback.c.retry_at, callback.c.due_at)).label("at")).where(
        callback.c.tenant_id == sa.bindparam("tenant"),
        callback.c.status == CallbackStatus.OPEN,
        callback.c.leased_until.is_(None),
    )
)


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
    person_id: uuid.UUID | None = None
    """Where the queue told it."""


#: A question that was asked: gives its candidates, within `together` after others were asked too.
Asked = Callable[[], list[Candidate]]


def anybody_due(connection: sa.Connection, now: datetime, tenant_id: uuid.UUID) -> bool:
    """Whether asking is worth a write: some case of a running campaign, or a callback, is due."""
    running = [row.id for row in _RUNNING(connection, tenant=tenant_id)]
    if callbacks(connection, now, tenant_id, running, limit=1)():
        return True
    return any(enrolled(connection, now, campaign_id, limit=1)() for campaign_id in running)


def next_due(connection: sa.Connection, now: datetime, tenant_id: uuid.UUID) -> datetime | None:
    """The earliest instant at which something becomes due (it may be past); None when nothing is planned."""
    instants = [_FIRST_CALLBACK(connection, tenant=tenant_id)[0].at]
    for running in _RUNNING(connection, tenant=tenant_id):
        for tier in Priority:
            first = sa.select(enrollment.c.next_at).where(*_waits_in(tier)).order_by(enrollment.c.next_at).limit(1)
            instants.append(connection.execute(first, {"campaign": running.id, "now": now}).scalar())
    return min((at for at in instants if at is not None), default=None)


def callbacks(
    connection: sa.Connection,
    now: datetime,
    tenant_id: uuid.UUID,
    campaigns: Sequence[uuid.UUID],
    *,
    alone: bool = True,
    limit: int,
    seen: Collection[uuid.UUID] = (),
) -> Asked:
    """Promised calls that are due, of these campaigns and (`alone`) of none, to people who are not in a call.

    `seen`: not these. Until the transaction ends, no other gets the same people.
    """
    ask = _CALLBACKS_TOO if alone else _CALLBACKS
    told = ask.asked(connection, tenant=tenant_id, now=now, campaigns=campaigns, seen=seen, most=limit)
    return lambda: [
        Candidate(
            case_id=row.case_id,
            campaign_id=row.campaign_id,
            enrollment_id=row.enrollment_id,
            callback_id=row.id,
            phone_id=row.phone_id,
            due_at=row.due_at,
            origin=row.origin,
            since=row.created_at,
            person_id=row.person_id,
        )
        for row in told()
    ]


def enrolled(
    connection: sa.Connection,
    now: datetime,
    campaign_id: uuid.UUID,
    *,
    limit: int,
    seen: Collection[uuid.UUID] = (),
) -> Asked:
    """Contacts of a campaign that are due and not in a call: reminders, hot leads, the rest; the longest due first.

    Who was promised a call for an instant to come is only reminded before it.
    `seen`: not these. Until the transaction ends, no other gets the same people.
    """
    told = _DUE.asked(connection, campaign=campaign_id, now=now, seen=seen, most=limit)
    return lambda: [
        Candidate(
            case_id=row.case_id,
            campaign_id=campaign_id,
            enrollment_id=row.id,
            since=row.next_at,
            priority=Priority(row.priority),
            person_id=row.person_id,
        )
        for row in sorted(told(), key=lambda row: (-row.priority, row.next_at))
    ]


def _in_a_call(person_id: sa.ColumnElement[uuid.UUID]) -> sa.ColumnElement[bool]:
    live = tables.attempt.alias("live")
    # A literal, so that both databases use the small index of live calls.
    alive = sa.literal_column("live.status") != sa.literal_column("'ended'")
    return sa.exists(sa.select(live.c.id).where(live.c.person_id == person_id, alive))


def awaits_promised(case_id: sa.ColumnElement[uuid.UUID], now: sa.ColumnElement[datetime]) -> sa.ColumnElement[bool]:
    """A call is promised to the case for an instant to come, be it the first or one after nobody answered."""
    c = callback.alias("promised").c
    instant = sa.func.coalesce(c.retry_at, c.due_at)
    return sa.exists(
        sa.select(c.id).where(c.case_id == case_id, c.status == sa.literal_column("'open'"), instant > now)
    )


def _waits_in(tier: Priority) -> list[sa.ColumnElement[bool]]:
    """The contacts of `campaign` that are called in their turn of the tier, at their `next_at`."""
    e = enrollment.c
    waits = [
        e.campaign_id == sa.bindparam("campaign"),
        e.priority == sa.literal_column(str(tier.value)),
        e.next_at.is_not(None),
    ]
    # A payment's day does not wait for a talk.
    if tier is not Priority.REMINDER:
        waits.append(~awaits_promised(e.case_id, sa.bindparam("now", type_=e.next_at.type)))
    return waits


class _Free(sa.ColumnElement[bool]):
    """Nobody else weighs this person, and until this transaction ends nobody else will."""

    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, person_id: sa.ColumnElement[uuid.UUID]) -> None:
        self.person_id = person_id

    def self_group(self, against: Any = None) -> _Free:
        """As it stands."""
        return self


@compiles(_Free, "postgresql")
def _claim(element: _Free, compiler: Any, **options: Any) -> str:
    # Not FOR UPDATE SKIP LOCKED: who holds rows while waiting for the journal would deadlock with who holds the journal
    # and wants the rows (a list taken back, a campaign finished). These locks stand in nobody's way.
    return f"pg_try_advisory_xact_lock(uuid_hash_extended({compiler.process(element.person_id, **options)}, 8))"


@compiles(_Free, "sqlite")
def _alone(element: _Free, compiler: Any, **options: Any) -> str:
    # One transaction at a time may write.
    return "1"


def _due_now() -> sa.Select[Any]:
    """One short range of `ix_enrollment_due` a tier: a row that has a `next_at` waits, and no other row has one."""
    e = enrollment.c
    tiers = [
        sa.select(e.id, e.case_id, e.next_at, e.priority, tables.debt_case.c.person_id)
        .join(tables.debt_case, tables.debt_case.c.id == e.case_id)
        .where(
            *_waits_in(tier),
            e.next_at <= sa.bindparam("now"),
            ~one_of(e.id, "seen"),
            ~_in_a_call(tables.debt_case.c.person_id),
        )
        .order_by(e.next_at)
        .limit(_WIDE)
        .subquery(f"tier_{tier.value}")
        for tier in sorted(Priority, reverse=True)
    ]
    # Not sorted here: the tiers come one after the other, and a sort would claim more people than are wanted.
    due = sa.union_all(*(sa.select(tier) for tier in tiers)).subquery("due")
    return sa.select(due).where(_Free(due.c.person_id)).limit(sa.bindparam("most"))


def _callbacks_due(alone: bool) -> sa.Select[Any]:
    c = callback.c
    whose = one_of(c.campaign_id, "campaigns")
    names = ("id", "case_id", "person_id", "campaign_id", "phone_id", "due_at", "origin", "created_at")
    due = (
        sa.select(*(c[name] for name in names), enrollment.c.id.label("enrollment_id"))
        .outerjoin(enrollment, sa.and_(enrollment.c.campaign_id == c.campaign_id, enrollment.c.case_id == c.case_id))
        .where(
            c.tenant_id == sa.bindparam("tenant"),
            c.status == sa.literal_column("'open'"),
            c.due_at <= sa.bindparam("now"),
            sa.or_(c.retry_at.is_(None), c.retry_at <= sa.bindparam("now")),
            c.case_id.is_not(None),
            c.leased_until.is_(None),
            sa.or_(c.campaign_id.is_(None), whose) if alone else whose,
            ~one_of(c.id, "seen"),
            ~_in_a_call(c.person_id),
        )
        .order_by(c.priority.desc(), c.due_at, c.id)
        .limit(_WIDE)
        .subquery("due")
    )
    return sa.select(due).where(_Free(due.c.person_id)).limit(sa.bindparam("most"))


#: They are asked whenever a seat is idle.
_DUE = Question(_due_now())
_CALLBACKS, _CALLBACKS_TOO = Question(_callbacks_due(False)), Question(_callbacks_due(True))


_KEY: sa.BindParameter[Any] = sa.bindparam("key")
_CALLED: dict[str, Any] = {"attempts": callback.c.attempts + 1}
_HELD: dict[str, Any] = {
    "state": EnrollmentState.LEASED,
    "attempts": enrollment.c.attempts + 1,
    "reason": None,
    "next_at": None,
    "updated_at": sa.bindparam("at", type_=enrollment.c.updated_at.type),
}
_TAKE_CALLBACKS, _TAKE = Take(callback, **_CALLED), Take(enrollment, **_HELD)
_WAITS = (
    sa.update(enrollment)
    .where(enrollment.c.id == _KEY)
    .values(
        state=EnrollmentState.WAITING,
        reason=sa.bindparam("why"),
        updated_at=sa.bindparam("at"),
        next_at=sa.bindparam("until"),
    )
)
_WAIT, _WAIT_AS = Command(_WAITS), Command(_WAITS.values(priority=sa.bindparam("tier")))


def take(connection: sa.Connection, taken: Sequence[tuple[Candidate, str]], until: datetime, now: datetime) -> None:
    """These candidates are being called, each by its seat; to be told within `taking`."""
    called = {one.callback_id: seat for one, seat in taken if one.callback_id is not None}
    held = {one.enrollment_id: seat for one, seat in taken if one.enrollment_id is not None}
    _TAKE_CALLBACKS(connection, called, until=until)
    _TAKE(connection, held, until=until, at=now)


@contextmanager
def taking() -> Iterator[None]:
    """UnavailableError (code taken) where one of those that were to be taken is held by somebody already."""
    try:
        with all_or_none():
            yield
    except TakenError as error:
        raise UnavailableError("a contact was taken by somebody else meanwhile; ask again", code="taken") from error


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
    connection: sa.Connection,
    candidate: Candidate,
    reason: str,
    retry_at: datetime | None,
    now: datetime,
    *,
    priority: Priority | None = None,
) -> None:
    """Not now: wait until `retry_at`; None: nothing but people can change it. `priority`: another from now on."""
    reason = reason[:64]
    if candidate.callback_id is not None:
        # From the instant it was promised for, which may lie weeks after the day it was asked for.
        late = candidate.due_at is not None and (retry_at or now) - candidate.due_at > CALLBACK_LIFE
        late = late or (candidate.since is not None and now - candidate.since > CALLBACK_END)
        if retry_at is None or late:
            values: dict[str, object] = {"status": CallbackStatus.EXPIRED, "closed_at": now}
        else:
            # `due_at` stays what was promised: the hour that counts by law, and from which it is given up.
            values = {"retry_at": retry_at}
        connection.execute(sa.update(callback).where(callback.c.id == candidate.callback_id).values(**values))
        return
    if candidate.enrollment_id is not None:
        waits = {"key": candidate.enrollment_id, "why": reason, "until": retry_at or now + STOPPED_LOOK, "at": now}
        if priority is None:
            _WAIT(connection, [waits])
        else:
            _WAIT_AS(connection, [waits | {"tier": priority}])


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
