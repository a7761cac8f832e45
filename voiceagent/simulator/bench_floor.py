"""What a database takes for the rows of an import alone: the same rows, ready-made, into the same tables."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa

from voiceagent.dialer.importing import PIECE
from voiceagent.storage.bulk import make_room
from voiceagent.storage.database import Database
from voiceagent.storage.driver import begin_now
from voiceagent.storage.schema import metadata

#: What an import writes, parents first.
TABLES = (
    "private", "event", "creditor", "portfolio", "person", "phone", "email", "debt_case", "debt", "contact_list",
    "list_entry",
)  # fmt: skip
#: Rows of the list, at most: enough to see what a row takes.
MOST = 100_000


@dataclass(frozen=True, slots=True)
class Floor:
    """`rows` of the list; processor seconds of this program, and of the server where there is one."""

    rows: int
    cpu_s: float
    server_s: float = 0.0

    def figures(self) -> dict[str, Any]:
        """Microseconds a row of the list."""
        return {
            "rows": self.rows,
            "cpu_us_per_row": round(self.cpu_s / self.rows * 1e6, 1),
            "server_us_per_row": round(self.server_s / self.rows * 1e6, 1),
        }


def of_sqlite(imported: str, empty: str) -> Floor:
    """Rows as the driver gave them, with one compiled statement for each table; pieces and syncing as in an import."""
    source, target = Database(imported), Database(empty)
    target.upgrade()
    spent = 0.0
    with ExitStack() as stack:
        connection = stack.enter_context(source.read())
        rows, shares = _shares(connection)
        columns = {name: [column.name for column in metadata.tables[name].columns] for name in TABLES}
        left = {
            name: iter(connection.exec_driver_sql(f"SELECT {', '.join(_quoted(columns[name]))} FROM {name}"))
            for name in TABLES
        }
        for _ in range(-(-min(rows, MOST) // PIECE)):
            piece = {name: list(map(tuple, islice(left[name], share))) for name, share in shares.items()}
            began = time.process_time()
            with target.write() as written:
                make_room(written)
                for name, some in piece.items():
                    marks = ", ".join("?" * len(columns[name]))
                    if some:
                        written.exec_driver_sql(
                            f"INSERT INTO {name} ({', '.join(_quoted(columns[name]))}) VALUES ({marks})", some
                        )
            spent += time.process_time() - began
    source.close()
    target.close()
    return Floor(min(rows, MOST), spent)


def of_postgres(imported: str, empty: str, folder: Path, server_s: Callable[[], float]) -> Floor:
    """A bare COPY of each piece's rows into their tables; `server_s`: processor seconds of the server so far."""
    source, target = Database(imported), Database(empty)
    target.upgrade()
    with source.read() as connection:
        rows, shares = _shares(connection)
        driver: Any = connection.connection.driver_connection
        for name in TABLES:
            key = ", ".join(column.name for column in metadata.tables[name].primary_key)
            told = f"COPY (SELECT * FROM {name} ORDER BY {key} LIMIT {shares[name] * (MOST // PIECE)}) TO STDOUT"
            with (folder / name).open("wb") as file, driver.cursor() as cursor, cursor.copy(told) as copy:
                file.writelines(map(bytes, copy))
    spent, before = 0.0, server_s()
    with ExitStack() as stack:
        files: dict[str, IO[bytes]] = {name: stack.enter_context((folder / name).open("rb")) for name in TABLES}
        for _ in range(-(-min(rows, MOST) // PIECE)):
            piece = {name: b"".join(islice(files[name], share)) for name, share in shares.items()}
            began = time.process_time()
            with target.write() as written:
                begin_now(written)
                driver = written.connection.driver_connection
                for name, text in piece.items():
                    with driver.cursor() as cursor, cursor.copy(f"COPY {name} FROM STDIN") as copy:
                        copy.write(text)
            spent += time.process_time() - began
    source.close()
    target.close()
    return Floor(min(rows, MOST), spent, server_s() - before)


def _shares(connection: sa.Connection) -> tuple[int, dict[str, int]]:
    """Rows of the list, and how many rows of each table one piece of it has become."""
    counts = {
        name: connection.execute(sa.select(sa.func.count()).select_from(metadata.tables[name])).scalar_one()
        for name in TABLES
    }
    rows = counts["list_entry"]
    return rows, {name: -(-count * PIECE // max(rows, PIECE)) for name, count in counts.items()}


def _quoted(names: Sequence[str]) -> Iterator[str]:
    return (f'"{name}"' for name in names)
