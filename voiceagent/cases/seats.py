"""The board of seats."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.cases.kinds import SeatState
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import SeatChanged
from voiceagent.storage.schema import DEFAULT_TENANT


def seat_changed(
    seat: str,
    worker: str,
    state: SeatState,
    *,
    attempt_id: uuid.UUID | None = None,
    tenant_id: uuid.UUID = DEFAULT_TENANT,
) -> NewEvent:
    """The event that puts a seat's new state on the board."""
    return NewEvent("seat", seat_id(seat, tenant_id), SeatChanged(seat, worker, state, attempt_id), worker[:64])


def seat_id(seat: str, tenant_id: uuid.UUID = DEFAULT_TENANT) -> uuid.UUID:
    """The stream of a seat: the same for as long as it has the same name."""
    return uuid.uuid5(tenant_id, f"seat:{seat}")


def board(connection: sa.Connection, tenant_id: uuid.UUID = DEFAULT_TENANT) -> list[dict[str, Any]]:
    """All seats by name: `name`, `worker`, `state`, `attempt_id`, `since`."""
    table = tables.seat
    query = sa.select(table).where(table.c.tenant_id == tenant_id).order_by(table.c.name)
    return [dict(row) for row in connection.execute(query).mappings()]
