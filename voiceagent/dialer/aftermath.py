"""After a call: the enrolment moves on, the number learns, the callback closes; also for calls whose worker died."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import kinds, tables
from voiceagent.cases.offers import open_offer
from voiceagent.cases.store import load_phones
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialer.campaigns import load_campaign
from voiceagent.dialer.heartbeat import lives
from voiceagent.dialer.ladder import Next, Step, next_step
from voiceagent.dialer.payday import day_after, pay_days
from voiceagent.dialer.retrying import plan_in_force
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, EnrollmentState, Priority, callback, enrollment
from voiceagent.journal.catalogue import CallbackRequested, CallEnded, CallHungUp, NumberMarked
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.question import Command, Question

#: A call that broke off with the right person is called back after this, once a day.
DROPPED_AFTER, DROPPED_ONCE = timedelta(minutes=5), timedelta(days=1)
_DROPPED = frozenset({Disposition.ERR, Disposition.HUP})

#: A contact whose promise is to be reminded of is looked at within this.
_SOON = timedelta(days=1)
#: After these the offer that was left open is nobody's wish any more.
_COLD = frozenset(
    {Disposition.REF, Disposition.ABU, Disposition.DISP, Disposition.PAID, Disposition.LEG, Disposition.WN}
)

#: A lease whose worker lives may be renewed so long after its end.
_RENEWABLE = timedelta(minutes=15)

#: Where the number itself failed; a person at the other end says it through number.marked.
_DEAD = frozenset({Disposition.DC, Disposition.FAX})

_a, _e, _c = tables.attempt.c, enrollment.c, callback.c
_KEY: sa.BindParameter[Any] = sa.bindparam("key")
#: They are asked after every call.
_CALL = Question(sa.select(tables.attempt).where(_a.id == _KEY))
_ENROLLED = Question(sa.select(enrollment).where(_e.id == _KEY))
_CALLED_BACK = Question(
    sa.select(_c.id, _c.attempts).where(
        _c.case_id == _KEY, _c.leased_until.is_not(None), _c.status == CallbackStatus.OPEN
    )
)
_ENDED_SO = Question(
    sa.select(sa.func.count().label("n"))
    .select_from(tables.attempt)
    .where(_a.enrollment_id == _KEY, _a.disposition == sa.bindparam("why"), _a.t_start >= sa.bindparam("since"))
)
_MOVE = Command(
    sa.update(enrollment)
    .where(_e.id == _KEY)
    .values(
        state=sa.bindparam("into"),
        reason=sa.bindparam("why"),
        next_at=sa.bindparam("until"),
        priority=sa.bindparam("tier"),
        leased_until=None,
        leased_by=None,
        updated_at=sa.bindparam("at"),
    )
)


def settle(journal: Journal, connection: sa.Connection, attempt_id: uuid.UUID, now: datetime) -> None:
    """Do what follows an ended attempt, once: a second time finds the lease gone and changes nothing."""
    [call] = _CALL(connection, key=attempt_id)
    if call.disposition is None:
        return
    disposition: Disposition = call.disposition
    plan = plan_in_force(connection, journal.tenant_id, now)
    _call_back_dropped(journal, connection, call, disposition, now)
    _learn(journal, connection, call, disposition)
    _close_callback(connection, call, disposition, now, plan)
    if disposition is Disposition.PTP and call.case_id is not None:
        _plan_reminder(connection, call, now)
    if call.enrollment_id is None:
        return
    row = next(iter(_ENROLLED(connection, key=call.enrollment_id)), None)
    if row is None or row.state is not EnrollmentState.LEASED or row.leased_until is None:
        return
    step = _step(connection, call, disposition, row, now, plan)
    state = {Next.DONE: EnrollmentState.DONE, Next.STOPPED: EnrollmentState.STOPPED}.get(
        step.what, EnrollmentState.WAITING
    )
    moved = {"key": row.id, "into": state, "why": step.reason, "until": step.at, "at": now}
    _MOVE(connection, [moved | {"tier": _priority(connection, call, disposition, now)}])


def expire(journal: Journal, connection: sa.Connection, now: datetime) -> int:
    """Take back leases nobody renewed; the attempt of a lost one is closed as ERR and still counts to every cap.

    A call that still runs on a worker that shows life keeps its lease for a while: who talks is not called.
    """
    lost = 0
    a = tables.attempt
    for table in (enrollment, callback):
        rows = connection.execute(
            sa.select(table.c.id, table.c.case_id, table.c.leased_until).where(
                table.c.tenant_id == journal.tenant_id, table.c.leased_until.is_not(None), table.c.leased_until < now
            )
        ).all()
        for row in rows:
            of_lease = a.c.enrollment_id == row.id if table is enrollment else a.c.case_id == row.case_id
            call = connection.execute(
                sa.select(a.c.id, a.c.status, a.c.worker).where(of_lease).order_by(a.c.t_start.desc()).limit(1)
            ).first()
            attempt_id = call.id if call else None
            ended = call is None or call.status is kinds.AttemptStatus.ENDED
            worker = None if call is None or ended else call.worker
            if worker and now - row.leased_until < _RENEWABLE and lives(connection, worker, journal.tenant_id, now):
                # Only the renewals failed, and the next may not.
                continue
            lost += 1
            if attempt_id is not None:
                _close(journal, connection, attempt_id, now)
                settle(journal, connection, attempt_id, now)
            # Whatever could not be settled must still come back to the queue.
            _release(connection, table, row.id, now)
    return lost


def _release(connection: sa.Connection, table: sa.Table, key: uuid.UUID, now: datetime) -> None:
    values: dict[str, object] = {"leased_until": None, "leased_by": None}
    where = [table.c.id == key, table.c.leased_until.is_not(None)]
    if table is enrollment:
        values |= {"state": EnrollmentState.WAITING, "reason": "lease_expired", "next_at": now, "updated_at": now}
    connection.execute(sa.update(table).where(*where).values(**values))


def _close(journal: Journal, connection: sa.Connection, attempt_id: uuid.UUID, now: datetime) -> None:
    call = connection.execute(sa.select(tables.attempt).where(tables.attempt.c.id == attempt_id)).one()
    if call.status is kinds.AttemptStatus.ENDED:
        return
    promised = connection.execute(
        sa.select(tables.agreement.c.id).where(tables.agreement.c.interaction_id == attempt_id).limit(1)
    ).first()
    until = call.t_end or now
    ended = CallEnded(
        disposition=(Disposition.PTP if promised else Disposition.ERR).value,
        human=bool(call.right_party),
        right_party=bool(call.right_party),
        ring_s=((call.t_answer or until) - call.t_start).total_seconds(),
        talk_s=(until - call.t_answer).total_seconds() if call.t_answer else 0.0,
    )
    events = [NewEvent("call", attempt_id, ended, "dialer")]
    if call.t_end is None:
        gone = CallHungUp(by=kinds.HangupBy.FAILURE, reason="the lease expired")
        events.insert(0, NewEvent("call", attempt_id, gone, "dialer"))
    journal.record(events, connection)


def _learn(journal: Journal, connection: sa.Connection, call: sa.Row[tuple[object, ...]], why: Disposition) -> None:
    """A number that does not exist is dead; one that belongs to somebody else is wrong, for this person, for good."""
    if call.phone_id is None:
        return
    status = kinds.PhoneStatus.DEAD if why in _DEAD else kinds.PhoneStatus.WRONG if why is Disposition.WN else None
    if status is None:
        return
    known = connection.execute(
        sa.select(tables.phone.c.status).where(tables.phone.c.id == call.phone_id)
    ).scalar_one_or_none()
    if known not in (status, kinds.PhoneStatus.WRONG):
        marked = NumberMarked(call.phone_id, status)
        journal.record([NewEvent("call", call.id, marked, "dialer")], connection)


def _plan_reminder(connection: sa.Connection, call: sa.Row[tuple[object, ...]], now: datetime) -> None:
    """However the promise came about: what waits of its case is looked at soon enough to be reminded of it."""
    connection.execute(
        sa.update(enrollment)
        .where(
            enrollment.c.case_id == call.case_id,
            enrollment.c.state.in_((EnrollmentState.READY, EnrollmentState.WAITING)),
            enrollment.c.next_at > now + _SOON,
        )
        .values(next_at=now + _SOON, priority=Priority.REMINDER, updated_at=now)
    )


def _priority(
    connection: sa.Connection, call: sa.Row[tuple[object, ...]], disposition: Disposition, now: datetime
) -> Priority:
    """Whom the next call goes before: a promise is reminded of, and what was left on the table is still warm."""
    if disposition is Disposition.PTP:
        return Priority.REMINDER
    if disposition in _COLD or call.case_id is None:
        return Priority.LIST
    broke_off = disposition in _DROPPED and call.right_party
    today = now.astimezone(ZoneInfo(call.zone or "UTC")).date()
    return Priority.HOT if broke_off or open_offer(connection, call.case_id, today) is not None else Priority.LIST


def _close_callback(
    connection: sa.Connection,
    call: sa.Row[tuple[object, ...]],
    disposition: Disposition,
    now: datetime,
    plan: RetryPlan,
) -> None:
    for row in _CALLED_BACK(connection, key=call.case_id):
        values: dict[str, object] = {"leased_until": None, "leased_by": None}
        if MEANING[disposition].human or row.attempts >= plan.callback_tries:
            done = MEANING[disposition].human
            values |= {"status": CallbackStatus.DONE if done else CallbackStatus.EXPIRED, "closed_at": now}
        else:
            values["retry_at"] = now + plan.callback_wait
        connection.execute(sa.update(callback).where(callback.c.id == row.id).values(**values))


def _call_back_dropped(
    journal: Journal,
    connection: sa.Connection,
    call: sa.Row[tuple[object, ...]],
    disposition: Disposition,
    now: datetime,
) -> None:
    """The line broke while the right person was talking with us: we call back, unless that was such a call already."""
    if disposition not in _DROPPED or not call.right_party:
        return
    earlier = connection.execute(
        sa.select(callback.c.id)
        .where(
            callback.c.case_id == call.case_id,
            sa.or_(
                callback.c.status == CallbackStatus.OPEN,
                sa.and_(callback.c.origin == CallbackOrigin.DROPPED_CALL, callback.c.created_at > now - DROPPED_ONCE),
            ),
        )
        .limit(1)
    ).first()
    if earlier is not None:
        return
    said = CallbackRequested(
        uuid7(now),
        call.case_id,
        call.person_id,
        call.phone_id,
        now + DROPPED_AFTER,
        origin=CallbackOrigin.DROPPED_CALL,
        reason="the line broke",
        campaign_id=call.campaign_id,
    )
    journal.record([NewEvent("call", call.id, said, "dialer")], connection)


def _step(
    connection: sa.Connection,
    call: sa.Row[tuple[object, ...]],
    disposition: Disposition,
    row: sa.Row[tuple[object, ...]],
    now: datetime,
    plan: RetryPlan,
) -> Step:
    try:
        limits = load_campaign(connection, row.campaign_id).limits
        limit, plan = limits.max_attempts, plan.of(limits.retries)
    except BadInputError:
        limit = 0
    zone = ZoneInfo(call.zone or "UTC")
    midnight = datetime.combine(now.astimezone(zone).date(), datetime.min.time(), tzinfo=zone)
    [same] = _ENDED_SO(connection, key=row.id, why=disposition, since=midnight)
    usable = (kinds.PhoneStatus.DEAD, kinds.PhoneStatus.WRONG)
    others = [
        phone
        for phone in load_phones(connection, call.person_id)
        if phone.id != call.phone_id and phone.status not in usable
    ]
    step = next_step(plan, disposition, now=now, zone=zone, same_today=same.n, seed=call.id, other_numbers=bool(others))
    if disposition is Disposition.NOMON and (named := pay_days(connection, [call.id]).get(call.id)):
        step = Step(Next.RETRY, max(now, day_after(named, zone)), disposition.value)
    if step.what in (Next.RETRY, Next.NEXT_NUMBER) and row.attempts >= limit:
        return Step(Next.DONE, None, "max_attempts")
    return step
