"""How fast lists come in: reading alone, with storage on both databases, and what a bare COPY of the rows takes."""

from __future__ import annotations

import multiprocessing
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any

import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import SystemClock
from voiceagent.base.errors import MissingPartError, VoiceagentError
from voiceagent.base.languages import Language
from voiceagent.cases.replay import check
from voiceagent.cases.tables import PROJECTED
from voiceagent.dialer.columns import map_columns
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.report import Report
from voiceagent.dialer.rows import RowReader
from voiceagent.dialer.source import open_source
from voiceagent.journal.journal import Journal
from voiceagent.simulator.bench_floor import of_postgres, of_sqlite
from voiceagent.simulator.cluster import Cluster
from voiceagent.simulator.told_to_end import none_left
from voiceagent.storage.database import Database

#: What an import should reach: rows a second and core, storage over reading alone, memory from 100,000 rows on.
TARGETS = {"rows_per_s": 4000.0, "storage_adds": 0.40, "growth_mb": 50.0}
_BASE = 100_000
_HEADER = (
    "cpf_cnpj;nome;telefone1;telefone2;email;nascimento;uf;contrato;credor;produto;valor_original;valor_atualizado;"
    "vencimento\r\n"
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Plan:
    """`rows` of the list; `replay`: prove afterwards that the journal gives SQLite's tables again."""

    rows: int = 150_000
    postgres: bool = True
    replay: bool = False
    seed: int = 7


def write_list(path: Path, rows: int, seed: int) -> None:
    """Invented debtors: two telephones each, check digits that hold, a contract of their own."""
    with path.open("w", encoding="utf-8", newline="") as file:
        file.write(_HEADER)
        file.writelines(_lines(rows, seed))


def _lines(rows: int, seed: int) -> Iterator[str]:
    chance = Random(seed)
    for n in range(rows):
        owed = chance.randrange(5_000, 5_000_000)
        due = date(2026, 1, 1) + timedelta(days=chance.randrange(250))
        born = date(1950, 1, 1) + timedelta(days=chance.randrange(18_000))
        yield (
            f"{_cpf(100_000_000 + 7 * n)};Pessoa Inventada {n};(11) 9{chance.randrange(5000, 9999)}-"
            f"{chance.randrange(10**4):04d};11{chance.randrange(2, 6)}{chance.randrange(10**7):07d};p{n}@example.com;"
            f"{born:%d/%m/%Y};SP;C-{n};Banco Exemplo;cartão;{_money(owed)};{_money(owed + 12_345)};{due:%d/%m/%Y}\r\n"
        )


def _cpf(number: int) -> str:
    digits = [int(digit) for digit in f"{number % 10**9:09d}"]
    for length in (10, 11):
        digits.append(sum(digit * (length - place) for place, digit in enumerate(digits)) * 10 % 11 % 10)
    return "".join(map(str, digits))


def _money(minor: int) -> str:
    return f"{minor // 100:,}".replace(",", ".") + f",{minor % 100:02d}"


def measure(plan: Plan, say: Say) -> dict[str, Any]:
    """The whole report; every measurement is a process of its own, so that memory is counted apart."""
    report: dict[str, Any] = {"rows": plan.rows, "telephones": 2, "targets": TARGETS}
    with tempfile.TemporaryDirectory(prefix="va-bench-import-") as folder:
        path = Path(folder) / "list.csv"
        write_list(path, plan.rows, plan.seed)
        report["bytes"] = path.stat().st_size
        say(f"{plan.rows:,} rows written; reading and checking them")
        report["reading"] = reading = _apart(_read, path)
        say("SQLite")
        imported = f"sqlite:///{folder}/bench.db"
        stored = _apart(_import, path, imported, plan.replay)
        floor = _apart(_sqlite_floor, imported, f"sqlite:///{folder}/floor.db")
        report["sqlite"] = _against(stored, reading, floor)
        report["postgresql"] = None
        if plan.postgres:
            try:
                with Cluster() as cluster:
                    say("PostgreSQL")
                    imported = cluster.url("bench")
                    # Not the import's: what making the tables takes.
                    _apart(_upgrade, imported)
                    before = cluster.processor_s()
                    stored = _apart(_import, path, imported, False)
                    stored["server_us_per_row"] = round((cluster.processor_s() - before) / plan.rows * 1e6, 1)
                    found = of_postgres(imported, cluster.url("floor"), Path(folder), cluster.processor_s)
                    report["postgresql"] = _against(stored, reading, found.figures()) | {
                        "bare_copy": _apart(_copy, cluster.url("copy"), path)
                    }
            except MissingPartError as error:
                say(error.message)
    report["met"] = met(report)
    return report


def met(report: dict[str, Any]) -> dict[str, bool]:
    """Which targets were reached, by database."""
    found = {}
    for name in ("sqlite", "postgresql"):
        part = report[name]
        if part is not None:
            found[f"{name}_rows_per_s"] = part["rows_per_s"] >= TARGETS["rows_per_s"]
            found[f"{name}_storage_adds"] = part["storage_adds"] <= TARGETS["storage_adds"]
            if part["growth_mb"] is not None:
                found[f"{name}_growth"] = part["growth_mb"] <= TARGETS["growth_mb"]
    return found


def _against(stored: dict[str, Any], reading: dict[str, Any], floor: dict[str, Any]) -> dict[str, Any]:
    """What storage adds to reading alone, in processor time and by the clock (which a busy machine stretches).

    `floor`: what the database takes for these very rows, whoever brings them.
    """
    alone = floor["cpu_us_per_row"] + floor["server_us_per_row"]
    adds = {
        "storage_adds": stored["cpu_us_per_row"] / reading["cpu_us_per_row"] - 1,
        "storage_adds_wall": reading["rows_per_s_wall"] / stored["rows_per_s_wall"] - 1,
    }
    return (
        stored
        | {name: round(share, 2) for name, share in adds.items()}
        | {"same_rows": floor | {"of_reading": round(alone / reading["cpu_us_per_row"], 2)}}
    )


def _apart(function: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    context = multiprocessing.get_context("spawn")
    receiving, sending = context.Pipe(duplex=False)
    child = context.Process(target=_told, args=(function, sending, *arguments))
    with none_left():
        child.start()
        sending.close()
        try:
            found = receiving.recv()
        except EOFError:
            child.join()
            raise VoiceagentError(
                f"the measurement ended early (exit {child.exitcode}): is there memory and disk?"
            ) from None
        child.join()
    if isinstance(found, Exception):
        raise found
    return dict(found)


def _told(function: Callable[..., dict[str, Any]], sending: Any, *arguments: Any) -> None:
    try:
        sending.send(function(*arguments))
    except Exception as error:
        sending.send(
            error if isinstance(error, VoiceagentError) else VoiceagentError(f"{type(error).__name__}: {error}")
        )


class _Clocks:
    """Wall and processor time since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu = time.perf_counter(), time.process_time()

    def figures(self, rows: int) -> dict[str, Any]:
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {
            "wall_s": round(wall, 2),
            "cpu_s": round(cpu, 2),
            "rows_per_s": round(rows / cpu),
            "rows_per_s_wall": round(rows / wall),
            "cpu_us_per_row": round(cpu / rows * 1e6, 1),
            "peak_mb": round(_peak_mb(), 1),
        }


def _read(path: Path) -> dict[str, Any]:
    source = open_source(path)
    reader = _reader(path)
    clocks, rows = _Clocks(), 0
    open_source(path)
    for row in source.rows():
        given, faults = reader.read(row)
        if given is None or faults:
            raise VoiceagentError(f"row {row.number} of the measurement's own list was refused: {faults[0].text}")
        rows += 1
    return clocks.figures(rows)


def _reader(path: Path) -> RowReader:
    source = open_source(path)
    mapping = map_columns(source.header, creditor=None)
    return RowReader(source.header, mapping, "BR", Language.PT_BR, None, date.today())


def _import(path: Path, url: str, replay: bool) -> dict[str, Any]:
    db = Database(url)
    db.upgrade()
    journal = Journal(db, SystemClock(), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    at_base: list[float] = []

    def watch(report: Report) -> None:
        if not at_base and report.rows >= _BASE:
            at_base.append(_peak_mb())

    clocks = _Clocks()
    done = import_list(journal, path, progress=watch)
    found = clocks.figures(done.rows)
    # Memory that was never used again counts as well: the peak is what a machine must have.
    grown = round(_peak_mb() - at_base[0], 1) if at_base and done.rows > _BASE else None
    found |= {"imported": done.imported, "rejected": done.rejected, "growth_mb": grown}
    if replay:
        proof = check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], PROJECTED)
        found |= {"replay_sound": proof.sound, "events": proof.events}
    db.close()
    return found


def _upgrade(url: str) -> dict[str, Any]:
    db = Database(url)
    db.upgrade()
    db.close()
    return {}


def _sqlite_floor(imported: str, empty: str) -> dict[str, Any]:
    return of_sqlite(imported, empty).figures()


def _copy(url: str, path: Path) -> dict[str, Any]:
    """The file's own lines into one table of texts without key, check or index: what the database could do at best."""
    db = Database(url)
    names = _HEADER.strip().split(";")
    with db.write() as connection:
        connection.exec_driver_sql(f"CREATE TABLE bare ({', '.join(f'{name} text' for name in names)})")
    clocks = _Clocks()
    with db.write() as connection:
        driver: Any = connection.connection.driver_connection
        statement = "COPY bare FROM STDIN (FORMAT csv, DELIMITER ';', HEADER)"
        with path.open("rb") as file, driver.cursor() as cursor, cursor.copy(statement) as copy:
            while chunk := file.read(1 << 20):
                copy.write(chunk)
    with db.read() as connection:
        rows = connection.execute(sa.text("SELECT count(*) FROM bare")).scalar_one()
    found = clocks.figures(rows)
    db.close()
    return {"rows_per_s_wall": found["rows_per_s_wall"], "wall_s": found["wall_s"]}


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
