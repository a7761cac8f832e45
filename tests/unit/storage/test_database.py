"""Guards the SQLite file's privacy, its transactions, and that failures come as one line that says what to do."""

from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, UnavailableError, VoiceagentError
from voiceagent.storage.database import Database
from voiceagent.storage.faults import OutdatedError, explain


@pytest.fixture
def db(tmp_path: Path) -> Database:
    made = Database(f"sqlite:///{tmp_path}/home/deep/test.db", busy_timeout_s=0.01)
    with made.write() as connection:
        connection.exec_driver_sql("CREATE TABLE parent (id INTEGER PRIMARY KEY)")
        connection.exec_driver_sql("CREATE TABLE child (id INTEGER REFERENCES parent (id))")
    return made


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nobody_else_may_read_it(db: Database, tmp_path: Path) -> None:
    assert mode(tmp_path / "home") == mode(tmp_path / "home" / "deep") == 0o700
    with db.write() as connection:
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        files = list((tmp_path / "home" / "deep").iterdir())
        assert len(files) == 3, "the file, its log, its shared memory"
        assert {mode(file) for file in files} == {0o600}


def test_sqlite_keeps_its_manners(db: Database) -> None:
    with db.read() as connection:
        pragmas = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "foreign_keys", "busy_timeout", "synchronous")
        }
    assert pragmas == {"journal_mode": "wal", "foreign_keys": 1, "busy_timeout": 10, "synchronous": 2}
    with pytest.raises(sa.exc.IntegrityError), db.write() as connection:
        connection.exec_driver_sql("INSERT INTO child VALUES (7)")


def test_a_block_that_raises_is_rolled_back(db: Database) -> None:
    with pytest.raises(KeyError), db.write() as connection:
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
        raise KeyError
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar() == 0


def test_the_write_lock_is_taken_at_the_beginning_and_readers_go_on(db: Database) -> None:
    with db.write():
        with pytest.raises(UnavailableError) as told, db.write():
            pytest.fail("two writers at once")
        with db.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar() == 0
    assert told.value.code == "database_locked"
    assert "locked by another program" in told.value.message and "\n" not in told.value.message


def test_a_writer_waits_for_the_other_one(db: Database) -> None:
    patient = Database(str(db), busy_timeout_s=60.0)
    entered = threading.Event()

    def second() -> None:
        entered.set()
        with patient.write() as connection:
            connection.exec_driver_sql("INSERT INTO parent VALUES (2)")

    thread = threading.Thread(target=second)
    with db.write() as connection:
        thread.start()
        entered.wait(30)
        connection.exec_driver_sql("INSERT INTO parent VALUES (1)")
    thread.join(60)
    with db.read() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar() == 2
    patient.close()


def test_a_read_sees_one_instant(db: Database) -> None:
    with db.read() as connection:
        before = connection.exec_driver_sql("SELECT count(*) FROM parent").scalar()
        with db.write() as other:
            other.exec_driver_sql("INSERT INTO parent VALUES (1)")
        assert connection.exec_driver_sql("SELECT count(*) FROM parent").scalar() == before


def test_reading_what_was_never_made_makes_nothing(tmp_path: Path) -> None:
    db = Database(f"sqlite:///{tmp_path}/none/test.db")
    with pytest.raises(OutdatedError, match="voiceagent db upgrade"):
        db.require_current()
    assert db.revision() is None
    assert not (tmp_path / "none").exists()


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"This is a diary, not a database. " * 200)
    with pytest.raises(UnavailableError, match="not a database"):
        Database(f"sqlite:///{tmp_path}/x.db").upgrade()


def test_a_directory_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(BadInputError, match="VOICEAGENT_HOME"):
        Database(f"sqlite:///{tmp_path}/file/home/x.db").upgrade()


def test_a_full_disk_is_named(db: Database) -> None:
    with pytest.raises(UnavailableError, match="no space left"), db.write() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count={pages}")
        connection.exec_driver_sql("CREATE TABLE big (body TEXT)")
        connection.exec_driver_sql("INSERT INTO big VALUES (?)", ("x" * 100_000,))


@pytest.mark.parametrize("url", ["nonsense", "mysql://x/y", "oracle://x", "", "postgresql+nothing://x/y"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(VoiceagentError, match="sqlite"):
        Database(url)


def test_a_server_that_is_not_there_and_its_password_that_is_not_told() -> None:
    db = Database("postgresql://someone:secret@127.0.0.1:1/none", busy_timeout_s=1.0)
    with pytest.raises(UnavailableError, match="does not answer") as told, db.read():
        pytest.fail("there is no server on port 1")
    assert "secret" not in told.value.message and "\n" not in told.value.message


@pytest.mark.parametrize("kind", ["AdminShutdown", "CrashShutdown", "CannotConnectNow", "ConnectionFailure"])
def test_a_server_that_goes_down_does_not_answer(kind: str) -> None:
    errors = pytest.importorskip("psycopg").errors
    lost = sa.exc.OperationalError("SELECT 1", {}, getattr(errors, kind)("terminating connection"))
    told = explain(lost, "postgresql://here/shop")
    assert isinstance(told, UnavailableError) and "does not answer" in str(told)


def test_what_the_program_did_wrong_is_no_fault_of_circumstances() -> None:
    errors = pytest.importorskip("psycopg").errors
    ours = sa.exc.ProgrammingError("SELEC 1", {}, errors.SyntaxError("syntax error"))
    assert explain(ours, "postgresql://here/shop") is None
