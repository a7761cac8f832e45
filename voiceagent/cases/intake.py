"""People and debts coming in: what is new or changed becomes events, what is known already becomes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables
from voiceagent.cases.kinds import Stage
from voiceagent.debt.case import Case, Debt
from voiceagent.journal import floor
from voiceagent.journal.catalogue import Said
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref


class Outcome(StrEnum):
    """What a case given to `import_cases` was."""

    IMPORTED = "imported"
    UPDATED = "updated"
    DUPLICATE = "duplicate"


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a case is kept. `phone_ids` and `debt_ids` are in the order of the case's phones and debts."""

    person_id: uuid.UUID
    case_id: uuid.UUID
    phone_ids: tuple[uuid.UUID, ...]
    debt_ids: tuple[uuid.UUID, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class _Debt:
    id: uuid.UUID
    told: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class _Person:
    id: uuid.UUID
    told: tuple[Any, ...]


@dataclass(slots=True)
class _Known:
    """Rows already kept, or about to be, of everyone in a chunk."""

    creditors: dict[str, tuple[uuid.UUID, uuid.UUID]] = field(default_factory=dict)
    people: dict[str, _Person] = field(default_factory=dict)
    phones: dict[tuple[uuid.UUID, str], uuid.UUID] = field(default_factory=dict)
    emails: dict[tuple[uuid.UUID, str], uuid.UUID] = field(default_factory=dict)
    cases: dict[tuple[uuid.UUID, uuid.UUID], uuid.UUID] = field(default_factory=dict)
    debts: dict[tuple[uuid.UUID, str], _Debt] = field(default_factory=dict)


def import_cases(
    journal: Journal,
    cases: Sequence[Case],
    *,
    source: str,
    purpose: str = "collection",
    stage: Stage = Stage.AMICABLE,
    actor: str = "import",
    connection: sa.Connection | None = None,
) -> list[Taken]:
    """Keep people, numbers and debts; one answer per case, in order. All of it or nothing: pass hundreds, not millions.

    A person is known by the document, a case by person and creditor, a debt by its contract within the case. Numbers
    and addresses are added, never taken away here. A birth date that is missing now stays what it was.
    """
    if connection is None:
        with journal.transaction() as own:
            return import_cases(
                journal, cases, source=source, purpose=purpose, stage=stage, actor=actor, connection=own
            )
    known = _look_up(connection, journal.tenant_id, cases)
    intake = _Intake(journal, known, source, purpose, stage, actor)
    taken = [intake.take(case) for case in cases]
    journal.record(intake.events(), connection)
    return taken


class _Intake:
    """Turns cases into events, kind by kind, so that projections get long runs of the same kind."""

    ORDER = (
        floor.CreditorAdded,
        floor.PersonImported,
        floor.PhoneAdded,
        floor.EmailAdded,
        floor.CaseOpened,
        floor.DebtImported,
    )

    def __init__(self, journal: Journal, known: _Known, source: str, purpose: str, stage: Stage, actor: str) -> None:
        self._journal, self._known, self._actor = journal, known, actor
        self._source, self._purpose, self._stage = source, purpose, stage
        self._events: dict[type[Said], list[NewEvent]] = {kind: [] for kind in self.ORDER}

    def events(self) -> list[NewEvent]:
        """Parents before children."""
        return [event for kind in self.ORDER for event in self._events[kind]]

    def take(self, case: Case) -> Taken:
        """Events for what is new or changed of `case`."""
        if not case.debts:
            raise BadInputError("a case needs at least one debt")
        before = sum(map(len, self._events.values()))
        creditor_id, portfolio_id = self._creditor(case.creditor)
        person_id = self._person(case)
        phone_ids = tuple(self._phone(person_id, number, n) for n, number in enumerate(case.phones))
        for n, address in enumerate(case.emails):
            self._email(person_id, address, n)
        case_id = self._known.cases.get((person_id, creditor_id))
        new = case_id is None
        if case_id is None:
            case_id = self._known.cases[person_id, creditor_id] = self._id()
            opened = floor.CaseOpened(case_id, person_id, creditor_id, portfolio_id, self._stage)
            self._add("case", case_id, opened)
        debt_ids = tuple(self._debt(case_id, debt) for debt in case.debts)
        changed = sum(map(len, self._events.values())) > before
        outcome = Outcome.IMPORTED if new else Outcome.UPDATED if changed else Outcome.DUPLICATE
        return Taken(person_id, case_id, phone_ids, debt_ids, outcome)

    def _creditor(self, name: str) -> tuple[uuid.UUID, uuid.UUID]:
        if name not in self._known.creditors:
            self._known.creditors[name] = ids = (self._id(), self._id())
            self._add("creditor", ids[0], floor.CreditorAdded(ids[0], name, ids[1]))
        return self._known.creditors[name]

    def _person(self, case: Case) -> uuid.UUID:
        known = self._known.people.get(case.document)
        born = case.birth_date.isoformat() if case.birth_date else None
        if known is not None:
            born = born or known.told[1]
        told = (case.name, born, str(case.language), case.region, case.state or (known.told[4] if known else None))
        if known is not None and known.told == told:
            return known.id
        person_id = known.id if known else self._id()
        self._known.people[case.document] = _Person(person_id, told)
        identity = self._private("person", {"name": case.name, "document": case.document, "birth_date": born})
        self._add("person", person_id, floor.PersonImported(person_id, identity, *told[2:]))
        return person_id

    def _phone(self, person_id: uuid.UUID, number: str, position: int) -> uuid.UUID:
        known = self._known.phones.get((person_id, number))
        if known is None:
            known = self._known.phones[person_id, number] = self._id()
            kept = self._private("phone", number)
            self._add(
                "person", person_id, floor.PhoneAdded(known, person_id, kept, position, self._source, self._purpose)
            )
        return known

    def _email(self, person_id: uuid.UUID, address: str, position: int) -> None:
        if (person_id, address) not in self._known.emails:
            email_id = self._known.emails[person_id, address] = self._id()
            kept = self._private("email", address)
            self._add(
                "person", person_id, floor.EmailAdded(email_id, person_id, kept, position, self._source, self._purpose)
            )

    def _debt(self, case_id: uuid.UUID, debt: Debt) -> uuid.UUID:
        known = self._known.debts.get((case_id, debt.contract))
        told = (debt.product, debt.original.minor, debt.charges.minor, debt.original.currency, debt.due)
        if known is not None and known.told == told:
            return known.id
        debt_id = known.id if known else self._id()
        self._known.debts[case_id, debt.contract] = _Debt(debt_id, told)
        contract = self._private("contract", debt.contract)
        self._add("case", case_id, floor.DebtImported(debt_id, case_id, contract, *told))
        return debt_id

    def _add(self, stream: str, stream_id: uuid.UUID, payload: Said) -> None:
        self._events[type(payload)].append(NewEvent(stream, stream_id, payload, self._actor))

    def _id(self) -> uuid.UUID:
        return uuid7(self._journal.clock.now())

    def _private(self, kind: str, value: Any) -> Any:
        return private_ref(kind, value, self._journal.clock.now())


def _look_up(connection: sa.Connection, tenant_id: uuid.UUID, cases: Sequence[Case]) -> _Known:
    known = _Known()
    t = tables
    names = {case.creditor for case in cases if case.debts}
    creditors = connection.execute(
        sa.select(t.creditor.c.name, t.creditor.c.id, sa.func.min(t.portfolio.c.name), t.portfolio.c.id)
        .join(t.portfolio, t.portfolio.c.creditor_id == t.creditor.c.id)
        .where(t.creditor.c.tenant_id == tenant_id, t.creditor.c.name.in_(names), t.portfolio.c.name == "default")
        .group_by(t.creditor.c.name, t.creditor.c.id, t.portfolio.c.id)
    )
    known.creditors = {name: (creditor_id, portfolio_id) for name, creditor_id, _, portfolio_id in creditors}
    p = t.person.c
    documents = sorted({case.document for case in cases})
    for some in _chunks(documents):
        for row in connection.execute(sa.select(t.person).where(p.tenant_id == tenant_id, p.document.in_(some))):
            born = row.birth_date.isoformat() if row.birth_date else None
            known.people[row.document] = _Person(row.id, (row.name, born, row.language, row.region, row.state))
    for some in _chunks([person.id for person in known.people.values()]):
        phones = sa.select(t.phone).where(t.phone.c.person_id.in_(some))
        known.phones |= {(row.person_id, row.number): row.id for row in connection.execute(phones)}
        emails = sa.select(t.email).where(t.email.c.person_id.in_(some))
        known.emails |= {(row.person_id, row.address): row.id for row in connection.execute(emails)}
        kept = sa.select(t.debt_case).where(t.debt_case.c.person_id.in_(some))
        known.cases |= {(row.person_id, row.creditor_id): row.id for row in connection.execute(kept)}
    for some in _chunks(list(known.cases.values())):
        for row in connection.execute(sa.select(t.debt).where(t.debt.c.case_id.in_(some))):
            told = (row.product, row.original_minor, row.charges_minor, row.currency, row.due)
            known.debts[row.case_id, row.contract] = _Debt(row.id, told)
    return known


def _chunks(values: list[Any], size: int = 500) -> list[list[Any]]:
    return [values[start : start + size] for start in range(0, len(values), size)]
