"""Compliance decisions, stops, and tasks for people."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.journal import catalogue, floor
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import read_private
from voiceagent.storage.bulk import insert_many
from voiceagent.storage.types import canonical_json, instant_text

_DECISION = (
    "id", "tenant_id", "person_id", "case_id", "channel", "purpose", "allow", "rules", "rule_version", "inputs_sha256",
    "inputs_ref", "retry_at", "decided_at",
)  # fmt: skip


def compliance_decided(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Decisions, allowed or not."""
    rows = []
    for event in events:
        told = event.payload | {
            "id": event.payload["decision_id"],
            "tenant_id": str(event.tenant_id),
            "rules": canonical_json(event.payload["rules"]),
            "inputs_ref": event.payload["inputs"]["ref"],
            "decided_at": instant_text(event.at_utc),
        }
        rows.append([told[name] for name in _DECISION])
    insert_many(connection, tables.compliance_decision, _DECISION, rows)


def opt_out_recorded(connection: sa.Connection, event: Event) -> None:
    """A stop; one for a number keeps that number, so that it holds for whoever else has it."""
    said = event.payload
    number = None
    if said["scope"] == kinds.OptOutScope.NUMBER:
        if said["phone_id"] is not None:
            phone = tables.phone
            number = connection.execute(sa.select(phone.c.number).where(phone.c.id == said["phone_id"])).scalar()
        elif said["number"] is not None:
            number = read_private(connection, [said["number"]]).get(said["number"]["ref"])
    same = ("scope", "person_id", "phone_id", "channel", "source")
    connection.execute(
        sa.insert(tables.opt_out).values(
            id=said["opt_out_id"],
            tenant_id=event.tenant_id,
            number=number,
            attempt_id=_attempt(event),
            created_at=event.at_utc,
            **{name: said[name] for name in same},
        )
    )


def opt_out_revoked(connection: sa.Connection, event: Event) -> None:
    """The stop ends."""
    table = tables.opt_out
    connection.execute(
        sa.update(table).where(table.c.id == event.payload["opt_out_id"]).values(revoked_at=event.at_utc)
    )


def request_opened(connection: sa.Connection, event: Event) -> None:
    """A task for people."""
    said = event.payload
    connection.execute(
        sa.insert(tables.request).values(
            id=said["request_id"],
            tenant_id=event.tenant_id,
            case_id=said["case_id"],
            attempt_id=_attempt(event),
            kind=said["kind"],
            detail_ref=said["detail"]["ref"] if said["detail"] else None,
            channel=said.get("channel"),
            destination_ref=said["destination"]["ref"] if said.get("destination") else None,
            status=kinds.RequestStatus.OPEN,
            opened_at=event.at_utc,
            due_at=_instant(said["due_at"]),
        )
    )


def request_status(connection: sa.Connection, event: Event) -> None:
    """A task moved on."""
    said = event.payload
    table = tables.request
    values: dict[str, Any] = {"status": said["status"]}
    if said["assignee"] is not None:
        values["assignee"] = said["assignee"]
    closed = said["status"] in (kinds.RequestStatus.DONE, kinds.RequestStatus.CANCELLED)
    values["closed_at"] = event.at_utc if closed else None
    connection.execute(sa.update(table).where(table.c.id == said["request_id"]).values(**values))


def _attempt(event: Event) -> Any:
    return event.stream_id if event.stream_type == "call" else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


PROJECTIONS = (
    Projection(catalogue.ComplianceDecided.TYPE, compliance_decided),
    Projection(catalogue.OptOutRecorded.TYPE, for_each(opt_out_recorded)),
    Projection(floor.OptOutRevoked.TYPE, for_each(opt_out_revoked)),
    Projection(catalogue.RequestOpened.TYPE, for_each(request_opened)),
    Projection(floor.RequestStatusChanged.TYPE, for_each(request_status)),
)
