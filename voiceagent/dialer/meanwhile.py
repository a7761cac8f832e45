"""What others recorded between a worker's look at the queue and its turn at the journal.

Workers weigh at the same time and write one after the other. Whatever bears on a call is in the journal, and the
journal is one chain: who knows the number of its newest event when he looks needs only the later ones to know what
changed.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.dialer.events import CampaignCreated
from voiceagent.journal.catalogue import CallAttempted
from voiceagent.journal.journal import Journal
from voiceagent.journal.tables import event
from voiceagent.storage.question import Question

#: Streams whose events bear on one person.
_OF_ONE = frozenset({"call", "case", "person"})
#: Events that bear on nobody who waits.
_HARMLESS = frozenset({"seat.state", "list.imported", "people.imported", "creditor.added", CampaignCreated.TYPE})

_e, _a, _c = event.c, tables.attempt.c, tables.debt_case.c


def _of(kind: str, identity: sa.ColumnElement[Any], column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    # Row by row, never joined: a plan for an unknown number of events would read all calls there ever were.
    of_kind = _e.stream_type == sa.literal_column(f"'{kind}'")
    return sa.select(column).where(of_kind, identity == _e.stream_id).scalar_subquery()


_person = sa.func.coalesce(_of("call", _a.id, _a.person_id), _of("case", _c.id, _c.person_id), type_=_a.person_id.type)
_AFTER = Question(
    sa.select(
        _e.seq,
        _e.digest,
        _e.tenant_id,
        _e.type,
        _e.stream_type,
        _e.stream_id,
        _person.label("person_id"),
        *(_of("call", _a.id, column).label(column.key) for column in (_a.number, _a.campaign_id, _a.trunk)),
    )
    .where(_e.seq > sa.bindparam("after"))
    .order_by(_e.seq)
)


@dataclass(frozen=True, slots=True)
class Meanwhile:
    """What is not as it was."""

    everything: bool = False
    """Something that may bear on anybody: a switch, a campaign, a list taken back, a stop for a number."""
    people: frozenset[uuid.UUID] = frozenset()
    numbers: frozenset[str] = frozenset()
    """Of calls about which something was recorded."""
    begun: tuple[tuple[uuid.UUID | None, str | None], ...] = ()
    """Campaign and trunk of each call that was begun."""

    def touches(self, person_id: uuid.UUID, number: str | None = None) -> bool:
        """Whether what was found out about a person, or a call to a number, may no longer hold."""
        return self.everything or person_id in self.people or number in self.numbers


def wait_turn(journal: Journal, connection: sa.Connection, seen: tuple[int, str]) -> Meanwhile:
    """Wait for the journal, and tell what was recorded since its `head()` was `seen`."""
    people: set[uuid.UUID] = set()
    numbers: set[str] = set()
    begun = []
    for row in journal.wait_turn_after(connection, seen, _AFTER):
        if row.type in _HARMLESS or row.tenant_id != journal.tenant_id:
            continue
        if row.stream_type not in _OF_ONE:
            return Meanwhile(everything=True)
        people.add(row.stream_id if row.stream_type == "person" else row.person_id)
        if row.number is not None:
            numbers.add(row.number)
        if row.type == CallAttempted.TYPE:
            begun.append((row.campaign_id, row.trunk))
    return Meanwhile(people=frozenset(people), numbers=frozenset(numbers), begun=tuple(begun))
