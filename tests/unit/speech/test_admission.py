"""Guards the queue of the speech process: earliest deadline first, a bounded backlog, no slot lost."""

from __future__ import annotations

import asyncio

import pytest

from voiceagent.base.errors import UnavailableError
from voiceagent.speech.admission import DeadlineQueue


def test_the_earliest_deadline_goes_first():
    async def scenario() -> list[str]:
        queue = DeadlineQueue(1, 10)
        far = asyncio.get_running_loop().time() + 100
        gate = asyncio.Event()
        order: list[str] = []

        async def work(name: str) -> None:
            order.append(name)

        first = asyncio.create_task(queue.run(gate.wait, far))
        await asyncio.sleep(0)
        others = [
            asyncio.create_task(queue.run(lambda name=name: work(name), far + late))
            for name, late in (("late", 30), ("early", 10), ("middle", 20))
        ]
        await asyncio.sleep(0)
        assert queue.waiting == 3
        gate.set()
        await asyncio.gather(first, *others)
        return order

    assert asyncio.run(scenario()) == ["early", "middle", "late"]


def test_too_many_waiting_is_a_plain_no():
    async def scenario() -> None:
        queue = DeadlineQueue(1, 1)
        far = asyncio.get_running_loop().time() + 100
        gate = asyncio.Event()
        tasks = [asyncio.create_task(queue.run(gate.wait, far)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(UnavailableError) as refused:
            await queue.run(gate.wait, far)
        assert refused.value.code == "busy"
        gate.set()
        await asyncio.gather(*tasks)
        assert await queue.run(gate.wait, far) is True, "and then there is room again"

    asyncio.run(scenario())


def test_work_whose_time_has_passed_is_not_begun():
    async def scenario() -> None:
        queue = DeadlineQueue(1, 5)
        now = asyncio.get_running_loop().time()
        gate = asyncio.Event()
        begun: list[int] = []

        async def work() -> None:
            begun.append(1)

        running = asyncio.create_task(queue.run(gate.wait, now + 100))
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError):
            await queue.run(work, now - 1)
        gate.set()
        await running
        await queue.run(work, now + 100)
        assert begun == [1]

    asyncio.run(scenario())


def test_what_is_wanted_later_goes_later_and_is_given_up_when_stale():
    async def scenario() -> list[str]:
        queue = DeadlineQueue(1, 10)
        now = asyncio.get_running_loop().time()
        gate = asyncio.Event()
        order: list[str] = []

        async def work(name: str) -> None:
            order.append(name)

        running = asyncio.create_task(queue.run(gate.wait, now + 100))
        await asyncio.sleep(0)
        glance = asyncio.create_task(queue.run(lambda: work("glance"), now + 100.25, now + 100))
        stale = asyncio.create_task(queue.run(lambda: work("stale"), now + 50, now - 1))
        ended = asyncio.create_task(queue.run(lambda: work("ended turn"), now + 100.2))
        with pytest.raises(TimeoutError):
            await stale
        assert queue.waiting == 2
        gate.set()
        await asyncio.gather(running, glance, ended)
        return order

    assert asyncio.run(scenario()) == ["ended turn", "glance"]


def test_a_failure_or_a_cancelled_wait_gives_its_slot_back():
    async def scenario() -> None:
        queue = DeadlineQueue(1, 5)
        far = asyncio.get_running_loop().time() + 100

        async def fails() -> None:
            raise RuntimeError("broken")

        with pytest.raises(RuntimeError):
            await queue.run(fails, far)
        gate = asyncio.Event()
        running = asyncio.create_task(queue.run(gate.wait, far))
        waiting = asyncio.create_task(queue.run(gate.wait, far))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        gate.set()
        await running
        assert await asyncio.wait_for(queue.run(gate.wait, far), 5)

    asyncio.run(scenario())
