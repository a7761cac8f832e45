"""Guards signs of life: a silent worker's calls are closed and its contacts come back; an absence blames nobody."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.dialer.heartbeat import Heartbeat, Silence
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import EnrollmentState, enrollment, worker
from voiceagent.journal.journal import Journal
from voiceagent.service.upkeep import close_silent_workers
from voiceagent.speech.protocol import Places
from voiceagent.storage.database import Database
from voiceagent.worker.desk import Desk


def test_a_silent_worker_gives_its_contacts_back(
    queue: Queue, journal: Journal, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    campaign()
    alive, silence = Heartbeat(db, clock, "w1", 4), Silence(clock)
    alive.beat()
    assert queue.lease("seat-1") is not None
    for _ in range(20):
        clock.advance(5)
        alive.beat()
        assert close_silent_workers(journal, silence) == 0
    closed = [_after(clock, journal, silence) for _ in range(10)]
    assert closed == [0] * 8 + [1, 0]
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
    assert row.state is EnrollmentState.WAITING and row.next_at is not None and row.reason == "ERR"


def _after(clock: ManualClock, journal: Journal, silence: Silence) -> int:
    clock.advance(5)
    return close_silent_workers(journal, silence)


def test_a_database_that_was_away_blames_no_worker(
    queue: Queue, journal: Journal, campaign: Callable, clock: ManualClock, db: Database
) -> None:
    campaign()
    alive, silence = Heartbeat(db, clock, "w1", 4), Silence(clock)
    alive.beat()
    assert queue.lease("seat-1") is not None
    assert close_silent_workers(journal, silence) == 0
    clock.advance(300)
    assert close_silent_workers(journal, silence) == 0, "nobody could have beaten"
    clock.advance(5)
    alive.beat()
    assert close_silent_workers(journal, silence) == 0
    alive.end()
    with db.read() as connection:
        assert connection.execute(sa.select(worker.c.name)).all() == []


def test_seats_that_are_idle_together_ask_together() -> None:
    asked: list[list[str]] = []

    class Rows:
        def lease_many(self, seats: list[str]) -> list[Any]:
            asked.append(seats)
            return []

    async def play() -> list[Any]:
        @asynccontextmanager
        async def places(wanted: int) -> AsyncIterator[Places]:
            if len(asked) == 1:
                raise UnavailableError("no speech process answers")
            yield Places(wanted)

        queue: Any = Rows()
        desk = Desk(queue, places)
        first = await asyncio.gather(*(desk.next(f"s{n}") for n in range(3)))
        return [*first, await desk.next("s0")]

    assert asyncio.run(play()) == [None] * 4
    assert asked == [["s0", "s1", "s2"]]
