"""Guards what an idle seat does before it asks for a call: nobody's attempt is used up while no call can be kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from voiceagent.base.clock import SystemClock
from voiceagent.telephony.recorder import Recorder
from voiceagent.worker.seat_loop import SeatLoop


class Asked:
    """A queue that counts the questions, and has nothing to do."""

    def __init__(self) -> None:
        self.times = 0

    def lease(self, seat: str) -> None:
        self.times += 1


@pytest.mark.parametrize(("needed", "asks"), [(0, True), (10**18, False)])
def test_a_full_disk_uses_up_no_attempt(tmp_path: Path, needed: int, asks: bool) -> None:
    async def play() -> int:
        queue: Any = Asked()
        house: Any = SimpleNamespace(recorder=Recorder(tmp_path, min_free_bytes=needed))
        nothing: Any = SimpleNamespace(note=lambda events: None)
        loop = SeatLoop("seat1", "worker-1", nothing, queue, nothing, nothing, house, SystemClock(), idle_poll_s=0.001)
        running = asyncio.create_task(loop.run())
        for _ in range(20):
            await asyncio.sleep(0.001)
        loop.drain()
        await running
        return int(queue.times)

    assert (asyncio.run(play()) > 0) is asks
