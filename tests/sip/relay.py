"""A bad network: a UDP relay that loses and delays packets, or drops those it is told to."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

HOST = "127.0.0.1"
#: Where a party says that it may be reached; the relay puts its own port there.
_CONTACT = re.compile(rb"(?m)^(Contact:[^\r\n]*?127\.0\.0\.1:)[0-9]+")
_AUDIO = re.compile(rb"(?m)^(m=audio )([0-9]{5})")


class _Port(asyncio.DatagramProtocol):
    """One of the relay's addresses, and the party that is behind it."""

    def __init__(self, got: Callable[[bytes], None], party: tuple[str, int] | None = None) -> None:
        self._got, self.party = got, party
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        if self.party is None:
            self.party = address
        self._got(data)

    @property
    def number(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1])

    def send(self, data: bytes) -> None:
        if self.party is not None and not self._transport.is_closing():
            self._transport.sendto(data, self.party)

    def close(self) -> None:
        self._transport.close()


class Relay:
    """Between a seat (near) and one SIP party (far): signalling, and the audio of one call at a time."""

    def __init__(self, far: int, loss: float, jitter_s: float, seed: int) -> None:
        self.loss, self.jitter_s = loss, jitter_s
        self.drops: Callable[[bytes], bool] = lambda packet: False
        """Packets lost on purpose, beside those of chance."""
        self.carried = self.lost = 0
        self._random = random.Random(seed)
        self._sip_near = _Port(lambda data: self._carry(self._told(data, near=False), self._sip_far))
        self._sip_far = _Port(lambda data: self._carry(self._told(data, near=True), self._sip_near), (HOST, far))
        self._rtp_near = _Port(lambda data: self._carry(data, self._rtp_far))
        self._rtp_far = _Port(lambda data: self._carry(data, self._rtp_near))

    @property
    def ports(self) -> tuple[_Port, ...]:
        """All of them."""
        return self._sip_near, self._sip_far, self._rtp_near, self._rtp_far

    @property
    def port(self) -> int:
        """What the near side uses instead of the far side's SIP port."""
        return self._sip_near.number

    def _told(self, data: bytes, *, near: bool) -> bytes:
        """The message as it goes on to the near or the far side: whoever reads it answers to us."""
        sip, rtp, party = (
            (self._sip_near, self._rtp_near, self._rtp_far) if near else (self._sip_far, self._rtp_far, self._rtp_near)
        )
        if (audio := _AUDIO.search(data)) is not None:
            party.party = (HOST, int(audio[2]))
        data = _AUDIO.sub(rb"\g<1>%d" % rtp.number, data)
        return _CONTACT.sub(rb"\g<1>%d" % sip.number, data)

    def _carry(self, data: bytes, to: _Port) -> None:
        self.carried += 1
        if self._random.random() < self.loss or self.drops(data):
            self.lost += 1
        elif self.jitter_s:
            asyncio.get_running_loop().call_later(self._random.uniform(0, self.jitter_s), to.send, data)
        else:
            to.send(data)


@asynccontextmanager
async def relayed(far: int, *, loss: float = 0.0, jitter_s: float = 0.0, seed: int = 1) -> AsyncIterator[Relay]:
    """A relay before the SIP port `far`.

    `loss`: the share of packets that never arrive; `jitter_s`: each is late by 0 to so much, so their order suffers.
    """
    relay = Relay(far, loss, jitter_s, seed)
    try:
        for port in relay.ports:
            await asyncio.get_running_loop().create_datagram_endpoint(lambda port=port: port, local_addr=(HOST, 0))
        yield relay
    finally:
        for port in relay.ports:
            port.close()
