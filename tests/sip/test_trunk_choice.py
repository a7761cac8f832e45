"""Guards that a call takes the wires it is leased on: the INVITE's trunk is the exchange's, and only a trunk is one."""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, SeatAccount, TrunkAccount
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import HungUp, HungUpBy
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone

NUMBER, SHOWN = "+5511955550100", "+551130000000"
PATIENCE_S = 30.0


class Carrier(asyncio.DatagramProtocol):
    """The far end of two trunks: keeps every INVITE and says that the number is busy."""

    def __init__(self) -> None:
        self.invites: list[str] = []
        self._transport: asyncio.DatagramTransport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, address: tuple[str, int]) -> None:
        message = data.decode("utf-8", "replace")
        method = message.partition(" ")[0]
        if method not in ("INVITE", "OPTIONS"):
            return
        if method == "INVITE":
            self.invites.append(message)
        kept = re.findall(r"^(?:Via|From|Call-ID|CSeq):.*$", message, re.MULTILINE | re.IGNORECASE)
        to = re.search(r"^To:.*$", message, re.MULTILINE | re.IGNORECASE)
        assert to is not None
        first = "SIP/2.0 486 Busy Here" if method == "INVITE" else "SIP/2.0 200 OK"
        lines = [first, *(line.strip() for line in kept), f"{to[0].strip()};tag=1", "Content-Length: 0", "", ""]
        self._transport.sendto("\r\n".join(lines).encode(), address)


@pytest.fixture(scope="module")
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as made:
        yield made


def test_the_trunk_of_the_invite_is_taken_and_shows_the_campaigns_number(
    runner: asyncio.Runner, asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    async def call(seat: Seat, trunk: str) -> HungUp:
        line = await seat.dial(NUMBER, call_id=str(uuid.uuid4()), caller_id=SHOWN, trunk=trunk)
        while not isinstance(event := await asyncio.wait_for(line.next_event(), PATIENCE_S), HungUp):
            pass
        return event

    async def scenario() -> None:
        transport, carrier = await asyncio.get_running_loop().create_datagram_endpoint(
            Carrier, local_addr=("127.0.0.1", 0)
        )
        port = transport.get_extra_info("sockname")[1]
        trunks = [TrunkAccount(name, f"127.0.0.1:{port}") for name in ("carrierA", "carrierB")]
        accounts = [SeatAccount("seat1", "9001")]
        async with AsteriskServer(
            asterisk_program, tmp_path / "asterisk", seats=accounts, phones=[], trunks=trunks
        ) as server:
            softphone = Softphone()
            await softphone.start()
            seat = await softphone.add_account("seat1", accounts[0].password, server.registrar)
            busy = await call(seat, trunk="carrierB")
            assert (busy.by, busy.reason) == (HungUpBy.FAILURE, HangupReason.BUSY)
            for not_a_trunk in ("seat1", "nobody"):
                refused = await call(seat, trunk=not_a_trunk)
                # No route is no word about the number: it must not be taken for one that does not exist.
                assert (refused.by, refused.reason) == (HungUpBy.FAILURE, HangupReason.UNREACHABLE)
            with pytest.raises(BadInputError, match="trunk"):
                await call(seat, trunk="a,b)")
            async with server.ami() as ami:
                (row,) = [row for row in server.cdr() if "carrierB" in row.far_channel]
                assert row.destination == NUMBER
                await ami.action("Setvar", Variable="DIVERSION", Value="+551140028922")
                await call(seat, trunk="carrierA")
            await softphone.close()
        transport.close()
        second, diverted = carrier.invites
        assert f"INVITE sip:{NUMBER}@" in second and "Diversion" not in second
        assert re.search(rf"^From:.*<sip:\{SHOWN}@", second, re.MULTILINE)
        assert re.search(rf"^P-Asserted-Identity:.*<sip:\{SHOWN}@", second, re.MULTILINE)
        assert re.search(r"^Diversion:.*\+551140028922", diverted, re.MULTILINE)

    runner.run(scenario())
