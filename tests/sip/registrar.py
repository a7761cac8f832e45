"""A registrar that answers as it is told, for the moods that a real one has at bad times."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

HOST = "127.0.0.1"


class Registrar(asyncio.DatagramProtocol):
    """Answers REGISTER with `code`; 0 says nothing."""

    def __init__(self) -> None:
        self.code = 200
        self.asked: list[float] = []
        """When it was asked (loop time), repetitions of an unanswered question left out."""
        self._seen: set[bytes] = set()
        self._transport: Any

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        head = {line.partition(b":")[0].lower(): line for line in data.split(b"\r\n\r\n")[0].split(b"\r\n")[1:]}
        if not data.startswith(b"REGISTER"):
            return
        if head[b"cseq"] not in self._seen:
            self._seen.add(head[b"cseq"])
            self.asked.append(asyncio.get_running_loop().time())
        if self.code:
            contact = re.sub(rb";expires=\d+", b"", head[b"contact"]) + b";expires=60"
            kept = [head[b"via"], head[b"from"], head[b"to"] + b";tag=r", head[b"call-id"], head[b"cseq"]]
            status = b"SIP/2.0 %d Word" % self.code
            self._transport.sendto(b"\r\n".join([status, *kept, contact, b"Content-Length: 0", b"", b""]), address)

    @property
    def address(self) -> str:
        return f"{HOST}:{self._transport.get_extra_info('sockname')[1]}"


@asynccontextmanager
async def registrar() -> AsyncIterator[Registrar]:
    """One at a free port."""
    transport, kept = await asyncio.get_running_loop().create_datagram_endpoint(Registrar, local_addr=(HOST, 0))
    try:
        yield kept
    finally:
        transport.close()
