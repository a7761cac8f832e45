"""Legal holds: while one stands, nothing of a person is erased, whoever asks and whatever its age."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables as t
from voiceagent.cases.tables.privacy import legal_hold
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, for_each


@dataclass(frozen=True, slots=True)
class HoldPlaced(Said):
    """Somebody needs what is kept of a person: a lawsuit, an authority's request."""

    TYPE: ClassVar[str] = "hold.placed"
    hold_id: uuid.UUID
    person_id: uuid.UUID
    reason: str


@dataclass(frozen=True, slots=True)
class HoldLifted(Said):
    """It is needed no more."""

    TYPE: ClassVar[str] = "hold.lifted"
    hold_id: uuid.UUID
    reason: str = ""


def place_hold(journal: Journal, person_id: uuid.UUID, *, reason: str, actor: str = "operator") -> uuid.UUID:
    """Nothing of the person is erased from now on. BadInputError without a reason or without such a person."""
    if not reason.strip():
        raise BadInputError("say why the person's data are held: the reason is kept", code="reason_needed")
    with journal.transaction() as connection:
        if connection.execute(sa.select(t.person.c.id).where(t.person.c.id == person_id)).first() is None:
            raise BadInputError(f"there is no person {person_id}", code="unknown_person")
        placed = HoldPlaced(uuid7(journal.clock.now()), person_id, reason.strip()[:255])
        journal.record([NewEvent("person", person_id, placed, actor)], connection)
    return placed.hold_id


def lift_holds(journal: Journal, person_id: uuid.UUID, *, reason: str = "", actor: str = "operator") -> int:
    """End every hold of the person; returns how many stood."""
    with journal.transaction() as connection:
        standing = holds(connection, person_id)
        lifted = [NewEvent("person", person_id, HoldLifted(row["id"], reason.strip()[:255]), actor) for row in standing]
        journal.record(lifted, connection)
    return len(standing)


def holds(connection: sa.Connection, person_id: uuid.UUID) -> list[dict[str, Any]]:
    """Those that stand, the oldest first."""
    query = sa.select(legal_hold).where(legal_hold.c.person_id == person_id, legal_hold.c.lifted_at.is_(None))
    return [dict(row) for row in connection.execute(query.order_by(legal_hold.c.placed_at)).mappings()]


def held(person_id: sa.ColumnElement[Any]) -> sa.ColumnElement[bool]:
    """In SQL: whether one stands."""
    return sa.exists(
        sa.select(legal_hold.c.id).where(legal_hold.c.person_id == person_id, legal_hold.c.lifted_at.is_(None))
    )


def _placed(connection: sa.Connection, event: Event) -> None:
    said = event.payload
    row = {"id": said["hold_id"], "tenant_id": event.tenant_id, "person_id": said["person_id"]}
    connection.execute(sa.insert(legal_hold).values(reason=said["reason"], placed_at=event.at_utc, **row))


def _lifted(connection: sa.Connection, event: Event) -> None:
    table = legal_hold
    connection.execute(sa.update(table).where(table.c.id == event.payload["hold_id"]).values(lifted_at=event.at_utc))


PROJECTIONS = (
    Projection(HoldPlaced.TYPE, for_each(_placed)),
    Projection(HoldLifted.TYPE, for_each(_lifted)),
)
