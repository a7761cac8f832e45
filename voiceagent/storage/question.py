"""Questions and commands of the hot paths: compiled once for each kind of database, then given straight to its driver.

SQLAlchemy's own way costs more than the answer where a call must be chosen while others wait.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

from voiceagent.storage.driver import execute, numbering
from voiceagent.storage.types import TextEnum, UtcDateTime, Uuid

Convert = Callable[[Any], Any]
#: What makes a row of the driver's values, and which of them are converted before.
_Reading = tuple[Callable[[Sequence[Any]], Any], tuple[tuple[int, Convert], ...]]
#: Rows are made of what a question asks for, which no type checker can know.
_named: Any = namedtuple


class Question:
    """A SELECT whose values are given by the names of its bound parameters; `one_of` takes lists.

    Called with a connection it gives the rows, named tuples of the Python values of their columns' types.
    """

    def __init__(self, query: sa.Select[Any] | sa.CompoundSelect[Any]) -> None:
        self.query = query
        self._known: dict[str, _Prepared] = {}
        self._reading: dict[str, _Reading] = {}

    def __call__(self, connection: sa.Connection, **values: Any) -> list[Any]:
        """All rows."""
        foreseen: _Foreseen | None = connection.info.get(_FORESEEN)
        if foreseen is not None and (known := foreseen.rows.get(self)) is not None and foreseen.same(values):
            return known
        return self.asked(connection, **values)()

    def asked(self, connection: sa.Connection, **values: Any) -> Callable[[], list[Any]]:
        """Ask; what is returned gives all rows, within `together` after other things were asked too."""
        prepared = _prepared(self.query, self._known, connection.dialect)
        cursor = execute(connection, prepared.text, prepared.given(values))
        return lambda: self._read(connection, cursor)

    def _read(self, connection: sa.Connection, cursor: Any) -> list[Any]:
        rows = cursor.fetchall()
        if not rows:
            return []
        reading = self._reading.get(connection.dialect.name)
        if reading is None:
            reading = self._reading[connection.dialect.name] = _reading(self.query, connection.dialect, cursor)
        row_of, converts = reading
        if not converts:
            return [row_of(row) for row in rows]
        found = []
        for row in rows:
            told = list(row)
            for place, convert in converts:
                if told[place] is not None:
                    told[place] = convert(told[place])
            found.append(row_of(told))
        return found


#: Under this a connection has the answers to what is about to be asked.
_FORESEEN = "questions_foreseen"


@dataclass(frozen=True, slots=True)
class _Foreseen:
    rows: Mapping[Question, list[Any]]
    values: Mapping[str, Any]

    def same(self, values: Mapping[str, Any]) -> bool:
        """Whether these are the values that it was asked with."""
        return all(name in self.values and _alike(value, self.values[name]) for name, value in values.items())

    def covers(self, questions: Iterable[Question], values: Mapping[str, Any]) -> bool:
        """Whether all of them, asked with these values, are answered already."""
        return all(question in self.rows for question in questions) and self.same(values)


def _alike(one: Any, other: Any) -> bool:
    if isinstance(one, str) or not isinstance(one, Iterable):
        return bool(one == other)
    return set(one) == set(other)


class Bundle:
    """Questions that are asked one after the other wherever they are asked: PostgreSQL answers them in one go.

    Parameters of one name are one value. A round trip and a statement cost more than most of these answers.
    """

    def __init__(self, *questions: Question | Bundle) -> None:
        parts = [one.questions if isinstance(one, Bundle) else (one,) for one in questions]
        self.questions: tuple[Question, ...] = tuple(question for part in parts for question in part)
        self._known: dict[str, _Prepared] = {}
        self._made: list[_Reading] = []

    @contextmanager
    def foreseen(self, connection: sa.Connection, **values: Any) -> Iterator[None]:
        """Within it each of the questions, asked with these values, is answered as of its beginning.

        Write nothing within it that they ask for. SQLite is asked one by one: there is no way to be spared.
        """
        before: _Foreseen | None = connection.info.get(_FORESEEN)
        if connection.dialect.name != "postgresql" or (before is not None and before.covers(self.questions, values)):
            yield
            return
        if not self._known:
            self._made = [_from_json(question.query, connection.dialect) for question in self.questions]
            self._known[connection.dialect.name] = _prepare(self._one_statement(), connection.dialect)
        prepared = self._known[connection.dialect.name]
        rows: list[list[Any]] = [[] for _ in self.questions]
        for n, told in execute(connection, prepared.text, prepared.given(values)).fetchall():
            row_of, converts = self._made[n]
            for place, convert in converts:
                if told[place] is not None:
                    told[place] = convert(told[place])
            rows[n].append(row_of(told))
        connection.info[_FORESEEN] = _Foreseen(dict(zip(self.questions, rows, strict=True)), values)
        try:
            yield
        finally:
            # A connection that broke meanwhile has no info any more; asking it would hide what broke it.
            if not connection.invalidated:
                connection.info[_FORESEEN] = before

    def _one_statement(self) -> sa.CompoundSelect[Any]:
        parts = []
        for n, question in enumerate(self.questions):
            rows = question.query.subquery(f"q{n}")
            # One after the other, each in its own order: nothing above them sorts.
            parts.append(sa.select(sa.literal_column(str(n)), sa.func.json_build_array(*rows.c)).select_from(rows))
        return sa.union_all(*parts)


def _from_json(query: Any, dialect: sa.Dialect) -> _Reading:
    """What `_reading` gives, of values that were part of a JSON document; nothing is converted that is null."""
    columns = list(query.selected_columns)
    converts: list[tuple[int, Convert]] = []
    for place, column in enumerate(columns):
        if isinstance(column.type, sa.Float):
            continue
        known = next((convert for kind, convert in _OF_JSON if isinstance(column.type, kind)), _member(column.type))
        convert = known or _impl(column.type, dialect).result_processor(dialect, None)
        converts += [(place, convert)] if convert else []
    return _named("Row", [column.key for column in columns], rename=True)._make, tuple(converts)


#: As SQLite keeps them, and JSON: what their own types do with it, without the way there.
_OF_TEXT: tuple[tuple[type[Any], Convert], ...] = (
    (Uuid, UUID),
    (UtcDateTime, lambda text: datetime.fromisoformat(text).astimezone(UTC)),
)
_OF_JSON: tuple[tuple[type[Any], Convert], ...] = (
    *_OF_TEXT,
    (sa.Date, date.fromisoformat),
    (sa.LargeBinary, lambda text: bytes.fromhex(text[2:])),
)


def _member(kind: Any) -> Convert | None:
    """What makes a word of an enumeration its member; None for other types."""
    if not isinstance(kind, TextEnum) or kind.enum is None:
        return None
    return {member.value: member for member in kind.enum}.__getitem__


class Command:
    """An INSERT, UPDATE or DELETE, run once for each of several sets of values."""

    def __init__(self, statement: sa.Insert | sa.Update | sa.Delete) -> None:
        self._statement = statement
        self._known: dict[str, _Prepared] = {}

    def __call__(self, connection: sa.Connection, rows: Sequence[Mapping[str, Any]]) -> Callable[[], int]:
        """Asks how many rows of the table it met; within `together`, only after it."""
        prepared = _prepared(self._statement, self._known, connection.dialect)
        cursors = [execute(connection, prepared.text, prepared.given(values)) for values in rows]
        return lambda: sum(cursor.rowcount for cursor in cursors)


class Listed(UserDefinedType[Any]):
    """Several values as one parameter: JSON on SQLite, the text of an array on PostgreSQL."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """As SQLAlchemy asks for it."""
        return "TEXT"

    def bind_processor(self, dialect: sa.Dialect) -> Convert:
        """As SQLAlchemy asks for it."""
        return array_text if dialect.name == "postgresql" else _json_text


def array_text(values: Iterable[Any]) -> str:
    """A PostgreSQL array's text."""
    return "{" + ",".join([_element(value) for value in values]) + "}"


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    text = f"\\x{value.hex()}" if isinstance(value, bytes) else str(value)
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _json_text(values: Iterable[Any]) -> str:
    return json.dumps([value if isinstance(value, int) else str(value) for value in values])


def one_of(column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """`column IN (the values given under name)`, however many they are, in a text that never changes."""
    return _OneOf(column, name)


class _OneOf(sa.ColumnElement[bool]):
    inherit_cache = False
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[Any], name: str) -> None:
        self.column = column
        self.values: sa.BindParameter[Any] = sa.bindparam(name, (), type_=Listed())

    def self_group(self, against: Any = None) -> _OneOf:
        """A condition as it stands: compared with 1, as databases without booleans are asked, it would use no index."""
        return self


@compiles(_OneOf, "postgresql")
def _any(element: _OneOf, compiler: Any, **options: Any) -> str:
    kind = "UUID" if isinstance(element.column.type, Uuid) else "TEXT"
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} = ANY (CAST({values} AS {kind}[]))"


@compiles(_OneOf, "sqlite")
def _in(element: _OneOf, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(part, **options) for part in (element.column, element.values))
    return f"{column} IN (SELECT value FROM json_each({values}))"


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A statement for one kind of database."""

    text: str
    names: tuple[str, ...]
    converts: tuple[tuple[str, Convert], ...]
    fixed: Mapping[str, Any]
    positions: tuple[str, ...] | None

    def given(self, values: Mapping[str, Any]) -> Any:
        """The parameters as the driver takes them; KeyError for a name that was not given."""
        told = dict(self.fixed)
        for name in self.names:
            told[name] = values[name]
        for name, convert in self.converts:
            told[name] = convert(told[name])
        return told if self.positions is None else [told[name] for name in self.positions]


def _prepared(statement: Any, known: dict[str, _Prepared], dialect: sa.Dialect) -> _Prepared:
    found = known.get(dialect.name)
    if found is None:
        found = known[dialect.name] = _prepare(statement, dialect)
    return found


def _prepare(statement: Any, dialect: sa.Dialect) -> _Prepared:
    compiled: Any = statement.compile(dialect=numbering(dialect))
    asked = {name for name, bind in compiled.binds.items() if bind.required or isinstance(bind.type, Listed)}
    # Lists that are part of the statement are written out in its text.
    state = compiled.construct_expanded_state(dict.fromkeys(asked))
    converting = {name: _impl(bind.type, dialect).bind_processor(dialect) for name, bind in compiled.binds.items()}
    converting |= state.processors
    fixed = {
        name: convert(value) if (convert := converting.get(name)) else value
        for name, value in state.parameters.items()
        if name not in asked
    }
    converts = [(name, convert) for name in asked if (convert := converting.get(name))]
    positions = tuple(state.positiontup) if compiled.positional else None
    return _Prepared(state.statement, tuple(asked), tuple(converts), fixed, positions)


def _reading(query: Any, dialect: sa.Dialect, cursor: Any) -> _Reading:
    columns = list(query.selected_columns)
    converts = []
    for place, column in enumerate(columns):
        # PostgreSQL's driver knows ids by itself.
        if dialect.name == "postgresql" and isinstance(column.type, Uuid):
            continue
        known = _member(column.type)
        if dialect.name == "sqlite" and known is None:
            known = next((convert for kind, convert in _OF_TEXT if isinstance(column.type, kind)), None)
        convert = known or _impl(column.type, dialect).result_processor(dialect, cursor.description[place][1])
        converts += [(place, convert)] if convert else []
    return _named("Row", [column.key for column in columns], rename=True)._make, tuple(converts)


def _impl(kind: Any, dialect: sa.Dialect) -> Any:
    return kind.dialect_impl(dialect)
