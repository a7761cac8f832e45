"""Guards what people see when a part is missing or wrong: one line that says what to do, and nothing half-written."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from voiceagent.settings.paths import ROOT, Paths
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.sample import draw, write_list
from voiceagent.storage.database import Database
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, SeatAccount
from voiceagent.worker.plan import SeatPlan, WorkerPlan


def complaint(home: Path, *arguments: str, before: str = "", **environment: str) -> str:
    """The one line of a command that must fail, without the progress before it."""
    done = subprocess.run(
        [sys.executable, "-m", "voiceagent.cli.main", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=120,
        env={**os.environ, "VOICEAGENT_HOME": str(home), **environment},
    )
    assert done.returncode == 1, (done.returncode, done.stderr)
    lines = [line for line in done.stderr.splitlines() if not (before and line.startswith(before))]
    assert len(lines) == 1 and lines[0].startswith("voiceagent: "), done.stderr
    assert done.stdout == ""
    return lines[0].removeprefix("voiceagent: ")


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a migrated database."""
    home = tmp_path / "home"
    db = Database(f"sqlite:///{home / 'voiceagent.db'}")
    db.upgrade()
    db.close()
    return home


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


# --- the demo -------------------------------------------------------------------------------------------------------


def test_without_models_the_demo_says_how_to_install_them(tmp_path: Path, empty: Path) -> None:
    said = complaint(tmp_path / "h", "demo", "--headless", before="demo: ", VOICEAGENT_MODELS=str(empty))
    assert said == "no recogniser for pt-BR is installed: run `voiceagent models install`"
    assert not (tmp_path / "h").exists()


def test_without_voices_the_demo_says_how_to_install_them(tmp_path: Path, empty: Path, paths: Paths) -> None:
    (empty / "whisper-base").symlink_to(paths.models / "whisper-base")
    said = complaint(tmp_path / "h", "demo", "--headless", before="demo: ", VOICEAGENT_MODELS=str(empty))
    assert said == "no voices for simulated debtors are installed: run `voiceagent models install`"


def test_without_asterisk_the_demo_says_how_to_get_it(tmp_path: Path, empty: Path) -> None:
    (empty / "bin").mkdir()
    environment = {"VOICEAGENT_ASTERISK": str(empty), "PATH": str(empty / "bin")}
    said = complaint(tmp_path / "h", "demo", "--headless", before="demo: ", **environment)
    assert said.startswith("no Asterisk in ") and said.endswith("run scripts/asterisk")
    assert not (tmp_path / "h").exists()


def test_a_demo_whose_console_has_no_port_starts_nothing(tmp_path: Path, taken: int) -> None:
    said = complaint(tmp_path / "h", "demo", "--calls", "1", "--port", str(taken), before="demo: ")
    assert said == f"port {taken} for the console is in use by another program: stop it, or choose another with --port"
    assert not (tmp_path / "h").exists()


# --- its parts ------------------------------------------------------------------------------------------------------


def test_the_speech_process_without_models_says_how_to_install_them(tmp_path: Path, empty: Path) -> None:
    said = complaint(tmp_path, "speech", VOICEAGENT_MODELS=str(empty))
    assert said == "no recogniser is installed: run `voiceagent models install`"
    assert not (tmp_path / "run" / "speech.sock").exists()


def test_a_console_without_a_port_says_so(home: Path, taken: int) -> None:
    assert complaint(home, "serve", "--port", str(taken)).startswith(f"127.0.0.1:{taken} is in use by another program")


@pytest.fixture
def exchange(tmp_path: Path, paths: Paths) -> Iterator[AsteriskServer]:
    """An Asterisk with one seat."""
    server = AsteriskServer(
        AsteriskProgram.find(paths.asterisk), tmp_path / "asterisk", seats=[SeatAccount("seat1", "101")], phones=[]
    )
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


@pytest.fixture
def plan(home: Path, paths: Paths) -> WorkerPlan:
    """A worker's plan where nobody answers SIP."""
    return WorkerPlan(
        name="worker-1",
        registrar="127.0.0.1:9",
        seats=(SeatPlan(user="seat1", password="wrong"),),
        database_url=f"sqlite:///{home / 'voiceagent.db'}",
        speech_socket=home / "run" / "speech.sock",
        recordings=home / "recordings",
        dialplans=paths.dialplans,
        company="Atende Mais",
    )


def refusal(plan: WorkerPlan, home: Path) -> str:
    """Why a worker of that plan does not start."""
    return complaint(home, "worker", "--plan", str(plan.write(home / "run" / "worker.json")))


def test_a_wrong_sip_password_is_named(plan: WorkerPlan, home: Path, exchange: AsteriskServer) -> None:
    said = refusal(plan.model_copy(update={"registrar": exchange.registrar}), home)
    assert said == f"{exchange.registrar} refused seat seat1 (401); check its SIP user and password"


def test_a_registrar_that_is_not_there_is_named(plan: WorkerPlan, home: Path) -> None:
    assert refusal(plan, home) == "no SIP registrar answers at 127.0.0.1:9; check that Asterisk runs there"


def test_a_worker_begins_nothing_with_a_full_disk(plan: WorkerPlan, home: Path) -> None:
    said = refusal(plan.model_copy(update={"min_free_bytes": 10**18}), home)
    assert "are free for recordings in" in said and said.endswith("free some space")


@pytest.mark.skipif(os.geteuid() != 0 or shutil.which("mount") is None, reason="only root can mount a small disk")
def test_a_worker_begins_nothing_on_a_disk_that_is_too_small(plan: WorkerPlan, home: Path) -> None:
    plan.recordings.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(plan.recordings)], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("this container may not mount")
    try:
        assert refusal(plan, home).startswith("only 1 MB are free for recordings in ")
        assert list(plan.recordings.iterdir()) == []
    finally:
        subprocess.run(["umount", str(plan.recordings)], check=True)


def test_a_worker_without_a_database_says_how_to_make_one(plan: WorkerPlan, tmp_path: Path) -> None:
    nowhere = tmp_path / "other" / "voiceagent.db"
    said = refusal(plan.model_copy(update={"database_url": f"sqlite:///{nowhere}"}), tmp_path)
    assert said.endswith("run: voiceagent db upgrade")
    assert not nowhere.exists()


def test_a_plan_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text('{"name": 3}')
    assert "plan.json: " in complaint(tmp_path, "worker", "--plan", str(tmp_path / "plan.json"))
    assert "No such file" in complaint(tmp_path, "worker", "--plan", str(tmp_path / "none.json"))


# --- the database ---------------------------------------------------------------------------------------------------


@pytest.fixture
def sample(tmp_path: Path) -> Path:
    """A list that could be taken in."""
    file = tmp_path / "list.csv"
    write_list(file, draw([Persona.load("silent", "pt-BR")], today=date(2026, 11, 25), seed=1))
    return file


def test_a_locked_database_is_said_to_be_locked(home: Path, sample: Path) -> None:
    lock = sqlite3.connect(home / "voiceagent.db", isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    try:
        assert "is locked by another program" in complaint(home, "lists", "import", str(sample))
    finally:
        lock.close()
    with sqlite3.connect(home / "voiceagent.db") as db:
        assert db.execute("SELECT (SELECT count(*) FROM event) + (SELECT count(*) FROM person)").fetchone() == (0,)
    assert not sample.with_name("list.rejected.csv").exists()


def test_a_database_that_does_not_answer_is_named_without_its_password(home: Path, sample: Path) -> None:
    url = "postgresql://clerk:secret@127.0.0.1:9/calls"
    said = complaint(home, "lists", "import", str(sample), VOICEAGENT_DATABASE_URL=url)
    assert "does not answer" in said and "secret" not in said


def test_a_database_never_made_is_not_made_by_reading_it(tmp_path: Path) -> None:
    for arguments in (("kpi",), ("db", "check")):
        assert complaint(tmp_path / "h", *arguments).endswith("run: voiceagent db upgrade")
    assert not (tmp_path / "h").exists()


# --- lists ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["absent", "folder", "binary", "empty", "no list"])
def test_what_is_no_list_is_refused_whole(kind: str, home: Path, tmp_path: Path) -> None:
    file = tmp_path / "given"
    if kind == "folder":
        file.mkdir()
    elif kind == "binary":
        file.write_bytes(bytes(range(256)) * 20)
    elif kind == "empty":
        file.touch()
    elif kind == "no list":
        file.write_text("dear sir,\nplease find enclosed\n")
    assert str(file) in complaint(home, "lists", "import", str(file)) or kind == "no list"
    with sqlite3.connect(home / "voiceagent.db") as db:
        assert db.execute("SELECT count(*) FROM event").fetchone() == (0,)
