"""Guards signs of life: a silent worker's calls are closed and its contacts come back; an absence blames nobody."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases import tables
from voiceagent.dialer import aftermath
from voiceagent.dialer.heartbeat import Heartbeat, Silence
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import EnrollmentState, enrollment, worker
from voiceagent.journal.journal import Journal
from voiceagent.service.upkeep import close_silent_workers
from voiceagent.speech.protocol import Places
from voiceagent.storage.database import Database
from voiceagent.worker.desk import Desk
from voiceagent.worker.household import clean_up_after


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


def test_what_a_dead_worker_held_comes_back_when_its_supervisor_clears_up(
    queue: Queue, journal: Journal, campaign: Callable, db: Database
) -> None:
    campaign()
    assert queue.lease("seat-1") is not None
    plan, spec = SimpleNamespace(name="w1"), SimpleNamespace(name="w1")
    asyncio.run(clean_up_after(plan, None, journal)(spec))  # type: ignore[arg-type]
    with db.read() as connection:
        assert connection.execute(sa.select(enrollment.c.state)).scalar_one() is EnrollmentState.WAITING
        assert connection.execute(sa.select(tables.attempt.c.status)).scalar_one() == "ended"


def test_a_call_that_cannot_be_settled_stays_open_and_is_closed_the_next_time(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock, db: Database,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    campaign(*(make_case(n) for n in range(3)))
    calls = [lease.attempt_id for lease in queue.lease_many(["seat-1", "seat-2", "seat-3"])]
    Heartbeat(db, clock, "w1", 4).beat()
    silence, settle = Silence(clock), aftermath.settle

    def fails(journal: Journal, connection: sa.Connection, call: uuid.UUID, now: datetime) -> None:
        settle(journal, connection, call, now)
        if call == calls[1]:
            raise ZeroDivisionError

    def live() -> list[uuid.UUID]:
        query = sa.select(tables.attempt.c.id).where(tables.attempt.c.status != "ended")
        with db.read() as connection:
            return list(connection.execute(query).scalars())

    monkeypatch.setattr(aftermath, "settle", fails)
    assert [closed for _ in range(11) if (closed := _after(clock, journal, silence))] == [2]
    assert live() == [calls[1]] and str(calls[1]) in caplog.text
    with db.read() as connection:
        states = sorted(str(state) for state in connection.execute(sa.select(enrollment.c.state)).scalars())
    assert states == ["leased", "waiting", "waiting"], "neither half of it was done"
    monkeypatch.setattr(aftermath, "settle", settle)
    assert _after(clock, journal, silence) == 1 and live() == []


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
