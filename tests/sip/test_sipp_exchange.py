"""Guards what telephones do as a seat sees it through a real Asterisk: the telephone is SIPp, registered there."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sip.rtp_peer import RtpPeer
from tests.sip.signals import noise, share
from tests.sip.sipp_player import HOST, Sipp, sipp
from tests.sip.test_sipp_calls import events_of, over, pressed
from voiceagent.simulator.plain_phones import PlainPhone, PlainPhones, Switchboard
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import Answered, HungUp, HungUpBy, LineEvent, Ringing
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings

NUMBER, SIPP_PORT = "+5511955550177", AsteriskPorts.free().sip


class Elsewhere(Switchboard):
    """Registers a telephone that is at SIPp's port."""

    @property
    def port(self) -> int:
        """SIPp's."""
        return SIPP_PORT


@pytest.fixture(scope="module")
def exchange(
    loop: asyncio.Runner, asterisk_program: AsteriskProgram, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AsteriskServer]:
    server = AsteriskServer(
        asterisk_program,
        tmp_path_factory.mktemp("exchange"),
        seats=[SeatAccount("seat1", "9001")],
        phones=[PhoneAccount(NUMBER)],
    )
    loop.run(server.start())
    yield server
    loop.run(server.stop())


@pytest.fixture(scope="module")
def softphone(loop: asyncio.Runner) -> Iterator[Softphone]:
    phone = Softphone(SoftphoneSettings(media_timeout_s=1.2, only_registrar=True))
    loop.run(phone.start())
    yield phone
    loop.run(phone.close())
    assert not phone.stuck


@pytest.fixture(scope="module")
def seat(loop: asyncio.Runner, softphone: Softphone, exchange: AsteriskServer) -> Seat:
    """seat1, and SIPp's telephone, registered."""

    async def register() -> Seat:
        phone = PlainPhone(number=NUMBER, password=exchange.phones[NUMBER].password)
        transport, elsewhere = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Elsewhere(PlainPhones(registrar=exchange.registrar, phones=(phone,))), local_addr=(HOST, 0)
        )
        await elsewhere.register()
        transport.close()
        return await softphone.add_account("seat1", exchange.seats["seat1"].password, exchange.registrar)

    return loop.run(register())


@asynccontextmanager
async def called(
    seat: Seat, folder: Path, scenario: str, *until: type[LineEvent], breathes: bool = False
) -> AsyncIterator[tuple[PjLine, RtpPeer, Sipp, list[LineEvent]]]:
    peer = await RtpPeer.open()
    breathing = asyncio.create_task(peer.breathe()) if breathes else None
    try:
        async with sipp(folder, scenario, rtp=peer.port, port=SIPP_PORT) as far:
            line = await seat.dial(NUMBER, call_id=str(uuid.uuid4()))
            yield line, peer, far, await events_of(line, *(until or (Answered,)))
    finally:
        if breathing is not None:
            breathing.cancel()
        peer.close()


def test_early_media_and_then_busy(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> tuple[HungUp, bytes]:
        async with called(seat, tmp_path, "early_media_busy", Ringing) as (line, peer, far, _):
            await peer.speak(noise(2, 0.4))
            ended = await over(line)
            await far.done()
            return ended, line.hear()

    assert loop.run(play()) == (HungUp(HungUpBy.FAILURE, 486, HangupReason.BUSY, 17), b"")


def test_answer_and_hang_up_at_once(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> HungUp:
        async with called(seat, tmp_path, "answers_and_leaves") as (line, _, far, events):
            assert events[-1] == Answered()
            ended = await over(line)
            await far.done()
            return ended

    assert loop.run(play()) == HungUp(HungUpBy.FAR, 200, HangupReason.NORMAL, 16)


def test_a_telephone_on_hold_is_not_lost(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """Asterisk tells nobody of a hold: the seat only sees that audio stays away, or hears the exchange's music."""
    after = noise(6, 0.6)

    async def play() -> bytes:
        async with called(seat, tmp_path, "holds_and_resumes") as (line, peer, far, _):
            await peer.speak(noise(5, 0.3))
            await asyncio.sleep(4.2)
            assert line.ended is None, line.ended
            line.hear()
            await peer.speak(after)
            await asyncio.sleep(0.3)
            heard = line.hear()
            await line.hangup()
            await far.done()
            return heard

    assert share(after, loop.run(play())) >= 0.5


def test_keys_by_info_arrive_as_keys(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> str:
        async with called(seat, tmp_path, "keys_by_info_at_exchange", breathes=True) as (line, _, far, _):
            keys = await pressed(line, 2)
            await line.hangup()
            await far.done()
            return keys

    assert loop.run(play()) == "57"


def test_no_common_codec(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> list[LineEvent]:
        async with called(seat, tmp_path, "answers_in_g729", HungUp) as (_, _, far, events):
            await far.done()
            return events

    [*earlier, ended] = loop.run(play())
    assert Answered() not in earlier
    assert isinstance(ended, HungUp) and ended.by is HungUpBy.FAILURE
