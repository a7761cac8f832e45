"""What the ticks do: close attempts whose worker is gone, and let promises that were not kept become broken."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.cases import kinds, store, tables
from voiceagent.dialer import aftermath
from voiceagent.dialer.heartbeat import Silence
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import PromiseStatusChanged
from voiceagent.journal.journal import Journal

#: No call lasts longer: what is live after this lost its worker and its supervisor too.
LONGEST_CALL = timedelta(hours=1)
#: How long a seat may already be elsewhere before the call it left open is closed for it.
SEAT_MOVED_ON = timedelta(seconds=60)
#: Days after the due day until a payment must have arrived: banks take up to three over a weekend.
GRACE = timedelta(days=3)

_LIVE = tables.attempt.c.status != kinds.AttemptStatus.ENDED


def close_lost_attempts(journal: Journal) -> int:
    """Close live attempts nobody works on any more; returns how many.

    The supervisor closes those of a worker it saw die. This is for the rest: the seat has been free since, or the
    attempt is older than any call can be.
    """
    now = journal.clock.now()
    with journal.db.read() as connection:
        seat, attempt = tables.seat, tables.attempt
        moved_on = connection.execute(
            sa.select(seat.c.name, seat.c.worker, seat.c.since)
            .join(
                attempt,
                sa.and_(
                    attempt.c.tenant_id == seat.c.tenant_id,
                    attempt.c.seat == seat.c.name,
                    # At another exchange there may be a seat of the same name.
                    attempt.c.worker == seat.c.worker,
                ),
            )
            .where(
                seat.c.tenant_id == journal.tenant_id,
                seat.c.attempt_id.is_(None),
                seat.c.since < now - SEAT_MOVED_ON,
                _LIVE,
                attempt.c.t_start < seat.c.since,
            )
            .distinct()
        ).all()
        overlong = connection.execute(
            sa.select(attempt.c.id).where(
                attempt.c.tenant_id == journal.tenant_id, _LIVE, attempt.c.t_start < now - LONGEST_CALL
            )
        ).first()
    closed = 0
    for name, worker, since in moved_on:
        closed += len(aftermath.close_lost(journal, worker=worker, seats=[name], before=since, actor="service"))
    if overlong:
        closed += len(aftermath.close_lost(journal, before=now - LONGEST_CALL, actor="service"))
    return closed


def close_silent_workers(journal: Journal, silence: Silence) -> int:
    """Close the attempts of workers that show no life any more; returns how many. Their contacts are planned anew."""
    with journal.db.read() as connection:
        silent = silence.silent(connection, journal.tenant_id)
    return sum(len(aftermath.close_lost(journal, worker=name, actor="service")) for name in silent)


def expire_leases(journal: Journal) -> int:
    """Take back what seats leased and never renewed; returns how many."""
    with journal.transaction() as connection:
        return aftermath.expire(journal, connection, journal.clock.now())


def break_promises(journal: Journal, zone: ZoneInfo, *, grace: timedelta = GRACE, limit: int = 500) -> int:
    """Mark promises whose due day and grace have passed unpaid as broken; returns how many, at most `limit` a run."""
    last_due = journal.clock.now().astimezone(zone).date() - grace - timedelta(days=1)
    with journal.transaction() as connection:
        overdue = [
            row
            for status in (kinds.PromiseStatus.OPEN, kinds.PromiseStatus.PARTIAL)
            for row in store.promises(
                connection, tenant_id=journal.tenant_id, status=status, due_to=last_due, limit=limit
            )
        ]
        journal.record(
            [
                NewEvent("case", row["case_id"], PromiseStatusChanged(row["id"], kinds.PromiseStatus.BROKEN), "service")
                for row in overdue
            ],
            connection,
        )
    return len(overdue)
