"""Guards `voiceagent serve` as a program: one ready line, an orderly end, and one line when it cannot start."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from tests.web.shop import Shop

PATIENCE_S = 60


def _command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "voiceagent.cli.main", "serve", *arguments]


def _environment(home: Path, **more: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("VOICEAGENT_")}
    return clean | {"VOICEAGENT_HOME": str(home)} | more


@contextmanager
def _serving(home: Path, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, str]]]:
    process = subprocess.Popen(
        _command("--port", "0", "--json-ready", *arguments), env=_environment(home, **more), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line, process.stderr.read() if process.stderr else ""
        yield process, json.loads(line)
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate()


def _get(url: str, token: str = "") -> tuple[int, str]:
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"} if token else {})
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def test_it_says_where_it_is_serves_and_ends_with_its_parent(shop: Shop, tmp_path: Path) -> None:
    shop.morning()
    with _serving(tmp_path / "home", VOICEAGENT_DATABASE_URL=str(shop.db.url)) as (process, ready):
        assert ready["token_url"].startswith(f"{ready['url']}#token=")
        token = ready["token_url"].partition("#token=")[2]
        assert _get(f"{ready['url']}ready")[0] == 200
        status, body = _get(f"{ready['url']}v1/calls?day=2026-11-18", token)
        assert status == 200 and json.loads(body)["total"] == 8
        assert _get(f"{ready['url']}v1/calls")[0] == 401
        kept = tmp_path / "home" / "secrets" / "console-token"
        assert kept.read_text().strip() == token and kept.stat().st_mode & 0o777 == 0o600
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None  # nothing is left to send when the pipes are read to their ends
        assert process.wait(PATIENCE_S) == 0


def test_it_lives_without_a_database_and_a_signal_ends_it(tmp_path: Path) -> None:
    with _serving(tmp_path / "home") as (process, ready):
        assert _get(f"{ready['url']}live")[0] == 200
        status, body = _get(f"{ready['url']}ready")
        assert status == 503 and "voiceagent db upgrade" in json.loads(body)["detail"]
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_S) == 0


def test_a_rehearsal_at_another_hour_is_shown_at_its_time_and_not_interfered_with(shop: Shop, tmp_path: Path) -> None:
    shop.promised_call(0)
    away = (shop.clock.now() + timedelta(days=400) - datetime.now(UTC)).total_seconds()
    address = str(shop.db.url)
    with _serving(tmp_path / "home", "--clock-offset", str(away), VOICEAGENT_DATABASE_URL=address) as (_, ready):
        token = ready["token_url"].partition("#token=")[2]
        assert json.loads(_get(f"{ready['url']}v1/days", token)[1])["today"] == "2027-12-23"
        told = _get(f"{ready['url']}metrics")[1]
        assert "voiceagent_service_leader 0.0" in told and 'tick_runs_total{tick="promise_life"} 0.0' in told


def test_a_port_in_use_is_one_line_and_exit_1(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(
            _command("--port", port), env=_environment(tmp_path), capture_output=True, text=True, timeout=PATIENCE_S,
            check=False,
        )  # fmt: skip
    assert done.returncode == 1
    assert f"127.0.0.1:{port} is in use" in done.stderr and "--port" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and done.stdout == ""
