"""Guards calls over bad networks and through an exchange that dies: packets lost and late, nobody to register at."""

from __future__ import annotations

import asyncio
import socket
import uuid
from collections import Counter
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.registrar import registrar
from tests.sip.relay import HOST, Relay, relayed
from tests.sip.rtp_peer import RtpPeer
from tests.sip.signals import noise, share
from tests.sip.sipp_player import sipp
from voiceagent.audio.format import SILENCE
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.hangup import HangupReason
from voiceagent.telephony.line import Answered, HungUp, HungUpBy
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks


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


LOSSES = [(0.01, 0.02), (0.05, 0.1)]


@pytest.mark.parametrize(("loss", "jitter_s"), LOSSES)
def test_what_arrives_over_a_bad_network_is_heard(
    loop: asyncio.Runner, seat: Seat, tmp_path: Path, loss: float, jitter_s: float
) -> None:
    """Late packets are waited for, once the jitter buffer knows them; what is lost is missing, and little beside it."""
    voice = noise(5, 2.0)

    async def play() -> tuple[bytes, Relay]:
        peer = await RtpPeer.open()
        try:
            async with (
                sipp(tmp_path, "answers", rtp=peer.port) as far,
                relayed(far.port, loss=loss, jitter_s=jitter_s, seed=3) as relay,
            ):
                line = await seat.dial(f"sip:far@{HOST}:{relay.port}", call_id=str(uuid.uuid4()))
                await answered(line)
                await peer.speak(SILENCE * 40)
                heard, listening = bytearray(), asyncio.create_task(peer.speak(voice + SILENCE * 20))
                while not listening.done():
                    await asyncio.wait({listening}, timeout=0.5)
                    heard += line.hear()
                await line.hangup()
                assert line.ended == HungUp(HungUpBy.NEAR, 200, "normal")
                return bytes(heard), relay
        finally:
            peer.close()

    heard, relay = loop.run(play())
    assert relay.lost
    assert share(voice, heard, 0.02) > 0.95 - 4 * loss


@pytest.mark.parametrize(("loss", "jitter_s"), LOSSES)
def test_a_call_over_a_bad_network_is_registered_made_and_ended(
    loop: asyncio.Runner,
    softphone: Softphone,
    asterisk_server: AsteriskServer,
    telephones: Child,
    loss: float,
    jitter_s: float,
) -> None:
    async def play() -> tuple[HungUp | None, Relay]:
        account = asterisk_server.seats["seat4"]
        async with relayed(asterisk_server.ports.sip, loss=loss, jitter_s=jitter_s, seed=2) as relay:
            seat = await softphone.add_account(account.name, account.password, f"{HOST}:{relay.port}")
            line = await seat.dial(phones.TALKS, call_id=str(uuid.uuid4()))
            await answered(line)
            await asyncio.sleep(0.5)
            await line.hangup()
            await seat.close()
            return line.ended, relay

    ended, relay = loop.run(play())
    telephones.wait_for(lambda event: event.get("number") == phones.TALKS and "over" in event)
    assert ended == HungUp(HungUpBy.NEAR, 200, "normal")
    assert relay.carried > 50


def test_a_registration_that_fails_is_tried_again_later_and_later(loop: asyncio.Runner, softphone: Softphone) -> None:
    async def play() -> list[float]:
        ticks = RealTicks()
        async with registrar() as exchange:
            seat = await softphone.add_account("seat9", "irrelevant", exchange.address)
            exchange.code = 503
            seat.renew()
            async with asyncio.timeout(20):
                while len(exchange.asked) < 3:
                    await ticks.next()
                assert not seat.registered
                exchange.code = 200
                while not seat.registered:
                    await ticks.next()
            await seat.close()
            return [after - before for before, after in pairwise(exchange.asked[1:4])]

    first, second = loop.run(play())
    assert 0.4 < first < 2 and 0.9 < second < 3.5


def test_an_exchange_whose_name_nobody_knows_is_named(loop: asyncio.Runner, softphone: Softphone) -> None:
    with pytest.raises(UnavailableError, match=r"exchange\.invalid") as unknown:
        loop.run(softphone.add_account("seat4", "irrelevant", "exchange.invalid:5060"))
    assert unknown.value.code == "registrar_unknown"


def test_name_servers_may_go_once_a_seat_is_registered(
    loop: asyncio.Runner, softphone: Softphone, asterisk_server: AsteriskServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is known at the start only, and never to the SIP library: it asks nobody, then or later."""
    account, ask = asterisk_server.seats["seat4"], socket.getaddrinfo
    port = asterisk_server.ports.sip
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *more, **given: ask(HOST if host == "pbx.test" else host, *more, **given)
    )

    async def play() -> HungUp:
        seat = await softphone.add_account(account.name, account.password, f"pbx.test:{port}")
        monkeypatch.undo()
        seat.renew()
        line = await seat.dial("+5511999999999", call_id=str(uuid.uuid4()))
        ended = await asyncio.wait_for(line.over(), 5)
        assert seat.registered
        await seat.close()
        return ended

    assert loop.run(play()).reason == HangupReason.INVALID_NUMBER
