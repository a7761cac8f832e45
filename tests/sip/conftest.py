"""A real Asterisk for the whole run, simulated telephones in a child process, and seats in this process."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.sip import phones
from voiceagent.base.errors import MissingPartError
from voiceagent.settings.paths import ROOT, Paths
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, HumanAccount, PhoneAccount, SeatAccount
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.sip)


@pytest.fixture(scope="session")
def asterisk_program() -> AsteriskProgram:
    """The Asterisk to test with."""
    try:
        return AsteriskProgram.find(Paths.from_environment().asterisk)
    except MissingPartError as error:
        pytest.fail(error.message, pytrace=False)


@pytest.fixture(scope="session")
def asterisk_server(
    asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AsteriskServer]:
    """A running Asterisk with seats seat1..seat4 (extensions 9001..9004) and the telephones of phones.NUMBERS."""
    server = AsteriskServer(
        asterisk_program,
        tmp_path_factory.mktemp("asterisk"),
        seats=[SeatAccount(f"seat{number}", f"900{number}") for number in range(1, 5)],
        phones=[PhoneAccount(number) for number in phones.NUMBERS],
        humans=[HumanAccount(phones.HUMAN)],
    )
    asyncio.run(server.start())
    yield server
    asyncio.run(server.stop())


class Child:
    """A child process that speaks JSON lines."""

    def __init__(self, module: str, **given: Any) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT
        )
        self.send(given)

    def send(self, message: object) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message) + "\n")
        self.process.stdin.flush()

    def read(self) -> dict[str, Any]:
        """The next line; fails when the child ended."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, f"the child ended with {self.process.wait()}"
        message: dict[str, Any] = json.loads(line)
        return message

    def wait_for(self, matches: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next line that matches."""
        while not matches(message := self.read()):
            pass
        return message

    def kill(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()


@pytest.fixture(scope="session")
def telephones(asterisk_server: AsteriskServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """The simulated telephones, registered."""
    child = Child(
        "tests.sip.phones",
        registrar=asterisk_server.registrar,
        folder=str(tmp_path_factory.mktemp("phones")),
        accounts={
            name: account.password for name, account in (asterisk_server.phones | asterisk_server.humans).items()
        },
    )
    assert child.read() == {"ready": True}
    yield child
    child.send({"do": "stop"})
    assert child.process.wait(20) == 0


@pytest.fixture(autouse=True)
def nothing_of_the_last_test(request: pytest.FixtureRequest) -> None:
    """What telephones still tell of an earlier test is no answer to this one."""
    if "telephones" in request.fixturenames:
        child: Child = request.getfixturevalue("telephones")
        child.send({"do": "settle"})
        child.wait_for(lambda event: "settled" in event)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    """One asyncio loop for a module's tests: a softphone lives on one."""
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def softphone(loop: asyncio.Runner) -> Iterator[Softphone]:
    """The endpoint of the test process."""
    phone = Softphone(SoftphoneSettings(media_timeout_s=2.0, register_timeout_s=2.0))
    loop.run(phone.start())
    yield phone
    loop.run(phone.close())
    assert not phone.stuck


@pytest.fixture(scope="module")
def seat(loop: asyncio.Runner, softphone: Softphone, asterisk_server: AsteriskServer, telephones: Child) -> Seat:
    """seat1, registered, with telephones to call."""
    account = asterisk_server.seats["seat1"]
    return loop.run(softphone.add_account(account.name, account.password, asterisk_server.registrar))
