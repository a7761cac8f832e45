"""Stops that hold for numbers and documents whoever has them, also after the person was erased (by a keyed digest).

The digest's key is a private row that is never erased. Who has the whole database can test a number against it; a list
of numbers cannot be read back from it.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

import sqlalchemy as sa

from voiceagent.base.ids import uuid7
from voiceagent.cases import tables as t
from voiceagent.cases.kinds import OptOutScope, PhoneStatus, RequestStatus
from voiceagent.cases.tables.privacy import stop_proof
from voiceagent.journal import tables as journal_tables
from voiceagent.journal.catalogue import OptOutRecorded, Said
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import Private
from voiceagent.storage.question import Question, one_of
from voiceagent.storage.upsert import upsert

_KEY = "stop_key"
_NUMBER = OptOutScope.NUMBER
WRONG_NUMBER = "wrong number"


@dataclass(frozen=True, slots=True)
class StopProved(Said):
    """What proves a stop: a letter's number, the words, the file it came in."""

    TYPE: ClassVar[str] = "optout.proved"
    opt_out_id: uuid.UUID
    proof: Private


@dataclass(frozen=True, slots=True)
class StopsKept(Said):
    """Stops whose number or document is about to be erased go on holding under `digests` {stop: keyed digest}."""

    TYPE: ClassVar[str] = "optout.kept"
    digests: dict[str, str]


def numbers_of_erased(connection: sa.Connection, numbers: Iterable[str], tenant_id: uuid.UUID) -> frozenset[str]:
    """Those of `numbers` that nobody may use because somebody erased since wanted it so (`wrong_for`: one person)."""
    return frozenset(value for value, scope, _ in _kept(connection, numbers, tenant_id) if scope is _NUMBER)


def channels_of_erased(
    connection: sa.Connection, documents: Iterable[str], tenant_id: uuid.UUID
) -> dict[str, set[str | None]]:
    """Channels on which people erased since, who had these documents, wanted quiet (None: on all), by document."""
    found: dict[str, set[str | None]] = {}
    for value, scope, channel in _kept(connection, documents, tenant_id):
        if scope is not _NUMBER:
            found.setdefault(value, set()).add(None if scope is OptOutScope.PERSON else channel)
    return found


def digests_of_stops(connection: sa.Connection, person_id: uuid.UUID, now: datetime) -> dict[str, str]:
    """{stop: digest} of what must go on holding when the person is erased; makes the key where there is none yet.

    The person's own stops, and those of numbers that nobody else has.
    """
    person = connection.execute(sa.select(t.person).where(t.person.c.id == person_id)).one()
    phone, other = t.phone.c, t.phone.alias()
    shared = sa.exists(
        sa.select(other.c.id).where(
            other.c.tenant_id == phone.tenant_id, other.c.number == phone.number, other.c.person_id != person_id
        )
    )
    alone = sa.select(phone.number).where(phone.person_id == person_id, phone.number.is_not(None), ~shared)
    o = t.opt_out.c
    rows = connection.execute(
        sa.select(o.id, o.scope, o.number).where(
            o.tenant_id == person.tenant_id,
            o.revoked_at.is_(None),
            sa.or_(o.person_id == person_id, o.number.in_(alone)),
        )
    ).all()
    held = {str(row.id): row.number if row.scope is _NUMBER else person.document for row in rows}
    held = {stop: value for stop, value in held.items() if value is not None}
    if not held:
        return {}
    return {stop: digest_for_good(connection, value, person.tenant_id, now) for stop, value in held.items()}


def kept_of_calls(
    connection: sa.Connection, person_id: uuid.UUID, now: datetime
) -> tuple[list[OptOutRecorded], dict[str, str]]:
    """What calls with a person taught that must hold when the person is erased and comes with a later list.

    That a number is wrong for them (somebody else's quiet, not theirs), and that they have died. Stops to record, and
    their digests.
    """
    p, a, r, phone = t.person.c, t.attempt.c, t.request.c, t.phone.c
    person = connection.execute(sa.select(p.document, p.tenant_id).where(p.id == person_id)).one()
    if person.document is None:
        return [], {}
    wrong = connection.execute(
        sa.select(phone.number).where(
            phone.person_id == person_id, phone.status == PhoneStatus.WRONG, phone.number.is_not(None)
        )
    ).scalars()
    answered = sa.exists().where(
        r.attempt_id == a.id, r.kind == "deceased_review", r.status.in_((RequestStatus.DONE, RequestStatus.CANCELLED))
    )
    died = connection.execute(
        sa.select(a.id).where(a.person_id == person_id, a.disposition == "DEC", ~answered)
    ).first()
    held = [(_NUMBER, WRONG_NUMBER, wrong_for(person.document, number)) for number in sorted(wrong)]
    if died is not None:
        held.append((OptOutScope.PERSON, "deceased", person.document))
    stops = [OptOutRecorded(uuid7(now), scope, None, source=source) for scope, source, _ in held]
    digests = [digest_for_good(connection, value, person.tenant_id, now) for _, _, value in held]
    return stops, {str(stop.opt_out_id): digest for stop, digest in zip(stops, digests, strict=True)}


def wrong_for(document: str, number: str) -> str:
    """What a number that is wrong for somebody is kept by: it may be right for everybody else who has it."""
    return f"{document} {number}"


def digest_for_good(connection: sa.Connection, value: str, tenant_id: uuid.UUID, now: datetime) -> str:
    """The digest that a number or document goes on being known by; makes the key where there is none yet."""
    return _digest(_key(connection, tenant_id) or _make_key(connection, tenant_id, now), value)


_o, _p = t.opt_out.c, stop_proof.c
_KEPT = Question(
    sa.select(_p.digest, _o.scope, _o.channel)
    .join(t.opt_out, _o.id == _p.opt_out_id)
    .where(_o.revoked_at.is_(None), _p.tenant_id == sa.bindparam("tenant"), one_of(_p.digest, "digests"))
)
KEY_OF_STOPS = Question(
    sa.select(journal_tables.private.c.salt).where(journal_tables.private.c.id == sa.bindparam("stop_key"))
)


def _kept(
    connection: sa.Connection, values: Iterable[str], tenant_id: uuid.UUID
) -> list[tuple[str, OptOutScope, str | None]]:
    """(value, scope, channel) of stops in force that were kept under a digest of one of these values."""
    key = _key(connection, tenant_id)
    if key is None:
        # Nobody was ever erased with a stop.
        return []
    digests = {_digest(key, value): value for value in values}
    rows = _KEPT(connection, tenant=tenant_id, digests=sorted(digests))
    return [(digests[row.digest], row.scope, row.channel) for row in rows]


def _digest(key: bytes, value: str) -> str:
    return hmac.new(key, value.encode(), hashlib.sha256).hexdigest()


def key_id(tenant_id: uuid.UUID) -> uuid.UUID:
    """Of the private row that is the key."""
    return uuid.uuid5(tenant_id, _KEY)


def _key(connection: sa.Connection, tenant_id: uuid.UUID) -> bytes | None:
    return next((row.salt for row in KEY_OF_STOPS(connection, stop_key=key_id(tenant_id))), None)


def _make_key(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime) -> bytes:
    key = secrets.token_bytes(32)
    row = {"id": key_id(tenant_id), "tenant_id": tenant_id, "kind": _KEY, "salt": key, "created_at": now}
    connection.execute(sa.insert(journal_tables.private).values(**row))
    return key


def _proved(connection: sa.Connection, event: Event) -> None:
    row = {"opt_out_id": event.payload["opt_out_id"], "tenant_id": event.tenant_id}
    upsert(connection, stop_proof, [row | {"proof_ref": event.payload["proof"]["ref"]}], update=("proof_ref",))


def _stops_kept(connection: sa.Connection, event: Event) -> None:
    digests: dict[str, str] = event.payload["digests"]
    rows = [
        {"opt_out_id": uuid.UUID(stop), "tenant_id": event.tenant_id, "digest": digest}
        for stop, digest in sorted(digests.items())
    ]
    upsert(connection, stop_proof, rows, update=("digest",))
    stops = [row["opt_out_id"] for row in rows]
    connection.execute(sa.update(t.opt_out).where(t.opt_out.c.id.in_(stops)).values(number=None))


PROJECTIONS = (
    Projection(StopProved.TYPE, for_each(_proved)),
    Projection(StopsKept.TYPE, for_each(_stops_kept)),
)
