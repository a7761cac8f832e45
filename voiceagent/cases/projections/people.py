"""People, their numbers and what they owe, from the events of imports; and how erasure empties them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.cases.newcomers import ids_of
from voiceagent.journal import floor
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.journal.private import read_private
from voiceagent.storage.bulk import Native, insert_many
from voiceagent.storage.schema import metadata
from voiceagent.storage.types import instant_text
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


def people_imported(connection: sa.Connection, events: Sequence[Event]) -> None:
    """All rows of people who were not known, parents first."""
    bodies = read_private(connection, [told for event in events for told in event.payload["told"]])
    fresh: dict[str, list[tuple[Native, ...]]] = {name: [] for name in _COLUMNS}
    attributes: list[tuple[Native, ...]] = []
    for event in events:
        said, at, tenant = event.payload, instant_text(event.at_utc), str(event.tenant_id)
        source, purpose = said["source"], said["purpose"]
        kinds = [
            (kind["language"], kind["region"], (kind["creditor_id"], kind["portfolio_id"], kind["stage"]))
            for kind in said["kinds"]
        ]
        people = said["people"]
        balances = zip(*(said["debts"][name] for name in _CHANGING["debt"][:-1]), strict=True)
        names = people["attributes"] or [()] * len(said["told"])
        columns = (said["told"], people["kind"], people["state"], names)
        for ids, told, kind, state, known in zip(ids_of(said), *columns, strict=True):
            ref, person_id, case_id = told["ref"], ids.person, ids.case
            body = bodies.get(ref, _ERASED)
            language, region, opened = kinds[kind]
            fresh["person"].append(
                (person_id, tenant, body["document"], body["name"], body["birth_date"], language, region, state, ref,
                 at, at)
            )  # fmt: skip
            fresh["debt_case"].append((case_id, tenant, person_id, *opened, at, at))
            for table, rows, values in (("phone", ids.phones, body["phones"]), ("email", ids.emails, body["emails"])):
                fresh[table] += [
                    (identity, tenant, person_id, value, position, "new", source, purpose, ref, at, at)
                    for position, (identity, value) in enumerate(zip(rows, values or [None] * len(rows), strict=True))
                ]
            for identity, contract in zip(ids.debts, body["contracts"] or [None] * len(ids.debts), strict=True):
                fresh["debt"].append((identity, tenant, case_id, contract, "open", *next(balances), ref, at, at))
            for name in known:
                value = body["attributes"].get(name)
                attributes.append((case_id, name, tenant, value, source, purpose, ref, at))
    for table_name, names_of in _COLUMNS.items():
        insert_many(connection, metadata.tables[table_name], names_of, fresh[table_name])
    insert_many(connection, tables.attribute, _ATTRIBUTE, attributes)


def case_imported(connection: sa.Connection, events: Sequence[Event]) -> None:
    """People, numbers, addresses, cases, balances and custom columns; what an event leaves out stays as it was."""
    bodies = read_private(connection, [event.payload["told"] for event in events])
    fresh: dict[str, list[tuple[Native, ...]]] = {name: [] for name in _COLUMNS}
    people: list[dict[str, Any]] = []
    debts: list[dict[str, Any]] = []
    attributes: list[dict[str, Any]] = []
    for event in events:
        said = event.payload
        ref = said["told"]["ref"]
        told = bodies.get(ref, {})
        at, tenant = instant_text(event.at_utc), str(event.tenant_id)
        person_id, case_id, source, purpose = said["person_id"], said["case_id"], said["source"], said["purpose"]
        person = said["person"]
        if person is not None:
            row = (
                told.get("document"), told.get("name"), told.get("birth_date"), person["language"],
                person["region"], person["state"], ref,
            )  # fmt: skip
            if person["new"]:
                fresh["person"].append((person_id, tenant, *row, at, at))
            else:
                people.append(_changed(tables.person, person_id, row, event))
        for part, table in (("phones", "phone"), ("emails", "email")):
            values = told.get(part, {})
            fresh[table] += [
                (one["id"], tenant, person_id, values.get(one["id"]), one["position"], "new", source, purpose, ref, at,
                 at)
                for one in said[part]
            ]  # fmt: skip
        case = said["case"]
        if case is not None:
            opened = (case["creditor_id"], case["portfolio_id"], case["stage"])
            fresh["debt_case"].append((case_id, tenant, person_id, *opened, at, at))
        for debt in said["debts"]:
            balance = (
                debt["product"], debt["original_minor"], debt["charges_minor"], debt["currency"], debt["due"], ref
            )  # fmt: skip
            if debt["new"]:
                contract = told.get("contracts", {}).get(debt["id"])
                fresh["debt"].append((debt["id"], tenant, case_id, contract, "open", *balance, at, at))
            else:
                debts.append(_changed(tables.debt, debt["id"], balance, event))
        for name in said["attributes"]:
            value = told.get("attributes", {}).get(name)
            attributes.append(
                {"case_id": case_id, "name": name, "tenant_id": event.tenant_id, "value": value, "source": source,
                 "purpose": purpose, "value_ref": ref, "obtained_at": event.at_utc}
            )  # fmt: skip
    for name, columns in _COLUMNS.items():
        insert_many(connection, metadata.tables[name], columns, fresh[name])
    _update(connection, tables.person, people)
    _update(connection, tables.debt, debts)
    upsert(connection, tables.attribute, attributes, update=_ATTRIBUTE[3:])


#: What a later list may change, in the order of `case_imported`.
_CHANGING = {
    "person": ("document", "name", "birth_date", "language", "region", "state", "identity_ref"),
    "debt": ("product", "original_minor", "charges_minor", "currency", "due", "contract_ref"),
}
_STAMPS = ("created_at", "updated_at")
_ATTRIBUTE = ("case_id", "name", "tenant_id", "value", "source", "purpose", "value_ref", "obtained_at")
#: What is left of what was told of a person.
_ERASED: dict[str, Any] = {
    "document": None, "name": None, "birth_date": None, "phones": (), "emails": (), "contracts": (), "attributes": {}
}  # fmt: skip
_CONTACT = ("position", "status", "source", "purpose")
#: Columns of new rows, parents first.
_COLUMNS = {
    "person": ("id", "tenant_id", *_CHANGING["person"], *_STAMPS),
    "phone": ("id", "tenant_id", "person_id", "number", *_CONTACT, "number_ref", *_STAMPS),
    "email": ("id", "tenant_id", "person_id", "address", *_CONTACT, "address_ref", *_STAMPS),
    "debt_case": ("id", "tenant_id", "person_id", "creditor_id", "portfolio_id", "stage", *_STAMPS),
    "debt": ("id", "tenant_id", "case_id", "contract", "status", *_CHANGING["debt"], *_STAMPS),
}


def _changed(table: sa.Table, identity: str, row: tuple[Any, ...], event: Event) -> dict[str, Any]:
    values = dict(zip(_CHANGING[table.name], row, strict=True))
    for name, value in values.items():
        if value is not None and isinstance(table.c[name].type, sa.Date):
            values[name] = date.fromisoformat(value)
    return values | {"key": identity, "updated_at": event.at_utc}


def _update(connection: sa.Connection, table: sa.Table, rows: list[dict[str, Any]]) -> None:
    """In order: a later event of the same row wins."""
    if not rows:
        return
    names = (*_CHANGING[table.name], "updated_at")
    statement = (
        sa.update(table)
        .where(table.c.id == sa.bindparam("key", type_=table.c.id.type))
        .values({name: sa.bindparam(name, type_=table.c[name].type) for name in names})
    )
    connection.execute(statement, rows)


def case_staged(connection: sa.Connection, event: Event) -> None:
    """A case moved on."""
    table = tables.debt_case
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["case_id"])
        .values(stage=event.payload["stage"], updated_at=event.at_utc)
    )


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
        (tables.attribute, tables.attribute.c.case_id.in_(cases), {"value": None}),
        (
            tables.person,
            tables.person.c.id == person_id,
            {"document": None, "name": None, "birth_date": None}
            | {"erased_at": event.at_utc, "updated_at": event.at_utc},
        ),
    ]
    for table, which, values in empty:
        connection.execute(sa.update(table).where(which).values(**values))


PROJECTIONS = (
    Projection(floor.CreditorAdded.TYPE, for_each(creditor_added)),
    Projection(floor.PeopleImported.TYPE, people_imported),
    Projection(floor.CaseImported.TYPE, case_imported),
    Projection(floor.CaseStaged.TYPE, for_each(case_staged)),
    Projection(floor.DebtStatusChanged.TYPE, for_each(debt_status)),
    Projection(floor.PrivateErased.TYPE, for_each(private_erased)),
)
