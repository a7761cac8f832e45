"""Guards calls and seats when the exchange dies, as a worker hears of it: over a socket that is its exchange's only."""

from __future__ import annotations

import asyncio
import os
import signal
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sip.test_networks import answered
from voiceagent.telephony.ami import AmiError
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import HungUp, HungUpBy
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks


@pytest.fixture(scope="module")
def softphone(loop: asyncio.Runner) -> Iterator[Softphone]:
    phone = Softphone(SoftphoneSettings(media_timeout_s=2.0, register_timeout_s=2.0, only_registrar=True))
    loop.run(phone.start())
    yield phone
    loop.run(phone.close())
    assert not phone.stuck


async def contacts(server: AsteriskServer) -> int:
    """How many registrations the exchange holds."""
    async with server.ami() as ami:
        try:
            return len(await ami.list_action("PJSIPShowContacts", "ContactListComplete"))
        except AmiError:  # that is how it says none
            return 0


def test_an_exchange_killed_in_mid_call_ends_the_call_and_finds_its_seats_again(
    loop: asyncio.Runner, softphone: Softphone, asterisk_program: AsteriskProgram, tmp_path: Path
) -> None:
    """Nobody says BYE: the call ends as what it was, the seat knows that it is gone, and registers by itself again."""
    server = AsteriskServer(
        asterisk_program, tmp_path / "asterisk", seats=[SeatAccount("seat1", "9001")], phones=[PhoneAccount("3001")]
    )

    async def play() -> tuple[HungUp, float, float]:
        ticks = RealTicks()
        await server.start()
        seat = await softphone.add_account("seat1", server.seats["seat1"].password, server.registrar)
        phone = await softphone.add_account("3001", server.phones["3001"].password, server.registrar)
        try:
            line = await seat.dial("3001", call_id=str(uuid.uuid4()))
            await phone.answer(await asyncio.wait_for(phone.incoming(), 5))
            await answered(line)
            assert server.pid is not None
            os.kill(server.pid, signal.SIGKILL)
            killed = time.monotonic()
            ended = await asyncio.wait_for(line.over(), 10)
            ended_after = time.monotonic() - killed
            async with asyncio.timeout(40):
                while server.pid is not None:
                    await ticks.next()
            await server.start()
            back = time.monotonic()
            async with asyncio.timeout(40):
                while await contacts(server) < 2:
                    await ticks.next()
            back_after = time.monotonic() - back
            line = await seat.dial("3001", call_id=str(uuid.uuid4()))
            await phone.answer(await asyncio.wait_for(phone.incoming(), 5))
            await answered(line)
            await line.hangup()
            return ended, ended_after, back_after
        finally:
            await seat.close()
            await phone.close()
            await server.stop()

    ended, ended_after, back_after = loop.run(play())
    assert (ended.by, ended.reason) == (HungUpBy.FAILURE, HangupReason.MEDIA_LOST)
    assert ended_after < 10 and back_after < 30
