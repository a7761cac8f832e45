"""Guards `voiceagent up`: everything starts, the seats register, a dead worker comes back, nothing outlives it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from voiceagent.cases.seats import board
from voiceagent.settings.paths import Paths
from voiceagent.storage.database import Database
from voiceagent.telephony.asterisk_server import AsteriskServer

PATIENCE_S = 90.0


@pytest.fixture
def home(tmp_path: Path, asterisk_server: AsteriskServer) -> Path:
    """An installation's home with a migrated database and a SIP file for two seats of the test's Asterisk."""
    paths = Paths.from_environment({"VOICEAGENT_HOME": str(tmp_path)})
    db = Database(paths.database_url({}))
    db.upgrade()
    db.close()
    seats = ", ".join(f"{name}: {asterisk_server.seats[name].password}" for name in ("seat3", "seat4"))
    manager = f"address: 127.0.0.1:{asterisk_server.ports.ami}, user: {asterisk_server.ami_user}"
    file = tmp_path / "sip.yaml"
    file.write_text(
        f"registrar: {asterisk_server.registrar}\nseats: {{{seats}}}\n"
        f"manager: {{{manager}, secret: {asterisk_server.ami_secret}}}\ntrunk: false\n"
    )
    file.chmod(0o600)
    return tmp_path


@pytest.fixture
def up(home: Path) -> Iterator[subprocess.Popen[str]]:
    """`voiceagent up` in that home."""
    environment = {**os.environ, "VOICEAGENT_HOME": str(home)}
    environment.pop("VOICEAGENT_DATABASE_URL", None)
    command = [sys.executable, "-m", "voiceagent.cli.main", "up", "--company", "Atende Mais", "--port", "0"]
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    yield process
    if process.poll() is None:
        process.kill()
    process.wait()
    assert process.stderr is not None
    process.stderr.close()


def _ready(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    told = []
    for line in process.stderr:
        told.append(line)
        if line.startswith("up: "):
            return line
    raise AssertionError("".join(told))


def _children(pid: int) -> list[int]:
    """Every descendant."""
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def _seats(home: Path) -> dict[str, str]:
    db = Database(f"sqlite:///{home / 'voiceagent.db'}")
    try:
        with db.read() as connection:
            return {row["name"]: str(row["state"]) for row in board(connection)}
    finally:
        db.close()


def _until(true: object, what: str) -> None:
    assert callable(true)
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:.0f} s: {what}"
        time.sleep(0.1)


def _worker(pid: int) -> int:
    for child in _children(pid):
        if b"worker" in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0"):
            return child
    raise AssertionError("no worker runs")


@pytest.mark.speech
def test_it_starts_everything_brings_back_what_dies_and_leaves_nothing(
    up: subprocess.Popen[str], home: Path, asterisk_server: AsteriskServer
) -> None:
    assert "console: http://127.0.0.1:" in _ready(up)
    _until(lambda: _seats(home) == {"seat3": "idle", "seat4": "idle"}, "both seats idle")
    first = _worker(up.pid)
    os.kill(first, signal.SIGKILL)
    _until(lambda: not Path(f"/proc/{first}").exists(), "the killed worker is gone")

    def successor() -> bool:
        try:
            return _worker(up.pid) != first
        except (AssertionError, OSError):
            return False

    _until(successor, "a successor")
    _until(lambda: asyncio.run(_registered(asterisk_server)) >= {"seat3", "seat4"}, "the seats are registered again")
    family = _children(up.pid)
    assert len(family) >= 3
    up.send_signal(signal.SIGTERM)
    assert up.wait(PATIENCE_S) == 0
    _until(lambda: not [pid for pid in family if Path(f"/proc/{pid}").exists()], "no child outlives it")


async def _registered(server: AsteriskServer) -> set[str]:
    async with server.ami() as ami:
        rows = await ami.list_action("PJSIPShowContacts", "ContactListComplete")
    return {row.get("Endpoint") or row.get("ObjectName", "").partition("/")[0] for row in rows} | {
        row.get("Uri", "").removeprefix("sip:").partition("@")[0] for row in rows
    }


def test_without_a_sip_file_it_says_what_to_write(tmp_path: Path) -> None:
    environment = {**os.environ, "VOICEAGENT_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "voiceagent.cli.main", "up", "--company", "X"],
        env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1 and "sip.yaml" in done.stderr
