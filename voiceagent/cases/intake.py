"""People and debts coming in: what is new or changed becomes an event, what is known already becomes nothing."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7_texts
from voiceagent.cases.kinds import DebtStatus, Stage
from voiceagent.cases.known import Known, KnownDebt, KnownPerson, look_up
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
    purpose: str = "collection",
    actor: str = "import",
    on_duplicate: OnDuplicate = OnDuplicate.UPDATE,
) -> list[Kept]:
    """`import_cases` within a transaction, for lists: one event a case at most, thousands of cases at once."""
    known = look_up(connection, journal.tenant_id, given)
    intake = _Intake(known, journal.clock.now(), on_duplicate)
    kept = [intake.take(one) for one in given]
    journal.record(intake.events(source[:64], purpose, actor), connection)
    return kept


@dataclass(slots=True)
class _News:
    """What one case says that was not known."""

    person_id: str
    case_id: str
    new_person: bool
    told: dict[str, Any] = field(default_factory=dict)
    parts: dict[str, Any] = field(default_factory=dict)


class _Intake:
    """Turns cases into events. Ids are handed out in order, so that rows of one case lie together in every index."""

    def __init__(self, known: Known, now: datetime, on_duplicate: OnDuplicate) -> None:
        self._known, self._now, self._on_duplicate = known, now, on_duplicate
        self._ids: list[str] = []
        self._creditors: list[floor.CreditorAdded] = []
        self._news: list[_News] = []
        self._reopened: list[tuple[str, str]] = []

    def events(self, source: str, purpose: str, actor: str) -> list[NewEvent]:
        """Parents before children."""
        now = self._now
        events = [NewEvent("creditor", added.creditor_id, added, actor, at=now) for added in self._creditors]
        told = private_refs("person", [news.told for news in self._news], now)
        for news, ref, identity in zip(self._news, told, uuid7_texts(now, len(self._news)), strict=True):
            said = floor.CaseImported(news.person_id, news.case_id, ref, source, purpose, **news.parts)
            events.append(
                NewEvent(
                    "person", uuid.UUID(news.person_id), said, actor, None, now, uuid.UUID(identity), news.new_person
                )
            )
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
        creditor_id, portfolio_id = known.creditors.get(case.creditor) or self._creditor(case.creditor)
        person = known.people.get(case.document)
        person_id = person.id if person else self._id()
        case_id = known.cases.get((person_id, creditor_id))
        opened = case_id is None
        if case_id is None:
            case_id = known.cases[person_id, creditor_id] = self._id()
        news = _News(person_id, case_id, person is None)
        self._person(case, person, news)
        if opened:
            news.parts["case"] = {
                "creditor_id": creditor_id, "portfolio_id": portfolio_id, "stage": given.stage.value
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
        return Kept(person_id, case_id, phone_ids, debt_ids, outcome)

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

    def _person(self, case: Case, known: KnownPerson | None, news: _News) -> None:
        born = case.birth_date.isoformat() if case.birth_date else None
        state = case.state
        if known is not None:
            born, state = born or known.told[1], state or known.told[4]
        told = (case.name, born, case.language.value, case.region, state)
        if known is not None and known.told == told:
            return
        self._known.people[case.document] = KnownPerson(news.person_id, told)
        news.told |= {"name": case.name, "document": case.document, "birth_date": born}
        news.parts["person"] = {
            "new": known is None, "language": told[2], "region": case.region, "state": state
        }  # fmt: skip

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
            told = (debt.product, debt.original.minor, debt.charges.minor, debt.original.currency, debt.due)
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
