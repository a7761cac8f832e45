"""Guards the beat: real ticks keep their grid and wake once, virtual time moves only when everybody waits."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import pytest

from voiceagent.audio.format import FRAME_S
from voiceagent.base.clock import ManualClock
from voiceagent.telephony.ticks import RealTicks, VirtualTicks


def clock() -> ManualClock:
    return ManualClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))


def test_real_ticks_wake_all_waiters_together_on_one_grid() -> None:
    async def scenario() -> None:
        ticks, loop = RealTicks(), asyncio.get_running_loop()
        begun = loop.time()
        seen: list[list[float]] = [[], []]

        async def beat(into: list[float]) -> None:
            for _ in range(10):
                await ticks.next()
                into.append(loop.time())

        await asyncio.gather(beat(seen[0]), beat(seen[1]))
        assert len(seen[0]) == len(seen[1]) == 10
        assert seen[0][-1] - begun >= 10 * FRAME_S - 0.001, "never faster than real time"

    asyncio.run(scenario())


def test_real_ticks_survive_a_cancelled_waiter() -> None:
    async def scenario() -> None:
        ticks = RealTicks()
        impatient = asyncio.create_task(ticks.next())
        patient = asyncio.create_task(ticks.next())
        await asyncio.sleep(0)
        impatient.cancel()
        await asyncio.wait_for(patient, 5)
        assert impatient.cancelled()

    asyncio.run(scenario())


def test_virtual_time_runs_as_fast_as_it_can_and_exactly() -> None:
    async def scenario() -> None:
        ticks = VirtualTicks(clock())
        moved: list[float] = []
        ticks.add(lambda: moved.append(ticks.clock.monotonic()))
        for _ in range(500):
            await ticks.next()
        assert ticks.clock.monotonic() == pytest.approx(10.0)
        assert (ticks.count, len(moved)) == (500, 500)
        assert ticks.clock.now() == datetime(2026, 11, 18, 13, 0, 10, tzinfo=UTC)

    asyncio.run(scenario())


def test_virtual_time_waits_for_every_participant() -> None:
    async def scenario() -> list[str]:
        ticks, order = VirtualTicks(clock(), participants=2), list[str]()

        async def part(name: str, beats: int) -> None:
            for beat in range(beats):
                await ticks.next()
                order.append(f"{name}{beat}")

        await asyncio.gather(part("a", 3), part("b", 3))
        return order

    assert asyncio.run(scenario()) == ["a0", "b0", "a1", "b1", "a2", "b2"]


def test_virtual_time_stands_still_while_work_is_elsewhere() -> None:
    async def scenario() -> None:
        ticks = VirtualTicks(clock())
        release = asyncio.Event()

        async def elsewhere() -> float:
            with ticks.hold():
                before = ticks.clock.monotonic()
                await release.wait()
                return ticks.clock.monotonic() - before

        work = asyncio.create_task(elsewhere())
        await asyncio.sleep(0)
        waiting = asyncio.create_task(ticks.next())
        for _ in range(50):
            await asyncio.sleep(0)
        assert not waiting.done()
        release.set()
        assert await work == 0
        await waiting
        assert ticks.count == 1

    asyncio.run(scenario())


def test_a_cancelled_waiter_no_longer_counts() -> None:
    async def scenario() -> None:
        ticks = VirtualTicks(clock(), participants=2)
        gone = asyncio.create_task(ticks.next())
        await asyncio.sleep(0)
        gone.cancel()
        await asyncio.gather(gone, return_exceptions=True)
        alone = asyncio.create_task(ticks.next())
        for _ in range(20):
            await asyncio.sleep(0)
        assert not alone.done(), "one of two participants is missing"
        ticks.participants = 1
        other = asyncio.create_task(ticks.next())
        await asyncio.gather(alone, other)
        assert ticks.count == 1

    asyncio.run(scenario())
