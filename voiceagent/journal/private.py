"""Personal data kept beside the journal: events carry {ref, digest}; erasing body and salt leaves the chain whole."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.base.ids import uuid7, uuid7_texts
from voiceagent.journal.tables import private
from voiceagent.storage.types import canonical_json

_AT_HAND = "private_at_hand"


@dataclass(frozen=True, slots=True)
class Private:
    """A value that no event may show. Put it anywhere in a payload: `record` keeps it apart and leaves `reference`."""

    id: uuid.UUID | str
    kind: str
    salt: bytes
    body: str
    value: Any = field(default=None, compare=False)
    """What `body` says, where that is at hand and JSON as it is: spares whoever reads it next the parsing."""

    @property
    def reference(self) -> dict[str, str]:
        """What the event says instead: where the value is, and a digest that proves it was this one."""
        return {"ref": str(self.id), "digest": digest(self.salt, self.body)}

    def __repr__(self) -> str:
        return f"Private({self.kind} {self.id})"


def private_ref(kind: str, value: Any, at: datetime) -> Private:
    """Wrap a JSON value (text, number, dict) of personal data for an event's payload."""
    return Private(uuid7(at), kind, secrets.token_bytes(16), canonical_json(value))


def digest(salt: bytes, body: str) -> str:
    """Salted, so that short values (numbers, names) cannot be guessed from it."""
    return hashlib.sha256(salt + body.encode()).hexdigest()


def private_refs(kind: str, values: Sequence[Any], at: datetime) -> list[Private]:
    """`private_ref` for many values at once, dictionaries of texts (and of such) that nobody changes any more."""
    salts = secrets.token_bytes(16 * len(values))
    return [
        Private(identity, kind, salts[16 * n : 16 * n + 16], canonical_json(value), value)
        for n, (identity, value) in enumerate(zip(uuid7_texts(at, len(values)), values, strict=True))
    ]


@contextmanager
def at_hand(connection: sa.Connection, items: Iterable[Private]) -> Iterator[None]:
    """Within it, `read_private` on this connection need not ask the database for what was written a moment ago."""
    connection.info[_AT_HAND] = {str(item.id): item for item in items}
    try:
        yield
    finally:
        # A connection that broke meanwhile has no info any more; asking it would hide what broke it.
        if not connection.invalidated:
            del connection.info[_AT_HAND]


def read_private(connection: sa.Connection, references: Iterable[dict[str, str] | None]) -> dict[str, Any]:
    """Values by `ref`; what was erased, or never kept, is absent."""
    known: dict[str, Private] = connection.info.get(_AT_HAND, {})
    asked = {reference["ref"] for reference in references if reference}
    found: dict[str, Any] = {ref: _said(known[ref]) for ref in asked if ref in known}
    wanted = sorted(asked - found.keys())
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            sa.select(private.c.id, private.c.body).where(
                private.c.id.in_(wanted[start : start + 500]), private.c.body.is_not(None)
            )
        )
        found |= {str(identity): json.loads(body) for identity, body in rows}
    return found


def _said(item: Private) -> Any:
    return json.loads(item.body) if item.value is None else item.value
