"""Guards the proof: a replay gives every row again, tampering shows, erasure leaves both whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent import cases
from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.calls import calls
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.cases.replay import check
from voiceagent.cases.store import load_case
from voiceagent.debt.case import Case

MakeCase = Callable[..., Case]


def test_a_replay_gives_every_row_again(talk: Any, taken: Taken) -> None:
    talk.everything(taken)
    report = check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED)
    assert report.sound, report
    assert {name for name, rows in report.rows.items() if rows == 0} == set()


@pytest.mark.parametrize(
    ("statement", "table", "what", "columns"),
    [
        ("UPDATE promise SET amount_minor = 39999 WHERE number = 1", "promise", "different", ("amount_minor",)),
        ("DELETE FROM turn WHERE speaker = 'debtor' AND n = 2", "turn", "missing", ()),
        ("UPDATE attempt SET human = NOT human", "attempt", "different", ("human",)),
        ("UPDATE opt_out SET number = NULL", "opt_out", "different", ("number",)),
    ],
)
def test_a_row_that_nobody_recorded_shows(
    talk: Any, taken: Taken, statement: str, table: str, what: str, columns: tuple[str, ...]
) -> None:
    talk.everything(taken)
    with talk.journal.db.write() as connection:
        connection.exec_driver_sql(statement)
    report = check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED)
    assert [(d.table, d.what, d.columns) for d in report.differences] == [(table, what, columns)]
    assert report.flaws == ()


def test_a_row_too_many_shows(talk: Any, taken: Taken) -> None:
    with talk.journal.db.write() as connection:
        row = dict(connection.execute(sa.select(tables.creditor)).mappings().one())
        connection.execute(sa.insert(tables.creditor).values(**row | {"id": uuid.uuid4(), "name": "Ninguém"}))
    report = check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED)
    assert [(d.table, d.what) for d in report.differences] == [("creditor", "unexplained")]


def test_erasing_a_person_leaves_measures_chain_and_replay_whole(talk: Any, taken: Taken, make_case: MakeCase) -> None:
    (bystander,) = import_cases(talk.journal, [make_case(5)], source="test")
    talk.everything(taken)
    with talk.journal.db.read() as connection:
        before = calls(connection)[0]
    assert erase_person(talk.journal, taken.person_id, reason="asked") >= 7
    report = check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED)
    assert report.sound, report
    with talk.journal.db.read() as connection:
        after = calls(connection)[0]
        kept = dump(connection)
        assert load_case(connection, bystander.case_id).case == make_case(5)
        with pytest.raises(BadInputError, match="was erased"):
            load_case(connection, taken.case_id)
    for secret in ("Inventada 0", "52998200000", "+5511900000000", "pessoa0@", "três vezes", "000201", "gravação"):
        assert secret not in kept, secret
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"number", "name"}


def dump(connection: sa.Connection) -> str:
    """Every row of every table, as text."""
    from voiceagent.storage.schema import metadata

    return " ".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))


def test_a_person_in_a_call_is_not_erased(talk: Any, taken: Taken) -> None:
    talk.begin(taken)
    with pytest.raises(BadInputError, match="in a call now"):
        erase_person(talk.journal, taken.person_id, reason="asked")
