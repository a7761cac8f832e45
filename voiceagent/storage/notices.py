"""Words between processes that share a PostgreSQL: LISTEN and NOTIFY. SQLite has none: whoever waits asks again."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from voiceagent.storage.database import Database

log = logging.getLogger(__name__)

#: A listener looks so often whether it should end, and whether its connection still lives.
LOOK_S, PROBE_S = 1.0, 20.0
#: After a lost connection the next try waits so long at first, and at most.
FIRST_TRY_S, LONGEST_TRY_S = 0.2, 5.0
_NOTIFY = sa.text("SELECT pg_notify(:channel, '')")


def notify(connection: sa.Connection, channel: str) -> None:
    """Tell whoever listens on `channel`, once, when the transaction commits; nothing on SQLite."""
    if connection.dialect.name == "postgresql":
        connection.execute(_NOTIFY, {"channel": channel})


class Listener:
    """Calls `heard` (from a thread of its own) for every word on `channel`, and after each connection it makes.

    A word may be missed while there is no connection, so every new one counts as a word. On SQLite it does nothing.
    """

    def __init__(self, db: Database, channel: str, heard: Callable[[], None]) -> None:
        self._db, self._channel, self._heard = db, channel, heard
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._listening = False

    @property
    def listening(self) -> bool:
        """Whether words arrive at this moment, as far as is known."""
        return self._listening

    def start(self) -> None:
        """Begin; returns at once."""
        if not self._db.is_sqlite:
            self._thread = threading.Thread(target=self._run, name=f"listens for {self._channel}", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End within `LOOK_S` or so. Blocks."""
        self._ending.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        import psycopg

        pause, told = FIRST_TRY_S, False
        while not self._ending.is_set():
            try:
                with self._connect() as connection:
                    connection.execute(psycopg.sql.SQL("LISTEN {}").format(psycopg.sql.Identifier(self._channel)))
                    self._listening, pause, told = True, FIRST_TRY_S, False
                    self._heard()
                    self._listen(connection)
            except (psycopg.Error, OSError) as error:
                if not told:
                    log.warning("nothing is heard on %s until the database answers: %s", self._channel, error)
                told = True
            except Exception:
                log.exception("listening on %s", self._channel)
            finally:
                self._listening = False
            self._ending.wait(pause)
            pause = min(pause * 2, LONGEST_TRY_S)

    def _connect(self) -> Any:
        import psycopg

        arguments, options = self._db.engine.dialect.create_connect_args(self._db.url)
        # A server that vanished without a word is noticed by the network, not only by the next question.
        options.update(autocommit=True, connect_timeout=5, keepalives=1, keepalives_idle=10)
        return psycopg.connect(*arguments, **options)

    def _listen(self, connection: Any) -> None:
        quiet = 0.0
        while not self._ending.is_set():
            words = list(connection.notifies(timeout=LOOK_S, stop_after=1))
            quiet = 0.0 if words else quiet + LOOK_S
            if words:
                self._heard()
            elif quiet >= PROBE_S:
                connection.execute("SELECT 1")
                quiet = 0.0
