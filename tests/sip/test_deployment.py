"""Guards that what docker-compose.yml runs does what it says, outside containers: the same words, the same checks."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.sip.exchange_house import ExchangeHouse, shop
from voiceagent.settings.paths import ROOT
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer

SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))["services"]
VALUES = {"VOICEAGENT_COMPANY": "Atende Mais", "VOICEAGENT_RETURN_NUMBER": "+551140028922"}
PATIENCE_S = 90.0


def words(service: str, **ports: int) -> list[str]:
    """A service's command with its variables filled in and free ports instead of its own."""
    filled = [
        re.sub(r"\$\{([A-Z_]+)[^}]*\}", lambda match: VALUES[match[1]], str(w)) for w in SERVICES[service]["command"]
    ]
    for option, port in ports.items():
        filled[filled.index(f"--{option.replace('_', '-')}") + 1] = str(port)
    return filled


def healthy(service: str, old: int, new: int) -> bool:
    """What the service's own check says, of another port."""
    kind, program, *arguments = SERVICES[service]["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    given = [argument.replace(f":{old}/", f":{new}/") for argument in arguments]
    return subprocess.run([sys.executable, *given], capture_output=True, check=False).returncode == 0


def tells_of_calls(port: int) -> bool:
    """Whether a worker's figures are there."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=4) as told:
            return b"voiceagent_worker_calls " in told.read()
    except OSError:
        return False


class Running:
    """A command of the product in that home."""

    def __init__(self, home: Path, command: list[str]) -> None:
        environment = {**os.environ, "VOICEAGENT_HOME": str(home)}
        environment.pop("VOICEAGENT_DATABASE_URL", None)
        self.log = home / f"{command[0]}.log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "voiceagent.cli.main", *command], env=environment, stdout=log, stderr=log,
                stdin=subprocess.DEVNULL, cwd=ROOT,
            )  # fmt: skip

    def until(self, true: Any) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not true():
            assert self.process.poll() is None and time.monotonic() < deadline, self.log.read_text()
            time.sleep(0.1)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE_S)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def house(
    asterisk_program: AsteriskProgram, asterisk_server: AsteriskServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ExchangeHouse]:
    run = ExchangeHouse(tmp_path_factory.mktemp("shop"), asterisk_program, *shop(asterisk_server))
    run.start()
    yield run
    run.stop()


def test_setting_up_writes_a_distribution_s_tree_and_makes_the_tables(
    home: Path, house: ExchangeHouse, asterisk_program: AsteriskProgram
) -> None:
    etc = home / "asterisk-made"
    given = [{"/configuration/exchange.yaml": str(house.file), "/etc/asterisk-made": str(etc)}.get(word, word)
             for word in words("exchange-setup")]  # fmt: skip
    for command in (given, words("database-setup")):
        assert Running(home, command).process.wait(PATIENCE_S) == 0
    told = (etc / "asterisk.conf").read_text()
    modules = re.search(r"astmoddir => (\S+)", told)
    assert modules and "astetcdir => /etc/asterisk\n" in told and "astspooldir => /var/spool/asterisk\n" in told
    root = asterisk_program.modules.parents[4]
    assert (root / modules[1].lstrip("/")).is_dir(), "where Debian's package has them"
    assert {path.stat().st_mode & 0o777 for path in etc.iterdir()} == {0o600}
    assert (home / "sip.yaml").stat().st_mode & 0o777 == 0o600
    assert (home / "voiceagent.db").exists()


def test_speech_console_and_seats_run_apart_and_are_healthy(home: Path, house: ExchangeHouse) -> None:
    figures, console, calls = (AsteriskPorts.free().ami for _ in range(3))
    answers = home / "answers.json"
    answers.write_text("{}")
    running = [
        Running(home, [*words("speech", metrics_port=figures), "--answers", str(answers)]),
        Running(home, words("serve", port=console)),
        Running(home, words("seats", worker_metrics_port=calls)),
    ]
    try:
        speech, serve, seats = running
        speech.until(lambda: healthy("speech", 9107, figures))
        serve.until(lambda: healthy("serve", 8080, console))
        seats.until(lambda: "console: elsewhere" in seats.log.read_text())
        seats.until(lambda: tells_of_calls(calls))
        contacts = house.ask("pjsip show contacts")
        assert all(f"sip:{seat}@" in contacts for seat in ("pa01", "pa02", "pa03")), contacts
        assert (home / "run" / "speech.sock").exists()
    finally:
        codes = [one.stop() for one in reversed(running)]
    assert codes == [0, 0, 0]
