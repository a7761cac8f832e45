"""The envelope of an event, before and after it was recorded, and the digest that chains one to the next."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any, ClassVar, Protocol

from voiceagent.base.money import Money
from voiceagent.journal.private import Private
from voiceagent.storage.types import canonical_json, instant_text

#: The digest before the first event.
GENESIS = "0" * 64


class Payload(Protocol):
    """A dataclass of the catalogue."""

    TYPE: ClassVar[str]
    V: ClassVar[int]


@dataclass(frozen=True, slots=True)
class NewEvent:
    """Something that happened, not yet recorded. `at` and `id` are filled in when absent (now, a new UUIDv7)."""

    stream_type: str
    """person, case, call, seat, list, campaign, ..."""
    stream_id: uuid.UUID
    payload: Payload
    actor: str = "system"
    cause_id: uuid.UUID | None = None
    at: datetime | None = None
    id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class Event:
    """A recorded event. `payload` is its JSON: ids, dates and instants as text, personal data as {ref, digest}."""

    seq: int
    id: uuid.UUID
    at_utc: datetime
    tenant_id: uuid.UUID
    stream_type: str
    stream_id: uuid.UUID
    stream_seq: int
    type: str
    v: int
    payload: dict[str, Any]
    actor: str
    cause_id: uuid.UUID | None
    digest: str


def digest_of(previous: str, event: Event) -> str:
    """SHA-256 over the previous event's digest and everything this one says."""
    said = canonical_json(
        [
            event.seq,
            str(event.id),
            instant_text(event.at_utc),
            str(event.tenant_id),
            event.stream_type,
            str(event.stream_id),
            event.stream_seq,
            event.type,
            event.v,
            event.payload,
            event.actor,
            str(event.cause_id) if event.cause_id else None,
        ]
    )
    return hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()


def plain(payload: Payload) -> tuple[dict[str, Any], list[Private]]:
    """A payload's JSON and the private values that were taken out of it."""
    taken: list[Private] = []
    fields = dataclasses.fields(payload)  # type: ignore[arg-type]
    return {field.name: _plain(getattr(payload, field.name), taken) for field in fields}, taken


def _plain(value: Any, taken: list[Private]) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Private):
        taken.append(value)
        return value.reference
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, datetime):
        return instant_text(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Money):
        return {"minor": value.minor, "currency": value.currency}
    if dataclasses.is_dataclass(value):
        return {field.name: _plain(getattr(value, field.name), taken) for field in dataclasses.fields(value)}
    if isinstance(value, dict):
        return {str(key): _plain(item, taken) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(item, taken) for item in items]
    raise TypeError(f"an event cannot hold a {type(value).__name__}")
