"""Guards who is taken for stuck: a silent child is, one that said it is leaving has time for it."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.children import Child, ChildSpec
from voiceagent.worker.lifeline import LEAVING


@pytest.mark.parametrize(("lines", "stuck"), [((), True), (("",), True), ((LEAVING,), False)])
def test_a_child_that_is_leaving_is_not_stuck(lines: tuple[str, ...], stuck: bool) -> None:
    spec = ChildSpec("silent", ("tests.unit.worker.silent_child", *lines), heartbeat_s=0.05, stop_s=60.0)

    async def watch() -> bool:
        child, ticks = Child(spec), RealTicks()
        await child.start()
        try:
            for _ in range(50):
                await ticks.next()
            return child.stuck
        finally:
            await child.kill()

    assert asyncio.run(watch()) is stuck


def group_of(pid: int) -> str:
    """What the kernel says of its session's weight; "" where it does not weigh sessions."""
    file = Path(f"/proc/{pid}/autogroup")
    return file.read_text() if file.exists() else ""


def test_a_child_that_should_give_way_does_so_to_other_sessions_too() -> None:
    spec = ChildSpec("humble", ("tests.unit.worker.silent_child",), nice=5)

    async def look() -> tuple[int, str]:
        child = Child(spec)
        await child.start()
        try:
            assert child.pid is not None
            return os.getpriority(os.PRIO_PROCESS, child.pid), group_of(child.pid)
        finally:
            await child.kill()

    nice, group = asyncio.run(look())
    assert nice >= 5
    assert not group or group.rstrip().endswith("nice 5")
