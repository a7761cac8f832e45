"""Promised calls, as people look at them."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.dialer.tables import CallbackStatus, callback, campaign


def all_callbacks(
    connection: sa.Connection, tenant_id: uuid.UUID, *, status: CallbackStatus | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """By the instant they are due: id, due_at, origin, status, attempts, name, number, campaign, case_id."""
    query = (
        sa.select(
            callback.c.id, callback.c.due_at, callback.c.origin, callback.c.status, callback.c.attempts,
            callback.c.case_id, tables.person.c.name, tables.phone.c.number, campaign.c.name.label("campaign"),
        )
        .outerjoin(tables.person, tables.person.c.id == callback.c.person_id)
        .outerjoin(tables.phone, tables.phone.c.id == callback.c.phone_id)
        .outerjoin(campaign, campaign.c.id == callback.c.campaign_id)
        .where(callback.c.tenant_id == tenant_id)
        .order_by(callback.c.due_at, callback.c.id)
        .limit(limit)
    )  # fmt: skip
    if status is not None:
        query = query.where(callback.c.status == status)
    return [
        dict(row)
        | {
            "id": str(row["id"]),
            "case_id": str(row["case_id"]) if row["case_id"] else None,
            "due_at": row["due_at"].isoformat(),
            "origin": row["origin"].value,
            "status": row["status"].value,
        }
        for row in connection.execute(query).mappings()
    ]
