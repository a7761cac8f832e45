"""Guards calls through a real Asterisk: outcomes, audio, keys, acknowledgement of playout, recording, CDR."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import statistics
import subprocess
import threading
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.signals import find, noise, share
from voiceagent.audio import frames, levels, wav
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.telephony import frame_port
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer
from voiceagent.telephony.cdr import CdrDisposition, CdrRow
from voiceagent.telephony.line import Answered, Dtmf, HungUp, HungUpBy, LineEvent, Ringing
from voiceagent.telephony.pj import keep_thread
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks


async def until_answered(line: PjLine) -> list[LineEvent]:
    events = [await asyncio.wait_for(line.next_event(), 10)]
    while not isinstance(events[-1], Answered | HungUp):
        events.append(await asyncio.wait_for(line.next_event(), 10))
    return events


async def until_over(line: PjLine) -> HungUp:
    while not isinstance(event := await asyncio.wait_for(line.next_event(), 10), HungUp):
        pass
    return event


async def until_played(line: PjLine, size: int) -> None:
    ticks = RealTicks()
    async with asyncio.timeout(10):
        while line.played() < size:
            await ticks.next()


def at_far_end(telephones: Child, number: str) -> dict[str, Any]:
    """What that telephone says about the call that has just ended there."""
    return telephones.wait_for(lambda event: event.get("number") == number and "over" in event)


def call_id() -> str:
    return str(uuid.uuid4())


async def cdr_of(server: AsteriskServer, wanted: str) -> CdrRow:
    """The call's record; Asterisk writes it a moment after the end."""
    ticks = RealTicks()
    async with asyncio.timeout(5):
        while True:
            for row in server.cdr():
                if row.call_id == wanted:
                    return row
            await ticks.next()


def test_wrong_password_is_refused_in_one_line(loop: asyncio.Runner, softphone: Softphone, seat: Seat) -> None:
    assert seat.registered
    with pytest.raises(UnavailableError, match="password") as refused:
        loop.run(softphone.add_account("seat2", "not the password", seat.registrar))
    assert refused.value.code == "registration_failed"


def test_registrar_that_does_not_answer_is_named(loop: asyncio.Runner, softphone: Softphone, seat: Seat) -> None:
    nobody = f"127.0.0.1:{AsteriskPorts.free().sip}"
    with pytest.raises(UnavailableError, match=nobody) as unreachable:
        loop.run(softphone.add_account("seat2", "irrelevant", nobody))
    assert unreachable.value.code == "registrar_unreachable"


def test_audio_flows_both_ways_and_is_recorded(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path
) -> None:
    ours, theirs, wanted = noise(1), noise(phones.FAR_SEED), call_id()

    async def scenario() -> tuple[bytes, PjLine, float, object]:
        recorder = Recorder(tmp_path / "recordings", min_free_bytes=0)
        recorder.start()
        line = await seat.dial(phones.TALKS, call_id=wanted, caller_id="+551130000000")
        recording = recorder.begin(wanted)
        line.record(recording)
        events = await until_answered(line)
        assert events == [Ringing(180), Answered()]
        answered = time.monotonic()
        assert line.play(ours) == len(ours)
        await until_played(line, len(ours))
        recording.mark_begin()
        await asyncio.sleep(1)
        recording.mark_end()
        heard = line.hear()
        await line.hangup()
        lasted = time.monotonic() - answered
        result = await recording.close()
        await recorder.close()
        return heard, line, lasted, result

    heard, line, lasted, result = loop.run(scenario())
    far = at_far_end(telephones, phones.TALKS)
    row = loop.run(cdr_of(asterisk_server, wanted))

    assert share(theirs, heard) >= 0.7
    assert share(ours, Path(far["heard"]).read_bytes()) >= 0.7
    assert far["caller"] == "+551130000000"
    assert line.played() == len(ours)
    assert line.wires.heard.dropped == 0

    assert (row.source, row.destination, row.disposition) == ("+551130000000", phones.TALKS, CdrDisposition.ANSWERED)
    assert row.billed_s == pytest.approx(lasted, abs=0.1)

    assert result.error is None
    assert result.seconds == pytest.approx(row.billed_s, abs=0.1)
    data = result.path.read_bytes()
    assert (len(data), hashlib.sha256(data).hexdigest()) == (result.bytes, result.sha256)
    assert (result.path.stat().st_mode & 0o777, result.path.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    stereo = wav.decode(data)
    assert stereo.channels == 2
    assert stereo.seconds == pytest.approx(result.seconds)
    agent, debtor = stereo.channel(0), stereo.channel(1)
    assert find(ours, agent)[0] == pytest.approx(1.0, abs=1e-6)
    assert share(theirs, debtor) >= 0.7
    assert share(theirs, agent) == 0
    assert share(ours, debtor) == 0
    [span] = result.spans
    assert (span.kind, span.end_s - span.start_s) == ("sensitive", pytest.approx(1.0, abs=0.1))


@pytest.mark.parametrize(
    ("number", "reason", "codes"),
    [
        (phones.BUSY, "busy", {486}),
        (phones.RINGS, "no_answer", {487}),
        (phones.REFUSES, "rejected", {403, 603}),
        (phones.ABSENT, "unreachable", {502}),
        ("+5511999999999", "invalid_number", {404}),
    ],
)
def test_calls_that_nobody_answers(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, number: str, reason: str, codes: set[int]
) -> None:
    wanted = call_id()

    async def scenario() -> HungUp:
        line = await seat.dial(number, call_id=wanted, ring_timeout_s=1.0)
        over = await until_over(line)
        assert await line.next_event() is over, "the end is told for ever"
        return over

    over = loop.run(scenario())
    assert (over.by, over.reason) == (HungUpBy.FAILURE, reason)
    assert over.sip_code in codes
    row = loop.run(cdr_of(asterisk_server, wanted))
    assert row.disposition is not CdrDisposition.ANSWERED
    assert (row.answered, row.billed_s) == (None, 0)


def test_keys_go_both_ways(loop: asyncio.Runner, seat: Seat, telephones: Child) -> None:
    async def scenario() -> str:
        line = await seat.dial(phones.PRESSES, call_id=call_id())
        await until_answered(line)
        line.send_dtmf("90*")
        keys = ""
        while len(keys) < len(phones.KEYS):
            event = await asyncio.wait_for(line.next_event(), 10)
            assert isinstance(event, Dtmf)
            keys += event.digit
        await asyncio.sleep(0.3)  # ours are still being sent, some 160 ms each
        await line.hangup()
        with pytest.raises(BadInputError):
            line.send_dtmf("1;2")
        return keys

    assert loop.run(scenario()) == phones.KEYS
    heard = [telephones.wait_for(lambda event: "key" in event)["key"] for _ in range(3)]
    assert heard == ["9", "0", "*"]
    at_far_end(telephones, phones.PRESSES)


def test_both_sides_learn_who_hung_up(loop: asyncio.Runner, seat: Seat, telephones: Child) -> None:
    async def far() -> HungUp:
        line = await seat.dial(phones.LEAVES, call_id=call_id())
        await until_answered(line)
        return await until_over(line)

    async def near() -> tuple[HungUp, HungUp]:
        line = await seat.dial(phones.TALKS, call_id=call_id())
        await until_answered(line)
        await line.hangup("promise_made")
        await line.hangup("again")
        cancelled = await seat.dial(phones.RINGS, call_id=call_id())
        await cancelled.next_event()
        await cancelled.hangup("list_stopped")
        return await until_over(line), await until_over(cancelled)

    assert loop.run(far()) == HungUp(HungUpBy.FAR, 200, "normal", 16)
    assert at_far_end(telephones, phones.LEAVES)["over"] == HungUpBy.NEAR
    answered, cancelled = loop.run(near())
    assert answered == HungUp(HungUpBy.NEAR, 200, "promise_made")
    assert cancelled == HungUp(HungUpBy.NEAR, 487, "list_stopped")
    assert at_far_end(telephones, phones.TALKS)["over"] == HungUpBy.FAR


def test_flush_stops_the_far_side_hearing_and_old_audio_dies(
    loop: asyncio.Runner, seat: Seat, telephones: Child
) -> None:
    first, second = noise(11, 2.0), noise(12, 0.4)

    async def scenario() -> tuple[int, int]:
        line = await seat.dial(phones.TALKS, call_id=call_id())
        await until_answered(line)
        generation = line.generation
        assert line.play(first + first) == len(first), "the ring holds two seconds"
        assert line.room() == 0
        await until_played(line, 25 * FRAME_BYTES)
        line.flush()
        acknowledged = line.played()
        assert line.play(first, generation) == len(first), "audio of the old generation is taken and dropped"
        assert line.room() == len(first)
        line.play(second, line.generation)
        await until_played(line, acknowledged + len(second))
        await asyncio.sleep(0.3)
        await line.hangup()
        return acknowledged, line.played()

    acknowledged, played = loop.run(scenario())
    assert 25 * FRAME_BYTES <= acknowledged < 40 * FRAME_BYTES
    assert played == acknowledged + len(second)
    far = at_far_end(telephones, phones.TALKS)
    heard = Path(far["heard"]).read_bytes()
    assert share(first[:acknowledged], heard) >= 0.5
    assert share(first[acknowledged + FRAME_BYTES :], heard) == 0
    assert share(second, heard) >= 0.5


def test_duck_lowers_what_the_far_side_hears(loop: asyncio.Runner, seat: Seat, telephones: Child) -> None:
    loud, soft = noise(21, 0.5), noise(22, 0.5)

    async def scenario() -> None:
        line = await seat.dial(phones.TALKS, call_id=call_id())
        await until_answered(line)
        await asyncio.sleep(0.3)  # the far side's first frames are lost while its own audio starts
        line.play(loud)
        await until_played(line, len(loud))
        line.duck(12)
        line.play(soft)
        await until_played(line, len(loud) + len(soft))
        await asyncio.sleep(0.3)
        await line.hangup()

    loop.run(scenario())
    heard = Path(at_far_end(telephones, phones.TALKS)["heard"]).read_bytes()

    def change(burst: bytes) -> float:
        """By how much it got louder on its way: the median of what arrived, without the first, ramped frame."""
        changes = []
        for frame in list(frames.split(burst))[1:]:
            match, at = find(frame, heard)
            if match > 0.9:
                start = round(at * 8000) * 2
                changes.append(levels.rms_dbov(heard[start : start + len(frame)]) - levels.rms_dbov(frame))
        return statistics.median(changes)

    assert change(loud) == pytest.approx(0, abs=0.5)
    assert change(soft) == pytest.approx(-12, abs=0.5)


def test_a_debtor_calls_back(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    telephones.send({"do": "call", "number": phones.TALKS, "to": "9001"})

    async def scenario() -> tuple[PjLine, HungUp, bytes]:
        line = await asyncio.wait_for(seat.incoming(), 10)
        await seat.answer(line)
        assert isinstance((await until_answered(line))[-1], Answered)
        line.play(noise(31))
        await until_played(line, len(noise(31)))
        await asyncio.sleep(0.3)
        heard = line.hear()
        await line.hangup()
        return line, await until_over(line), heard

    line, over, heard = loop.run(scenario())
    far = at_far_end(telephones, phones.TALKS)
    assert share(noise(phones.FAR_SEED), heard) >= 0.7
    assert share(noise(31), Path(far["heard"]).read_bytes()) >= 0.7
    assert (line.remote, over.by) == (phones.TALKS, HungUpBy.NEAR)
    assert str(uuid.UUID(line.call_id)) == line.call_id
    assert loop.run(cdr_of(asterisk_server, line.call_id)).destination == "9001"


def test_four_calls_at_once_and_no_fifth(
    loop: asyncio.Runner, softphone: Softphone, seat: Seat, telephones: Child
) -> None:
    async def scenario() -> list[PjLine]:
        assert softphone.max_calls >= 4
        lines = [await seat.dial(phones.RINGS, call_id=call_id()) for _ in range(softphone.max_calls)]
        for line in lines:
            assert isinstance(await asyncio.wait_for(line.next_event(), 10), Ringing)
        with pytest.raises(UnavailableError) as full:
            await seat.dial(phones.TALKS, call_id=call_id())
        assert full.value.code == "no_free_line"
        await asyncio.gather(*(line.hangup() for line in lines))
        line = await seat.dial(phones.TALKS, call_id=call_id())  # and there is room again
        assert isinstance((await until_answered(line))[-1], Answered)
        await line.hangup()
        return lines

    if softphone.max_calls == 4:
        loop.run(scenario())
        at_far_end(telephones, phones.TALKS)


def test_a_dozen_calls_one_after_the_other(
    loop: asyncio.Runner, softphone: Softphone, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    wanted = [call_id() for _ in range(12)]
    before = softphone.calls_made

    async def scenario() -> list[float]:
        billed = []
        for one in wanted:
            line = await seat.dial(phones.TALKS, call_id=one)
            await until_answered(line)
            line.play(noise(41, 0.1))
            await until_played(line, 1600)
            await line.hangup()
        for one in wanted:
            billed.append((await cdr_of(asterisk_server, one)).billed_s)
        return billed

    assert all(0.08 <= seconds < 1 for seconds in loop.run(scenario()))
    assert softphone.calls_made == before + 12
    assert (softphone.live_calls, softphone.should_retire) == (0, False)
    for _ in wanted:
        at_far_end(telephones, phones.TALKS)


def test_a_call_whose_audio_never_comes_is_ended(loop: asyncio.Runner, seat: Seat, tmp_path: Path) -> None:
    """A peer that died answers nothing and sends no BYE; SIPp plays one: it answers and sends no RTP."""
    sipp, port = shutil.which("sipp"), AsteriskPorts.free().sip
    assert sipp, "install the Debian package sip-tester"
    options = ["-sn", "uas", "-i", "127.0.0.1", "-p", str(port), "-m", "1", "-nostdin"]
    with subprocess.Popen([sipp, *options], cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as peer:

        async def scenario() -> tuple[list[LineEvent], HungUp, float]:
            line = await seat.dial(f"sip:someone@127.0.0.1:{port}", call_id=call_id())
            events = await until_answered(line)
            begun = time.monotonic()
            return events, await until_over(line), time.monotonic() - begun

        try:
            events, over, lasted = loop.run(scenario())
            assert events[-1] == Answered()
            assert (over.by, over.reason) == (HungUpBy.FAILURE, "media_lost")
            assert 1.9 < lasted < 6
            assert over.sip_code == 200, "our BYE was answered"
        finally:
            peer.kill()


@pytest.mark.parametrize("number", ["", "+", "12 34", "1;2", "sip:a@b\r\nX: y", "+5511\n", "sip:a b@c", "abc"])
def test_nothing_but_numbers_reaches_sip(loop: asyncio.Runner, seat: Seat, number: str) -> None:
    with pytest.raises(BadInputError):
        loop.run(seat.dial(number, call_id=call_id()))


def test_headers_cannot_be_injected(loop: asyncio.Runner, seat: Seat) -> None:
    with pytest.raises(BadInputError):
        loop.run(seat.dial(phones.TALKS, call_id="1\r\nX-Evil: yes"))
    with pytest.raises(BadInputError):
        loop.run(seat.dial(phones.TALKS, call_id=call_id(), caller_id="1>\r\nX-Evil: yes"))


def test_records_are_in_utc(asterisk_server: AsteriskServer, seat: Seat) -> None:
    newest = asterisk_server.cdr()[-1]
    assert abs((datetime.now(UTC) - newest.ended).total_seconds()) < 600
    assert newest.channel.startswith("PJSIP/")


def test_the_librarys_threads_keep_what_python_made_for_them(
    loop: asyncio.Runner, seat: Seat, telephones: Child, monkeypatch: pytest.MonkeyPatch
) -> None:
    new: list[bool] = []

    def seen() -> None:
        new.append(not hasattr(mark, "seen"))
        mark.seen = True
        keep_thread()

    mark = threading.local()
    monkeypatch.setattr(frame_port, "keep_thread", seen)

    async def scenario() -> None:
        line = await seat.dial(phones.TALKS, call_id=call_id())
        await until_answered(line)
        spoken = noise(31, 0.5)
        line.play(spoken)
        await until_played(line, len(spoken))
        await line.hangup()

    loop.run(scenario())
    assert len(new) >= 50
    assert sum(new) <= 2, "made anew for every frame otherwise"
