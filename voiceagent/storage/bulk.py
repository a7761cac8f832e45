"""Many rows at once, past the per-value conversions of statements: plain texts and numbers; COPY on PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql

from voiceagent.storage.driver import begin_now, errors, execute, is_together
from voiceagent.storage.question import array_text
from voiceagent.storage.types import Uuid

#: A value as both databases take it: ids, instants (`instant_text`) and days as text, money as whole minor units.
Native = str | int | float | bytes | None

#: Up to so many rows, one statement is quicker than COPY.
_FEW = 64

_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


def make_room(connection: sa.Connection) -> None:
    """Before thousands of rows: SQLite keeps 32 MB of pages at hand from here on, not 2.

    And it lets as much be committed before it moves pages into the database: most are written once, not many times.
    """
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql("PRAGMA cache_size=-32768")
        connection.exec_driver_sql("PRAGMA wal_autocheckpoint=8192")


def insert_many(
    connection: sa.Connection, table: sa.Table, columns: tuple[str, ...], rows: Sequence[Sequence[Native]]
) -> None:
    """Insert `rows` (values in the order of `columns`, as the database keeps them); IntegrityError as usual.

    Nothing checks types here: for projections that write thousands of rows, not for what a person typed.
    """
    if not rows:
        return
    if connection.dialect.name != "postgresql":
        text = _insert_statement(table, columns)
        with errors(connection, text) as driver:
            driver.executemany(text, rows)
    elif len(rows) > _FEW and not is_together(connection):
        _copy(connection, _copy_statement(table, columns), rows)
    else:
        arrays = [array_text(values) for values in zip(*rows, strict=True)]
        execute(connection, _unnest_statement(table, columns, connection.dialect), arrays)


def among(connection: sa.Connection, column: sa.Column[Any], values: Sequence[str]) -> sa.ColumnElement[bool]:
    """`column IN values` for thousands of texts (or ids as text) in one parameter."""
    if connection.dialect.name == "postgresql":
        kind: Any = postgresql.UUID() if isinstance(column.type, Uuid) else sa.Text()
        return sa.type_coerce(column, kind) == sa.any_(sa.cast(list(values), postgresql.ARRAY(kind)))
    listed = sa.func.json_each(json.dumps(list(values))).table_valued("value")
    return sa.type_coerce(column, sa.Text).in_(sa.select(listed.c.value))


@lru_cache(maxsize=64)
def _insert_statement(table: sa.Table, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO {table.name} ({_names(columns)}) VALUES ({marks})"


@lru_cache(maxsize=64)
def _unnest_statement(table: sa.Table, columns: tuple[str, ...], dialect: sa.Dialect) -> str:
    """One text however many rows there are: the server prepares it once."""
    arrays = []
    for place, name in enumerate(columns, 1):
        kind = table.c[name].type.dialect_impl(dialect)
        # As text of any length: a cast to a shorter one would cut where an insert complains.
        text = isinstance(getattr(kind, "impl", kind), sa.String)
        arrays.append(f"CAST(${place} AS {'TEXT' if text else kind.compile(dialect)}[])")
    return f"INSERT INTO {table.name} ({_names(columns)}) SELECT * FROM unnest({', '.join(arrays)})"


@lru_cache(maxsize=64)
def _copy_statement(table: sa.Table, columns: tuple[str, ...]) -> str:
    return f"COPY {table.name} ({_names(columns)}) FROM STDIN"


def _names(columns: tuple[str, ...]) -> str:
    return ", ".join(f'"{name}"' for name in columns)


def _copy(connection: sa.Connection, statement: str, rows: Sequence[Sequence[Native]]) -> None:
    columns = [_cells(values) for values in zip(*rows, strict=True)]
    text = "\n".join(map("\t".join, zip(*columns, strict=True))) + "\n"
    begin_now(connection)
    with errors(connection, statement) as driver, driver.cursor() as cursor, cursor.copy(statement) as copy:
        copy.write(text)


def _cells(values: Sequence[Native]) -> Sequence[str]:
    """A column as COPY reads it; a whole column of plain texts needs one look."""
    kinds = set(map(type, values))
    if kinds == {str}:
        texts = [value for value in values if isinstance(value, str)]
        together = "".join(texts)
        return texts if not any(mark in together for mark in "\\\t\n\r") else list(map(_cell, texts))
    return list(map(str if kinds == {int} else _cell, values))


def _cell(value: Native) -> str:
    if value is None:
        return "\\N"
    if isinstance(value, str):
        return value.translate(_ESCAPES) if not value.isalnum() else value
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value)
