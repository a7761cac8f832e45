"""The audio of a far side that SIPp signals for: it speaks and presses keys as it is told, and keeps what it hears."""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections.abc import Iterable
from typing import Any

from voiceagent.audio import frames
from voiceagent.audio.format import SILENCE
from voiceagent.audio.mulaw import decode, encode
from voiceagent.telephony.ticks import RealTicks

HOST = "127.0.0.1"
#: RTP payload types: keys by the number that the SIP library offers for them.
PCMU, KEYS = 0, 120


class RtpPeer(asyncio.DatagramProtocol):
    """One RTP address; it answers to where it is sent audio from. Use `open`."""

    def __init__(self) -> None:
        self._transport: asyncio.DatagramTransport
        self._sequence, self._time, self._source = 100, 1000, secrets.randbits(32)
        self._pressing = False
        self.heard = bytearray()
        """What came in, as PCM."""
        self.peer: asyncio.Future[tuple[str, int]] = asyncio.get_running_loop().create_future()
        """Where audio comes from."""

    @classmethod
    async def open(cls) -> RtpPeer:
        """At a free port."""
        _, peer = await asyncio.get_running_loop().create_datagram_endpoint(cls, local_addr=(HOST, 0))
        return peer

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._transport.get_extra_info("sockname")[1])

    def connection_made(self, transport: Any) -> None:
        """It is open."""
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        """A packet of audio."""
        if data[1] & 0x7F == PCMU:
            self.heard += decode(data[12:])
        if not self.peer.done():
            self.peer.set_result(address)

    async def speak(self, pcm: bytes, *, to: tuple[str, int] | None = None) -> None:
        """Send 20 ms a beat; what comes while keys are pressed is not sent, as telephones do."""
        to, ticks = to or await self.peer, RealTicks()
        for frame in frames.split(pcm):
            if not self._pressing:
                self._send(PCMU, encode(frame), to)
                self._time += 160
            await ticks.next()

    async def press(self, digits: str, *, lost: Iterable[int] = ()) -> None:
        """Keys of 100 ms; of each, packets with the indices in `lost` (0..7, three ends) never arrive."""
        to, ticks = await self.peer, RealTicks()
        self._pressing = True
        for digit in digits:
            for index in range(8):
                end, duration = (0x80 if index >= 5 else 0), 160 * min(index + 1, 5)
                event = struct.pack("!BBH", "0123456789*#ABCD".index(digit), end | 10, duration)
                self._send(KEYS, event, to, marker=not index, lost=index in set(lost))
                if index < 5:
                    await ticks.next()
            self._time += 160 * 5
            for _ in range(4):
                await ticks.next()
        self._pressing = False

    async def breathe(self) -> None:
        """Send silence until cancelled, as a telephone does at which nobody speaks."""
        while True:
            await self.speak(SILENCE)

    def close(self) -> None:
        """Give the port back."""
        self._transport.close()

    def _send(
        self, kind: int, payload: bytes, to: tuple[str, int], *, marker: bool = False, lost: bool = False
    ) -> None:
        self._sequence += 1
        head = struct.pack("!BBHII", 0x80, kind | marker << 7, self._sequence & 0xFFFF, self._time, self._source)
        if not lost:
            self._transport.sendto(head + payload, to)
