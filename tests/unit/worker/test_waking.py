"""Guards an idle seat's rest: it ends when somebody says that there may be work, however long it would have been."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from voiceagent.base.clock import SystemClock
from voiceagent.simulator.tones import ToneService
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.call import House
from voiceagent.worker.seat_loop import SeatLoop


class Asked:
    """A queue with nothing to do, that tells when it was asked."""

    nobody_due = True

    def __init__(self) -> None:
        self.times = asyncio.Queue[bool]()
        self._loop = asyncio.get_running_loop()

    def lease_many(self, seats: list[str]) -> list[Any]:
        self._loop.call_soon_threadsafe(self.times.put_nowait, True)
        return []


def test_a_seat_that_is_stirred_asks_at_once(tmp_path: Path) -> None:
    async def play() -> None:
        queue: Any = Asked()
        nothing: Any = SimpleNamespace(note=lambda events: None)
        phone: Any = SimpleNamespace(registered=True)
        house = House(ToneService(), Recorder(tmp_path, min_free_bytes=0), RealTicks(), SystemClock(), "A", "C", "")
        seat = SeatLoop("s1", "w1", phone, queue, nothing, nothing, house, SystemClock(), idle_poll_s=3600)
        running = asyncio.create_task(seat.run())
        for _ in range(3):
            await asyncio.wait_for(queue.times.get(), 60)
            assert queue.times.empty(), "it rests for an hour"
            seat.stir()
        seat.drain()
        await asyncio.wait_for(running, 60)

    asyncio.run(play())
