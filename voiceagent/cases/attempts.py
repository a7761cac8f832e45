"""The life of an attempt: committed before the INVITE, closed by a verdict, closed for those who died before one."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from voiceagent.base.errors import BadInputError, DeniedError, UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.cases import kinds, tables
from voiceagent.cases.projections.calls import numbers_at_hand
from voiceagent.debt.disposition import Disposition
from voiceagent.journal import tables as journal_tables
from voiceagent.journal.catalogue import CallAttempted, CallEnded, CallHungUp, ComplianceDecided
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

log = logging.getLogger(__name__)


class AlreadyLiveError(DeniedError):
    """Somebody is calling this person or this number right now."""

    code = "already_live"


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt about to begin; `id` becomes X-Voiceagent-Call."""

    id: uuid.UUID
    attempted: CallAttempted
    decision: ComplianceDecided | None
    number: str | None = None
    """Of its phone; None: looked up."""


def begin_attempt(
    journal: Journal,
    attempted: CallAttempted,
    *,
    decision: ComplianceDecided | None,
    attempt_id: uuid.UUID | None = None,
    actor: str = "dialer",
    connection: sa.Connection | None = None,
) -> uuid.UUID:
    """Commit the compliance decision and the attempt, in status `dialling`; returns its id (X-Voiceagent-Call).

    Send the INVITE only after this returned (with `connection`, one of `journal.transaction()`: after that committed).
    An outgoing attempt needs a decision that allows it: DeniedError without. AlreadyLiveError when the person or the
    number has a live attempt; nothing was written then.
    """
    call = attempt_id or uuid7(journal.clock.now())
    with journal.transaction() if connection is None else nullcontext(connection) as own, own.begin_nested():
        begin_attempts(journal, [NewAttempt(call, attempted, decision)], own, actor=actor)
    return call


def begin_attempts(
    journal: Journal,
    attempts: Sequence[NewAttempt],
    connection: sa.Connection,
    *,
    actor: str = "dialer",
    beside: Sequence[NewEvent] = (),
) -> None:
    """`begin_attempt` for several at once, `beside` recorded with them: all or nothing.

    After AlreadyLiveError the transaction is over: look, within it, who is in a call before asking for this.
    """
    now = journal.clock.now()
    decided, begun = list(beside), []
    for new in attempts:
        decision, attempted = new.decision, new.attempted
        if attempted.direction == kinds.Direction.OUT and (decision is None or not decision.allow):
            rules = ", ".join(decision.rules) if decision else "no decision"
            retry = decision.retry_at.isoformat() if decision and decision.retry_at else None
            raise DeniedError(f"this call may not be made now ({rules})", retry_at=retry)
        if decision is not None:
            if attempted.decision_id != decision.decision_id:
                raise BadInputError("the attempt names another decision than the one given")
            decided.append(NewEvent("call", new.id, decision, actor, at=now, first=True))
        begun.append(NewEvent("call", new.id, _pinned(attempted, now), actor, at=now, first=True))
    try:
        # Like with like: neighbouring events of one type are written together.
        known = {str(new.attempted.phone_id): new.number for new in attempts if new.number is not None}
        with numbers_at_hand(connection, known):
            journal.record([*decided, *begun], connection)
    except IntegrityError as error:
        if "attempt" in str(error.orig) and ("live" in str(error.orig) or "UNIQUE" in str(error.orig)):
            raise AlreadyLiveError("this person or number is in another call now; wait for its end") from error
        raise


def _pinned(attempted: CallAttempted, now: datetime) -> CallAttempted:
    """With the debtor's day and hour: a call that runs past midnight, or a report made elsewhere, must not move it."""
    if attempted.local_date is not None and attempted.local_hour is not None:
        return attempted
    zone = attempted.zone or "UTC"
    try:
        local = now.astimezone(ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInputError(f"unknown time zone {zone!r}: use an IANA name like America/Sao_Paulo") from error
    return replace(attempted, zone=zone, local_date=local.date(), local_hour=local.hour)


def close_orphans(
    journal: Journal,
    *,
    worker: str | None = None,
    seats: Sequence[str] | None = None,
    before: datetime | None = None,
    actor: str = "supervisor",
    settle: Callable[[sa.Connection, uuid.UUID], None] = lambda connection, call: None,
) -> list[uuid.UUID]:
    """Close live attempts whose worker is gone, as what the journal knows of them; returns their ids.

    `worker`, `seats`, `before` (began earlier than) narrow the choice. The disposition is ERR, or PTP when a promise
    had been committed: that call did reach its end. Durations run to the last event the worker could write.
    `settle` does what follows, in the same transaction, each call's its own: one that fails stays live for the next
    who looks, and the others are closed all the same. UnavailableError when the database goes away meanwhile.
    """
    table = tables.attempt
    query = sa.select(table).where(table.c.tenant_id == journal.tenant_id, table.c.status != kinds.AttemptStatus.ENDED)
    if worker is not None:
        query = query.where(table.c.worker == worker)
    if seats is not None:
        query = query.where(table.c.seat.in_(seats))
    if before is not None:
        query = query.where(table.c.t_start < before)
    with journal.db.read() as connection:
        lost = connection.execute(query.with_only_columns(table.c.id).order_by(table.c.t_start)).scalars().all()
    closed = []
    for call in lost:
        try:
            with journal.transaction() as connection:
                # Its own worker may have come to its end with it meanwhile.
                row = connection.execute(query.where(table.c.id == call)).first()
                if row is None:
                    continue
                journal.record(_verdict(connection, row, actor), connection)
                settle(connection, call)
        except UnavailableError:
            raise
        except Exception:
            log.exception("attempt %s stays open", call)
        else:
            closed.append(call)
    return closed


def _verdict(connection: sa.Connection, row: sa.Row[tuple[object, ...]], actor: str) -> list[NewEvent]:
    event, turn = journal_tables.event, tables.turn
    last = connection.execute(
        sa.select(sa.func.max(event.c.at_utc)).where(event.c.stream_type == "call", event.c.stream_id == row.id)
    ).scalar_one()
    until = row.t_end or last
    spoke = connection.execute(
        sa.select(turn.c.n)
        .where(
            turn.c.attempt_id == row.id,
            turn.c.speaker == kinds.Speaker.DEBTOR,
            turn.c.result.in_(("ok", "no_match", "dtmf", "bargein")),
        )
        .limit(1)
    ).first()
    promised = connection.execute(
        sa.select(tables.agreement.c.id).where(tables.agreement.c.interaction_id == row.id).limit(1)
    ).first()
    ended = CallEnded(
        disposition=Disposition.PTP if promised else Disposition.ERR,
        human=bool(spoke or row.right_party),
        right_party=row.right_party,
        ring_s=((row.t_answer or until) - row.t_start).total_seconds(),
        talk_s=(until - row.t_answer).total_seconds() if row.t_answer else 0.0,
    )
    events: list[NewEvent] = []
    if row.t_end is None:
        gone = CallHungUp(by=kinds.HangupBy.FAILURE, sip_code=row.sip_code, reason="the worker is gone")
        events.append(NewEvent("call", row.id, gone, actor, at=last))
    events.append(NewEvent("call", row.id, ended, actor))
    return events
