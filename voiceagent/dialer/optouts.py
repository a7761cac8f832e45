"""Stops: by number (for everybody who has it), by channel, by person; they act from the moment they are recorded."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables
from voiceagent.cases.kinds import OptOutScope
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import OptOutRevoked
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref


def stop_number(journal: Journal, number: str, *, source: str = "operator") -> uuid.UUID:
    """Nobody calls `number` (E.164) any more, whoever it belongs to, now or after a later import."""
    now = journal.clock.now()
    stop = OptOutRecorded(
        uuid7(now), OptOutScope.NUMBER, None, number=private_ref("phone", number, now), source=source[:64]
    )
    journal.record([NewEvent("optout", stop.opt_out_id, stop, "operator")])
    return stop.opt_out_id


def stop_person(
    journal: Journal, person_id: uuid.UUID, *, channel: str | None = None, source: str = "operator"
) -> uuid.UUID:
    """The person is contacted no more, on one channel or on all."""
    now = journal.clock.now()
    scope = OptOutScope.CHANNEL if channel else OptOutScope.PERSON
    stop = OptOutRecorded(uuid7(now), scope, person_id, channel=channel, source=source[:64])
    journal.record([NewEvent("person", person_id, stop, "operator")])
    return stop.opt_out_id


def revoke(journal: Journal, opt_out_id: uuid.UUID) -> None:
    """The person asked to be called again, and proved it. BadInputError when there is no such stop in force."""
    with journal.transaction() as connection:
        o = tables.opt_out
        row = connection.execute(sa.select(o).where(o.c.id == opt_out_id, o.c.revoked_at.is_(None))).first()
        if row is None:
            raise BadInputError(f"there is no stop {opt_out_id} in force: see voiceagent optouts list")
        journal.record([NewEvent("optout", opt_out_id, OptOutRevoked(opt_out_id), "operator")], connection)


def all_stops(connection: sa.Connection, tenant_id: uuid.UUID, limit: int = 500) -> list[dict[str, Any]]:
    """Stops in force, the newest first."""
    o, p = tables.opt_out, tables.person
    rows = connection.execute(
        sa.select(o.c.id, o.c.scope, o.c.number, o.c.channel, o.c.source, o.c.created_at, o.c.person_id, p.c.name)
        .outerjoin(p, p.c.id == o.c.person_id)
        .where(o.c.tenant_id == tenant_id, o.c.revoked_at.is_(None))
        .order_by(o.c.created_at.desc())
        .limit(limit)
    ).mappings()
    return [
        dict(row)
        | {
            "id": str(row["id"]),
            "person_id": str(row["person_id"]) if row["person_id"] else None,
            "scope": row["scope"].value,
            "created_at": row["created_at"].isoformat(),
        }
        for row in rows
    ]


def people_of(connection: sa.Connection, cases: list[uuid.UUID]) -> list[uuid.UUID]:
    """The persons of some cases, each once."""
    table = tables.debt_case
    return list(connection.execute(sa.select(table.c.person_id).where(table.c.id.in_(cases)).distinct()).scalars())
