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
from voiceagent.journal.catalogue import NumberMarked
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal, head
from voiceagent.journal.tables import private
from voiceagent.storage.bulk import insert_many
from voiceagent.storage.driver import together
from voiceagent.storage.question import Bundle, Command, Question, one_of
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


@pytest.mark.parametrize("many", [3, 300])
def test_rows_of_any_number_go_along_with_other_statements(journal: Journal, many: int) -> None:
    at = instant_text(journal.clock.now())
    tenants = [(str(uuid.uuid4()), f"tenant {n}", at) for n in range(many)]
    with journal.db.write() as connection:
        with together(connection):
            insert_many(connection, tables.tenant, ("id", "name", "created_at"), tenants)
        named = tables.tenant.c.name.like("tenant %")
        assert connection.execute(sa.select(sa.func.count()).where(named)).scalar_one() == many


def test_the_head_of_the_journal_is_known_within_a_transaction_only(journal: Journal, taken: Taken) -> None:
    with journal.db.read() as connection:
        first = head(connection)
    journal.record([NewEvent("call", uuid.uuid4(), NumberMarked(taken.phone_ids[0], kinds.PhoneStatus.VALID))])
    journal.record([NewEvent("case", taken.case_id, NumberMarked(taken.phone_ids[0], kinds.PhoneStatus.VALID))])
    with journal.db.write() as connection:
        seen = head(connection)
        meanwhile = wait_turn(journal, connection, seen)
        assert not meanwhile.everything and not meanwhile.people and meanwhile.begun == ()
        assert not meanwhile.touches(taken.person_id)
        earlier = wait_turn(journal, connection, first)
        assert earlier.touches(taken.person_id) and not earlier.everything and not earlier.numbers


def test_questions_foreseen_have_the_same_answers_and_types(journal: Journal, taken: Taken) -> None:
    phone, private_ = tables.phone.c, private.c
    by_person = Question(sa.select(tables.phone).where(one_of(phone.person_id, "people")).order_by(phone.position))
    debts = Question(sa.select(tables.debt).where(one_of(tables.debt.c.case_id, "cases")))
    everybody = Question(sa.select(tables.person).where(tables.person.c.created_at <= sa.bindparam("until")))
    salts = Question(sa.select(private_.id, private_.salt, private_.created_at).order_by(private_.id))
    counted = Question(sa.select(sa.func.count().label("n")).select_from(tables.phone))
    nobody = Question(sa.select(phone.id).where(phone.number == sa.bindparam("number")))
    both = Bundle(by_person, debts, everybody, salts, counted, nobody)
    until = journal.clock.now()
    values = {"people": [taken.person_id], "cases": [taken.case_id], "until": until, "number": "+5500000"}

    def answers(connection: sa.Connection) -> list[list[object]]:
        return [
            by_person(connection, people=(taken.person_id,)),
            debts(connection, cases={taken.case_id}),
            everybody(connection, until=until),
            salts(connection),
            counted(connection),
            nobody(connection, number="+5500000"),
        ]

    with journal.db.read() as connection:
        alone = answers(connection)
        with both.foreseen(connection, **values):
            foreseen = answers(connection)
            # Asked with other values, a question is asked.
            assert by_person(connection, people=[uuid.uuid4()]) == []
        afterwards = answers(connection)
    assert all(alone[:5]) and alone == foreseen == afterwards
    kinds_of = [[[type(value) for value in row] for row in rows] for rows in (alone[0], alone[3])]
    assert kinds_of == [[[type(value) for value in row] for row in rows] for rows in (foreseen[0], foreseen[3])]


def test_what_was_foreseen_ends_with_its_block(journal: Journal, taken: Taken) -> None:
    phone = tables.phone
    numbers = Question(sa.select(phone.c.status).where(one_of(phone.c.person_id, "people")))
    with journal.transaction() as connection:
        with Bundle(numbers).foreseen(connection, people=[taken.person_id]):
            before = {row.status for row in numbers(connection, people=[taken.person_id])}
        connection.execute(sa.update(phone).values(status=kinds.PhoneStatus.DEAD))
        after = {row.status for row in numbers(connection, people=[taken.person_id])}
    assert before == {kinds.PhoneStatus.NEW} and after == {kinds.PhoneStatus.DEAD}
