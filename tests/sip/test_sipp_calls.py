"""Guards a seat against what far sides do, played by SIPp at the seat itself: no exchange smooths it over."""

from __future__ import annotations

import asyncio
import os
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.sip.rtp_peer import RtpPeer
from tests.sip.signals import noise, share
from tests.sip.sipp_player import Sipp, sipp
from voiceagent.simulator.gauges import held_by
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer
from voiceagent.telephony.hangup import HangupReason, reason_of
from voiceagent.telephony.line import Answered, Dtmf, HungUp, HungUpBy, LineEvent, Ringing
from voiceagent.telephony.pj import calls_in_library
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks

SIP_PORT = AsteriskPorts.free().sip
#: An answered call whose audio stays away for so long is over, in these tests; so is one whose answer is not confirmed.
MEDIA_TIMEOUT_S, ACK_TIMEOUT_S = 1.2, 1.6


@pytest.fixture(scope="module")
def softphone(loop: asyncio.Runner) -> Iterator[Softphone]:
    """An endpoint at a port that SIPp can call."""
    phone = Softphone(
        SoftphoneSettings(media_timeout_s=MEDIA_TIMEOUT_S, ack_timeout_s=ACK_TIMEOUT_S, sip_port=SIP_PORT)
    )
    loop.run(phone.start())
    yield phone
    loop.run(phone.close())
    assert not phone.stuck


@pytest.fixture(scope="module")
def seat(loop: asyncio.Runner, softphone: Softphone, asterisk_server: AsteriskServer) -> Seat:
    account = asterisk_server.seats["seat3"]
    return loop.run(softphone.add_account(account.name, account.password, asterisk_server.registrar))


@pytest.fixture(scope="module", autouse=True)
def held_before(seat: Seat) -> dict[str, int]:
    """What this process holds before the first call."""
    return held_by(os.getpid())


async def dial(seat: Seat, uri: str, ring_timeout_s: float = 10.0) -> PjLine:
    return await seat.dial(uri, call_id=str(uuid.uuid4()), ring_timeout_s=ring_timeout_s)


async def events_of(line: PjLine, *wanted: type[LineEvent]) -> list[LineEvent]:
    """Everything up to the first of `wanted`, or to the end."""
    events: list[LineEvent] = []
    while not events or not isinstance(events[-1], (*wanted, HungUp)):
        events.append(await asyncio.wait_for(line.next_event(), 10))
    return events


async def over(line: PjLine) -> HungUp:
    last = (await events_of(line))[-1]
    assert isinstance(last, HungUp)
    return last


#: Codes of every kind that a reason or a disposition hangs on, and causes that say more than theirs.
REFUSALS = [
    *((code, 0) for code in (400, 403, 404, 405, 408, 410, 413, 415, 416, 420, 433, 480, 481, 482, 483, 484, 485, 486)),
    *((code, 0) for code in (488, 500, 501, 502, 503, 504, 505, 580, 600, 603, 604, 606, 607, 608)),
    *((503, 17), (404, 3), (480, 20), (480, 1), (500, 34), (403, 21), (503, 127)),
]


def test_every_refusal_has_its_reason(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play(code: int, cause: int) -> list[LineEvent]:
        async with sipp(tmp_path, "final_codes", CODE=code, CAUSE=cause) as far:
            events = await events_of(await dial(seat, far.uri))
            await far.done()
        return events

    for code, cause in REFUSALS:
        reason = reason_of(code, rang=True, cause=cause)
        assert loop.run(play(code, cause)) == [
            Ringing(180),
            HungUp(HungUpBy.FAILURE, code, reason, cause or None),
        ]


def test_who_answers_and_leaves_at_once_was_there(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> list[LineEvent]:
        async with sipp(tmp_path, "answers_and_leaves") as far:
            events = await events_of(await dial(seat, far.uri))
            await far.done()
        return events

    assert loop.run(play()) == [Ringing(180), Answered(), HungUp(HungUpBy.FAR, 200, "normal")]


@asynccontextmanager
async def talking(
    seat: Seat, folder: Path, scenario: str, *until: type[LineEvent], breathes: bool = False
) -> AsyncIterator[tuple[PjLine, RtpPeer, Sipp]]:
    """A call to a far side with audio, up to its answer (or `until`); `breathes`: it sends silence all the time."""
    peer = await RtpPeer.open()
    breathing = asyncio.create_task(peer.breathe()) if breathes else None
    try:
        async with sipp(folder, scenario, rtp=peer.port) as far:
            line = await dial(seat, far.uri)
            await events_of(line, *(until or (Answered,)))
            yield line, peer, far
    finally:
        if breathing is not None:
            breathing.cancel()
        peer.close()


def test_the_networks_tones_are_no_answer(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> tuple[HungUp, bytes]:
        async with talking(seat, tmp_path, "early_media_busy", Ringing) as (line, peer, far):
            assert line.play(noise(1, 0.2))
            await peer.speak(noise(2, 0.4))
            ended = await over(line)
            await far.done()
            assert line.played() == 0, "nothing is said before somebody answers"
            return ended, line.hear()

    ended, heard = loop.run(play())
    assert ended == HungUp(HungUpBy.FAILURE, 486, HangupReason.BUSY)
    assert heard == b""


def test_after_the_networks_tones_only_the_debtor_is_heard(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    tone, voice = noise(3, 0.5), noise(4, 0.5)

    async def play() -> tuple[list[LineEvent], bytes]:
        async with talking(seat, tmp_path, "early_media_answer", Ringing) as (line, peer, far):
            await peer.speak(tone)
            events = await events_of(line, Answered)
            await peer.speak(voice)
            await asyncio.sleep(0.2)
            heard = line.hear()
            await line.hangup()
            await far.done()
            return events, heard

    events, heard = loop.run(play())
    assert events == [Answered()], "and it is told of ringing once"
    assert share(voice, heard) >= 0.5
    assert share(tone, heard) == 0


def test_hold_and_resume(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """Held far longer than audio may stay away, in three manners; the call is there afterwards."""
    before, after = noise(5, 0.3), noise(6, 0.5)

    async def play() -> bytes:
        async with talking(seat, tmp_path, "holds_and_resumes") as (line, peer, far):
            begun = time.monotonic()
            await peer.speak(before)
            await asyncio.sleep(begun + 4.3 - time.monotonic())
            assert line.ended is None
            line.hear()
            await peer.speak(after)
            await asyncio.sleep(0.2)
            heard = line.hear()
            await line.hangup()
            assert await over(line) == HungUp(HungUpBy.NEAR, 200, "normal")
            await far.done()
            return heard

    assert share(after, loop.run(play())) >= 0.5


def test_an_offer_asked_for_in_mid_call_is_made(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    voice = noise(7, 0.5)

    async def play() -> bytes:
        async with talking(seat, tmp_path, "asks_for_an_offer") as (line, peer, far):
            await asyncio.sleep(0.3)
            line.hear()
            await peer.speak(voice)
            await asyncio.sleep(0.2)
            heard = line.hear()
            await line.hangup()
            await far.done()
            return heard

    assert share(voice, loop.run(play())) >= 0.5


def test_an_answer_in_a_codec_we_did_not_offer_is_no_call(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> list[LineEvent]:
        async with sipp(tmp_path, "answers_in_g729") as far:
            events = await events_of(await dial(seat, far.uri))
            await far.done()
        return events

    [*earlier, ended] = loop.run(play())
    assert Answered() not in earlier
    assert isinstance(ended, HungUp)
    assert (ended.by, ended.reason) == (HungUpBy.FAILURE, HangupReason.INCOMPATIBLE)


def test_a_bye_that_nobody_answers_holds_nobody_up(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """Its end is told at once; the line that the library still holds for it is waited for by the next call."""

    async def play() -> tuple[HungUp, float]:
        async with talking(seat, tmp_path, "ignores_the_bye") as (line, _, far):
            begun = time.monotonic()
            await line.hangup()
            took = time.monotonic() - begun
            await far.done()
            return await over(line), took

    ended, took = loop.run(play())
    assert (ended.by, ended.reason) == (HungUpBy.NEAR, "normal")
    assert took < 2.5


def test_audio_that_stops_ends_the_call(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """The far side's BYE was lost, or it died: all there is to notice is the silence of the wire."""

    async def play() -> tuple[HungUp, float]:
        async with talking(seat, tmp_path, "answers") as (line, peer, far):
            await peer.speak(noise(9, 1.5))
            assert line.ended is None
            stopped = time.monotonic()
            ended = await over(line)
            await far.done()
            return ended, time.monotonic() - stopped

    ended, took = loop.run(play())
    assert (ended.by, ended.reason) == (HungUpBy.FAILURE, HangupReason.MEDIA_LOST)
    assert MEDIA_TIMEOUT_S - 0.5 < took < MEDIA_TIMEOUT_S + 3


def test_audio_from_another_port_is_heard(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """Behind an address translation audio comes from elsewhere than was said; ours goes there before long."""
    voice, ours = noise(10, 0.5), noise(11, 0.5)

    async def play() -> tuple[bytes, bytes]:
        other = await RtpPeer.open()
        try:
            async with talking(seat, tmp_path, "answers") as (line, peer, far):
                await other.speak(voice, to=await peer.peer)
                line.play(ours)
                await other.speak(voice, to=await peer.peer)
                await asyncio.sleep(0.2)
                heard = line.hear()
                await line.hangup()
                await far.done()
                return heard, bytes(other.heard)
        finally:
            other.close()

    heard, there = loop.run(play())
    assert share(voice, heard) >= 0.5
    assert share(ours, there) >= 0.5


def test_keys_by_info(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> str:
        async with talking(seat, tmp_path, "keys_by_info", breathes=True) as (line, _, far):
            keys = await pressed(line, 2)
            await line.hangup()
            await far.done()
            return keys

    assert loop.run(play()) == "5#"


async def pressed(line: PjLine, count: int) -> str:
    keys = ""
    while len(keys) < count:
        event = await asyncio.wait_for(line.next_event(), 5)
        assert isinstance(event, Dtmf), event
        keys += event.digit
    return keys


def test_keys_in_the_audio_stream_come_once_whatever_is_lost(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """RFC 4733 repeats what it says, so that packets may be lost; the same key twice is two keys."""

    async def play() -> str:
        async with talking(seat, tmp_path, "answers", breathes=True) as (line, peer, far):
            await peer.speak(noise(12, 0.2))
            await peer.press("1")
            await peer.press("55", lost=(0, 1))
            await peer.press("0", lost=(5, 6))
            await peer.press("*#", lost=(5, 6, 7))
            await peer.press("9")
            keys = await pressed(line, 7)
            await asyncio.sleep(0.3)
            await line.hangup()
            assert isinstance(await line.next_event(), HungUp), "a key came twice"
            await far.done()
            return keys

    assert loop.run(play()) == "1550*#9"


def test_nobody_moves_us_to_another_number(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """A REFER from the far side would have us call whatever it likes, at our cost."""

    async def play() -> HungUp:
        async with talking(seat, tmp_path, "moves_us") as (line, peer, far):
            await peer.speak(noise(13, 0.4))
            assert line.ended is None
            await line.hangup()
            await far.done()
            return await over(line)

    assert loop.run(play()) == HungUp(HungUpBy.NEAR, 200, "normal")


def test_a_network_that_never_rings_has_reached_nobody(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> list[LineEvent]:
        async with sipp(tmp_path, "never_rings") as far:
            events = await events_of(await dial(seat, far.uri, ring_timeout_s=0.5))
            await far.done()
        return events

    [ended] = loop.run(play())
    assert isinstance(ended, HungUp)
    assert (ended.by, ended.reason) == (HungUpBy.FAILURE, HangupReason.UNREACHABLE)


def test_a_caller_without_an_offer_is_made_one(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    voice = noise(14, 0.5)

    async def play() -> bytes:
        peer = await RtpPeer.open()
        try:
            async with sipp(tmp_path, "calls_without_offer", rtp=peer.port, to=(seat.user, SIP_PORT)) as far:
                line = await asyncio.wait_for(seat.incoming(), 5)
                await seat.answer(line)
                assert (await events_of(line, Answered))[-1] == Answered()
                await peer.speak(voice)
                await asyncio.sleep(0.2)
                heard = line.hear()
                await line.hangup()
                await far.done()
                return heard
        finally:
            peer.close()

    assert share(voice, loop.run(play())) >= 0.5


def test_a_caller_in_another_codec_is_refused_without_ringing(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> None:
        async with sipp(tmp_path, "calls_in_g729", to=(seat.user, SIP_PORT)) as far:
            await far.done()

    loop.run(play())
    assert seat.calls.empty()


def test_a_caller_who_gives_up_is_gone(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    async def play() -> HungUp:
        async with sipp(tmp_path, "calls_and_gives_up", to=(seat.user, SIP_PORT)) as far:
            line = await asyncio.wait_for(seat.incoming(), 5)
            await far.done()
            await seat.answer(line)  # too late, and no harm
            return await over(line)

    ended = loop.run(play())
    assert (ended.by, ended.reason) == (HungUpBy.FAR, HangupReason.CANCELLED)


def test_a_caller_who_never_confirms_our_answer_is_let_go(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """No ACK: the seat waits seconds, not half a minute, and is free. An ACK that comes then is answered by a BYE."""

    async def play() -> tuple[list[LineEvent], float]:
        async with sipp(tmp_path, "confirms_too_late", to=(seat.user, SIP_PORT)) as far:
            line = await asyncio.wait_for(seat.incoming(), 5)
            answered = time.monotonic()
            await seat.answer(line)
            events = await events_of(line)
            took = time.monotonic() - answered
            await far.done()
            return events, took

    events, took = loop.run(play())
    [ended] = events
    assert isinstance(ended, HungUp)
    assert (ended.by, ended.reason) == (HungUpBy.FAILURE, HangupReason.UNREACHABLE)
    assert ACK_TIMEOUT_S - 0.1 < took < ACK_TIMEOUT_S + 2


def test_nothing_is_left_of_all_these_calls(
    loop: asyncio.Runner, softphone: Softphone, held_before: dict[str, int]
) -> None:
    """The last one here: no call, no thread, and no socket but the one that SIP goes by."""

    async def quiet() -> dict[str, int]:
        ticks = RealTicks()
        async with asyncio.timeout(10):
            while await softphone.call(calls_in_library) or held_by(os.getpid())["udp_sockets"] > 1:
                await ticks.next()
        return held_by(os.getpid())

    after = loop.run(quiet())
    assert softphone.live_calls == 0
    assert {name: after[name] for name in after if after[name] > held_before[name]} == {}
