"""A private Asterisk on loopback for demo and tests: seats, simulated phones, a CDR file, no trunk."""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import shutil
import socket
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from voiceagent.audio.hold_music import hold_music
from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.telephony.ami import AmiClient, AmiError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_tree import (
    HUMAN_PATIENCE_S,
    PATIENCE_S,
    TEMPLATES,
    Directories,
    members,
    write_tree,
)
from voiceagent.telephony.cdr import CdrRow, read_cdr

HOST = "127.0.0.1"
#: The number of the seats' queue.
QUEUE_NUMBER = "8000"
#: The number that seats hand debtors over to.
HUMANS_NUMBER = "8001"

_NAME = re.compile(r"\+?[A-Za-z0-9]{1,40}")


def _password() -> str:
    return secrets.token_hex(16)


@dataclass(frozen=True, slots=True)
class SeatAccount:
    """A seat's registration and the extension under which debtors phone back."""

    name: str
    extension: str
    password: str = field(default_factory=_password, repr=False)


@dataclass(frozen=True, slots=True)
class PhoneAccount:
    """A simulated debtor's telephone: its number in E.164 is also its SIP user."""

    number: str
    password: str = field(default_factory=_password, repr=False)


@dataclass(frozen=True, slots=True)
class HumanAccount:
    """A person's telephone in the humans' queue."""

    name: str
    password: str = field(default_factory=_password, repr=False)


@dataclass(frozen=True, slots=True)
class TrunkAccount:
    """Wires that end at a SIP address of this machine (tests): host:port."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class AsteriskPorts:
    """The loopback ports of one server; `free` chooses some that nobody uses now."""

    sip: int
    ami: int
    rtp_first: int
    rtp_last: int

    @classmethod
    def free(cls, rtp_ports: int = 400) -> AsteriskPorts:
        """Ports that were free a moment ago."""
        rtp = 20000 + secrets.randbelow((60000 - 20000) // rtp_ports) * rtp_ports
        return cls(_free_port(socket.SOCK_DGRAM), _free_port(socket.SOCK_STREAM), rtp, rtp + rtp_ports - 1)


class AsteriskServer:
    """One Asterisk: its directory, its child process, its accounts.

    `home` is made (0700) and filled anew; whatever Asterisk writes stays inside it. The child dies with the thread that
    called `start`, so call it on a thread that lives as long as the server is wanted (the asyncio loop's is right).
    """

    #: Seconds until a start that is not ready has failed, and until a stop becomes a kill.
    READY_S = 30.0
    STOP_S = 10.0

    def __init__(
        self,
        program: AsteriskProgram,
        home: Path,
        *,
        seats: Iterable[SeatAccount],
        phones: Iterable[PhoneAccount],
        humans: Iterable[HumanAccount] = (),
        trunks: Iterable[TrunkAccount] = (),
        ports: AsteriskPorts | None = None,
        templates: Path = TEMPLATES,
        queue_number: str = QUEUE_NUMBER,
        humans_number: str = HUMANS_NUMBER,
        human_patience_s: int = HUMAN_PATIENCE_S,
    ) -> None:
        """`queue_number`: where debtors reach whichever seat is free; `humans_number`: where seats reach people.

        `human_patience_s`: how long a debtor waits for one of them.
        """
        self.program, self.home, self.templates = program, home.absolute(), templates
        self.seats = {seat.name: seat for seat in seats}
        self.phones = {phone.number: phone for phone in phones}
        self.trunks = tuple(trunks)
        self.humans = {human.name: human for human in humans}
        self.queue_number, self.humans_number = queue_number, humans_number
        self.human_patience_s = human_patience_s
        self.ports = ports or AsteriskPorts.free()
        self.ami_user, self.ami_secret = "voiceagent", secrets.token_hex(24)
        self._process: subprocess.Popen[bytes] | None = None
        extensions = (queue_number, humans_number, *(seat.extension for seat in self.seats.values()))
        for name in (*extensions, *self.seats, *self.phones, *self.humans, *(trunk.name for trunk in self.trunks)):
            if not _NAME.fullmatch(name):
                raise BadInputError(
                    f"{name!r} cannot be a SIP account: letters and digits only, + in front of a number"
                )

    @property
    def registrar(self) -> str:
        """Where softphones register: host:port."""
        return f"{HOST}:{self.ports.sip}"

    @property
    def cdr_path(self) -> Path:
        """The file the exchange appends one line to per finished call."""
        return self.home / "log/cdr-custom/calls.csv"

    @property
    def log_path(self) -> Path:
        """Asterisk's messages."""
        return self.home / "log/messages"

    @property
    def pid(self) -> int | None:
        """The child's process id while it runs."""
        return self._process.pid if self._process is not None and self._process.poll() is None else None

    def cdr(self) -> list[CdrRow]:
        """Every finished call so far, oldest first."""
        return read_cdr(self.cdr_path)

    def ami(self, *, timeout_s: float = 5.0) -> AmiClient:
        """A client of this server's manager interface; the caller starts and closes it."""
        return AmiClient(HOST, self.ports.ami, self.ami_user, self.ami_secret, timeout_s=timeout_s)

    async def start(self) -> None:
        """Write the configuration, start the child and wait until it takes calls.

        UnavailableError: code `port_in_use` when another program has the SIP or AMI port, else `asterisk_failed`.
        """
        for kind, port in ((socket.SOCK_DGRAM, self.ports.sip), (socket.SOCK_STREAM, self.ports.ami)):
            _require_free(kind, port)
        self.write_configuration()
        options = ["-f", "-n", "-q", "-C", str(self.home / "etc/asterisk.conf")]
        with (self.home / "log/console").open("wb") as console:
            self._process = subprocess.Popen(  # noqa: ASYNC220 - a fork of milliseconds, on this thread on purpose
                [*dying_with_parent(), *self.program.command, *options],
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=console,
                cwd=self.home,
                start_new_session=True,  # Ctrl-C at the terminal is for us: calls are ended before the exchange stops
            )
        try:
            await asyncio.wait_for(self._ready(), self.READY_S)
        except TimeoutError:
            await self.stop()
            raise UnavailableError(
                f"Asterisk did not get ready in {self.READY_S:.0f} s; see {self.log_path}", code="asterisk_failed"
            ) from None
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop the child, by its pid, and wait for its end; harmless when it does not run."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.terminate()
        try:
            await asyncio.to_thread(process.wait, self.STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            await asyncio.to_thread(process.wait)

    async def __aenter__(self) -> AsteriskServer:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    def write_configuration(self) -> None:
        """Fill the templates into `home`; earlier configuration is replaced, logs and CDRs are kept."""
        where = Directories.inside(self.home)
        self.home.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.home.chmod(0o700)
        shutil.rmtree(where.etc, ignore_errors=True)
        where.make()
        hold_music(where.moh / "melody.wav")
        values = {
            "HOME": str(self.home),
            "MODULES": str(self.program.modules),
            "DATA": str(self.program.data),
            "SIP_PORT": str(self.ports.sip),
            "AMI_PORT": str(self.ports.ami),
            "AMI_USER": self.ami_user,
            "AMI_SECRET": self.ami_secret,
            "RTP_FIRST": str(self.ports.rtp_first),
            "RTP_LAST": str(self.ports.rtp_last),
            "ENDPOINTS": "\n".join(self._endpoints()),
            "QUEUE_NUMBER": self.queue_number,
            "QUEUE_MEMBERS": members(self.seats),
            "HUMANS_NUMBER": self.humans_number,
            "HUMAN_MEMBERS": members(self.humans),
            "HUMAN_PATIENCE": str(self.human_patience_s),
            "PATIENCE": str(PATIENCE_S),
            "CALLERS_HEAR": "",
            "SEAT_EXTENSIONS": "\n".join(
                f"exten => {seat.extension},1,Gosub(new-call-id,s,1)\n"
                f" same => n,Dial(PJSIP/{seat.name},${{RING}},b(new-call-id^header^1(${{VOICEAGENT_CALL}})))\n"
                " same => n,Hangup(${HANGUPCAUSE})"
                for seat in self.seats.values()
            ),
        }
        write_tree(where.etc, [self.templates], values, {})

    def _endpoints(self) -> Iterable[str]:
        kinds = [("seat", seat.name, seat.password) for seat in self.seats.values()]
        kinds += [("human", human.name, human.password) for human in self.humans.values()]
        kinds += [("phone", phone.number, phone.password) for phone in self.phones.values()]
        for kind, name, password in kinds:
            caller = f"callerid = <{name}>\n" if kind == "phone" else ""
            yield f"[{name}]({kind})\nauth = {name}\naors = {name}\n{caller}"
            yield f"[{name}](password)\nusername = {name}\npassword = {password}\n"
            yield f"[{name}]({'seat-contact' if kind == 'seat' else 'contact'})\n"
        for trunk in self.trunks:
            yield f"[{trunk.name}](trunk)\naors = {trunk.name}\n"
            yield f"[{trunk.name}]\ntype = aor\ncontact = sip:{trunk.address}\n"

    async def _ready(self) -> None:
        while True:
            assert self._process is not None
            if self._process.poll() is not None:
                raise UnavailableError(
                    f"Asterisk ended at once (exit {self._process.returncode}); see {self.log_path}",
                    code="asterisk_failed",
                )
            try:
                async with self.ami() as ami:
                    await ami.booted.wait()
                    return
            except AmiError:
                await asyncio.sleep(0.05)


def dying_with_parent() -> list[str]:
    """A prefix that has the kernel end the child when we are killed: an exchange must not outlive its demo."""
    setpriv = shutil.which("setpriv")
    return [setpriv, "--pdeathsig", "TERM"] if setpriv and os.name == "posix" else []


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _require_free(kind: socket.SocketKind, port: int) -> None:
    with socket.socket(socket.AF_INET, kind) as probe:
        if kind is socket.SOCK_STREAM:  # as the server itself does, so that a port in TIME_WAIT counts as free
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            name = "SIP" if kind is socket.SOCK_DGRAM else "AMI"
            raise UnavailableError(
                f"port {port} for {name} is used by another program; choose another one or stop that program",
                code="port_in_use",
            ) from None
