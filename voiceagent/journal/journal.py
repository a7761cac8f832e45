"""The journal: appends events and updates the tables people query, in one transaction."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

import sqlalchemy as sa

from voiceagent.base.clock import Clock, require_aware
from voiceagent.base.ids import uuid7
from voiceagent.journal import tables
from voiceagent.journal.envelope import GENESIS, Event, NewEvent, chained, plain
from voiceagent.journal.private import Private, at_hand
from voiceagent.storage.bulk import Native, insert_many
from voiceagent.storage.database import Database
from voiceagent.storage.driver import SHARE, execute, let_in_early, together
from voiceagent.storage.question import Question, one_of
from voiceagent.storage.schema import DEFAULT_TENANT
from voiceagent.storage.types import canonical_json, instant_text

#: The one writer at a time that makes `seq` the order of commits on PostgreSQL (SQLite's write lock does it there).
_ADVISORY = 7_203_451_102

#: Under this a connection remembers that it need not wait any more.
_LOCKED = "journal_locked"

_EVENT = Event.__slots__
_PRIVATE = tuple(column.name for column in tables.private.columns)


@dataclass(frozen=True, slots=True)
class Projection:
    """Keeps tables up to date from events of one type. `apply` gets runs of neighbouring events of that type.

    It reads nothing but its arguments and the database (no clock, no chance), so that a replay gives the same rows.
    """

    type: str
    apply: Callable[[sa.Connection, Sequence[Event]], None]


@dataclass(slots=True)
class _Turn:
    """A transaction that need not wait for the journal any more, and the journal's head where it is known."""

    transaction: sa.Transaction | None
    head: tuple[int, str] | None = None


def for_each(apply: Callable[[sa.Connection, Event], None]) -> Callable[[sa.Connection, Sequence[Event]], None]:
    """A projection's function from one that takes a single event."""

    def run(connection: sa.Connection, events: Sequence[Event]) -> None:
        for event in events:
            apply(connection, event)

    return run


class Journal:
    """Records events for one tenant. Synchronous: asyncio programs use `JournalWriter` or a thread."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        projections: Sequence[Projection] = (),
        tenant_id: uuid.UUID = DEFAULT_TENANT,
    ) -> None:
        self.db = db
        self.clock = clock
        self.tenant_id = tenant_id
        self._projections = by_type(projections)

    @contextmanager
    def transaction(self) -> Iterator[sa.Connection]:
        """A write transaction in which `record` may be called several times, and rows read that must not change.

        Take it rather than `db.write()` wherever events are recorded: it waits for other writers of the journal first,
        so two transactions cannot wait for each other.
        """
        with self.db.write() as connection:
            self.wait_turn(connection)
            yield connection

    def wait_turn(self, connection: sa.Connection) -> None:
        """Make the rest of a `db.write()` transaction one of `transaction()`: from here on nobody else records.

        Change no row before it that others change with the journal's lock held: they would wait for each other.
        """
        lock(connection)

    def wait_turn_after(self, connection: sa.Connection, seen: tuple[int, str], later: Question, **values: Any) -> Any:
        """`wait_turn`, and in the same breath the answer to `later`: all events after number `seq` of `seen`.

        `seen` is a `head()` of this transaction; the rows have `seq` and `digest` in order, so that nobody need ask for
        the journal's head again.
        """
        with together(connection):
            lock(connection)
            rows = later(connection, after=seen[0], **values)
        connection.info[_LOCKED].head = (rows[-1].seq, rows[-1].digest) if rows else seen
        return rows

    def record(self, events: Sequence[NewEvent], connection: sa.Connection | None = None) -> list[Event]:
        """Append `events` in order and apply their projections: all of it or nothing.

        `connection`: one of `transaction()`, to make it part of that. Raises what a projection raises (IntegrityError
        where an invariant of the tables would break) and UnavailableError when the database cannot be had.
        """
        if connection is None:
            with self.transaction() as own:
                return self._record(own, events)
        lock(connection)
        return self._record(connection, events)

    def stamped(self, events: Sequence[NewEvent]) -> list[NewEvent]:
        """The same events with `at` and `id` set: what happened now stays now however late it is written."""
        stamped = []
        for event in events:
            if event.at is None or event.id is None:
                at = require_aware(event.at) if event.at else self.clock.now()
                event = replace(event, at=at, id=event.id or uuid7(at))
            stamped.append(event)
        return stamped

    def apply(self, connection: sa.Connection, events: Sequence[Event]) -> None:
        """Run the projections of `events` (replay uses this alone)."""
        for kind, run in groupby(events, key=lambda event: event.type):
            batch = list(run)
            for apply in self._projections.get(kind, ()):
                apply(connection, batch)

    def _record(self, connection: sa.Connection, events: Sequence[NewEvent]) -> list[Event]:
        if not events:
            return []
        table = tables.event
        seq, previous = connection.info[_LOCKED].head or head(connection)
        lengths = _stream_lengths(connection, {(new.stream_type, new.stream_id) for new in events if not new.first})
        recorded: list[Event] = []
        rows: list[tuple[Native, ...]] = []
        privates: list[Private] = []
        kept: list[tuple[Native, ...]] = []
        tenant = str(self.tenant_id)
        for new in self.stamped(events):
            assert new.at is not None and new.id is not None
            payload, taken = plain(new.payload)
            at = instant_text(new.at)
            privates += taken
            kept += [(str(item.id), tenant, item.kind, item.salt, item.body, at, None) for item in taken]
            stream = (new.stream_type, new.stream_id)
            place = lengths[stream] = lengths.get(stream, 0) + 1
            seq += 1
            kind, v = new.payload.TYPE, new.payload.V
            row = (
                seq, str(new.id), at, tenant, new.stream_type, str(new.stream_id), place, kind, v,
                canonical_json(payload), new.actor, str(new.cause_id) if new.cause_id else None,
            )  # fmt: skip
            previous = chained(previous, *row)
            rows.append((*row, previous))
            who = (new.actor, new.cause_id)
            recorded.append(
                Event(seq, new.id, new.at, self.tenant_id, *stream, place, kind, v, payload, *who, previous)
            )
        insert_many(connection, tables.private, _PRIVATE, kept)
        insert_many(connection, table, _EVENT, rows)
        connection.info[_LOCKED].head = (seq, previous)
        with at_hand(connection, privates):
            self.apply(connection, recorded)
        return recorded


def by_type(projections: Sequence[Projection]) -> dict[str, list[Callable[[sa.Connection, Sequence[Event]], None]]]:
    """Functions by event type, in the order given."""
    found: dict[str, list[Callable[[sa.Connection, Sequence[Event]], None]]] = {}
    for projection in projections:
        found.setdefault(projection.type, []).append(projection.apply)
    return found


def lock(connection: sa.Connection) -> None:
    """Wait until no other transaction is writing the journal; held to the end of this one."""
    mine = connection.get_nested_transaction() or connection.get_transaction()
    turn = connection.info.get(_LOCKED)
    if turn is None or turn.transaction is not mine:
        if connection.dialect.name == "postgresql":
            execute(connection, f"SELECT pg_advisory_xact_lock({_ADVISORY}), {SHARE}", ())
            let_in_early(connection)
        connection.info[_LOCKED] = _Turn(mine)


HEAD = Question(
    # A literal: a plan for an unknown number of rows might sort the whole journal.
    sa.select(tables.event.c.seq, tables.event.c.digest)
    .order_by(tables.event.c.seq.desc())
    .limit(sa.literal_column("1"))
)


def head(connection: sa.Connection) -> tuple[int, str]:
    """Number and digest of the newest event; of an empty journal 0 and what its first event is chained to."""
    newest = HEAD(connection)
    return (newest[0].seq, newest[0].digest) if newest else (0, GENESIS)


_AFTER = (
    sa.select(*(tables.event.c[name] for name in _EVENT))
    .where(tables.event.c.seq > sa.bindparam("after"))
    .order_by(tables.event.c.seq)
    .limit(sa.bindparam("most"))
)
_EVENTS = Question(_AFTER)
_OF_STREAM = Question(
    _AFTER.where(tables.event.c.stream_type == sa.bindparam("kind"), tables.event.c.stream_id == sa.bindparam("id"))
)


def read_events(
    connection: sa.Connection, *, after: int = 0, stream: tuple[str, uuid.UUID] | None = None, limit: int = 1000
) -> list[Event]:
    """Events with `seq` > `after` in order, at most `limit`; those of one stream when given."""
    if stream:
        return [Event(*row) for row in _OF_STREAM(connection, after=after, kind=stream[0], id=stream[1], most=limit)]
    return [Event(*row) for row in _EVENTS(connection, after=after, most=limit)]


def all_events(connection: sa.Connection, batch: int = 250) -> Iterator[list[Event]]:
    """Every event in order, in lists of up to `batch`: some tell of a hundred people at once."""
    after = 0
    while events := read_events(connection, after=after, limit=batch):
        yield events
        after = events[-1].seq


_LENGTHS = Question(
    sa.select(
        tables.event.c.stream_type, tables.event.c.stream_id, sa.func.max(tables.event.c.stream_seq).label("length")
    )
    .where(one_of(tables.event.c.stream_type, "kinds"), one_of(tables.event.c.stream_id, "ids"))
    .group_by(tables.event.c.stream_type, tables.event.c.stream_id)
)


def _stream_lengths(connection: sa.Connection, streams: set[tuple[str, uuid.UUID]]) -> dict[tuple[str, uuid.UUID], int]:
    """How many events each stream has; streams without any are absent."""
    if not streams:
        return {}
    kinds, ids = ({stream[place] for stream in streams} for place in (0, 1))
    return {(kind, identity): length for kind, identity, length in _LENGTHS(connection, kinds=kinds, ids=ids)}
