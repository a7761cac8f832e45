"""Agreements, promises and payments."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.journal import catalogue, floor
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each


def promise_made(connection: sa.Connection, event: Event) -> None:
    """An agreement, the debts it covers, and one promise per instalment; the parts must sum to the whole."""
    said = event.payload
    parts = said["instalments"]
    if not parts or sum(part["minor"] for part in parts) != said["total"]:
        raise ValueError("the instalments of an agreement do not sum to its total")
    person = sa.select(tables.debt_case.c.person_id).where(tables.debt_case.c.id == said["case_id"]).scalar_subquery()
    connection.execute(
        sa.insert(tables.agreement).values(
            id=said["agreement_id"],
            tenant_id=event.tenant_id,
            case_id=said["case_id"],
            person_id=person,
            interaction_id=event.stream_id if event.stream_type == "call" else None,
            total_minor=said["total"],
            discount_minor=said["discount"],
            currency=said["currency"],
            confirmed_by_turn=said["confirmed_by_turn"],
            recording_offset_s=said["recording_offset_s"],
            made_at=event.at_utc,
        )
    )
    covered = [
        {"agreement_id": said["agreement_id"], "debt_id": debt_id, "tenant_id": event.tenant_id}
        for debt_id in said["debt_ids"] or _open_debts(connection, said["case_id"])
    ]
    if covered:
        connection.execute(sa.insert(tables.agreement_debt), covered)
    rows = [
        {
            "id": part["promise_id"],
            "tenant_id": event.tenant_id,
            "agreement_id": said["agreement_id"],
            "case_id": said["case_id"],
            "number": part["number"],
            "due": date.fromisoformat(part["due"]),
            "amount_minor": part["minor"],
            "currency": said["currency"],
            "status": kinds.PromiseStatus.OPEN,
            "paid_minor": 0,
            "made_at": event.at_utc,
            "updated_at": event.at_utc,
        }
        for part in parts
    ]
    connection.execute(sa.insert(tables.promise), rows)


def promise_status(connection: sa.Connection, event: Event) -> None:
    """A promise moved on."""
    said = event.payload
    table = tables.promise
    values: dict[str, Any] = {"status": said["status"], "updated_at": event.at_utc}
    if said["paid_minor"] is not None:
        values["paid_minor"] = said["paid_minor"]
    connection.execute(sa.update(table).where(table.c.id == said["promise_id"]).values(**values))


def payment_received(connection: sa.Connection, event: Event) -> None:
    """Money arrived; what it means for a promise is said by promise.status."""
    said = event.payload
    connection.execute(
        sa.insert(tables.payment).values(
            id=said["payment_id"],
            tenant_id=event.tenant_id,
            amount_minor=said["minor"],
            paid_at=datetime.fromisoformat(said["paid_at"]),
            created_at=event.at_utc,
            **{name: said[name] for name in ("case_id", "promise_id", "currency", "source", "external_id")},
        )
    )


def artifact_issued(connection: sa.Connection, event: Event) -> None:
    """A code to pay with."""
    said = event.payload
    connection.execute(
        sa.insert(tables.payment_artifact).values(
            id=said["artifact_id"],
            tenant_id=event.tenant_id,
            payload_ref=said["payload"]["ref"],
            amount_minor=said["minor"],
            due=date.fromisoformat(said["due"]),
            status=kinds.ArtifactStatus.ISSUED,
            created_at=event.at_utc,
            updated_at=event.at_utc,
            **{name: said[name] for name in ("agreement_id", "promise_id", "kind", "currency", "external_id")},
        )
    )


def artifact_status(connection: sa.Connection, event: Event) -> None:
    """Sent, paid, cancelled, expired."""
    table = tables.payment_artifact
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["artifact_id"])
        .values(status=event.payload["status"], updated_at=event.at_utc)
    )


def _open_debts(connection: sa.Connection, case_id: str) -> list[Any]:
    table = tables.debt
    query = sa.select(table.c.id).where(table.c.case_id == case_id, table.c.status == kinds.DebtStatus.OPEN)
    return list(connection.execute(query.order_by(table.c.id)).scalars())


PROJECTIONS = (
    Projection(catalogue.PromiseMade.TYPE, for_each(promise_made)),
    Projection(floor.PromiseStatusChanged.TYPE, for_each(promise_status)),
    Projection(floor.PaymentReceived.TYPE, for_each(payment_received)),
    Projection(floor.ArtifactIssued.TYPE, for_each(artifact_issued)),
    Projection(floor.ArtifactStatusChanged.TYPE, for_each(artifact_status)),
)
