"""Guards recordings: aligned stereo, readable at every flush, private, honest about a full disk, marks kept."""

from __future__ import annotations

import asyncio
import hashlib
import json
import resource
from pathlib import Path

import pytest

from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES
from voiceagent.base.errors import UnavailableError
from voiceagent.telephony.recorder import Recorder, Recording, Span, marks_path
from voiceagent.telephony.ticks import RealTicks


def frame(value: int) -> bytes:
    return value.to_bytes(2, "little", signed=True) * (FRAME_BYTES // 2)


async def until(condition: object) -> None:
    assert callable(condition)
    ticks = RealTicks()
    async with asyncio.timeout(10):
        while not condition():
            await ticks.next()


def test_a_recording_is_stereo_aligned_and_described(tmp_path: Path) -> None:
    async def scenario() -> None:
        recorder = Recorder(tmp_path / "calls", min_free_bytes=0)
        recorder.start()
        recording = recorder.begin("2026/11/one")
        for value in range(1, 101):
            recording.push(frame(value), frame(-value))
        with recording.marked():
            for value in range(101, 151):
                recording.push(frame(value), frame(-value))
        recording.push(frame(151), frame(-151))
        result = await recording.close()
        assert await recording.close() is result
        recording.push(frame(1), frame(1))  # the media thread may still be in a tick
        await recorder.close()

        data = result.path.read_bytes()
        assert result.path == tmp_path / "calls/2026/11/one.wav"
        assert (result.bytes, result.sha256) == (len(data), hashlib.sha256(data).hexdigest())
        assert result.seconds == pytest.approx(151 * 0.02)
        assert result.error is None
        stereo = wav.decode(data)
        assert (stereo.rate, stereo.channels, len(stereo.samples)) == (8000, 2, 151 * 160)
        assert stereo.channel(0) == b"".join(frame(value) for value in range(1, 152))
        assert (stereo.samples[:, 0] == -stereo.samples[:, 1]).all()
        assert result.spans == (Span("sensitive", 2.0, 3.0),)
        assert json.loads(marks_path(result.path).read_text()) == [{"kind": "sensitive", "start_s": 2.0, "end_s": 3.0}]
        for private, mode in ((result.path, 0o600), (marks_path(result.path), 0o600), (tmp_path / "calls", 0o700)):
            assert private.stat().st_mode & 0o777 == mode

    asyncio.run(scenario())


def test_the_file_is_valid_while_it_grows(tmp_path: Path) -> None:
    """What a process leaves behind when it is killed is what a reader finds now."""

    async def scenario() -> None:
        recorder = Recorder(tmp_path, min_free_bytes=0, flush_s=0.02)
        recorder.start()
        recording = recorder.begin("one")
        assert wav.decode(recording.path.read_bytes()).seconds == 0
        recording.mark_begin()
        for part in range(1, 4):
            for _ in range(10):
                recording.push(frame(part), frame(part))
            await until(lambda part=part: wav.decode(recording.path.read_bytes()).seconds == pytest.approx(part * 0.2))
        await until(lambda: json.loads(marks_path(recording.path).read_text())[0]["end_s"] == pytest.approx(0.6))
        await recorder.close()

    asyncio.run(scenario())


def test_a_full_disk_stops_the_recording_and_says_so_once(tmp_path: Path) -> None:
    async def scenario() -> tuple[list[Recording], Recording, object, object]:
        told: list[Recording] = []
        recorder = Recorder(tmp_path, min_free_bytes=0, flush_s=0.02, on_error=told.append)
        recorder.start()
        doomed, lucky = recorder.begin("doomed"), recorder.begin("lucky")
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        # The kernel refuses to let a file of this process grow beyond this, as it would on a full disk.
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        try:
            for _ in range(200):
                doomed.push(frame(1), frame(2))
            await until(lambda: doomed.error)
            for _ in range(200):
                doomed.push(frame(1), frame(2))
            lucky.push(frame(3), frame(4))
            results = await doomed.close(), await lucky.close()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        await recorder.close()
        return told, doomed, *results

    told, doomed, broken, whole = asyncio.run(scenario())
    assert told == [doomed]
    assert "recording stopped" in broken.error
    assert wav.decode(broken.path.read_bytes()).seconds == broken.seconds, "what is there is a valid file"
    assert (whole.error, whole.seconds) == (None, 0.02)


def test_no_call_begins_without_room_for_its_recording(tmp_path: Path) -> None:
    async def scenario() -> None:
        recorder = Recorder(tmp_path, min_free_bytes=10**18)
        recorder.start()
        with pytest.raises(UnavailableError, match="free some space") as full:
            recorder.begin("one")
        assert full.value.code == "disk_full"
        await recorder.close()
        with pytest.raises(UnavailableError):
            recorder.begin("two")

    asyncio.run(scenario())
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_and_a_name_that_exists(tmp_path: Path) -> None:
    async def scenario() -> None:
        (tmp_path / "file").write_text("in the way")
        with pytest.raises(UnavailableError) as unwritable:
            Recorder(tmp_path / "file" / "calls").start()
        assert unwritable.value.code == "recordings_unwritable"
        recorder = Recorder(tmp_path, min_free_bytes=0)
        recorder.start()
        recorder.begin("one").push(frame(1), frame(1))
        with pytest.raises(UnavailableError):
            recorder.begin("one")
        await recorder.close()
        assert wav.decode((tmp_path / "one.wav").read_bytes()).seconds == 0.02, "never overwritten"

    asyncio.run(scenario())


def test_marks_nest_and_open_ones_end_with_the_call(tmp_path: Path) -> None:
    async def scenario() -> tuple[Span, ...]:
        recorder = Recorder(tmp_path, min_free_bytes=0)
        recorder.start()
        recording = recorder.begin("one")
        recording.mark_end("sensitive")
        recording.mark_begin("sensitive")
        recording.push(frame(1), frame(1))
        recording.mark_begin("sensitive")
        recording.mark_begin("payment")
        recording.push(frame(1), frame(1))
        recording.mark_end("sensitive")
        recording.push(frame(1), frame(1))
        result = await recording.close()
        await recorder.close()
        return result.spans

    assert asyncio.run(scenario()) == (Span("sensitive", 0.0, 0.04), Span("payment", 0.02, 0.06))


def test_what_is_said_while_paused_is_silence_of_the_same_length(tmp_path: Path) -> None:
    async def scenario() -> None:
        recorder = Recorder(tmp_path, min_free_bytes=0)
        recorder.start()
        recording = recorder.begin("card")
        for value in range(1, 51):
            recording.push(frame(value), frame(-value))
        recording.pause()
        for value in range(51, 101):
            recording.push(frame(value), frame(-value))
        recording.resume()
        recording.push(frame(101), frame(-101))
        result = await recording.close()
        await recorder.close()
        stereo = wav.decode(result.path.read_bytes()).samples
        assert len(stereo) == 101 * 160
        assert (stereo[50 * 160 : 100 * 160] == 0).all() and (stereo[: 50 * 160] != 0).all()
        assert (stereo[100 * 160 :] == [101, -101]).all()
        assert result.spans == (Span("paused", 1.0, 2.0),)

    asyncio.run(scenario())
