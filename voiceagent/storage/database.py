"""The database: one engine with the same manners on SQLite and PostgreSQL, and errors that say what to do."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidatePoolError, NoSuchModuleError
from sqlalchemy.pool import StaticPool

from voiceagent.base.errors import INSTALL, BadInputError, MissingPartError
from voiceagent.storage import migrate
from voiceagent.storage.driver import begin_now, begin_with, end, errors, lets_in_early, together
from voiceagent.storage.faults import UPGRADE, OutdatedError, explain
from voiceagent.storage.types import canonical_json

_WRITES, _PLANNED_ONCE = "voiceagent_writes", "voiceagent_planned_once"
_BEGIN_READING = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"
#: However many rows there may be, few are met: by their indexes, one after the other.
_SETTINGS = {"plan_cache_mode": "force_generic_plan"} | dict.fromkeys(
    ("enable_hashjoin", "enable_mergejoin", "enable_seqscan", "jit"), "off"
)
_PLAN_ONCE = "SELECT " + ", ".join(f"set_config('{name}', '{value}', true)" for name, value in _SETTINGS.items())
#: Since when a pooled connection rests, and after how long it is asked whether the server is still there.
_RESTS, _PROBE_S = "rests_since", 1.0
#: Prepared ones that a connection to SQLite keeps; preparing costs more than most of them.
_STATEMENTS = 512


class Database:
    """A connection pool. `read()` and `write()` are transactions; both are synchronous: call them off the event loop.

    `url`: sqlite:///path/to/file.db (made 0600, its missing directories 0700), sqlite:// (in memory, for replays) or
    postgresql://user@host/name. A write on SQLite takes the write lock at its beginning and waits up to
    `busy_timeout_s` for it.
    """

    def __init__(self, url: str, *, busy_timeout_s: float = 5.0) -> None:
        self.url = _parse(url)
        self.busy_timeout_s = busy_timeout_s
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self._file = self.url.database if self.is_sqlite else None
        options: dict[str, Any] = {"json_serializer": canonical_json}
        if self.is_sqlite:
            options["connect_args"] = {
                "check_same_thread": False,
                "timeout": busy_timeout_s,
                "cached_statements": _STATEMENTS,
            }
            if not self._file or self._file == ":memory:":
                self._file = None
                options["poolclass"] = StaticPool
        else:
            options |= {"pool_size": 5, "max_overflow": 10}
            # Transactions are begun and ended below, together with what is asked first and last in them.
            options["connect_args"] = {"connect_timeout": max(1, round(busy_timeout_s)), "autocommit": True}
        try:
            self.engine = sa.create_engine(self.url, **options)
            # A connection that turns from reading to writing forgets every statement it had prepared.
            self.reader = sa.create_engine(self.url, **options) if self._file else self.engine
        except ModuleNotFoundError as error:
            raise MissingPartError(f"the library for {self.url.drivername} is not installed: {INSTALL}") from error
        if self.is_sqlite:
            for engine in {self.engine, self.reader}:
                self._attend_sqlite(engine)
        else:
            self._attend_postgresql()

    def __str__(self) -> str:
        return self.url.render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """One consistent view of the data; writing in it fails."""
        with self._transaction({_WRITES: False}) as connection:
            yield connection

    @contextmanager
    def write(self, *, planned_once: bool = False) -> Iterator[sa.Connection]:
        """One transaction: committed at the end of the block, rolled back when the block raises.

        `planned_once`: PostgreSQL makes one plan for each statement, whatever is asked with it. For statements that are
        short for all values; planning them takes longer than answering.
        """
        with self._transaction({_WRITES: True, _PLANNED_ONCE: planned_once}) as connection:
            yield connection

    def upgrade(self, revision: str = "head") -> list[str]:
        """Bring the schema up to `revision`; returns the revisions applied, oldest first. Safe to run twice at once."""
        with self.write() as connection:
            return migrate.upgrade(connection, revision)

    def downgrade(self, revision: str) -> None:
        """Take the schema down to `revision` (`base`: everything goes, data too)."""
        with self.write() as connection:
            migrate.downgrade(connection, revision)

    def revision(self) -> str | None:
        """The schema's revision; None when nothing was ever made here."""
        if self._file is not None and not Path(self._file).exists():
            return None
        with self.read() as connection:
            return migrate.current(connection)

    def require_current(self) -> None:
        """Raise VoiceagentError (code database_outdated) unless the schema is the one this program was built for."""
        with self.read() as connection:
            migrate.require_current(connection)

    def close(self) -> None:
        """Give the connections back."""
        self.reader.dispose()
        self.engine.dispose()

    @contextmanager
    def _transaction(self, options: dict[str, Any]) -> Iterator[sa.Connection]:
        try:
            if options[_WRITES]:
                self._make_file()
            elif self._file is not None and not Path(self._file).exists():
                raise OutdatedError(f"there is no database {self} yet; {UPGRADE}")
            engine = self.engine if options[_WRITES] else self.reader
            with engine.connect().execution_options(**options) as connection, connection.begin():
                yield connection
                if lets_in_early(connection):
                    with together(connection):
                        end(connection)
        except DBAPIError as error:
            told = explain(error, str(self))
            if told is None:
                raise
            raise told from error

    def _make_file(self) -> None:
        """Nobody else on the machine may read the file, not even between its creation and a chmod."""
        if self._file is None:
            return
        path = Path(self._file)
        if path.exists():
            return
        try:
            for directory in reversed([d for d in path.parents if not d.exists()]):
                directory.mkdir(mode=0o700, exist_ok=True)
            os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        except OSError as error:
            raise BadInputError(
                f"cannot make the database {path}: {error.strerror}; choose another "
                "VOICEAGENT_HOME or VOICEAGENT_DATABASE_URL"
            ) from error

    def _attend_sqlite(self, engine: sa.Engine) -> None:
        busy_ms = round(self.busy_timeout_s * 1000)

        @event.listens_for(engine, "connect")
        def configure(connection: Any, _record: Any) -> None:
            # The driver's own transaction handling would begin deferred ones: ours are begun below.
            connection.isolation_level = None
            cursor = connection.cursor()
            for pragma in (
                f"busy_timeout={busy_ms}",
                "journal_mode=WAL",
                "synchronous=FULL",
                "foreign_keys=ON",
            ):
                cursor.execute(f"PRAGMA {pragma}")
            cursor.close()

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            writes = connection.get_execution_options().get(_WRITES, True)
            # Straight to the driver: this is said before every look at the database.
            with errors(connection, "BEGIN") as driver:
                if connection.info.get(_WRITES) is not writes:
                    driver.execute(f"PRAGMA query_only={'OFF' if writes else 'ON'}")
                    connection.info[_WRITES] = writes
                driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")

    def _attend_postgresql(self) -> None:
        engine = self.engine

        @event.listens_for(engine, "checkin")
        def rest(_connection: Any, record: Any) -> None:
            record.info[_RESTS] = time.monotonic()

        @event.listens_for(engine, "checkout")
        def probe(connection: Any, record: Any, _proxy: Any) -> None:
            # A server that was started anew is noticed here; asking each time would cost as much as an answer.
            if time.monotonic() - record.info.get(_RESTS, math.inf) < _PROBE_S and not connection.closed:
                return
            try:
                engine.dialect.do_ping(connection)
            except Exception as error:
                raise InvalidatePoolError("the server was started anew, or went") from error

        @event.listens_for(engine, "begin")
        def begin(connection: sa.Connection) -> None:
            options = connection.get_execution_options()
            once = [_PLAN_ONCE] if options.get(_PLANNED_ONCE) else []
            begin_with(connection, ["BEGIN", *once] if options.get(_WRITES, True) else [_BEGIN_READING])

        @event.listens_for(engine, "before_cursor_execute")
        def begun(connection: sa.Connection, *_: Any) -> None:
            begin_now(connection)


def _parse(url: str) -> URL:
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgres", "postgresql"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError) as error:
        raise BadInputError(
            "not a database address; write sqlite:///path/file.db or postgresql://user:password@host/name"
        ) from error
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise BadInputError(f"{parsed.get_backend_name()} is not supported: use sqlite or postgresql")
    return parsed
