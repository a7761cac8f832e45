"""A shop's exchange as `voiceagent exchange write` makes it, run by the tests' Asterisk, with a carrier."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path
from typing import Any

import yaml

from voiceagent.base.errors import UnavailableError
from voiceagent.cli.main import main
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer, dying_with_parent
from voiceagent.telephony.cdr import CdrRow, read_cdr

READY_S = 30.0
NUMBER = "+551140028922"
CARRIER_ACCOUNT = "seat4"
"""The carrier is the rehearsal's Asterisk: its seat4 is the shop's account there."""
CARRIER_DIALS = "9004"
"""What its telephones dial to reach the shop."""


def shop(carrier: AsteriskServer, tls: dict[str, str] | None = None) -> tuple[dict[str, Any], dict[str, str]]:
    """A shop with two carriers, one of which is there; and the password it has there."""
    host, _, port = carrier.registrar.partition(":")
    setting = {
        "seats": 3,
        "humans": ["ana", "bruno"],
        "numbers": [NUMBER],
        "countries": ["55"],
        "address": "127.0.0.1",
        "networks": ["127.0.0.0/8"],
        "record": True,
        "callers_hear": "/nowhere/wait.wav",
        "trunks": {
            "first": {"host": host, "port": int(port), "user": CARRIER_ACCOUNT},
            "second": {"host": "127.0.0.9", "digits": True, "prefix": "0", "diversion": NUMBER},
        },
        **({"tls": {**tls, "port": AsteriskPorts.free().ami}} if tls else {}),
    }
    return setting, {"first": carrier.seats[CARRIER_ACCOUNT].password}


class ExchangeHouse:
    """Its folder, its child process, its command line. Start it on a thread that outlives it."""

    def __init__(
        self, folder: Path, program: AsteriskProgram, setting: dict[str, Any], trunks: dict[str, str] | None = None
    ) -> None:
        """`setting`: exchange.yaml, without ports; `trunks`: the carriers' passwords."""
        self.program, self.folder, self.home = program, folder, folder / "exchange"
        self.ports = AsteriskPorts.free(rtp_ports=100)
        self.setting = {
            **setting,
            "sip_port": self.ports.sip,
            "manager_port": self.ports.ami,
            "rtp": [self.ports.rtp_first, self.ports.rtp_last],
        }
        self.file = folder / "exchange.yaml"
        secrets = folder / "exchange-secrets.yaml"
        secrets.touch(0o600)
        secrets.write_text(yaml.safe_dump({"trunks": trunks or {}}))
        self.write({})
        self.sip = yaml.safe_load((folder / "sip.yaml").read_text())
        self.said_at_start = ""
        """What Asterisk had to say until it was ready: nothing below a notice is kept."""
        self._process: subprocess.Popen[bytes] | None = None

    def write(self, changes: dict[str, Any]) -> None:
        """Make the configuration, with changes in what the shop wrote."""
        self.file.write_text(yaml.safe_dump({**self.setting, **changes}))
        sip = str(self.folder / "sip.yaml")
        assert main(["exchange", "write", str(self.file), "--into", str(self.home), "--sip", sip]) == 0

    def start(self) -> None:
        """Until it is fully booted."""
        conf = str(self.home / "etc/asterisk.conf")
        with (self.home / "console").open("wb") as console:
            self._process = subprocess.Popen(
                [*dying_with_parent(), *self.program.command, "-f", "-n", "-q", "-C", conf],
                stdin=subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip
        deadline = time.monotonic() + READY_S
        while "fully booted" not in self.ask("core waitfullybooted"):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise UnavailableError((self.home / "console").read_text())
        self.said_at_start = (self.home / "log/messages").read_text()

    def stop(self) -> None:
        """By its pid."""
        if self._process is not None:
            # The carrier's queue would go on ringing the account of an exchange that is gone until it expires.
            self.ask("pjsip send unregister *all")
            deadline = time.monotonic() + 5.0
            while " Registered" in self.ask("pjsip show registrations") and time.monotonic() < deadline:
                pass
            self._process.terminate()
            self._process.wait(20)

    def ask(self, command: str) -> str:
        """What its command line answers."""
        conf = str(self.home / "etc/asterisk.conf")
        done = subprocess.run(
            [*self.program.command, "-C", conf, "-rx", command], capture_output=True, text=True, check=False, timeout=30
        )
        return done.stdout

    def until(self, command: str, said: str) -> str:
        """Ask until the answer has `said` in it."""
        deadline = time.monotonic() + READY_S
        while said not in (answer := self.ask(command)):
            assert time.monotonic() < deadline, answer
        return answer

    def cdr(self, call_id: str) -> CdrRow:
        """The finished call's record; it is written a moment after the end."""
        deadline = time.monotonic() + READY_S
        while True:
            for row in read_cdr(self.home / "log/cdr-custom/calls.csv"):
                if row.call_id == call_id:
                    return row
            assert time.monotonic() < deadline, "no record"
            time.sleep(0.02)
