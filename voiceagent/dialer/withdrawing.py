"""Promised calls that will not be made."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from voiceagent.dialer.events import CallbackClosed
from voiceagent.dialer.tables import CallbackStatus
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal


def withdraw(
    journal: Journal, connection: sa.Connection, callbacks: Sequence[uuid.UUID], reason: str, *, actor: str
) -> None:
    """Cancel these open calls: their contacts are called when they would have been without them."""
    if not callbacks:
        return
    closed = [CallbackClosed(one, CallbackStatus.CANCELLED, reason[:200]) for one in callbacks]
    journal.record([NewEvent("callback", one.callback_id, one, actor) for one in closed], connection)
