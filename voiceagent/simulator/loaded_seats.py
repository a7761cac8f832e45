"""Seats under load: one worker's share of calls, with audio both ways, recorded and listened to, but not recognised.

Run as `python -m voiceagent.simulator.loaded_seats PLAN`: registers its seats, calls, holds the calls for a while and
prints what became of the frames, as one JSON object, behind its ready line.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
import uuid
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from voiceagent.audio.format import FRAME_BYTES, SAMPLE_RATE
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.telephony.frame_port import LATE_S
from voiceagent.telephony.line import Answered, HungUp
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.recorder import Recorder, Recording
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.lifeline import say_ready

#: What is queued ahead, as a mouth does: 0.2 s.
AHEAD_BYTES = 10 * FRAME_BYTES
#: Louder than this a frame is sound, and not what a line sends when it has nothing.
SOUND_DBOV = -50.0


class LoadedSeat(BaseModel):
    """A seat and whom it calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    user: str
    password: str = Field(repr=False)
    number: str


class LoadedSeats(BaseModel):
    """A process' seats."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registrar: str
    seats: tuple[LoadedSeat, ...] = Field(min_length=1)
    recordings: Path
    start: Path
    """Appears once everybody's calls are up: frames begin to count then."""
    lasts_s: float

    def write(self, path: Path) -> Path:
        """Write it for the process' eyes only: it holds SIP passwords."""
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(self.model_dump_json())
        return path


class Meter:
    """The tap of one call: notes when each tick came and whether sound came with it, then hands it to the recording."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self.at: list[float] = []
        self.far: list[bytes] = []

    def push(self, near: bytes, far: bytes) -> None:
        """One tick, on the library's media thread."""
        self.at.append(time.monotonic())
        self.far.append(far)
        self._recording.push(near, far)

    def measured(self, begins_at: float, lasts_s: float) -> tuple[list[float], int, int]:
        """Of the time that counts: milliseconds between ticks, frames that came, frames with the far side's sound."""
        inside = [index for index, at in enumerate(self.at) if begins_at <= at < begins_at + lasts_s]
        gaps = [1000 * (self.at[index] - self.at[index - 1]) for index in inside if index]
        return gaps, len(inside), sum(rms_dbov(self.far[index]) > SOUND_DBOV for index in inside)


async def _until_told(start: Path, ticks: RealTicks) -> float:
    """The moment at which frames begin to count (`time.monotonic`)."""
    while not await asyncio.to_thread(start.exists):
        for _ in range(5):
            await ticks.next()
    return time.monotonic()


async def _work(line: PjLine, ticks: RealTicks, over: asyncio.Event, sound: bytes, confirmers: Confirmers) -> None:
    """What an agent does on each beat, apart from understanding."""
    with confirmers.lend() as confirmer:
        segmenter, offset, rest = VadSegmenter(confirmer=confirmer), 0, b""
        while not over.is_set():
            await ticks.next()
            if line.ended is not None:
                raise UnavailableError(f"a call ended before its time: {line.ended.reason}")
            heard = rest + line.hear()
            whole = len(heard) - len(heard) % FRAME_BYTES
            for start in range(0, whole, FRAME_BYTES):
                segmenter.process(heard[start : start + FRAME_BYTES])
            rest = heard[whole:]
            while line.wires.playout.queued() < AHEAD_BYTES:
                offset += line.play(sound[offset % len(sound) :][: 5 * FRAME_BYTES])


async def _answered(line: PjLine) -> None:
    while not isinstance(event := await line.next_event(), Answered):
        if isinstance(event, HungUp):
            raise UnavailableError(f"a call was not answered: {event.reason} ({event.sip_code})")


async def hold(plan: LoadedSeats) -> dict[str, object]:
    """Hold the calls; what became of their frames."""
    recorder, ticks = Recorder(plan.recordings, min_free_bytes=0), RealTicks()
    softphone = Softphone(SoftphoneSettings(only_registrar=True))
    confirmers, over = Confirmers(), asyncio.Event()
    confirmers.load(len(plan.seats))
    values = np.random.default_rng(1).normal(0, 3000, SAMPLE_RATE * 2)
    sound = np.clip(values, -30000, 30000).astype("<i2").tobytes()
    recorder.start()
    await softphone.start()
    meters, lines = [], []
    try:
        for seat in plan.seats:
            phone = await softphone.add_account(seat.user, seat.password, plan.registrar)
            line = await phone.dial(seat.number, call_id=str(uuid.uuid4()))
            meters.append(Meter(recorder.begin(f"{seat.user}-{uuid.uuid4().hex[:8]}")))
            line.record(meters[-1])
            lines.append(line)
        await asyncio.gather(*(_answered(line) for line in lines))
        say_ready(calls=len(lines))
        working = asyncio.gather(*(_work(line, ticks, over, sound, confirmers) for line in lines))
        begins_at = await _until_told(plan.start, ticks)
        asyncio.get_running_loop().call_later(plan.lasts_s, over.set)
        await working
        await asyncio.gather(*(line.hangup() for line in lines))
    finally:
        await softphone.close()
        await recorder.close()
    gaps, frames, with_sound = zip(*(meter.measured(begins_at, plan.lasts_s) for meter in meters), strict=True)
    every = np.array([gap for each in gaps for gap in each])
    return {
        "calls": len(lines),
        "frames": sum(frames),
        "with_sound": sum(with_sound),
        "late": int((every > 1000 * LATE_S).sum()),
        "gaps_ms": [round(float(value), 2) for value in np.percentile(every, (50, 99, 99.9, 100))],
        "ran_dry": sum(line.wires.playout.ran_dry for line in lines),
        "not_taken": sum(line.wires.heard.dropped for line in lines),
        "beats_skipped": ticks.skipped,
    }


if __name__ == "__main__":
    try:
        measured = asyncio.run(hold(LoadedSeats.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))))
    except VoiceagentError as error:
        sys.exit(f"seats: {error.message}")
    print(json.dumps(measured), flush=True)
