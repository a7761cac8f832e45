"""Guards questions that go straight to the driver: the same rows and types as SQLAlchemy's, and its errors."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from voiceagent.cases import kinds, tables
from voiceagent.cases.intake import Taken
from voiceagent.dialer.meanwhile import wait_turn
from voiceagent.journal.journal import Journal, head
from voiceagent.journal.tables import private
from voiceagent.storage.bulk import insert_many
from voiceagent.storage.question import Command, Question, one_of, together
from voiceagent.storage.types import instant_text


def test_the_same_rows_as_by_sqlalchemy(journal: Journal, taken: Taken) -> None:
    for table in (tables.person, tables.debt_case, tables.debt, tables.phone, tables.email):
        wanted = table.c.person_id if "person_id" in table.c else table.c.id
        ids = {"person_id": taken.person_id, "id": taken.person_id}[wanted.name]
        if table in (tables.debt,):
            wanted, ids = table.c.case_id, taken.case_id
        query = sa.select(table)
        with journal.db.read() as connection:
            usual = connection.execute(query.where(wanted == ids)).all()
            asked = Question(query.where(one_of(wanted, "these")))(connection, these=[ids, uuid.uuid4()])
        assert usual and [tuple(row) for row in usual] == [tuple(row) for row in asked]


def test_lists_of_a_statement_and_values_that_are_given(journal: Journal, taken: Taken) -> None:
    phone = tables.phone.c
    ask = Question(
        sa.select(phone.id).where(
            phone.status.in_((kinds.PhoneStatus.NEW, kinds.PhoneStatus.VALID)),
            phone.created_at <= sa.bindparam("until"),
            ~one_of(phone.number, "not_these"),
        )
    )
    now = journal.clock.now()
    with journal.db.read() as connection:
        known = connection.execute(sa.select(phone.number)).scalars().all()
        assert [row.id for row in ask(connection, until=now, not_these=[])] == list(taken.phone_ids)
        assert ask(connection, until=now, not_these=known) == []
        assert ask(connection, until=datetime(2020, 1, 1, tzinfo=UTC), not_these=['a "quote", and \\ more']) == []
        with pytest.raises(KeyError):
            ask(connection, until=now)


def test_commands_together_count_what_they_met_and_say_what_was_refused(journal: Journal, taken: Taken) -> None:
    phone = tables.phone
    move = Command(
        sa.update(phone)
        .where(phone.c.id == sa.bindparam("key"))
        .values(status=sa.bindparam("word", type_=phone.c.status.type))
    )
    rows = [{"key": taken.phone_ids[0], "word": kinds.PhoneStatus.VALID}, {"key": uuid.uuid4(), "word": "dead"}]
    with journal.db.write() as connection:
        with together(connection):
            met = move(connection, rows)
        assert met() == 1
        assert connection.execute(sa.select(phone.c.status)).scalars().all() == [kinds.PhoneStatus.VALID]
    columns = ("id", "tenant_id", "kind", "salt", "body", "created_at", "erased_at")
    row = [
        str(uuid.uuid4()),
        str(journal.tenant_id),
        "test",
        b'\x00\\"{',
        'a "b" \\ {c},\n',
        instant_text(journal.clock.now()),
        None,
    ]
    with journal.db.write() as connection:
        insert_many(connection, private, columns, [row])
        kept = connection.execute(sa.select(private).where(private.c.id == row[0])).one()
        assert (kept.salt, kept.body, kept.erased_at) == (row[3], row[4], None)
    with pytest.raises(IntegrityError), journal.db.write() as connection, together(connection):
        insert_many(connection, private, columns, [row])


def test_the_head_of_the_journal_is_known_within_a_transaction_only(journal: Journal, taken: Taken) -> None:
    with journal.db.write() as connection:
        seen = head(connection)
        meanwhile = wait_turn(journal, connection, seen)
        assert not meanwhile.everything and not meanwhile.people and meanwhile.begun == ()
        assert not meanwhile.touches(taken.person_id)
        earlier = wait_turn(journal, connection, (0, "0" * 64))
        assert earlier.touches(taken.person_id)
