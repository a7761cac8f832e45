"""Guards the fake phone: the same events as the real one, on virtual time, the same on every run."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from voiceagent.audio.format import FRAME_BYTES, SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.fake import FakeLine, FakePhone, ScriptedFarSide
from voiceagent.telephony.line import Answered, Dtmf, HungUp, HungUpBy, Line, Phone, Ringing
from voiceagent.telephony.ticks import VirtualTicks

NUMBER = "+5511900000001"


class Tap:
    def __init__(self) -> None:
        self.pairs: list[tuple[bytes, bytes]] = []

    def push(self, near: bytes, far: bytes) -> None:
        self.pairs.append((near, far))


def rig(far: ScriptedFarSide) -> tuple[VirtualTicks, FakePhone]:
    ticks = VirtualTicks(ManualClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC)))
    return ticks, FakePhone(ticks, lambda number, call_id: far)


def tone(value: int, frames: int) -> bytes:
    return value.to_bytes(2, "little") * (FRAME_BYTES // 2 * frames)


def test_it_is_a_phone_with_lines() -> None:
    _, phone = rig(ScriptedFarSide())
    as_phone: Phone = phone
    assert as_phone is phone
    line_type: type[Line] = FakeLine
    assert line_type is FakeLine


def test_a_whole_call_in_virtual_time() -> None:
    async def scenario() -> tuple[list[object], bytes, bytes, list[tuple[bytes, bytes]], float]:
        far = ScriptedFarSide(
            answer_after_s=2.0,
            steps={
                0.1: lambda side: side.say(tone(5, 3)),
                0.5: lambda side: side.line.far_press("7"),
                1.0: lambda side: side.line.far_hangup(),
            },
        )
        ticks, phone = rig(far)
        line = await phone.dial(NUMBER, call_id="abc", caller_id="+551130000000")
        tap, heard, played = Tap(), b"", False
        line.record(tap)
        while line.ended is None:
            await ticks.next()
            heard += line.hear()
            if line.answered_at is not None and not played:
                played = line.play(tone(9, 2)) > 0
        events = [await line.next_event() for _ in range(5)]
        assert line.played() == 2 * FRAME_BYTES
        assert line.answered_at == pytest.approx(2.0)
        return events, heard, bytes(far.heard), tap.pairs, ticks.clock.monotonic()

    events, heard, far_heard, pairs, lasted = asyncio.run(scenario())
    over = HungUp(HungUpBy.FAR, 200, "normal")
    assert events == [Ringing(180), Answered(), Dtmf("7"), over, over]
    assert heard.strip(b"\0") == tone(5, 3).strip(b"\0")
    assert tone(9, 2) in far_heard
    assert lasted == pytest.approx(3.0, abs=0.05)
    assert len(pairs) * 0.02 == pytest.approx(1.0, abs=0.05)
    assert b"".join(near for near, _ in pairs) == far_heard
    assert (events, heard, far_heard, pairs, lasted) == asyncio.run(scenario()), "the same on every run"


@pytest.mark.parametrize(
    ("code", "reason"), [(486, "busy"), (603, "rejected"), (480, "no_answer"), (404, "invalid_number")]
)
def test_calls_that_are_not_answered(code: int, reason: str) -> None:
    class Refuses(ScriptedFarSide):
        def ring(self, line: FakeLine) -> None:
            line.far_reject(code)

    async def scenario() -> list[object]:
        _, phone = rig(Refuses())
        line = await phone.dial(NUMBER, call_id="abc")
        return [await line.next_event(), await line.next_event(), line.hear()]

    assert asyncio.run(scenario()) == [Ringing(180), HungUp(HungUpBy.FAILURE, code, reason), b""]


def test_a_near_hangup_and_a_full_phone() -> None:
    async def scenario() -> None:
        ticks, phone = rig(ScriptedFarSide(answer_after_s=0.0))
        lines = [await phone.dial(NUMBER, call_id=str(index)) for index in range(phone.max_calls)]
        with pytest.raises(UnavailableError) as full:
            await phone.dial(NUMBER, call_id="one too many")
        assert full.value.code == "no_free_line"
        await ticks.next()
        await lines[0].hangup("promise_made")
        await lines[0].hangup("again")
        assert lines[0].ended == HungUp(HungUpBy.NEAR, 200, "promise_made")
        await phone.close()
        assert all(line.ended is not None for line in lines)
        with pytest.raises(UnavailableError):
            await phone.dial(NUMBER, call_id="closed")

    asyncio.run(scenario())


def test_an_incoming_call() -> None:
    async def scenario() -> None:
        ticks, phone = rig(ScriptedFarSide())
        phone.far_calls(NUMBER, call_id="in")
        line = await phone.incoming()
        await ticks.next()
        assert line.hear() == b"", "nothing is heard before the answer"
        await phone.answer(line)
        assert await line.next_event() == Answered()
        line.far_hangup()
        assert await line.next_event() == HungUp(HungUpBy.FAR, 200, "normal")

    asyncio.run(scenario())


def test_a_far_side_that_speaks_half_frames_is_a_mistake() -> None:
    class Stutters(ScriptedFarSide):
        def tick(self, heard: bytes) -> bytes:
            return SILENCE[:100]

    async def scenario() -> None:
        _, phone = rig(Stutters())
        line = await phone.dial(NUMBER, call_id="abc")
        line.far_answer()
        with pytest.raises(ValueError, match="320"):
            line._tick()

    asyncio.run(scenario())
