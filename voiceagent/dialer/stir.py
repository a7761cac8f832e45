"""Idle seats are told when there may be somebody to call: by PostgreSQL, at the commit; on SQLite they ask again."""

from __future__ import annotations

import sqlalchemy as sa

from voiceagent.storage.notices import notify

#: Where workers listen.
CHANNEL = "voiceagent_dialing"


def stir(connection: sa.Connection) -> None:
    """Who may be called, or whether, has changed in this transaction: whoever is idle asks at once when it commits."""
    notify(connection, CHANNEL)
