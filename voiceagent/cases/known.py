"""What is kept already of everyone in a piece of a list, read with a handful of statements however long the piece."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.cases.kinds import DebtStatus
from voiceagent.storage.bulk import among

if TYPE_CHECKING:
    from voiceagent.cases.intake import Given


class KnownPerson(NamedTuple):
    """`told`: name, birth date as text, language, region, state."""

    id: str
    told: tuple[str | None, ...]


class KnownDebt(NamedTuple):
    """`told`: product, original and charges in minor units, currency, due day."""

    id: str
    told: tuple[str, int, int, str, date]
    withdrawn: bool


@dataclass(slots=True)
class Known:
    """Rows already kept, or about to be. Ids are text."""

    creditors: dict[str, tuple[str, str]] = field(default_factory=dict)
    """Name to the ids of creditor and first portfolio."""
    people: dict[str, KnownPerson] = field(default_factory=dict)
    """By document."""
    phones: dict[tuple[str, str], str] = field(default_factory=dict)
    """(person, number) to id; so the addresses."""
    emails: dict[tuple[str, str], str] = field(default_factory=dict)
    cases: dict[tuple[str, str], str] = field(default_factory=dict)
    """(person, creditor) to id."""
    debts: dict[tuple[str, str], KnownDebt] = field(default_factory=dict)
    """By (case, contract)."""
    attributes: dict[tuple[str, str], str] = field(default_factory=dict)
    """(case, name) to value."""


def look_up(connection: sa.Connection, tenant_id: uuid.UUID, given: Sequence[Given]) -> Known:
    """Everything kept of the people in `given`."""
    t = tables
    known = Known()
    if not given:
        return known
    names = sorted({one.case.creditor for one in given if one.case.debts})
    creditors = connection.execute(
        sa.select(t.creditor.c.name, t.creditor.c.id, t.portfolio.c.id)
        .join(t.portfolio, t.portfolio.c.creditor_id == t.creditor.c.id)
        .where(
            t.creditor.c.tenant_id == tenant_id,
            among(connection, t.creditor.c.name, names),
            t.portfolio.c.name == "default",
        )
    )
    known.creditors = {name: (str(creditor), str(portfolio)) for name, creditor, portfolio in creditors}
    person = t.person.c
    documents = sorted({one.case.document for one in given})
    for row in connection.execute(
        sa.select(t.person).where(person.tenant_id == tenant_id, among(connection, person.document, documents))
    ):
        born = row.birth_date.isoformat() if row.birth_date else None
        known.people[row.document] = KnownPerson(str(row.id), (row.name, born, row.language, row.region, row.state))
    if not known.people:
        return known
    people = [one.id for one in known.people.values()]
    for contacts, table, value in ((known.phones, t.phone, "number"), (known.emails, t.email, "address")):
        for identity, owner, kept in _rows(connection, table, "person_id", people, ("id", "person_id", value)):
            contacts[str(owner), kept] = str(identity)
    for identity, owner, creditor in _rows(
        connection, t.debt_case, "person_id", people, ("id", "person_id", "creditor_id")
    ):
        known.cases[str(owner), str(creditor)] = str(identity)
    cases = list(known.cases.values())
    columns = ("id", "case_id", "contract", "status", "product", "original_minor", "charges_minor", "currency", "due")
    for identity, case_id, contract, status, *told in _rows(connection, t.debt, "case_id", cases, columns):
        product, original, charges, currency, due = told
        known.debts[str(case_id), contract] = KnownDebt(
            str(identity), (product, original, charges, currency, due), status is DebtStatus.WITHDRAWN
        )
    if any(one.attributes for one in given):
        for case_id, name, value in _rows(connection, t.attribute, "case_id", cases, ("case_id", "name", "value")):
            known.attributes[str(case_id), name] = value
    return known


def _rows(
    connection: sa.Connection, table: sa.Table, key: str, values: list[str], columns: tuple[str, ...]
) -> Sequence[Any]:
    query = sa.select(*(table.c[name] for name in columns)).where(among(connection, table.c[key], values))
    return connection.execute(query).all()
