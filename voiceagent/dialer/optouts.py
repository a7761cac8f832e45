"""Stops: by number (for everybody who has it), by channel, by person; they act from the moment they are recorded."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables
from voiceagent.cases.kinds import OptOutScope
from voiceagent.cases.stops import StopProved, StopsKept, channels_of_erased, digest_for_good
from voiceagent.cases.tables import stop_proof
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import OptOutRevoked
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref


def stop_number(
    journal: Journal,
    number: str,
    *,
    source: str = "operator",
    proof: str = "",
    connection: sa.Connection | None = None,
) -> uuid.UUID:
    """Nobody calls `number` (E.164) any more, whoever it belongs to, now or after a later import.

    `proof`: what shows that somebody wished it (a letter's number, the words); kept apart, erased with the person.
    """
    now = journal.clock.now()
    number_ref = private_ref("phone", number, now)
    stop = OptOutRecorded(uuid7(now), OptOutScope.NUMBER, None, number=number_ref, source=source[:64])
    journal.record(_events(journal, "optout", stop.opt_out_id, stop, proof), connection)
    return stop.opt_out_id


def stop_person(
    journal: Journal,
    person_id: uuid.UUID,
    *,
    channel: str | None = None,
    source: str = "operator",
    proof: str = "",
    connection: sa.Connection | None = None,
) -> uuid.UUID:
    """The person is contacted no more, on one channel or on all."""
    scope = OptOutScope.CHANNEL if channel else OptOutScope.PERSON
    stop = OptOutRecorded(uuid7(journal.clock.now()), scope, person_id, channel=channel, source=source[:64])
    journal.record(_events(journal, "person", person_id, stop, proof), connection)
    return stop.opt_out_id


def stop_stranger(
    journal: Journal,
    connection: sa.Connection,
    document: str,
    *,
    channel: str | None = None,
    source: str = "operator",
    proof: str = "",
) -> uuid.UUID:
    """Whoever comes with this document in a later list is not contacted: nothing but its digest is kept until then."""
    now = journal.clock.now()
    scope = OptOutScope.CHANNEL if channel else OptOutScope.PERSON
    stop = OptOutRecorded(uuid7(now), scope, None, channel=channel, source=source[:64])
    kept = StopsKept({str(stop.opt_out_id): digest_for_good(connection, document, journal.tenant_id, now)})
    events = _events(journal, "optout", stop.opt_out_id, stop, proof)
    journal.record([*events, NewEvent("optout", stop.opt_out_id, kept, "operator")], connection)
    return stop.opt_out_id


def stranger_is_stopped(connection: sa.Connection, document: str, channel: str | None, tenant_id: uuid.UUID) -> bool:
    """Whether a document nobody has now is stopped already, on this channel or on all."""
    return bool(channels_of_erased(connection, [document], tenant_id).get(document, set()) & {None, channel})


def _events(journal: Journal, stream: str, key: uuid.UUID, stop: OptOutRecorded, proof: str) -> list[NewEvent]:
    events = [NewEvent(stream, key, stop, "operator")]
    if proof.strip():
        kept = private_ref("proof", proof.strip(), journal.clock.now())
        events.append(NewEvent(stream, key, StopProved(stop.opt_out_id, kept), "operator"))
    return events


def revoke(journal: Journal, opt_out_id: uuid.UUID) -> None:
    """The person asked to be called again, and proved it. BadInputError when there is no such stop in force."""
    with journal.transaction() as connection:
        o = tables.opt_out
        row = connection.execute(sa.select(o).where(o.c.id == opt_out_id, o.c.revoked_at.is_(None))).first()
        if row is None:
            raise BadInputError(f"there is no stop {opt_out_id} in force: see voiceagent optouts list")
        journal.record([NewEvent("optout", opt_out_id, OptOutRevoked(opt_out_id), "operator")], connection)


def all_stops(connection: sa.Connection, tenant_id: uuid.UUID, limit: int = 500) -> list[dict[str, Any]]:
    """Stops in force, the newest first; `erased`: the number or person is known by a digest only."""
    o, p = tables.opt_out, tables.person
    rows = connection.execute(
        sa.select(
            o.c.id, o.c.scope, o.c.number, o.c.channel, o.c.source, o.c.created_at, o.c.person_id, p.c.name,
            stop_proof.c.proof_ref.is_not(None).label("proved"), stop_proof.c.digest.is_not(None).label("erased"),
        )
        .outerjoin(p, p.c.id == o.c.person_id)
        .outerjoin(stop_proof, stop_proof.c.opt_out_id == o.c.id)
        .where(o.c.tenant_id == tenant_id, o.c.revoked_at.is_(None))
        .order_by(o.c.created_at.desc())
        .limit(limit)
    ).mappings()  # fmt: skip
    return [
        dict(row)
        | {
            "id": str(row["id"]),
            "person_id": str(row["person_id"]) if row["person_id"] else None,
            "scope": row["scope"].value,
            "created_at": row["created_at"].isoformat(),
            "proved": bool(row["proved"]),
            "erased": bool(row["erased"]),
        }
        for row in rows
    ]


def people_of(connection: sa.Connection, cases: list[uuid.UUID]) -> list[uuid.UUID]:
    """The persons of some cases, each once."""
    table = tables.debt_case
    return list(connection.execute(sa.select(table.c.person_id).where(table.c.id.in_(cases)).distinct()).scalars())
