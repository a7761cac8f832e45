"""Cases as callers need them: a case to talk about, the facts the law asks for, the content in force."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from voiceagent.base.clock import Clock
from voiceagent.base.errors import BadInputError
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.cases.kinds import STANDING, DebtStatus, PhoneStatus, PromiseStatus, Stage
from voiceagent.debt.case import Case, Debt
from voiceagent.storage.database import Database
from voiceagent.storage.question import Bundle, Question, one_of
from voiceagent.storage.schema import DEFAULT_TENANT
from voiceagent.storage.upsert import upsert


@dataclass(frozen=True, slots=True)
class Phone:
    """A number of a person."""

    id: uuid.UUID
    number: str
    status: PhoneStatus
    position: int
    last_right_party_at: datetime | None


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with the ids of its rows. `phones` come best first: right party, valid, new, then those that failed."""

    case: Case
    case_id: uuid.UUID
    person_id: uuid.UUID
    creditor_id: uuid.UUID
    stage: Stage
    phones: tuple[Phone, ...]
    debt_ids: tuple[uuid.UUID, ...]


#: No call that counts today began longer before midnight.
LONGEST_CALL = timedelta(hours=4)

_BEST_FIRST = (
    PhoneStatus.RIGHT_PARTY,
    PhoneStatus.VALID,
    PhoneStatus.NEW,
    PhoneStatus.THIRD_PARTY,
    PhoneStatus.DEAD,
    PhoneStatus.WRONG,
)


#: They are asked before every call.
_CASES = Question(
    sa.select(
        *(tables.debt_case.c[name] for name in ("id", "person_id", "creditor_id", "stage")),
        *(tables.person.c[name] for name in ("name", "document", "language", "region", "state", "birth_date")),
        tables.person.c.erased_at,
        tables.creditor.c.name.label("creditor_name"),
    )
    .join(tables.person, tables.person.c.id == tables.debt_case.c.person_id)
    .join(tables.creditor, tables.creditor.c.id == tables.debt_case.c.creditor_id)
    .where(one_of(tables.debt_case.c.id, "cases"))
)
_DEBTS = Question(
    sa.select(
        *(
            tables.debt.c[name]
            for name in ("id", "case_id", "contract", "product", "original_minor", "charges_minor", "currency", "due")
        )
    )
    .where(one_of(tables.debt.c.case_id, "cases"), tables.debt.c.status.in_((DebtStatus.OPEN, DebtStatus.DISPUTED)))
    .order_by(tables.debt.c.due, tables.debt.c.id)
)
_EMAILS = Question(
    sa.select(tables.email.c.person_id, tables.email.c.address)
    .where(one_of(tables.email.c.person_id, "people"), tables.email.c.address.is_not(None))
    .order_by(tables.email.c.position)
)
PHONES = Question(
    sa.select(
        *(tables.phone.c[name] for name in ("id", "person_id", "number", "status", "position", "last_right_party_at"))
    )
    .where(one_of(tables.phone.c.person_id, "people"), tables.phone.c.number.is_not(None))
    .order_by(tables.phone.c.position)
)


def numbers_of(people: str) -> sa.Select[Any]:
    """The numbers of the persons given under the name `people`, within a question."""
    phone = tables.phone.alias("their")
    return sa.select(phone.c.number).where(one_of(phone.c.person_id, people), phone.c.number.is_not(None))


#: All that `load_cases` asks: `cases` and their `people`.
CASES = Bundle(_CASES, _DEBTS, _EMAILS, PHONES)


def load_case(connection: sa.Connection, case_id: uuid.UUID) -> CaseFile:
    """The case with its open debts; BadInputError when there is none, or its person was erased, or nothing is owed."""
    found = load_cases(connection, [case_id])[case_id]
    if isinstance(found, BadInputError):
        raise found
    return found


def load_cases(connection: sa.Connection, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, CaseFile | BadInputError]:
    """Several cases at once, each with the error `load_case` would raise in its place."""
    rows = _CASES(connection, cases=case_ids)
    known = {row.id: row for row in rows}
    people = [row.person_id for row in rows]
    debts: dict[uuid.UUID, list[Any]] = {}
    for debt in _DEBTS(connection, cases=case_ids):
        debts.setdefault(debt.case_id, []).append(debt)
    phones = phones_of(connection, people)
    emails: dict[uuid.UUID, list[str]] = {}
    for email in _EMAILS(connection, people=people):
        emails.setdefault(email.person_id, []).append(email.address)
    found: dict[uuid.UUID, CaseFile | BadInputError] = {}
    for case_id in case_ids:
        row = known.get(case_id)
        if row is None:
            found[case_id] = BadInputError(f"there is no case {case_id}", code="unknown_case")
        elif row.erased_at is not None:
            found[case_id] = BadInputError(f"the person of case {case_id} was erased", code="erased")
        elif not debts.get(case_id):
            found[case_id] = BadInputError(f"nothing is owed in case {case_id}", code="nothing_owed")
        else:
            whose = row.person_id
            found[case_id] = _file(row, debts[case_id], phones.get(whose, ()), emails.get(whose, ()))
    return found


def _file(row: Any, debts: Sequence[Any], phones: tuple[Phone, ...], emails: Sequence[str]) -> CaseFile:
    case = Case(
        name=row.name,
        document=row.document,
        language=Language(row.language),
        region=row.region,
        state=row.state,
        birth_date=row.birth_date,
        phones=tuple(phone.number for phone in phones),
        emails=tuple(emails),
        debts=tuple(
            Debt(
                contract=debt.contract,
                creditor=row.creditor_name,
                product=debt.product,
                original=Money(debt.original_minor, debt.currency),
                charges=Money(debt.charges_minor, debt.currency),
                due=debt.due,
            )
            for debt in debts
        ),
    )
    debt_ids = tuple(debt.id for debt in debts)
    return CaseFile(case, row.id, row.person_id, row.creditor_id, row.stage, phones, debt_ids)


def phones_of(connection: sa.Connection, people: Sequence[uuid.UUID]) -> dict[uuid.UUID, tuple[Phone, ...]]:
    """The numbers of each, best first; who has none is absent."""
    found: dict[uuid.UUID, list[Phone]] = {}
    for row in PHONES(connection, people=people):
        phone = Phone(row.id, row.number, row.status, row.position, row.last_right_party_at)
        found.setdefault(row.person_id, []).append(phone)
    return {
        person: tuple(sorted(phones, key=lambda phone: _BEST_FIRST.index(phone.status)))
        for person, phones in found.items()
    }


PROMISES = Question(
    sa.select(tables.promise.c.case_id, sa.func.min(tables.promise.c.due).label("due"))
    .where(
        one_of(tables.promise.c.case_id, "cases"),
        tables.promise.c.status.in_(STANDING),
    )
    .group_by(tables.promise.c.case_id)
)


def earliest_open_promises(connection: sa.Connection, case_ids: Sequence[uuid.UUID]) -> dict[uuid.UUID, date]:
    """The due day of the next promise not yet kept or broken, by case; those without one are absent."""
    return {row.case_id: row.due for row in PROMISES(connection, cases=case_ids)}


def _wrong_answers() -> sa.CompoundSelect[Any]:
    tried, call = tables.identity_try, tables.interaction
    columns = (tried.c.id, tried.c.at, tried.c.person_id, call.c.case_id, call.c.person_id.label("called"))
    wrong = (tried.c.matched.is_(False), tried.c.at >= sa.bindparam("tried_since"))
    query = sa.select(*columns).join(call, call.c.id == tried.c.attempt_id).where(*wrong)
    # Three short ranges of an index each; one condition with OR would read every try there ever was.
    lately = query.where(call.c.started_at > sa.bindparam("began"))
    return sa.union(
        query.where(one_of(tried.c.person_id, "people")),
        lately.where(one_of(call.c.person_id, "people")),
        lately.where(one_of(call.c.case_id, "cases")),
    )


WRONG = Question(_wrong_answers())


def failed_identity_at(
    connection: sa.Connection, people: Mapping[uuid.UUID, uuid.UUID], *, since: datetime
) -> dict[uuid.UUID, list[datetime]]:
    """When, from `since` on, identity questions were answered wrongly, by case; `people`: the person of each case.

    The data belong to the person: another creditor's case is no second chance to guess them.
    """
    rows = WRONG(connection, people=people.values(), cases=people.keys(), tried_since=since, began=since - LONGEST_CALL)
    return {
        case: [row.at for row in rows if row.case_id == case or person in (row.called, row.person_id)]
        for case, person in people.items()
    }


def keep_content(
    db: Database, clock: Clock, *, kind: str, name: str, body: str, tenant_id: uuid.UUID = DEFAULT_TENANT
) -> str:
    """Keep a script, policy or rule set exactly as it is; returns its SHA-256. The same body is kept once."""
    sha256 = hashlib.sha256(body.encode()).hexdigest()
    row = {
        "tenant_id": tenant_id,
        "sha256": sha256,
        "kind": kind,
        "name": name,
        "body": body,
        "created_at": clock.now(),
    }
    with db.write() as connection:
        upsert(connection, tables.content, [row], update=())
    return sha256


def load_content(connection: sa.Connection, sha256: str, tenant_id: uuid.UUID = DEFAULT_TENANT) -> str | None:
    """A body by its hash."""
    table = tables.content
    query = sa.select(table.c.body).where(table.c.tenant_id == tenant_id, table.c.sha256 == sha256)
    return connection.execute(query).scalar()


def promises(
    connection: sa.Connection,
    *,
    tenant_id: uuid.UUID = DEFAULT_TENANT,
    case_id: uuid.UUID | None = None,
    status: PromiseStatus | None = None,
    due_from: date | None = None,
    due_to: date | None = None,
    limit: int = 500,
) -> list[dict[str, Any]]:
    """Promises by due day: the row's columns plus person's `name`, `creditor` and the call it was made in."""
    t = tables
    query = (
        sa.select(
            t.promise,
            t.person.c.name,
            t.person.c.id.label("person_id"),
            t.creditor.c.name.label("creditor"),
            t.agreement.c.interaction_id.label("attempt_id"),
            t.agreement.c.total_minor,
            t.agreement.c.discount_minor,
        )
        .join(t.agreement, t.agreement.c.id == t.promise.c.agreement_id)
        .join(t.debt_case, t.debt_case.c.id == t.promise.c.case_id)
        .join(t.person, t.person.c.id == t.debt_case.c.person_id)
        .join(t.creditor, t.creditor.c.id == t.debt_case.c.creditor_id)
        .where(t.promise.c.tenant_id == tenant_id)
        .order_by(t.promise.c.due, t.promise.c.id)
        .limit(limit)
    )
    if case_id is not None:
        query = query.where(t.promise.c.case_id == case_id)
    if status is not None:
        query = query.where(t.promise.c.status == status)
    if due_from is not None:
        query = query.where(t.promise.c.due >= due_from)
    if due_to is not None:
        query = query.where(t.promise.c.due <= due_to)
    return [dict(row) for row in connection.execute(query).mappings()]
