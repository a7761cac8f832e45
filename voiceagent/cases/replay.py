"""Proof that the tables say what the journal says: replay it into an empty database and compare every row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from voiceagent.base.clock import SystemClock
from voiceagent.journal import tables as journal_tables
from voiceagent.journal.audit import Auditor, Flaw
from voiceagent.journal.journal import Journal, Projection, all_events
from voiceagent.storage.database import Database
from voiceagent.storage.schema import metadata


@dataclass(frozen=True, slots=True)
class Difference:
    """A row that is not what the journal makes of it. Columns by name, never their values: those may be personal."""

    table: str
    key: tuple[str, ...]
    what: str
    """missing (in the tables), unexplained (by the journal) or different."""
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Report:
    """What was compared and what was found."""

    events: int
    rows: dict[str, int]
    """Rows kept, by table."""
    flaws: tuple[Flaw, ...]
    differences: tuple[Difference, ...]
    """At most `limit` of them."""

    @property
    def sound(self) -> bool:
        """Nothing was found."""
        return not self.flaws and not self.differences


def check(
    db: Database, projections: Sequence[Projection], projected: Sequence[sa.Table], *, limit: int = 1000
) -> Report:
    """Replay all events with `projections` and compare the tables `projected` with what is kept, at one instant."""
    replayed = Database("sqlite://")
    try:
        with replayed.engine.connect() as connection:
            # Tables that are not projected (campaigns, ...) stay empty here, and other rows point to them.
            connection.exec_driver_sql("ROLLBACK")
            connection.exec_driver_sql("PRAGMA query_only=OFF")
            connection.exec_driver_sql("PRAGMA foreign_keys=OFF")
        with db.read() as kept, replayed.write() as fresh:
            metadata.create_all(fresh)
            _copy(kept, fresh, journal_tables.private)
            journal = Journal(replayed, SystemClock(), projections)
            auditor = Auditor()
            events = 0
            for batch in all_events(kept):
                auditor.take(kept, batch)
                journal.apply(fresh, batch)
                events += len(batch)
            differences: list[Difference] = []
            rows: dict[str, int] = {}
            for table in projected:
                rows[table.name] = _compare(table, kept, fresh, differences, limit)
            return Report(events, rows, tuple(auditor.flaws), tuple(differences))
    finally:
        replayed.close()


def _copy(source: sa.Connection, target: sa.Connection, table: sa.Table) -> None:
    result = source.execute(sa.select(table).execution_options(yield_per=2000))
    for rows in result.mappings().partitions():
        target.execute(sa.insert(table), [dict(row) for row in rows])


def _compare(
    table: sa.Table, kept: sa.Connection, fresh: sa.Connection, differences: list[Difference], limit: int
) -> int:
    """Walk both in the order of the key; returns the number of rows kept."""
    ours, theirs = _ordered(table, kept), _ordered(table, fresh)
    count = 0
    mine, other = next(ours, None), next(theirs, None)
    while mine is not None or other is not None:
        if other is None or (mine is not None and mine[0] < other[0]):
            assert mine is not None
            found = Difference(table.name, mine[0], "unexplained")
        elif mine is None or mine[0] > other[0]:
            found = Difference(table.name, other[0], "missing")
        else:
            columns = tuple(name for name, value in mine[1].items() if other[1][name] != value)
            found = Difference(table.name, mine[0], "different", columns)
        if (found.what != "different" or found.columns) and len(differences) < limit:
            differences.append(found)
        if found.what != "missing":
            count += 1
            mine = next(ours, None)
        if found.what != "unexplained":
            other = next(theirs, None)
    return count


def _ordered(table: sa.Table, connection: sa.Connection) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    keys = list(table.primary_key.columns)
    order = [_bytewise(column, connection) for column in keys]
    names = [column.name for column in keys]
    result = connection.execute(sa.select(table).order_by(*order).execution_options(yield_per=2000))
    for row in result.mappings():
        yield tuple(_sortable(row[name]) for name in names), dict(row)


def _bytewise(column: sa.Column[Any], connection: sa.Connection) -> Any:
    """Text in the order of its bytes, whatever the language of the database."""
    if connection.dialect.name == "postgresql" and isinstance(column.type.dialect_impl(connection.dialect), sa.String):
        return sa.type_coerce(column, sa.String).collate("C")
    return column


def _sortable(value: Any) -> str:
    return f"{value:020d}" if isinstance(value, int) else str(value)
