"""Proof that the journal is whole: the chain of digests, the numbering of streams, the digests of private values."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from voiceagent.journal import tables
from voiceagent.journal.envelope import GENESIS, digest_of
from voiceagent.journal.journal import all_events
from voiceagent.journal.private import digest


@dataclass(frozen=True, slots=True)
class Flaw:
    """Something in the journal that nobody wrote through `record`."""

    seq: int
    what: str


def audit(connection: sa.Connection) -> list[Flaw]:
    """Everything that shows tampering or loss, in order of `seq`; empty when the journal is whole.

    Erased private values are no flaw: their references stay. Loss of the newest events cannot show here; keep the
    newest digest elsewhere to prove that.
    """
    flaws: list[Flaw] = []
    expected_seq, previous = 1, GENESIS
    streams: dict[tuple[str, uuid.UUID], int] = {}
    for events in all_events(connection):
        bodies = _private_rows(connection, [ref for event in events for ref in references(event.payload)])
        for event in events:
            if event.seq != expected_seq:
                flaws.append(Flaw(event.seq, f"{event.seq - expected_seq} events before it are missing"))
            if event.digest != digest_of(previous, event):
                flaws.append(Flaw(event.seq, f"{event.type} was changed or its predecessor was"))
            stream = (event.stream_type, event.stream_id)
            if event.stream_seq != streams.get(stream, 0) + 1:
                flaws.append(Flaw(event.seq, f"stream {stream[0]} {stream[1]} has a gap before it"))
            for reference in references(event.payload):
                row = bodies.get(reference["ref"])
                if row is None:
                    flaws.append(Flaw(event.seq, f"private value {reference['ref']} was deleted, not erased"))
                elif row.body is not None and digest(row.salt or b"", row.body) != reference["digest"]:
                    flaws.append(Flaw(event.seq, f"private value {reference['ref']} was changed"))
            streams[stream] = event.stream_seq
            expected_seq, previous = event.seq + 1, event.digest
    return flaws


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
