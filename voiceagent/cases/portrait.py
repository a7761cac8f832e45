"""Everything kept of one person, for the person: every row that points at them, with what it says in the clear."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, ClassVar

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables as t
from voiceagent.journal import tables as journal_tables
from voiceagent.journal.catalogue import Said
from voiceagent.journal.floor import PeopleImported
from voiceagent.journal.private import read_private
from voiceagent.storage.schema import metadata

#: Events that say that somebody looked at, took or erased what is kept of a person.
ACCESS = ("personal_data.shown", "personal_data.exported", "recording.listened", "recording.erased", "private.erased")


@dataclass(frozen=True, slots=True)
class PersonalDataShown(Said):
    """Somebody asked for names and numbers: of one call or person (the stream is theirs), or of the day's list."""

    TYPE: ClassVar[str] = "personal_data.shown"
    day: date | None = None
    calls: int = 1


@dataclass(frozen=True, slots=True)
class PersonExported(Said):
    """Everything kept of a person was given out; to whom, says the reason; by whom, the event's actor."""

    TYPE: ClassVar[str] = "personal_data.exported"
    person_id: uuid.UUID
    reason: str = ""


def portrait(connection: sa.Connection, person_id: uuid.UUID) -> dict[str, Any]:
    """{person, <table>: [rows], ..., provenance, access}; BadInputError when there is no such person.

    A table belongs to it when it points at the person, directly or over rows that do; new tables come in by themselves.
    """
    found = _rows(connection, person_id)
    private = read_private(
        connection,
        [
            {"ref": str(value), "digest": ""}
            for rows in found.values()
            for row in rows
            for name, value in row.items()
            if name.endswith("_ref") and value
        ],
    )
    told = {
        name: [{key: _plain(key, value, private) for key, value in row.items() if _tells(key, row)} for row in rows]
        for name, rows in found.items()
    }
    (person,) = told.pop("person")
    streams = {row["id"] for rows in found.values() for row in rows if "id" in row}
    return {
        "person": person,
        **told,
        "provenance": _provenance(connection, streams, found["person"][0]),
        "access": access_of(connection, streams),
    }


def access_of(
    connection: sa.Connection, streams: set[uuid.UUID] | None = None, limit: int = 1000
) -> list[dict[str, Any]]:
    """Who looked at, took or erased personal data, newest first; of all people, or of some streams of the journal."""
    event = journal_tables.event.c
    query = sa.select(journal_tables.event).where(event.type.in_(ACCESS)).order_by(event.seq.desc())
    found: list[Any] = []
    if streams is None:
        found = list(connection.execute(query.limit(limit)))
    else:
        for some in _chunks(sorted(streams)):
            found += connection.execute(query.where(event.stream_id.in_(some)))
        found.sort(key=lambda row: -row.seq)
    return [
        {
            "at": row.at_utc.isoformat(),
            "who": row.actor,
            "what": row.type,
            "stream": row.stream_type,
            "id": str(row.stream_id),
            "details": {
                key: value for key, value in row.payload.items() if key in ("day", "calls", "download", "reason")
            },
        }
        for row in found[:limit]
    ]


def _rows(connection: sa.Connection, person_id: uuid.UUID) -> dict[str, list[dict[str, Any]]]:
    person = connection.execute(sa.select(t.person).where(t.person.c.id == person_id)).mappings().first()
    if person is None:
        raise BadInputError(f"there is no person {person_id}", code="unknown_person")
    found: dict[str, list[dict[str, Any]]] = {"person": [dict(person)]}
    for table in metadata.sorted_tables:
        if table is t.person:
            continue
        conditions = []
        for key in table.foreign_keys:
            parents = [row[key.column.name] for row in found.get(key.column.table.name, ())]
            conditions += [key.parent.in_(some) for some in _chunks(sorted(set(parents)))]
        if conditions:
            rows = connection.execute(sa.select(table).where(sa.or_(*conditions))).mappings()
            found[table.name] = [dict(row) for row in rows]
    return {name: rows for name, rows in found.items() if rows}


def _provenance(connection: sa.Connection, streams: set[uuid.UUID], person: dict[str, Any]) -> list[dict[str, Any]]:
    """When, from where and what for something came to be known, oldest first."""
    event = journal_tables.event.c
    query = sa.select(event.seq, event.at_utc, event.type, event.actor, event.payload)
    # A list tells of many people in one event of the list's stream.
    with_others = query.where(event.type == PeopleImported.TYPE, event.at_utc == person["created_at"])
    found = [row for row in connection.execute(with_others) if _among(str(person["id"]), row.payload["told"])]
    for some in _chunks(sorted(streams)):
        found += connection.execute(query.where(event.stream_id.in_(some)))
    told = sorted((row for row in found if "source" in row.payload), key=lambda row: row.seq)
    return [
        {
            "at": row.at_utc.isoformat(),
            "what": row.type,
            "by": row.actor,
            "source": row.payload["source"],
            "purpose": row.payload.get("purpose"),
        }
        for row in told
    ]


def _among(person_id: str, told: list[dict[str, str]]) -> bool:
    return any(one["ref"] == person_id for one in told)


def _tells(key: str, row: dict[str, Any]) -> bool:
    """Where a value lies says nothing beside the value itself."""
    copied = key.endswith("_ref") and (key == "identity_ref" or key.removesuffix("_ref") in row)
    return key != "tenant_id" and not copied


def _plain(key: str, value: Any, private: dict[str, Any]) -> Any:
    if key.endswith("_ref"):
        # What was said or written, in place of where it lies; None once erased.
        return private.get(str(value)) if value else None
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, uuid.UUID | Decimal):
        return str(value)
    return value.isoformat() if isinstance(value, datetime | date) else value


def _chunks(values: list[uuid.UUID], size: int = 400) -> list[list[uuid.UUID]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
