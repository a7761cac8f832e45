"""People and debts coming in: what is new or changed becomes an event, what is known already becomes nothing."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7, uuid7_texts
from voiceagent.cases.kinds import DebtStatus, Stage
from voiceagent.cases.known import Known, KnownDebt, KnownPerson, look_up
from voiceagent.cases.newcomers import Ids, Newcomers, first_of_each
from voiceagent.debt.case import Case, Debt
from voiceagent.journal import floor
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_refs


class Outcome(StrEnum):
    """What a case given to `import_cases` was."""

    IMPORTED = "imported"
    UPDATED = "updated"
    DUPLICATE = "duplicate"
    REFUSED = "refused"
    """A debt known already, where the policy is to reject those; nothing was kept of it."""


class OnDuplicate(StrEnum):
    """What becomes of a debt (person, creditor and contract) that is known already."""

    UPDATE = "update"
    SKIP = "skip"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Given:
    """A case as given, with what a list says beside it."""

    case: Case
    stage: Stage = Stage.AMICABLE
    """Of a case that is opened; a known one keeps its own."""
    attributes: Mapping[str, str] = field(default_factory=dict)


class Kept(NamedTuple):
    """Where a case is kept, ids as text; None of what was refused and is new."""

    person_id: str | None
    case_id: str | None
    phone_ids: tuple[str, ...]
    debt_ids: tuple[str, ...]
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Taken:
    """Where a case is kept. `phone_ids` and `debt_ids` are in the order of the case's phones and debts."""

    person_id: uuid.UUID
    case_id: uuid.UUID
    phone_ids: tuple[uuid.UUID, ...]
    debt_ids: tuple[uuid.UUID, ...]
    outcome: Outcome


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
    given = [Given(case, stage) for case in cases]
    kept = take_in(journal, connection, given, source=source, purpose=purpose, actor=actor)
    return [
        Taken(
            uuid.UUID(one.person_id),
            uuid.UUID(one.case_id),
            tuple(map(uuid.UUID, one.phone_ids)),
            tuple(map(uuid.UUID, one.debt_ids)),
            one.outcome,
        )
        for one in kept
    ]


def take_in(
    journal: Journal,
    connection: sa.Connection,
    given: Sequence[Given],
    *,
    source: str,
    stream: tuple[str, uuid.UUID] | None = None,
    purpose: str = "collection",
    actor: str = "import",
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
) -> list[Kept]:
    """`import_cases` within a transaction, for lists: thousands of cases at once.

    People not kept before become a few events of `stream` (the list's; one of its own where it is left out); what is
    new or changed of a known one becomes an event of theirs.
    """
    now = journal.clock.now()
    known = look_up(connection, journal.tenant_id, given)
    intake = _Intake(known, now, on_duplicate, given)
    kept = [intake.take(one) for one in given]
    journal.record(intake.events(stream or ("import", uuid7(now)), source[:64], purpose, actor), connection)
    return kept


@dataclass(slots=True)
class _News:
    """What one case says that was not known."""

    person_id: str
    case_id: str
    told: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)


class _Intake:
    """Turns cases into events. Ids are handed out in order, so that rows of one case lie together in every index."""

    def __init__(self, known: Known, now: datetime, on_duplicate: OnDuplicate, given: Sequence[Given]) -> None:
        self._known, self._now, self._on_duplicate = known, now, on_duplicate
        self._times = Counter(one.case.document for one in given)
        self._newcomers = Newcomers(now)
        self._ids: list[str] = []
        self._creditors: list[floor.CreditorAdded] = []
        self._news: list[_News] = []
        self._reopened: list[tuple[str, str]] = []

    def events(self, stream: tuple[str, uuid.UUID], source: str, purpose: str, actor: str) -> list[NewEvent]:
        """Parents before children."""
        now = self._now
        events = [NewEvent("creditor", added.creditor_id, added, actor, at=now) for added in self._creditors]
        events += [NewEvent(*stream, said, actor, at=now) for said in self._newcomers.events(source, purpose)]
        told = private_refs("person", [news.told for news in self._news], now)
        for news, ref, identity in zip(self._news, told, uuid7_texts(now, len(self._news)), strict=True):
            said = floor.CaseImported(news.person_id, news.case_id, ref, source, purpose, **news.parts)
            events.append(NewEvent("person", uuid.UUID(news.person_id), said, actor, None, now, uuid.UUID(identity)))
        for case_id, debt_id in self._reopened:
            again = floor.DebtStatusChanged(uuid.UUID(debt_id), DebtStatus.OPEN)
            events.append(NewEvent("case", uuid.UUID(case_id), again, actor, at=now))
        return events

    def take(self, given: Given) -> Kept:
        """What is new or changed of a case is remembered for `events`."""
        case = given.case
        if not case.debts:
            raise BadInputError("a case needs at least one debt")
        known = self._known
        if self._on_duplicate is not OnDuplicate.UPDATE:
            kept = self._duplicate(case)
            if kept is not None:
                return kept
        creditor = known.creditors.get(case.creditor) or self._creditor(case.creditor)
        person = known.people.get(case.document)
        if person is None:
            ids = self._newcomers.take(case, creditor, given.stage.value, given.attributes)
            if self._times[case.document] > 1:
                person = self._remember(given, creditor, ids)
            told = (len(case.phones), len(case.emails), len(case.debts))
            if told == (len(ids.phones), len(ids.emails), len(ids.debts)):
                return Kept(ids.person, ids.case, ids.phones, ids.debts, Outcome.IMPORTED)
            # Something is told twice: what the second says goes the way of everything that is known.
            person = person or self._remember(given, creditor, ids)
            return self._known_person(given, creditor, person)._replace(outcome=Outcome.IMPORTED)
        return self._known_person(given, creditor, person)

    def _known_person(self, given: Given, creditor: tuple[str, str], person: KnownPerson) -> Kept:
        case, known = given.case, self._known
        case_id = known.cases.get((person.id, creditor[0]))
        opened = case_id is None
        if case_id is None:
            case_id = known.cases[person.id, creditor[0]] = self._id()
        news = _News(person.id, case_id)
        self._person(case, person, news)
        if opened:
            news.parts["case"] = {
                "creditor_id": creditor[0], "portfolio_id": creditor[1], "stage": given.stage.value
            }  # fmt: skip
        phone_ids = self._contacts("phones", known.phones, case.phones, news)
        self._contacts("emails", known.emails, case.emails, news)
        debt_ids, again = self._debts(case.debts, news)
        if given.attributes:
            self._attributes(given.attributes, news)
        if news.parts:
            self._news.append(news)
        changed = again or bool(news.parts)
        outcome = Outcome.IMPORTED if opened else Outcome.UPDATED if changed else Outcome.DUPLICATE
        return Kept(person.id, case_id, phone_ids, debt_ids, outcome)

    def _remember(self, given: Given, creditor: tuple[str, str], ids: Ids) -> KnownPerson:
        """A newcomer of whom this piece says more."""
        case, known = given.case, self._known
        person = known.people[case.document] = KnownPerson(ids.person, _identity(case))
        known.cases[ids.person, creditor[0]] = ids.case
        for contacts, values, kept in (
            (known.phones, case.phones, ids.phones),
            (known.emails, case.emails, ids.emails),
        ):
            owned = zip(dict.fromkeys(values), kept, strict=True)
            contacts |= {(ids.person, value): identity for value, identity in owned}
        for debt, identity in zip(first_of_each(case.debts), ids.debts, strict=True):
            known.debts[ids.case, debt.contract] = KnownDebt(identity, _balance(debt), withdrawn=False)
        known.attributes |= {(ids.case, name): value for name, value in given.attributes.items()}
        return person

    def _duplicate(self, case: Case) -> Kept | None:
        """Where it is kept already, when each of its debts is."""
        person = self._known.people.get(case.document)
        creditor = self._known.creditors.get(case.creditor)
        if person is None or creditor is None:
            return None
        case_id = self._known.cases.get((person.id, creditor[0]))
        if case_id is None or any((case_id, debt.contract) not in self._known.debts for debt in case.debts):
            return None
        outcome = Outcome.DUPLICATE if self._on_duplicate is OnDuplicate.SKIP else Outcome.REFUSED
        return Kept(person.id, case_id, (), (), outcome)

    def _creditor(self, name: str) -> tuple[str, str]:
        ids = (self._id(), self._id())
        self._known.creditors[name] = ids
        self._creditors.append(floor.CreditorAdded(uuid.UUID(ids[0]), name, uuid.UUID(ids[1])))
        return ids

    def _person(self, case: Case, known: KnownPerson, news: _News) -> None:
        name, born, language, region, state = _identity(case)
        told = (name, born or known.told[1], language, region, state or known.told[4])
        if known.told == told:
            return
        self._known.people[case.document] = KnownPerson(news.person_id, told)
        news.told |= {"name": name, "document": case.document, "birth_date": told[1]}
        news.parts["person"] = {"new": False, "language": language, "region": region, "state": told[4]}

    def _contacts(
        self, part: str, known: dict[tuple[str, str], str], values: tuple[str, ...], news: _News
    ) -> tuple[str, ...]:
        ids, fresh, bodies = [], [], {}
        for position, value in enumerate(values):
            key = (news.person_id, value)
            identity = known.get(key)
            if identity is None:
                identity = known[key] = self._id()
                fresh.append({"id": identity, "position": position})
                bodies[identity] = value
            ids.append(identity)
        if fresh:
            news.parts[part] = tuple(fresh)
            news.told[part] = bodies
        return tuple(ids)

    def _debts(self, debts: tuple[Debt, ...], news: _News) -> tuple[tuple[str, ...], bool]:
        ids, fresh, contracts, again = [], [], {}, False
        for debt in debts:
            key = (news.case_id, debt.contract)
            known = self._known.debts.get(key)
            told = _balance(debt)
            debt_id = known.id if known else self._id()
            ids.append(debt_id)
            if known is not None and known.withdrawn:
                self._reopened.append((news.case_id, debt_id))
                again = True
            if known is None or known.told != told:
                fresh.append(
                    {"id": debt_id, "new": known is None, "product": debt.product, "original_minor": told[1],
                     "charges_minor": told[2], "currency": told[3], "due": debt.due.isoformat()}
                )  # fmt: skip
                contracts[debt_id] = debt.contract
            self._known.debts[key] = KnownDebt(debt_id, told, withdrawn=False)
        if fresh:
            news.parts["debts"] = tuple(fresh)
            news.told["contracts"] = contracts
        return tuple(ids), again

    def _attributes(self, attributes: Mapping[str, str], news: _News) -> None:
        known = self._known.attributes
        fresh = {name: value for name, value in attributes.items() if known.get((news.case_id, name)) != value}
        if fresh:
            known |= {(news.case_id, name): value for name, value in fresh.items()}
            news.parts["attributes"] = tuple(sorted(fresh))
            news.told["attributes"] = fresh

    def _id(self) -> str:
        if not self._ids:
            self._ids = uuid7_texts(self._now, 512)[::-1]
        return self._ids.pop()


def _identity(case: Case) -> tuple[str | None, ...]:
    """As `KnownPerson.told` has it."""
    born = case.birth_date.isoformat() if case.birth_date else None
    return (case.name, born, case.language.value, case.region, case.state)


def _balance(debt: Debt) -> tuple[str, int, int, str, date]:
    """As `KnownDebt.told` has it."""
    return (debt.product, debt.original.minor, debt.charges.minor, debt.original.currency, debt.due)
