"""People, their numbers and what they owe, from the events of imports; and how erasure empties them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.journal import floor
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import read_private
from voiceagent.storage.upsert import upsert


def creditor_added(connection: sa.Connection, event: Event) -> None:
    """A creditor and its first portfolio."""
    said = event.payload
    creditor = {
        "id": said["creditor_id"],
        "tenant_id": event.tenant_id,
        "name": said["name"],
        "created_at": event.at_utc,
    }
    portfolio = creditor | {"id": said["portfolio_id"], "creditor_id": said["creditor_id"], "name": said["portfolio"]}
    upsert(connection, tables.creditor, [creditor], update=())
    upsert(connection, tables.portfolio, [portfolio], update=())


def person_imported(connection: sa.Connection, events: Sequence[Event]) -> None:
    """A person, or what is now known better of one."""
    bodies = read_private(connection, [event.payload["identity"] for event in events])
    rows = []
    for event in events:
        said = event.payload
        identity = bodies.get(said["identity"]["ref"], {})
        born = identity.get("birth_date")
        rows.append(
            {
                "id": said["person_id"],
                "tenant_id": event.tenant_id,
                "document": identity.get("document"),
                "name": identity.get("name"),
                "birth_date": date.fromisoformat(born) if born else None,
                "language": said["language"],
                "region": said["region"],
                "state": said["state"],
                "identity_ref": said["identity"]["ref"],
                "created_at": event.at_utc,
                "updated_at": event.at_utc,
                "erased_at": None,
            }
        )
    changing = ("document", "name", "birth_date", "language", "region", "state", "identity_ref", "updated_at")
    upsert(connection, tables.person, rows, update=changing)


def phone_added(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Numbers."""
    bodies = read_private(connection, [event.payload["number"] for event in events])
    rows = [
        _contact(event, "phone_id", kinds.PhoneStatus.NEW)
        | {
            "number": bodies.get(event.payload["number"]["ref"]),
            "number_ref": event.payload["number"]["ref"],
            "last_right_party_at": None,
        }
        for event in events
    ]
    upsert(connection, tables.phone, rows, update=())


def email_added(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Addresses."""
    bodies = read_private(connection, [event.payload["address"] for event in events])
    rows = [
        _contact(event, "email_id", kinds.EmailStatus.NEW)
        | {"address": bodies.get(event.payload["address"]["ref"]), "address_ref": event.payload["address"]["ref"]}
        for event in events
    ]
    upsert(connection, tables.email, rows, update=())


def case_opened(connection: sa.Connection, events: Sequence[Event]) -> None:
    """A person owes a creditor."""
    rows = [
        {
            "id": event.payload["case_id"],
            "tenant_id": event.tenant_id,
            "person_id": event.payload["person_id"],
            "creditor_id": event.payload["creditor_id"],
            "portfolio_id": event.payload["portfolio_id"],
            "stage": event.payload["stage"],
            "created_at": event.at_utc,
            "updated_at": event.at_utc,
        }
        for event in events
    ]
    upsert(connection, tables.debt_case, rows, update=())


def case_staged(connection: sa.Connection, event: Event) -> None:
    """A case moved on."""
    table = tables.debt_case
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["case_id"])
        .values(stage=event.payload["stage"], updated_at=event.at_utc)
    )


def debt_imported(connection: sa.Connection, events: Sequence[Event]) -> None:
    """Balances as last told."""
    bodies = read_private(connection, [event.payload["contract"] for event in events])
    rows = []
    for event in events:
        said = event.payload
        rows.append(
            {
                "id": said["debt_id"],
                "tenant_id": event.tenant_id,
                "case_id": said["case_id"],
                "contract": bodies.get(said["contract"]["ref"]),
                "product": said["product"],
                "original_minor": said["original_minor"],
                "charges_minor": said["charges_minor"],
                "currency": said["currency"],
                "due": date.fromisoformat(said["due"]),
                "status": kinds.DebtStatus.OPEN,
                "contract_ref": said["contract"]["ref"],
                "created_at": event.at_utc,
                "updated_at": event.at_utc,
            }
        )
    changing = ("product", "original_minor", "charges_minor", "currency", "due", "contract_ref", "updated_at")
    upsert(connection, tables.debt, rows, update=changing)


def debt_status(connection: sa.Connection, event: Event) -> None:
    """Paid, settled, disputed, withdrawn."""
    table = tables.debt
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["debt_id"])
        .values(status=event.payload["status"], updated_at=event.at_utc)
    )


def private_erased(connection: sa.Connection, event: Event) -> None:
    """Empty every copy of a person's data; ids, dates, amounts and outcomes stay, so that the measures do."""
    person_id = event.payload["person_id"]
    if person_id is None:
        return
    phones = sa.select(tables.phone.c.id).where(tables.phone.c.person_id == person_id)
    cases = sa.select(tables.debt_case.c.id).where(tables.debt_case.c.person_id == person_id)
    empty: list[tuple[sa.Table, Any, dict[str, Any]]] = [
        (tables.attempt, tables.attempt.c.person_id == person_id, {"number": None}),
        (tables.attempt, tables.attempt.c.phone_id.in_(phones), {"number": None}),
        (tables.opt_out, tables.opt_out.c.person_id == person_id, {"number": None}),
        (tables.phone, tables.phone.c.person_id == person_id, {"number": None, "updated_at": event.at_utc}),
        (tables.email, tables.email.c.person_id == person_id, {"address": None, "updated_at": event.at_utc}),
        (tables.debt, tables.debt.c.case_id.in_(cases), {"contract": None, "updated_at": event.at_utc}),
        (
            tables.person,
            tables.person.c.id == person_id,
            {"document": None, "name": None, "birth_date": None}
            | {"erased_at": event.at_utc, "updated_at": event.at_utc},
        ),
    ]
    for table, which, values in empty:
        connection.execute(sa.update(table).where(which).values(**values))


def _contact(event: Event, key: str, status: str) -> dict[str, Any]:
    said = event.payload
    return {
        "id": said[key],
        "tenant_id": event.tenant_id,
        "person_id": said["person_id"],
        "position": said["position"],
        "status": status,
        "source": said["source"],
        "purpose": said["purpose"],
        "created_at": event.at_utc,
        "updated_at": event.at_utc,
    }


PROJECTIONS = (
    Projection(floor.CreditorAdded.TYPE, for_each(creditor_added)),
    Projection(floor.PersonImported.TYPE, person_imported),
    Projection(floor.PhoneAdded.TYPE, phone_added),
    Projection(floor.EmailAdded.TYPE, email_added),
    Projection(floor.CaseOpened.TYPE, case_opened),
    Projection(floor.CaseStaged.TYPE, for_each(case_staged)),
    Projection(floor.DebtImported.TYPE, debt_imported),
    Projection(floor.DebtStatusChanged.TYPE, for_each(debt_status)),
    Projection(floor.PrivateErased.TYPE, for_each(private_erased)),
)
