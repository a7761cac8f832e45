"""Whose call it may be: cases by the number that calls, and by the document a caller tells. Neither proves anything."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import sqlalchemy as sa

from voiceagent.cases import tables
from voiceagent.cases.kinds import PhoneStatus
from voiceagent.cases.store import CaseFile, load_cases

#: A document shorter than this may be the beginning of many.
SHORTEST_DOCUMENT = 7
#: A switchboard's number may stand beside many people; more than these are no help in finding one.
MOST_OWNERS = 20


def cases_of_number(connection: sa.Connection, number: str, tenant_id: uuid.UUID) -> list[CaseFile]:
    """One open case for each person who has this number, as far as it is not known to be somebody else's."""
    p = tables.phone.c
    owners = connection.execute(
        sa.select(p.person_id)
        .where(p.tenant_id == tenant_id, p.number == number, p.status != PhoneStatus.WRONG)
        .distinct()
        .limit(MOST_OWNERS)
    ).scalars()
    return _one_each(connection, list(owners))


def case_of_document(connection: sa.Connection, digits: str, tenant_id: uuid.UUID) -> CaseFile | None:
    """The open case of the person with this whole document; None for a part of one, or when there is none."""
    if len(digits) < SHORTEST_DOCUMENT:
        return None
    person = tables.person.c
    found = connection.execute(
        sa.select(person.id).where(person.tenant_id == tenant_id, person.document == digits)
    ).scalar()
    return next(iter(_one_each(connection, [found] if found is not None else [])), None)


def case_of_lead(connection: sa.Connection, lead: str, tenant_id: uuid.UUID, column: str) -> CaseFile | None:
    """The open case that another dialer calls `lead`: by the list's column of that name, else by contract number."""
    a, debt, case = tables.attribute.c, tables.debt.c, tables.debt_case.c
    by_column = sa.select(a.case_id).where(a.name == column, a.value == lead)
    by_contract = sa.select(debt.case_id).where(debt.contract == lead)
    for query in (by_column, by_contract):
        found = (
            connection.execute(sa.select(case.id).where(case.tenant_id == tenant_id, case.id.in_(query)).limit(2))
            .scalars()
            .all()
        )
        if len(found) == 1:
            file = load_cases(connection, list(found))[found[0]]
            return file if isinstance(file, CaseFile) else None
    return None


def _one_each(connection: sa.Connection, people: Sequence[uuid.UUID]) -> list[CaseFile]:
    """Of each person the case that was talked or called about last: that is what the caller has seen or heard of."""
    c, i = tables.debt_case.c, tables.interaction.c
    rows = connection.execute(
        sa.select(c.id, c.person_id, sa.func.max(i.started_at).label("last"))
        .outerjoin(tables.interaction, i.case_id == c.id)
        .where(c.person_id.in_(people))
        .group_by(c.id, c.person_id)
    ).all()
    # Never mentioned comes last; then the older id, so that two calls find the same.
    rows = sorted(rows, key=lambda row: (row.last is None, -(row.last.timestamp() if row.last else 0), str(row.id)))
    files = load_cases(connection, [row.id for row in rows])
    chosen: dict[uuid.UUID, CaseFile] = {}
    for row in rows:
        file = files[row.id]
        if isinstance(file, CaseFile):
            chosen.setdefault(row.person_id, file)
    return list(chosen.values())
