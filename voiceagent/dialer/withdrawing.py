"""Promised calls that will not be made: who waited for one is the list's again."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from voiceagent.dialer.events import CallbackClosed
from voiceagent.dialer.hopper import PROMISED
from voiceagent.dialer.tables import UNWEIGHED, CallbackStatus, EnrollmentState, callback, enrollment
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal


def withdraw(
    journal: Journal, connection: sa.Connection, callbacks: Sequence[uuid.UUID], reason: str, *, actor: str
) -> None:
    """Cancel these open calls. Their contacts are due, and weighed by the law anew."""
    if not callbacks:
        return
    closed = [CallbackClosed(one, CallbackStatus.CANCELLED, reason[:200]) for one in callbacks]
    journal.record([NewEvent("callback", one.callback_id, one, actor) for one in closed], connection)
    now, e = journal.clock.now(), enrollment.c
    whose = sa.select(callback.c.case_id).where(callback.c.id.in_(callbacks))
    connection.execute(
        sa.update(enrollment)
        .where(e.case_id.in_(whose), e.state == EnrollmentState.WAITING, e.reason == PROMISED)
        .values(state=EnrollmentState.READY, reason=UNWEIGHED, next_at=now, updated_at=now)
    )
