"""Guards seats that people pause in Asterisk's queue, like anybody: neither rung nor given calls until taken back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from voiceagent.base.clock import SystemClock
from voiceagent.cases.kinds import SeatState
from voiceagent.journal.envelope import NewEvent
from voiceagent.simulator.tones import ToneService
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.call import House
from voiceagent.worker.members import QueueMembers, paused_by_people
from voiceagent.worker.seat_loop import SeatLoop

QUEUE, SEAT, PATIENCE_S = "seats", "seat2", 20.0


class Work:
    """A queue that counts how often it is asked, and has nothing to do."""

    def __init__(self) -> None:
        self.asked = 0

    def lease_many(self, seats: Sequence[str]) -> list[Any]:
        self.asked += 1
        return []


class Desk:
    """One seat at work, and the states that it shows."""

    def __init__(self, ami: AmiClient, folder: Path) -> None:
        self.shown: list[str] = []
        self.work: Any = Work()
        self.members = QueueMembers(ami, QUEUE, lambda: self.loop.stir())
        writer: Any = SimpleNamespace(note=self._note)
        seat: Any = SimpleNamespace(registered=True)
        nothing: Any = None
        house = House(
            ToneService(), Recorder(folder, min_free_bytes=0), RealTicks(), SystemClock(), "Atende Mais", "Clara", "",
            reserve=self.members.reserve, paused=self.members.paused,
        )  # fmt: skip
        self.loop = SeatLoop(SEAT, "w1", seat, self.work, nothing, writer, house, SystemClock(), idle_poll_s=0.02)

    def _note(self, events: Sequence[NewEvent]) -> None:
        said: list[Any] = [event.payload for event in events]
        self.shown += [str(one.state) for one in said]

    async def until(self, state: SeatState) -> None:
        """The seat shows that."""
        ticks, loop = RealTicks(), asyncio.get_running_loop()
        deadline = loop.time() + PATIENCE_S
        while not self.shown or self.shown[-1] != str(state):
            assert loop.time() < deadline, self.shown
            await ticks.next()

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        watching, working = asyncio.create_task(self.members.watch()), asyncio.create_task(self.loop.run())
        yield
        self.loop.drain()
        await working
        await self.members.settle()
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)


async def by_hand(server: AsteriskServer, ami: AmiClient, words: str) -> None:
    """What a person types at the exchange, or a panel does for them."""
    paused, _, reason = words.partition(" ")
    await ami.action(
        "QueuePause", Queue=QUEUE, Interface=f"PJSIP/{SEAT}", Paused=str(paused == "pause").lower(), Reason=reason
    )


def test_a_seat_rests_while_people_want_it_to(asterisk_server: AsteriskServer, tmp_path: Path) -> None:
    """With and without a reason, in a call of its own, and over the death of its worker."""

    async def scenario() -> None:
        async with asterisk_server.ami() as ami:
            desk = Desk(ami, tmp_path)
            async with desk.at_work():
                await desk.until(SeatState.IDLE)
                for reason in ("pause lunch", "pause"):
                    await by_hand(asterisk_server, ami, reason)
                    await desk.until(SeatState.PAUSED)
                    asked = desk.work.asked
                    await asyncio.sleep(0.1)
                    assert desk.work.asked == asked, "who is paused is not given work"
                    await by_hand(asterisk_server, ami, "back")
                    await desk.until(SeatState.IDLE)
                # In a call of its own it is paused by us; what a person says then holds afterwards.
                desk.members.reserve(SEAT, True)
                await desk.members.settle()
                assert not desk.members.paused(SEAT)
                await by_hand(asterisk_server, ami, "pause training")
                await desk.until(SeatState.PAUSED)
                desk.members.reserve(SEAT, False)
                await desk.members.settle()
                assert await paused_by_people(ami, QUEUE) == {SEAT}
            successor = Desk(ami, tmp_path)
            async with successor.at_work():
                await successor.until(SeatState.PAUSED)
                await by_hand(asterisk_server, ami, "back")
                await successor.until(SeatState.IDLE)
            assert await paused_by_people(ami, QUEUE) == frozenset()

    asyncio.run(scenario())
