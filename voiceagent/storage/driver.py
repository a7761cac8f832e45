"""Past SQLAlchemy, to the driver itself: statements given to it, several in one go, and when a transaction reaches it.

On PostgreSQL a transaction begins along with the first thing that is asked in it, and may end along with the last: a
round trip costs both sides more than most answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from typing import Any

import sqlalchemy as sa

#: Under these a connection keeps what begins its transaction, while nothing was asked in it; whether it has ended; and
#: whether others are let in before the disk has it.
_BEGIN, _ENDED, _SHARES = "begins_with", "ended_early", "lets_in_early"
#: A transaction that waits for the disk, and for the disk only: with its own record, all earlier ones are there.
_FLUSH = "SELECT pg_logical_emit_message(true, 'voiceagent', '')"
#: Commits without waiting for the disk. Others may build on what was committed so: they come after it on the disk too.
SHARE = "set_config('synchronous_commit', 'off', true)"


def execute(connection: sa.Connection, text: str, values: Mapping[str, Any] | Sequence[Any]) -> Any:
    """The driver's cursor after `text` (written in `numbering`); its errors are raised as SQLAlchemy would have."""
    with errors(connection, text) as driver:
        if connection.dialect.name != "postgresql":
            return driver.execute(text, values)
        with driver.pipeline() if connection.info.get(_BEGIN) else nullcontext():
            begin_now(connection)
            return _raw(driver).execute(text, values)


def numbering(dialect: sa.Dialect) -> sa.Dialect:
    """The dialect in which a statement's text is written for `execute`: PostgreSQL's own numbers of parameters.

    Its driver reads the text of a long statement each time, unless there is nothing in it to be replaced.
    """
    kind: Any = type(dialect)
    return kind(paramstyle="numeric_dollar") if dialect.name == "postgresql" else dialect


def _raw(driver: Any) -> Any:
    from psycopg import RawCursor

    return RawCursor(driver)


@contextmanager
def together(connection: sa.Connection) -> Iterator[None]:
    """Within it PostgreSQL is told the next thing before it has answered the last, and asked only for what is read.

    For the moments in which others wait. An error may be raised at a later statement, or at the end.
    """
    if connection.dialect.name != "postgresql":
        yield
        return
    with errors(connection, "several statements") as driver, driver.pipeline():
        yield


def is_together(connection: sa.Connection) -> bool:
    """Whether that is so now: there is no COPY in it."""
    driver: Any = connection.connection.driver_connection
    return connection.dialect.name == "postgresql" and bool(driver.pgconn.pipeline_status)


@contextmanager
def errors(connection: sa.Connection, text: str) -> Iterator[Any]:
    """The driver; who catches a full disk or a broken rule finds its errors under the usual names."""
    dialect = connection.dialect
    known: Any = dialect.loaded_dbapi
    try:
        yield connection.connection.driver_connection
    except known.Error as error:
        raise sa.exc.DBAPIError.instance(text, None, error, known.Error, dialect=dialect) from error


def begin_with(connection: sa.Connection, texts: Sequence[str]) -> None:
    """Begin a transaction with `texts` as soon as something is asked in it."""
    connection.info[_BEGIN] = texts
    connection.info[_ENDED] = connection.info[_SHARES] = False


def begin_now(connection: sa.Connection) -> None:
    """Begin it, where that was not done yet."""
    assert not connection.info.get(_ENDED), "this transaction was ended already"
    for text in connection.info.pop(_BEGIN, ()):
        with errors(connection, text) as driver:
            driver.execute(text)


def let_in_early(connection: sa.Connection) -> None:
    """`SHARE` is said in this transaction: `end` lets go of its locks at once, and returns when the disk has it."""
    connection.info[_SHARES] = True


def lets_in_early(connection: sa.Connection) -> bool:
    """Whether that was said."""
    return bool(connection.info.get(_SHARES))


def end(connection: sa.Connection) -> None:
    """Commit, before the block of `Database.write()` ends, where that saves time; nothing may be asked in it any more.

    Within `together` it goes along with what was told last. On SQLite the end of the block commits.
    """
    if connection.dialect.name != "postgresql" or connection.info.get(_ENDED) or connection.info.get(_BEGIN):
        return
    connection.info[_ENDED] = True
    with errors(connection, "COMMIT") as driver:
        driver.execute("COMMIT")
        if connection.info.get(_SHARES):
            driver.execute(_FLUSH)
