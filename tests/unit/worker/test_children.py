"""Guards who is taken for stuck: a silent child is, one that said it is leaving has time for it."""

from __future__ import annotations

import asyncio

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
