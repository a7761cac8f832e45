"""Personal data kept beside the journal: events carry {ref, digest}; erasing body and salt leaves the chain whole."""

from __future__ import annotations

import hashlib
import json
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.base.ids import uuid7
from voiceagent.journal.tables import private
from voiceagent.storage.types import canonical_json


@dataclass(frozen=True, slots=True)
class Private:
    """A value that no event may show. Put it anywhere in a payload: `record` keeps it apart and leaves `reference`."""

    id: uuid.UUID
    kind: str
    salt: bytes
    body: str

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


def read_private(connection: sa.Connection, references: Iterable[dict[str, str] | None]) -> dict[str, Any]:
    """Values by `ref`; what was erased, or never kept, is absent."""
    wanted = sorted({reference["ref"] for reference in references if reference})
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), 500):
        rows = connection.execute(
            sa.select(private.c.id, private.c.body).where(
                private.c.id.in_(wanted[start : start + 500]), private.c.body.is_not(None)
            )
        )
        found |= {str(identity): json.loads(body) for identity, body in rows}
    return found
