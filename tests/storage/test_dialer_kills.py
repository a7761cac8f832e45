"""Guards the lease where workers die at random points: nobody is called twice at once, no contact is ever lost."""

from __future__ import annotations

import random
import sqlite3
import threading
import uuid
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event as sa_event

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer import aftermath
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, EnrollmentState, enrollment
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal, all_events
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database

PROJECTIONS = [*cases.PROJECTIONS, *dialer.PROJECTIONS]
WORKERS, CONTACTS, ROUNDS, ASKS = 8, 60, 5, 2
OUTCOMES = ("NA", "NA", "BUSY", "CONG", "HUP", "VM", "NOMON", "DC", "ERR")


def before_every_statement(db: Database, act: Callable[[], None]) -> None:
    """Have `act` called before each statement, also before those given straight to the driver."""
    import psycopg

    class Watched(psycopg.Cursor[Any]):
        def execute(self, *args: Any, **more: Any) -> Any:
            act()
            return super().execute(*args, **more)

    class WatchedHere(sqlite3.Cursor):
        def execute(self, *args: Any) -> Any:
            act()
            return super().execute(*args)

    class WatchedFile(sqlite3.Connection):
        def execute(self, *args: Any) -> Any:
            return self.cursor().execute(*args)

        def cursor(self, *_: Any) -> Any:
            return super().cursor(WatchedHere)

    def watch(connection: Any, *_: Any) -> None:
        connection.cursor_factory = Watched

    def opens(_dialect: Any, _record: Any, _arguments: Any, options: dict[str, Any]) -> None:
        options["factory"] = WatchedFile

    for engine in {db.engine, db.reader}:
        if engine.dialect.name == "postgresql":
            sa_event.listen(engine, "checkout", watch)
        else:
            engine.dispose()
            sa_event.listen(engine, "do_connect", opens)


class Killed(BaseException):
    """The worker's process is gone, in the middle of whatever it did."""


class Worker:
    """A worker that may be killed before any of its statements; its successor starts with a new connection."""

    def __init__(self, url: str, clock: ManualClock, name: str, chance: random.Random) -> None:
        self._url, self._clock, self._name, self._chance = url, clock, name, chance
        self.dialled: list[uuid.UUID] = []
        self.deaths = 0
        self._fuse = -1
        self._start()

    def _start(self) -> None:
        self.db = Database(self._url, busy_timeout_s=30.0)
        journal = Journal(self.db, self._clock, PROJECTIONS)
        rules = load_rules(ROOT / "dialplans" / "jurisdictions")
        self._queue = Queue(journal, rules, Gate(), worker=self._name, lease_s=900)
        before_every_statement(self.db, self._burn)

    def _burn(self) -> None:
        self._fuse -= 1
        if self._fuse == 0:
            raise Killed

    def work(self) -> None:
        """A few calls; a quarter of the times it is killed at some statement of them."""
        for _ in range(ASKS):
            self._fuse = self._chance.randrange(1, 90) if self._chance.random() < 0.25 else -1
            try:
                for lease in self._queue.lease_many([f"{self._name}-1", f"{self._name}-2"]):
                    self.dialled.append(lease.attempt_id)
                    self._queue.complete(lease, CallEnded(self._chance.choice(OUTCOMES)))
            except Killed:
                self.deaths += 1
                self._fuse = -1
                self.db.close()
                self._start()


@pytest.mark.postgres
def test_workers_killed_at_random_points(
    postgres_server: str, postgres_template: str, clock: ManualClock, make_case: Callable[..., Case]
) -> None:
    import psycopg

    name = f"kills_{uuid.uuid4().hex}"
    with psycopg.connect(f"{postgres_server.replace('+psycopg', '')}/postgres", autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name} TEMPLATE {postgres_template}")  # type: ignore[call-overload]
    url = f"{postgres_server}/{name}"
    db = Database(url, busy_timeout_s=30.0)
    journal = Journal(db, clock, PROJECTIONS)
    # Every fifth shares the number of another one, and everybody is in two campaigns.
    people = [make_case(n, phones=(f"+55119555501{n - (n % 5 == 4):02d}",)) for n in range(CONTACTS)]
    taken = import_cases(journal, people, source="test")
    for one in ("uma", "outra"):
        campaign_id = create_campaign(journal, one)
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [case.case_id for case in taken])
        set_state(journal, one, CampaignState.RUNNING)

    workers = [Worker(url, clock, f"w{n}", random.Random(n)) for n in range(WORKERS)]
    for _ in range(ROUNDS):
        with ThreadPoolExecutor(WORKERS) as pool:
            list(pool.map(Worker.work, workers))
        clock.advance(random.Random(clock.now().minute).choice([400, 1000, 4000]))
    clock.advance(1000)
    with journal.transaction() as connection:
        aftermath.expire(journal, connection, clock.now())

    with db.read() as connection:
        _judge(connection, {one for worker in workers for one in worker.dialled})
        rows = connection.execute(sa.select(enrollment)).all()
    assert len(rows) == 2 * CONTACTS
    for row in rows:
        planned = row.state in (EnrollmentState.READY, EnrollmentState.WAITING)
        assert planned == (row.next_at is not None), row
        assert planned or row.reason, "over without a reason"
    assert sum(worker.deaths for worker in workers) >= 3, "nobody was killed: this run shows nothing"
    for worker in workers:
        worker.db.close()
    db.close()


def _judge(connection: sa.Connection, dialled: set[uuid.UUID]) -> None:
    """From the journal alone: no two calls of a person or to a number at once; whoever was dialled had an attempt."""
    begun: dict[str, tuple[str, str]] = {}
    live: dict[str, str] = {}
    calls: dict[str, int] = defaultdict(int)
    numbers = {
        str(row.id): row.number for row in connection.execute(sa.select(tables.phone.c.id, tables.phone.c.number))
    }
    for events in all_events(connection):
        for event in events:
            call = str(event.stream_id)
            if event.type == "call.attempted":
                keys = (event.payload["person_id"], numbers[event.payload["phone_id"]])
                assert not any(key in live for key in keys), "two calls at once"
                begun[call] = keys
                live |= dict.fromkeys(keys, call)
                calls[keys[0]] += 1
            elif event.type == "call.ended":
                for key in begun.pop(call):
                    del live[key]
    assert not live, "a call that nobody ended"
    attempts = set(connection.execute(sa.select(tables.attempt.c.id)).scalars())
    assert dialled <= attempts and len(attempts) > CONTACTS / 3
    assert max(calls.values()) <= 8


def test_a_database_that_goes_away_is_said_and_work_goes_on(
    db: Database, clock: ManualClock, make_case: Callable[..., Case]
) -> None:
    journal = Journal(db, clock, PROJECTIONS)
    taken = import_cases(journal, [make_case(1, phones=("+5511955550101",))], source="test")
    campaign_id = create_campaign(journal, "uma")
    with journal.transaction() as connection:
        enroll(journal, connection, campaign_id, [taken[0].case_id])
    set_state(journal, "uma", CampaignState.RUNNING)
    queue = Queue(journal, load_rules(ROOT / "dialplans" / "jurisdictions"), Gate())
    away = threading.Event()

    def refuse() -> None:
        if away.is_set():
            raise UnavailableError("the database does not answer")

    before_every_statement(db, refuse)
    away.set()
    with pytest.raises(UnavailableError):
        queue.lease("seat-1")
    away.clear()
    lease = queue.lease("seat-1")
    assert lease is not None
    away.set()
    with pytest.raises(UnavailableError):
        queue.complete(lease, CallEnded("NA"))
    away.clear()
    queue.complete(lease, CallEnded("NA"))
    with db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
    assert row.state is EnrollmentState.WAITING and row.next_at > clock.now() + timedelta(hours=3)
