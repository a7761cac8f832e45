"""Debtors handed over to people as kept: events of a call, their rows, and what a person sees who takes one over."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any, ClassVar

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import Private, read_private


@dataclass(frozen=True, slots=True)
class HandOverBegan(Said):
    """The exchange is asked to give the debtor to people. Stream: the call's."""

    TYPE: ClassVar[str] = "hand_over.began"
    hand_over_id: uuid.UUID
    queue: str
    reason: str
    verified: bool
    summary: Private | None = None
    """What the people should know."""


@dataclass(frozen=True, slots=True)
class HandOverEnded(Said):
    """What the people's queue made of it. Stream: the call's."""

    TYPE: ClassVar[str] = "hand_over.ended"
    hand_over_id: uuid.UUID
    verdict: str
    """taken, nobody, left, refused or unknown."""
    waited_s: float
    taken_by: str | None = None
    detail: str = ""


def hand_overs_of(connection: sa.Connection, attempt_id: uuid.UUID) -> list[dict[str, Any]]:
    """Every hand-over of a call, oldest first, with its `summary` (None once erased)."""
    t = tables.hand_over
    query = sa.select(t).where(t.c.attempt_id == attempt_id).order_by(t.c.began_at, t.c.id)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    words = read_private(connection, [{"ref": str(row["summary_ref"])} for row in rows if row["summary_ref"]])
    return [row | {"summary": words.get(str(row["summary_ref"]))} for row in rows]


def _began(connection: sa.Connection, event: Event) -> None:
    said = event.payload
    attempt = tables.attempt
    case = sa.select(attempt.c.case_id).where(attempt.c.id == event.stream_id).scalar_subquery()
    connection.execute(
        sa.insert(tables.hand_over).values(
            id=said["hand_over_id"],
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id,
            case_id=case,
            summary_ref=said["summary"]["ref"] if said["summary"] else None,
            began_at=event.at_utc,
            **{name: said[name] for name in ("queue", "reason", "verified")},
        )
    )


def _ended(connection: sa.Connection, event: Event) -> None:
    said = event.payload
    t = tables.hand_over
    same = {name: said[name] for name in ("verdict", "waited_s", "taken_by", "detail")}
    connection.execute(sa.update(t).where(t.c.id == said["hand_over_id"]).values(ended_at=event.at_utc, **same))


PROJECTIONS = (
    Projection(HandOverBegan.TYPE, for_each(_began)),
    Projection(HandOverEnded.TYPE, for_each(_ended)),
)
