"""The day a person said money comes: "só recebo dia 10" means nobody asks before the 11th, on any channel."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.cases import kinds, tables

#: A day further off than this is no pay day.
FURTHEST = timedelta(days=62)


def pay_days(connection: sa.Connection, calls: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    """The last date that the debtor named in each of these calls; those without one are absent."""
    if not calls:
        return {}
    t = tables.turn.c
    rows = connection.execute(
        sa.select(t.attempt_id, t.slots, t.at)
        .where(t.attempt_id.in_(calls), t.speaker == kinds.Speaker.DEBTOR, t.slots.is_not(None))
        .order_by(t.seq)
    )
    found: dict[uuid.UUID, date] = {}
    for row in rows:
        try:
            named = date.fromisoformat((row.slots or {})["date"])
        except (KeyError, TypeError, ValueError):
            continue
        if row.at.date() <= named <= row.at.date() + FURTHEST:
            found[row.attempt_id] = named
    return found


def day_after(named: date, zone: ZoneInfo) -> datetime:
    """The beginning of the next day on the person's clock."""
    return datetime.combine(named + timedelta(days=1), time.min, zone)
