"""Guards a seat against SIP that is broken on purpose: whatever arrives, it lives, answers, and keeps nothing."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from tests.sip.conftest import Child
from tests.sip.torture import MESSAGES, QUESTION, mutations
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.ticks import RealTicks

HOST = "127.0.0.1"


class Shooter(asyncio.DatagramProtocol):
    """Sends to one SIP port, and asks after each message whether somebody still answers there."""

    def __init__(self, port: int) -> None:
        self._target, self._number = (HOST, port), itertools.count(1)
        self._answered: set[bytes] = set()
        self._transport: Any

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        self._answered.add(data)

    def fire(self, message: bytes) -> bytes:
        """Send it with its places filled in; returns the id that it has."""
        self_port = str(self._transport.get_extra_info("sockname")[1]).encode()
        wanted = b"x%dx" % next(self._number)
        filled = message.replace(b"@SELF@", self_port).replace(b"@ID@", wanted)
        self._transport.sendto(
            filled.replace(b"@USER@", b"seat3").replace(b"@PORT@", str(self._target[1]).encode()), self._target
        )
        return wanted

    async def lives(self, within_s: float = 3.0) -> bool:
        """Whether a plain question gets an answer."""
        self._answered.clear()
        wanted, ticks = self.fire(QUESTION), RealTicks()
        try:
            async with asyncio.timeout(within_s):
                while not any(wanted in data for data in self._answered):
                    await ticks.next()
        except TimeoutError:
            return False
        return True


class Target:
    """The seat that is shot at, in a process of its own."""

    def __init__(self, server: AsteriskServer, **more: object) -> None:
        account = server.seats["seat3"]
        self.child = Child(
            "tests.sip.target", registrar=server.registrar, user=account.name, password=account.password, **more
        )
        self.port = int(self.child.read()["port"])

    def held(self) -> dict[str, int]:
        """Calls so far (`calls`), and what it holds now: `live`, `in_library`, `threads`, `sockets`."""
        self.child.send("count")
        return self.child.read()

    async def quiet(self) -> dict[str, int]:
        """What it holds once its last calls are over and the library has tidied up behind them."""
        ticks, now = RealTicks(), self.held()
        async with asyncio.timeout(15):
            while now["live"] or now["in_library"] or now["sockets"] > 3:
                await ticks.next()
                now = self.held()
        return now


@asynccontextmanager
async def shooting(target: Target) -> AsyncIterator[Shooter]:
    transport, shooter = await asyncio.get_running_loop().create_datagram_endpoint(
        lambda: Shooter(target.port), local_addr=(HOST, 0)
    )
    try:
        yield shooter
    finally:
        transport.close()


def test_no_message_stops_a_seat_or_stays_with_it(asterisk_server: AsteriskServer) -> None:
    target = Target(asterisk_server)

    async def play() -> tuple[dict[str, int], dict[str, int]]:
        ticks, named = RealTicks(), [*MESSAGES.items()]
        named += [(f"mutation {number}", message) for number, message in enumerate(mutations(60))]
        async with shooting(target) as shooter:
            assert await shooter.lives()
            before = target.held()
            for name, message in named:
                shooter.fire(message)
                # The registry's library watches 64 sockets, and gives a call's two back half a second late.
                await ticks.next()
                assert await shooter.lives(), f"no answer any more after {name!r}; exit {target.child.process.poll()}"
        return before, await target.quiet()

    try:
        before, after = asyncio.run(play())
        assert after["calls"] >= 20, "many of them were calls"
        assert after["threads"] <= before["threads"] and after["sockets"] <= before["sockets"]
        target.child.send("+5511999999999")
        assert target.child.read() == {"reason": "invalid_number"}, "and it can still call"
        target.child.send("stop")
        assert target.child.process.wait(20) == 0
    finally:
        target.child.kill()


def test_a_worker_hears_nobody_but_its_exchange(asterisk_server: AsteriskServer) -> None:
    target = Target(asterisk_server, only_registrar=True)

    async def play() -> tuple[bool, dict[str, int]]:
        async with shooting(target) as shooter:
            for message in MESSAGES.values():
                shooter.fire(message)
            return await shooter.lives(within_s=0.5), await target.quiet()

    try:
        lives, after = asyncio.run(play())
        assert not lives and after["calls"] == 0
        target.child.send("+5511999999999")
        assert target.child.read() == {"reason": "invalid_number"}
        target.child.send("stop")
        assert target.child.process.wait(20) == 0
    finally:
        target.child.kill()
