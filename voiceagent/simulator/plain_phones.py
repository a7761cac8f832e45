"""Plain telephones: as many as wanted in one process, without the SIP library; each does the one thing its plan says.

Run as `python -m voiceagent.simulator.plain_phones PLAN`: registers them all at an Asterisk on loopback, prints a ready
line, and ends with its standard input, after a line on how the packets of their calls came. They understand what that
Asterisk sends and no more: they are for measuring.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import re
import secrets
import socket
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field

from voiceagent.base.errors import UnavailableError
from voiceagent.simulator.wire import Arrivals, Wire, receive, timed
from voiceagent.worker.lifeline import say_ready, until_parent_ends

HOST = "127.0.0.1"
#: Patience with a registrar, seconds.
REGISTER_S = 10.0
#: Registrations outlast every measurement, seconds.
LIFE_S = 7200

_QUOTED = re.compile(r'(\w+)="([^"]*)"')
_URI = re.compile(r"sip:([^@>;]+)@([^:>;]+):(\d+)")


class PlainPhone(BaseModel):
    """One telephone and what it does when it is called."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    password: str = Field(repr=False)
    status: int = 200
    """The final answer: 200 lifts the receiver and sends back what it hears."""
    rings_s: float = 0.05
    """How long it rings before."""
    leaves_after_s: float | None = None
    """Hangs up so long after it answered; None: never."""


class PlainPhones(BaseModel):
    """All of them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registrar: str
    phones: tuple[PlainPhone, ...] = Field(min_length=1)

    def write(self, path: Path) -> Path:
        """Write it for the process' eyes only: it holds SIP passwords."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(self.model_dump_json())
        return path


@dataclass(frozen=True, slots=True)
class Message:
    """A SIP message, as far as it matters here; header names in small letters, of several the first."""

    start: str
    headers: dict[str, str]
    body: str

    @classmethod
    def read(cls, data: bytes) -> Self:
        """Split it."""
        head, _, body = data.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers.setdefault(name.strip().lower(), value.strip())
        return cls(start, headers, body)

    def answer(self, status: str, *, tag: str = "", contact: str = "", body: str = "") -> bytes:
        """A response to this request."""
        to = self.headers["to"] if not tag or ";tag=" in self.headers["to"] else f"{self.headers['to']};tag={tag}"
        lines = [f"SIP/2.0 {status}", f"Via: {self.headers['via']}", f"From: {self.headers['from']}", f"To: {to}"]
        lines += [f"Call-ID: {self.headers['call-id']}", f"CSeq: {self.headers['cseq']}"]
        lines += [f"Contact: {contact}"] if contact else []
        lines += ["Content-Type: application/sdp"] if body else []
        return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", body]).encode()


class Echo:
    """The audio of one call: what comes in goes back, under a source of its own; `close` it inside its loop."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((HOST, 0))
        self._socket.setblocking(False)
        timed(self._socket)
        self._source = secrets.token_bytes(4)
        self._arrivals = Arrivals()
        asyncio.get_running_loop().add_reader(self._socket, self._back)

    @property
    def port(self) -> int:
        """Its UDP port."""
        return int(self._socket.getsockname()[1])

    @property
    def wire(self) -> Wire:
        """How its packets came so far."""
        return self._arrivals.wire

    def _back(self) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionRefusedError):
            data, address, at_s = receive(self._socket)
            self._arrivals.came(at_s, data)
            self._socket.sendto(data[:8] + self._source + data[12:], address)

    def close(self) -> None:
        """Hang up."""
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()


@dataclass(slots=True)
class PlainCall:
    """One call to a telephone."""

    phone: PlainPhone
    invite: Message
    tag: str = field(default_factory=lambda: secrets.token_hex(4))
    last: bytes = b""
    """What was said last, to be said again when the question is."""
    echo: Echo | None = None
    doing: asyncio.Task[None] | None = None


class Switchboard(asyncio.DatagramProtocol):
    """The one SIP address of all telephones."""

    def __init__(self, plan: PlainPhones) -> None:
        self._plan = plan
        self._phones = {phone.number: phone for phone in plan.phones}
        host, _, port = plan.registrar.partition(":")
        self._registrar = (host, int(port))
        self._calls: dict[str, PlainCall] = {}
        self._registering: dict[str, asyncio.Future[Message]] = {}
        self._transport: asyncio.DatagramTransport
        self.answered = 0
        self.wire = Wire()
        """How the packets of all ended calls came."""

    def connection_made(self, transport: Any) -> None:
        """It is open."""
        self._transport = transport

    @property
    def port(self) -> int:
        """Its UDP port."""
        return int(self._transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """A question of the exchange, or its answer to one of ours."""
        message = Message.read(data)
        if message.start.startswith("SIP/2.0"):
            waiting = self._registering.get(message.headers.get("call-id", ""))
            if waiting is not None and not waiting.done() and not message.start.startswith("SIP/2.0 1"):
                waiting.set_result(message)
            return
        method = message.start.partition(" ")[0]
        call = self._calls.get(message.headers.get("call-id", ""))
        match method:
            case "INVITE":
                self._rung(message, call)
            case "ACK":
                self._acknowledged(call)
            case _:
                self._send(message.answer("200 OK"))
                if call is not None and method == "CANCEL":
                    self._send(call.invite.answer("487 Request Terminated", tag=call.tag))
                if call is not None and method in ("BYE", "CANCEL"):
                    self._over(call)

    async def register(self) -> None:
        """Tell the exchange where they all are; UnavailableError when it will not have one of them."""
        for phone in self._plan.phones:
            await asyncio.wait_for(self._register(phone), REGISTER_S)

    async def _register(self, phone: PlainPhone) -> None:
        uri, key = f"sip:{self._plan.registrar}", secrets.token_hex(8)
        proof = ""
        for number in (1, 2):
            future = self._registering[key] = asyncio.get_running_loop().create_future()
            lines = [
                f"REGISTER {uri} SIP/2.0",
                f"Via: SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK{key}{number};rport",
            ]
            lines += [
                "Max-Forwards: 70",
                f"From: <sip:{phone.number}@{HOST}>;tag={key}",
                f"To: <sip:{phone.number}@{HOST}>",
            ]
            lines += [
                f"Call-ID: {key}",
                f"CSeq: {number} REGISTER",
                f"Contact: <sip:{phone.number}@{HOST}:{self.port}>",
            ]
            lines += [proof] if proof else []
            self._send("\r\n".join([*lines, f"Expires: {LIFE_S}", "Content-Length: 0", "", ""]).encode())
            told = await future
            if told.start.startswith("SIP/2.0 200"):
                return
            proof = _proof(dict(_QUOTED.findall(told.headers.get("www-authenticate", ""))), phone, uri)
        raise UnavailableError(f"the exchange does not take telephone {phone.number}: {told.start}")

    def _rung(self, invite: Message, known: PlainCall | None) -> None:
        if known is not None:
            self._send(known.last)
            return
        found = _URI.search(invite.start)
        phone = self._phones.get(found[1]) if found else None
        if phone is None:
            self._send(invite.answer("404 Not Found", tag="x"))
            return
        call = self._calls[invite.headers["call-id"]] = PlainCall(phone, invite)
        call.last = invite.answer("180 Ringing", tag=call.tag, contact=self._contact(phone))
        self._send(call.last)
        call.doing = asyncio.create_task(self._decide(call))

    async def _decide(self, call: PlainCall) -> None:
        await asyncio.sleep(call.phone.rings_s)
        body = ""
        if call.phone.status == 200:
            self.answered += 1
            call.echo = Echo()
            body = (
                f"v=0\r\no=- 1 1 IN IP4 {HOST}\r\ns=-\r\nc=IN IP4 {HOST}\r\nt=0 0\r\n"
                f"m=audio {call.echo.port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
            )
        status = f"{call.phone.status} {'OK' if body else 'No'}"
        call.last = call.invite.answer(status, tag=call.tag, contact=self._contact(call.phone), body=body)
        self._send(call.last)

    def _acknowledged(self, call: PlainCall | None) -> None:
        if call is None:
            return
        if call.phone.status != 200:
            self._over(call)
        elif call.phone.leaves_after_s is not None and call.doing is not None and call.doing.done():
            call.doing = asyncio.create_task(self._leave(call, call.phone.leaves_after_s))

    async def _leave(self, call: PlainCall, after_s: float) -> None:
        await asyncio.sleep(after_s)
        there = _URI.search(call.invite.headers["contact"]) or re.search(
            r"sip:()([^:>;]+):(\d+)", call.invite.headers["contact"]
        )
        assert there is not None
        to, us = call.invite.headers["from"], f"{call.invite.headers['to']};tag={call.tag}"
        lines = [f"BYE {there[0]} SIP/2.0", f"Via: SIP/2.0/UDP {HOST}:{self.port};branch=z9hG4bK{secrets.token_hex(6)}"]
        lines += ["Max-Forwards: 70", f"From: {us}", f"To: {to}", f"Call-ID: {call.invite.headers['call-id']}"]
        self._send("\r\n".join([*lines, "CSeq: 1 BYE", "Content-Length: 0", "", ""]).encode())
        self._over(call)

    def _over(self, call: PlainCall) -> None:
        self._calls.pop(call.invite.headers["call-id"], None)
        if call.echo is not None:
            call.echo.close()
            self.wire.add(call.echo.wire)
            call.echo = None
        if call.doing is not None and call.doing is not asyncio.current_task():
            call.doing.cancel()

    def _contact(self, phone: PlainPhone) -> str:
        return f"<sip:{phone.number}@{HOST}:{self.port}>"

    def _send(self, data: bytes) -> None:
        if data:
            self._transport.sendto(data, self._registrar)


def _proof(challenge: dict[str, str], phone: PlainPhone, uri: str) -> str:
    """The Authorization header that answers a digest challenge (MD5, as Asterisk asks for by default)."""

    def digest(*parts: str) -> str:
        return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()

    realm, nonce, cnonce = challenge.get("realm", ""), challenge.get("nonce", ""), secrets.token_hex(4)
    secret = digest(phone.number, realm, phone.password)
    answer = digest(secret, nonce, "00000001", cnonce, "auth", digest("REGISTER", uri))
    fields = {
        "username": phone.number,
        "realm": realm,
        "nonce": nonce,
        "uri": uri,
        "response": answer,
        "cnonce": cnonce,
    }
    opaque = {"opaque": challenge["opaque"]} if "opaque" in challenge else {}
    told = ", ".join(f'{name}="{value}"' for name, value in {**fields, **opaque}.items())
    return f"Authorization: Digest {told}, nc=00000001, qop=auth, algorithm=MD5"


async def _serve(plan: PlainPhones) -> None:
    transport, switchboard = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Switchboard(plan), local_addr=(HOST, 0)
    )
    await switchboard.register()
    say_ready(phones=len(plan.phones))
    await until_parent_ends()
    transport.close()
    print(json.dumps({"heard": switchboard.wire.report()}), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(PlainPhones.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))))
