"""Proof that the journal is whole: the chain of digests, the numbering of streams, the digests of private values."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from voiceagent.journal import tables
from voiceagent.journal.envelope import GENESIS, Event, digest_of
from voiceagent.journal.journal import all_events
from voiceagent.journal.private import digest


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the journal that nobody wrote through `record`."""

    seq: int
    what: str


class Auditor:
    """Takes every event in order, batch by batch, and collects what shows tampering or loss in `flaws`.

    Erased private values are no flaw: their references stay. Loss of the newest events cannot show here; keep the
    newest digest elsewhere to prove that.
    """

    def __init__(self) -> None:
        self.flaws: list[Flaw] = []
        self._expected, self._previous = 1, GENESIS
        self._streams: dict[tuple[str, uuid.UUID], int] = {}

    def take(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        """The next events, and the private values they point to."""
        pointed = {event.seq: references(event.payload) for event in events}
        rows = _private_rows(connection, [reference for found in pointed.values() for reference in found])
        for event in events:
            if event.seq != self._expected:
                self._flaw(event, f"{event.seq - self._expected} events before it are missing")
            if event.digest != digest_of(self._previous, event):
                self._flaw(event, f"{event.type} was changed or its predecessor was")
            stream = (event.stream_type, event.stream_id)
            if event.stream_seq != self._streams.get(stream, 0) + 1:
                self._flaw(event, f"stream {stream[0]} {stream[1]} has a gap before it")
            for reference in pointed[event.seq]:
                row = rows.get(reference["ref"])
                if row is None:
                    self._flaw(event, f"private value {reference['ref']} was deleted, not erased")
                elif row.body is not None and digest(row.salt or b"", row.body) != reference["digest"]:
                    self._flaw(event, f"private value {reference['ref']} was changed")
            self._streams[stream] = event.stream_seq
            self._expected, self._previous = event.seq + 1, event.digest

    def _flaw(self, event: Event, what: str) -> None:
        self.flaws.append(Flaw(event.seq, what))


def audit(connection: sa.Connection) -> list[Flaw]:
    """Everything an `Auditor` finds in the whole journal, in order of `seq`; empty when it is whole."""
    auditor = Auditor()
    for events in all_events(connection):
        auditor.take(connection, events)
    return auditor.flaws


def references(value: Any) -> list[dict[str, str]]:
    """Every {ref, digest} within a payload."""
    if isinstance(value, dict):
        if value.keys() == {"ref", "digest"}:
            return [value]
        return [found for item in value.values() for found in references(item)]
    if isinstance(value, list):
        return [found for item in value for found in references(item)]
    return []


def _private_rows(connection: sa.Connection, wanted: list[dict[str, str]]) -> dict[str, Any]:
    ids = sorted({reference["ref"] for reference in wanted})
    found: dict[str, Any] = {}
    for start in range(0, len(ids), 500):
        query = sa.select(tables.private).where(tables.private.c.id.in_(ids[start : start + 500]))
        found |= {str(row.id): row for row in connection.execute(query)}
    return found
