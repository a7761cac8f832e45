"""The envelope of an event, before and after it was recorded, and the digest that chains one to the next."""

from __future__ import annotations

import dataclasses
import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import lru_cache
from typing import Any, ClassVar, Protocol

from voiceagent.base.money import Money
from voiceagent.journal.private import Private
from voiceagent.storage.types import canonical_json, instant_text

#: The digest before the first event.
GENESIS = "0" * 64

#: What JSON holds as it is (their subclasses, such as words of an enumeration, are made plain).
_PLAIN = frozenset({type(None), bool, int, float, str})
_TEXT = frozenset({str})


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
    first: bool = False
    """Nothing of this stream was recorded before this transaction: where it is made. Spares asking how long it is."""


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
    return chained(
        previous,
        event.seq,
        event.id,
        instant_text(event.at_utc),
        event.tenant_id,
        event.stream_type,
        event.stream_id,
        event.stream_seq,
        event.type,
        event.v,
        canonical_json(event.payload),
        event.actor,
        event.cause_id,
    )


def chained(
    previous: str,
    seq: int,
    identity: uuid.UUID | str,
    at: str,
    tenant_id: uuid.UUID | str,
    stream_type: str,
    stream_id: uuid.UUID | str,
    stream_seq: int,
    kind: str,
    v: int,
    payload: str,
    actor: str,
    cause_id: uuid.UUID | str | None,
) -> str:
    """`digest_of` from the parts, `at` and `payload` as their texts: the canonical JSON of all of them in a list."""
    cause = f'"{cause_id}"' if cause_id else "null"
    said = (
        f'[{seq},"{identity}","{at}","{tenant_id}",{_quoted(stream_type)},"{stream_id}",{stream_seq},{_quoted(kind)},'
        f"{v},{payload},{_quoted(actor)},{cause}]"
    )
    return hashlib.sha256(f"{previous}\n{said}".encode()).hexdigest()


@lru_cache(maxsize=256)
def _quoted(word: str) -> str:
    return canonical_json(word)


def plain(payload: Payload) -> tuple[dict[str, Any], list[Private]]:
    """A payload's JSON and the private values that were taken out of it."""
    taken: list[Private] = []
    return {name: _plain(getattr(payload, name), taken) for name in _names(type(payload))}, taken


@lru_cache(maxsize=256)
def _names(kind: type[Any]) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(kind))


def _plain(value: Any, taken: list[Private]) -> Any:
    kind = type(value)
    if kind in _PLAIN:
        return value
    # The common ones first: imports come in by the hundred thousand.
    if kind is dict:
        if _PLAIN.issuperset(map(type, value.values())) and _TEXT.issuperset(map(type, value)):
            return value
        return {str(key): item if type(item) in _PLAIN else _plain(item, taken) for key, item in value.items()}
    if kind is tuple or kind is list:
        if _PLAIN.issuperset(map(type, value)):
            return list(value)
        return [_plain(item, taken) for item in value]
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
        return {name: _plain(getattr(value, name), taken) for name in _names(value.__class__)}
    if isinstance(value, dict):
        return {str(key): _plain(item, taken) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        items = sorted(value) if isinstance(value, set | frozenset) else value
        return [_plain(item, taken) for item in items]
    raise TypeError(f"an event cannot hold a {type(value).__name__}")
