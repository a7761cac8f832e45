"""Erasing a person: their words, names and numbers go; that something happened, and what it came to, stays."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.holds import holds
from voiceagent.cases.stops import StopsKept, digests_of_stops, kept_of_calls
from voiceagent.journal import tables as journal_tables
from voiceagent.journal.audit import references
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import PrivateErased
from voiceagent.journal.journal import Journal


def erase_person(journal: Journal, person_id: uuid.UUID, *, reason: str, actor: str = "retention") -> int:
    """Erase every private value the journal keeps of a person, and the tables' copies; returns how many values.

    Their stops go on holding under a digest, and so does what calls taught of them: a wrong number, a death.
    BadInputError when there is no such person, one in a call now, or one under a legal hold. Recordings are files:
    their keeper erases those.
    """
    with journal.transaction() as connection:
        person = tables.person
        if connection.execute(sa.select(person.c.id).where(person.c.id == person_id)).first() is None:
            raise BadInputError(f"there is no person {person_id}", code="unknown_person")
        attempt = tables.attempt
        calls = list(
            connection.execute(sa.select(attempt.c.id, attempt.c.status).where(attempt.c.person_id == person_id))
        )
        if any(call.status != "ended" for call in calls):
            raise BadInputError(f"person {person_id} is in a call now: erase them after it", code="in_call")
        standing = holds(connection, person_id)
        if standing:
            reason = standing[0]["reason"]
            raise BadInputError(
                f"person {person_id} is under a legal hold ({reason}): lift it first",
                code="legal_hold",
                values={"reason": reason},
            )
        kept = digests_of_stops(connection, person_id, journal.clock.now())
        learnt, digests = kept_of_calls(connection, person_id, journal.clock.now())
        case = tables.debt_case
        cases = connection.execute(sa.select(case.c.id).where(case.c.person_id == person_id)).scalars()
        # A stop of a number alone has a stream of its own, with that number in it.
        streams = [person_id, *cases, *(call.id for call in calls), *map(uuid.UUID, kept)]
        private = journal_tables.private
        # What was first told of a person lies under the person's own id; its event tells of others as well.
        first = connection.execute(sa.select(private.c.id).where(private.c.id == person_id)).scalars()
        refs = sorted(_references(connection, streams).union(map(str, first)))
        for start in range(0, len(refs), 500):
            connection.execute(
                sa.update(private)
                .where(private.c.id.in_(refs[start : start + 500]), private.c.body.is_not(None))
                .values(body=None, salt=None, erased_at=journal.clock.now())
            )
        # Streams of their own: the person they are of cannot be found from them.
        events = [NewEvent("optout", stop.opt_out_id, stop, actor) for stop in learnt]
        if kept := kept | digests:
            events.append(NewEvent("person", person_id, StopsKept(kept), actor))
        events.append(NewEvent("person", person_id, PrivateErased(person_id, tuple(refs), reason), actor))
        journal.record(events, connection)
    return len(refs)


def _references(connection: sa.Connection, streams: list[uuid.UUID]) -> set[str]:
    event = journal_tables.event
    found: set[str] = set()
    for start in range(0, len(streams), 500):
        payloads = connection.execute(
            sa.select(event.c.payload).where(event.c.stream_id.in_(streams[start : start + 500]))
        ).scalars()
        found |= {reference["ref"] for payload in payloads for reference in references(payload)}
    return found
