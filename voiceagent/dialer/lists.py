"""Lists as imported: what came when, and how one is taken back."""

from __future__ import annotations

import uuid
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import kinds, tables
from voiceagent.dialer.campaigns import LIST_UNDONE
from voiceagent.dialer.events import ListUndone
from voiceagent.dialer.tables import EnrollmentState, EntryStatus, contact_list, enrollment, list_entry
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import DebtStatusChanged
from voiceagent.journal.journal import Journal
from voiceagent.storage.bulk import among

#: Cases of one transaction.
_PIECE = 1000


def all_lists(connection: sa.Connection, tenant_id: uuid.UUID, limit: int = 100) -> list[dict[str, Any]]:
    """The newest lists first: batch, file, counts, instants."""
    names = ("batch", "file", "sha256", "rows", "imported", "updated", "duplicates", "rejected", "imported_at")
    columns = [contact_list.c[name] for name in (*names, "finished_at", "undone_at")]
    query = sa.select(*columns).where(contact_list.c.tenant_id == tenant_id)
    rows = connection.execute(query.order_by(contact_list.c.imported_at.desc()).limit(limit)).mappings()
    return [
        {name: value.isoformat() if name.endswith("_at") and value else value for name, value in row.items()}
        for row in rows
    ]


def undo_list(journal: Journal, batch: str, *, actor: str = "operator") -> int:
    """Take a list back: its new cases are withdrawn and called no more; returns how many.

    Cases that were known before, came with another list too, or have an agreement stay as they are. What was recorded
    stays recorded. Long lists go in pieces, so that calls need not wait; one that broke off goes on when asked again.
    BadInputError when there is no such list, or it was taken back already.
    """
    with journal.db.read() as connection:
        row = connection.execute(
            sa.select(contact_list).where(contact_list.c.tenant_id == journal.tenant_id, contact_list.c.batch == batch)
        ).first()
    if row is None:
        raise BadInputError(f"there is no list {batch}: see voiceagent lists list")
    if row.undone_at is not None:
        raise BadInputError(f"the list {batch} was taken back already")
    withdrawn = 0
    while True:
        with journal.transaction() as connection:
            cases = _own_cases(connection, row.id)
            _withdraw(journal, connection, cases, row.id, actor)
            withdrawn += len(cases)
            if len(cases) < _PIECE:
                now = journal.clock.now()
                journal.record([NewEvent("list", row.id, ListUndone(row.id, batch, withdrawn), actor)], connection)
                connection.execute(
                    sa.update(list_entry).where(list_entry.c.list_id == row.id).values(status=EntryStatus.UNDONE)
                )
                connection.execute(sa.update(contact_list).where(contact_list.c.id == row.id).values(undone_at=now))
                return withdrawn


def _withdraw(
    journal: Journal, connection: sa.Connection, cases: list[uuid.UUID], list_id: uuid.UUID, actor: str
) -> None:
    debt, ids = tables.debt, [str(case_id) for case_id in cases]
    found = connection.execute(
        sa.select(debt.c.id, debt.c.case_id).where(
            among(connection, debt.c.case_id, ids), debt.c.status == kinds.DebtStatus.OPEN
        )
    )
    withdrawn = kinds.DebtStatus.WITHDRAWN
    events = [NewEvent("case", one.case_id, DebtStatusChanged(one.id, withdrawn), actor) for one in found]
    journal.record(events, connection)
    connection.execute(
        sa.update(enrollment)
        .where(among(connection, enrollment.c.case_id, ids), enrollment.c.state != EnrollmentState.LEASED)
        .values(state=EnrollmentState.STOPPED, reason=LIST_UNDONE, next_at=None, updated_at=journal.clock.now())
    )
    connection.execute(
        sa.update(list_entry)
        .where(list_entry.c.list_id == list_id, among(connection, list_entry.c.case_id, ids))
        .values(status=EntryStatus.UNDONE)
    )


def _own_cases(connection: sa.Connection, list_id: uuid.UUID) -> list[uuid.UUID]:
    """Some of the cases that this list brought, and no other, and that were not taken back yet."""
    other = list_entry.alias()
    agreement = tables.agreement
    query = (
        sa.select(list_entry.c.case_id)
        .where(
            list_entry.c.list_id == list_id,
            list_entry.c.status == EntryStatus.IMPORTED,
            ~sa.exists().where(
                other.c.case_id == list_entry.c.case_id,
                other.c.list_id != list_id,
                other.c.status != EntryStatus.UNDONE,
            ),
            ~sa.exists().where(agreement.c.case_id == list_entry.c.case_id),
        )
        .distinct()
        .limit(_PIECE)
    )
    return list(connection.execute(query).scalars())
