"""Guards calls over bad networks and through an exchange that dies: packets lost and late, no registrar, no name server."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.relay import HOST, Relay, relayed
from tests.sip.rtp_peer import RtpPeer
from tests.sip.signals import noise, share
from tests.sip.sipp_player import sipp
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.line import Answered, HungUp, HungUpBy
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone


async def answered(line: PjLine) -> None:
    while not isinstance(event := await asyncio.wait_for(line.next_event(), 10), Answered):
        assert not isinstance(event, HungUp), event


def first(method: bytes, count: int) -> Callable[[bytes], bool]:
    """Drops the first `count` messages that begin so."""
    left = Counter({method: count})

    def drops(packet: bytes) -> bool:
        if packet.startswith(method) and left[method]:
            left[method] -= 1
            return True
        return False

    return drops


@pytest.mark.parametrize("method", [b"ACK", b"BYE", b"INVITE"])
def test_a_message_lost_twice_is_sent_again(loop: asyncio.Runner, seat: Seat, tmp_path: Path, method: bytes) -> None:
    async def play() -> tuple[HungUp | None, int]:
        peer = await RtpPeer.open()
        try:
            async with sipp(tmp_path, "answers_again", rtp=peer.port) as far, relayed(far.port) as relay:
                relay.drops = first(method, 2)
                line = await seat.dial(f"sip:far@{HOST}:{relay.port}", call_id=str(uuid.uuid4()))
                await answered(line)
                await peer.speak(noise(1, 0.5))
                assert line.ended is None
                await line.hangup()
                await far.done()
                return line.ended, relay.lost
        finally:
            peer.close()

    assert loop.run(play()) == (HungUp(HungUpBy.NEAR, 200, "normal"), 2)
