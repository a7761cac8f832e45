"""Guards imports that do not end well: killed, changed under way, two at once, no space; the end result is the same."""

from __future__ import annotations

import csv
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.errors import UnavailableError
from voiceagent.cases.replay import check
from voiceagent.cases.tables import PROJECTED
from voiceagent.dialer import importing
from voiceagent.dialer.campaigns import require_campaign, tally
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.lists import all_lists, undo_list
from voiceagent.dialer.report import Options, Report
from voiceagent.dialer.tables import list_entry
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

HEADER = "id;nome;telefone1;contrato;credor;valor;vencimento"
ROWS = 60
#: Every tenth row is refused, every seventh loses a cell.
BAD = [n for n in range(ROWS) if n % 10 == 3]
LEFT_OUT = [n for n in range(ROWS) if n % 7 == 2 and n not in BAD]


def row(n: int) -> str:
    number = f"119555501{n:02d}" + ("/123" if n in LEFT_OUT else "")
    return f"D{n};Pessoa {n};{number};C-{n};Banco Exemplo;{'x' if n in BAD else 900 + n};10/03/2026"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "lista.csv"
    made.write_text("\n".join([HEADER, *map(row, range(ROWS)), ""]), encoding="utf-8")
    return made


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "PIECE", 7)


def whole(db: Database, path: Path) -> None:
    """What an import that nothing interrupted leaves."""
    with db.read() as connection:
        (told,) = all_lists(connection, dialer_tenant(db))
        entries = connection.execute(sa.select(list_entry.c.row_number).order_by(list_entry.c.row_number)).scalars()
        assert list(entries) == list(range(1, ROWS + 1))
        contracts = connection.exec_driver_sql("SELECT contract FROM debt ORDER BY contract").scalars().all()
        numbers = connection.exec_driver_sql("SELECT count(*) FROM phone").scalar()
    assert (told["rows"], told["imported"], told["rejected"]) == (ROWS, ROWS - len(BAD), len(BAD))
    assert told["finished_at"] is not None
    assert contracts == sorted(f"C-{n}" for n in range(ROWS) if n not in BAD) and numbers == ROWS - len(BAD)
    with path.with_name("lista.rejected.csv").open(encoding="utf-8-sig", newline="") as file:
        refused = [(int(one["line"]) - 2, one["code"]) for one in csv.DictReader(file)]
    assert sorted(refused) == sorted([(n, "E_AMOUNT") for n in BAD] + [(n, "E_PHONE") for n in LEFT_OUT])
    report = check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], PROJECTED)
    assert report.sound, report


def dialer_tenant(db: Database) -> object:
    with db.read() as connection:
        return connection.execute(sa.text("SELECT id FROM tenant")).scalar_one()


_CHILD = """
import os, signal, sys
from pathlib import Path
from voiceagent import cases, dialer
from voiceagent.base.clock import SystemClock
from voiceagent.dialer import importing
from voiceagent.dialer.rejected import RejectedRows
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database
importing.PIECE = 7
url, path, where, count = sys.argv[1], Path(sys.argv[2]), sys.argv[3], int(sys.argv[4])
left = count
def die():
    global left
    left -= 1
    if left == 0:
        os.kill(os.getpid(), signal.SIGKILL)
if where == "between pieces":
    progress = lambda report: die()
else:
    progress = None
    write = RejectedRows.write
    def told(self, faults):
        write(self, faults)
        die()
    RejectedRows.write = told
journal = Journal(Database(url), SystemClock(), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
importing.import_list(journal, path, progress=progress)
"""


@pytest.mark.parametrize(
    ("where", "count"), [("between pieces", 3), ("before the commit", 1), ("before the commit", 5)]
)
def test_a_killed_import_goes_on_and_ends_as_if_nothing_had_happened(
    journal: Journal, db: Database, path: Path, where: str, count: int
) -> None:
    command = [sys.executable, "-c", _CHILD, str(db.url), str(path), where, str(count)]
    assert subprocess.run(command, check=False).returncode == -signal.SIGKILL
    report = import_list(journal, path)
    assert (report.rows, report.rejected, report.warnings) == (ROWS, len(BAD), len(LEFT_OUT))
    whole(db, path)


def test_a_list_that_changes_under_way_stops_and_goes_on_when_it_is_as_it_was(
    journal: Journal, db: Database, path: Path
) -> None:
    before = path.read_bytes(), path.stat()

    def change(report: Report) -> None:
        if report.rows == 14:
            path.write_text("\n".join([HEADER, row(0).replace("900", "1"), ""]), encoding="utf-8")

    with pytest.raises(UnavailableError, match="was changed"):
        import_list(journal, path, progress=change)
    with db.read() as connection:
        (told,) = all_lists(connection, dialer_tenant(db))
    assert told["finished_at"] is None
    path.write_bytes(before[0])
    assert import_list(journal, path).rows == ROWS
    whole(db, path)


def test_a_campaign_named_only_when_the_import_goes_on_gets_the_earlier_rows_too(
    journal: Journal, db: Database, path: Path
) -> None:
    class _Enough(Exception):
        pass

    def stop(report: Report) -> None:
        if report.rows >= 20:
            raise _Enough

    with pytest.raises(_Enough):
        import_list(journal, path, progress=stop)
    assert import_list(journal, path, Options(campaign=" novembro ")).enrolled == ROWS - len(BAD)
    with db.read() as connection:
        assert tally(connection, require_campaign(connection, "novembro", journal.tenant_id).id)["ready"] == ROWS - len(
            BAD
        )
    whole(db, path)


def test_two_imports_of_one_list_at_once_make_one(journal: Journal, db: Database, path: Path) -> None:
    """The second begins while the first is at work: one of them is told so, and every row comes in once."""
    reports: list[Report] = []

    def meddle(report: Report) -> None:
        if report.rows == 14:
            reports.append(import_list(journal, path))

    with pytest.raises(UnavailableError, match="another program is importing"):
        import_list(journal, path, progress=meddle)
    assert [report.rows for report in reports] == [ROWS]
    whole(db, path)
    assert import_list(journal, path).repeated


def test_two_imports_of_two_lists_at_once_share_their_people(journal: Journal, db: Database, path: Path) -> None:
    other = path.with_name("outra.csv")
    other.write_text("\n".join([HEADER, *(row(n).replace(f"C-{n};", f"K-{n};") for n in range(ROWS)), ""]))
    reports: list[Report] = []

    def meddle(report: Report) -> None:
        if report.rows == 14:
            reports.append(import_list(journal, other))

    first = import_list(journal, path, progress=meddle)
    assert first.imported + first.updated == reports[0].imported + reports[0].updated == ROWS - len(BAD)
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM person").scalar() == ROWS - len(BAD)
        assert connection.exec_driver_sql("SELECT count(*) FROM debt").scalar() == 2 * (ROWS - len(BAD))
    assert check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], PROJECTED).sound


def test_half_a_list_can_be_taken_back_and_comes_in_whole_afterwards(
    journal: Journal, db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from voiceagent.dialer import lists

    monkeypatch.setattr(lists, "_PIECE", 5)

    def stop(report: Report) -> None:
        if report.rows == 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_list(journal, path, progress=stop)
    with db.read() as connection:
        (told,) = all_lists(connection, dialer_tenant(db))
    came = 21 - sum(n < 21 for n in BAD)
    assert undo_list(journal, told["batch"]) == came
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM debt WHERE status = 'withdrawn'").scalar() == came
    again = import_list(journal, path)
    assert (again.rows, again.imported, again.updated) == (ROWS, ROWS - len(BAD) - came, came)
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM debt WHERE status = 'open'").scalar() == ROWS - len(BAD)


def test_no_space_keeps_whole_pieces_only_and_says_what_to_do(
    journal: Journal, db: Database, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with db.read() as connection:
        pages = int(connection.exec_driver_sql("PRAGMA page_count").scalar_one())
    before: list[Callable[..., object]] = []

    @sa.event.listens_for(db.engine, "begin")
    def small(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages + 4 if not before else 1 << 30}")

    with pytest.raises(UnavailableError, match="no space left"):
        import_list(journal, path)
    before.append(import_list)
    assert import_list(journal, path).rows == ROWS
    whole(db, path)


def test_the_rejected_file_is_for_its_owner_also_after_an_interruption(journal: Journal, path: Path) -> None:
    def stop(report: Report) -> None:
        if report.rows == 21:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        import_list(journal, path, progress=stop)
    report = import_list(journal, path)
    assert report.rejected_file is not None and Path(report.rejected_file).stat().st_mode & 0o777 == 0o600
    assert not list(path.parent.glob("*.part"))
