"""After a call: the enrolment moves on, the number learns, the callback closes; also for calls whose worker died."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from voiceagent.base.ids import uuid7
from voiceagent.cases import kinds, tables
from voiceagent.cases.attempts import close_orphans
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialer.campaigns import FINISHED
from voiceagent.dialer.ended import DROPPED, Ended
from voiceagent.dialer.heartbeat import lives
from voiceagent.dialer.ladder import Next
from voiceagent.dialer.retrying import plan_in_force
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, EnrollmentState, Priority, callback, enrollment
from voiceagent.dialer.withdrawing import withdraw
from voiceagent.journal.catalogue import CallbackRequested, CallEnded, CallHungUp, NumberMarked
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.question import Command, Question

#: A call that broke off with the right person is called back after this, once a day.
DROPPED_AFTER, DROPPED_ONCE = timedelta(minutes=5), timedelta(days=1)

#: A contact whose promise is to be reminded of is looked at within this.
_SOON = timedelta(days=1)
#: A lease whose worker lives may be renewed so long after its end.
_RENEWABLE = timedelta(minutes=15)

#: Where the number itself failed; a person at the other end says it through number.marked.
_DEAD = frozenset({Disposition.DC, Disposition.FAX})

_e = enrollment.c
_KEY: sa.BindParameter[Any] = sa.bindparam("key")
#: They are asked every few seconds, and run after every call.
_RAN_OUT = {
    table: Question(
        sa.select(table.c.id, table.c.case_id, table.c.leased_until).where(
            table.c.tenant_id == sa.bindparam("tenant"),
            table.c.leased_until.is_not(None),
            table.c.leased_until < sa.bindparam("now"),
        )
    )
    for table in (enrollment, callback)
}
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
    """Do what follows an ended attempt, once: a second time finds the lease gone, or another's, and leaves it."""
    settle_many(journal, connection, [attempt_id], now)


def settle_many(journal: Journal, connection: sa.Connection, attempt_ids: Sequence[uuid.UUID], now: datetime) -> None:
    """`settle` for calls that ended together, with hardly more questions to the database than for one."""
    ended = Ended(connection, attempt_ids, now)
    if not ended.calls:
        return
    plan = plan_in_force(connection, journal.tenant_id, now)
    for call in ended.calls:
        if not ended.is_over(call.campaign_id):
            _call_back_dropped(journal, connection, call, now)
        _learn(journal, connection, call)
        if call.disposition is Disposition.PTP and call.case_id is not None:
            _plan_reminder(connection, call, now)
    _close_callbacks(journal, connection, ended, now, plan)
    moved = []
    for call in ended.calls:
        row = ended.leased.pop(call.enrollment_id, None)
        # A verdict that comes late, of a call that was taken for lost, finds its contact in another call.
        if row is None or any(one.enrollment_id == row.id for one in ended.begun_since(call)):
            continue
        step = ended.step(call, row, plan)
        state = {Next.DONE: EnrollmentState.DONE, Next.STOPPED: EnrollmentState.STOPPED}.get(
            step.what, EnrollmentState.WAITING
        )
        into = {"key": row.id, "into": state, "why": step.reason, "until": step.at, "at": now}
        moved.append(into | {"tier": ended.priority(call)})
    _MOVE(connection, moved)


def close_lost(
    journal: Journal,
    *,
    worker: str | None = None,
    seats: Sequence[str] | None = None,
    before: datetime | None = None,
    actor: str = "supervisor",
) -> list[uuid.UUID]:
    """`attempts.close_orphans`, and with each call's end what follows from it."""

    def what_follows(connection: sa.Connection, call: uuid.UUID) -> None:
        settle(journal, connection, call, journal.clock.now())

    return close_orphans(journal, worker=worker, seats=seats, before=before, actor=actor, settle=what_follows)


def any_ran_out(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime) -> bool:
    """Whether `expire` would find leases that nobody renewed."""
    return any(ran_out(connection, tenant=tenant_id, now=now) for ran_out in _RAN_OUT.values())


def expire(journal: Journal, connection: sa.Connection, now: datetime) -> int:
    """Take back leases nobody renewed; the attempt of a lost one is closed as ERR and still counts to every cap.

    A call that still runs on a worker that shows life keeps its lease for a while: who talks is not called.
    """
    lost = 0
    a = tables.attempt
    for table, ran_out in _RAN_OUT.items():
        for row in ran_out(connection, tenant=journal.tenant_id, now=now):
            # By its person: of one's calls there are few, and for those of a lease alone there is no index.
            person = sa.select(tables.debt_case.c.person_id).where(tables.debt_case.c.id == row.case_id)
            of_lease = a.c.enrollment_id == row.id if table is enrollment else a.c.case_id == row.case_id
            call = connection.execute(
                sa.select(a.c.id, a.c.status, a.c.worker)
                .where(a.c.person_id == person.scalar_subquery(), of_lease)
                .order_by(a.c.t_start.desc())
                .limit(1)
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


def _learn(journal: Journal, connection: sa.Connection, call: Any) -> None:
    """A number that does not exist is dead; one that belongs to somebody else is wrong, for this person, for good."""
    if call.phone_id is None:
        return
    why = call.disposition
    status = kinds.PhoneStatus.DEAD if why in _DEAD else kinds.PhoneStatus.WRONG if why is Disposition.WN else None
    if status is None:
        return
    known = connection.execute(
        sa.select(tables.phone.c.status).where(tables.phone.c.id == call.phone_id)
    ).scalar_one_or_none()
    if known not in (status, kinds.PhoneStatus.WRONG):
        marked = NumberMarked(call.phone_id, status)
        journal.record([NewEvent("call", call.id, marked, "dialer")], connection)


def _plan_reminder(connection: sa.Connection, call: Any, now: datetime) -> None:
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


def _close_callbacks(journal: Journal, connection: sa.Connection, ended: Ended, now: datetime, plan: RetryPlan) -> None:
    how = {call.case_id: call.disposition for call in ended.calls if not ended.begun_since(call)}
    nobodys = []
    for row in ended.promised:
        if row.case_id not in how:
            continue
        held = row.leased_until is not None
        done = held and MEANING[how[row.case_id]].human
        if not done and ended.is_over(row.campaign_id):
            # Finished while this call was made: those that waited then were withdrawn, and nobody asks for this one.
            nobodys.append(row.id)
            continue
        if not held:
            continue
        values: dict[str, object] = {"leased_until": None, "leased_by": None}
        if done or row.attempts >= plan.callback_tries:
            values |= {"status": CallbackStatus.DONE if done else CallbackStatus.EXPIRED, "closed_at": now}
        else:
            values["retry_at"] = now + plan.callback_wait
        connection.execute(sa.update(callback).where(callback.c.id == row.id).values(**values))
    withdraw(journal, connection, nobodys, FINISHED, actor="dialer")


def _call_back_dropped(journal: Journal, connection: sa.Connection, call: Any, now: datetime) -> None:
    """The line broke while the right person was talking with us: we call back, unless that was such a call already."""
    if call.disposition not in DROPPED or not call.right_party:
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
