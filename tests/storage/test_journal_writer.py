"""Guards the asyncio side of the journal: order, durability, a locked database, an event at fault, an orderly end."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock, SystemClock
from voiceagent.base.errors import UnavailableError
from voiceagent.journal.catalogue import CallRinging, NumberMarked
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, read_events
from voiceagent.journal.writer import JournalWriter
from voiceagent.storage.database import Database

CALL = uuid.uuid4()


def events(*codes: int) -> list[NewEvent]:
    return [NewEvent("call", CALL, CallRinging(code)) for code in codes]


def codes(db: Database) -> list[int]:
    with db.read() as connection:
        return [event.payload["sip_code"] for event in read_events(connection)]


@pytest.fixture
def writer(db: Database) -> Iterator[JournalWriter]:
    made = JournalWriter(Journal(db, SystemClock()), patience_s=20.0, retry_s=0.005)
    yield made
    made.close()


def test_commit_returns_after_everything_before_it_is_durable(writer: JournalWriter) -> None:
    async def scenario() -> list[Event]:
        for code in range(100, 150):
            writer.note(events(code))
        return await writer.commit(events(200, 201))

    recorded = asyncio.run(scenario())
    assert [event.payload["sip_code"] for event in recorded] == [200, 201]
    assert codes(writer.journal.db) == [*range(100, 150), 200, 201]
    assert writer.backlog == 0


def test_close_writes_what_was_noted(db: Database) -> None:
    writer = JournalWriter(Journal(db, SystemClock()))
    writer.note(events(1))
    writer.note(events(2, 3))
    writer.close()
    assert codes(db) == [1, 2, 3]
    with pytest.raises(UnavailableError, match="closed"):
        writer.note(events(4))


def test_the_instant_is_that_of_the_note_not_of_the_write(db: Database) -> None:
    clock = ManualClock(SystemClock().now())
    writer = JournalWriter(Journal(db, clock))
    noted = clock.now()
    writer.note(events(1))
    clock.advance(5)
    writer.close()
    with db.read() as connection:
        (event,) = read_events(connection)
    assert event.at_utc == noted


def test_one_event_at_fault_fails_alone(db: Database) -> None:
    def refuse(connection: sa.Connection, events: Sequence[Event]) -> None:
        raise ValueError("no such phone")

    told: list[tuple[int, str]] = []
    journal = Journal(db, SystemClock(), [Projection(NumberMarked.TYPE, refuse)])
    writer = JournalWriter(journal, on_failure=lambda lost, error: told.append((len(lost), str(error))))
    bad = [NewEvent("call", CALL, NumberMarked(CALL, "wrong"))]

    async def scenario() -> None:
        writer.note(events(1))
        writer.note(bad)
        writer.note(events(2))
        with pytest.raises(ValueError, match="no such phone"):
            await writer.commit(bad)
        await writer.commit(events(3))

    asyncio.run(scenario())
    writer.close()
    assert codes(db) == [1, 2, 3]
    assert told == [(1, "no such phone")]


class Locked:
    """Another program that holds SQLite's write lock."""

    def __init__(self, path: Path) -> None:
        self.db = Database(f"sqlite:///{path}")
        self.hold = self.db.write()

    def __enter__(self) -> Locked:
        self.hold.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self.hold.__exit__(None, None, None)
        self.db.close()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    Database(f"sqlite:///{tmp_path / 'locked.db'}").upgrade()
    return tmp_path / "locked.db"


def test_a_locked_database_is_tried_again_until_it_is_free(file: Path) -> None:
    db = Database(f"sqlite:///{file}", busy_timeout_s=0.01)
    writer = JournalWriter(Journal(db, SystemClock()), patience_s=60.0, retry_s=0.005)

    async def scenario() -> None:
        with Locked(file):
            writer.note(events(1))
            waiting = asyncio.create_task(writer.commit(events(2)))
            with pytest.raises(UnavailableError, match="locked"), db.write():
                pass
            assert not waiting.done()
        await waiting

    asyncio.run(scenario())
    writer.close()
    assert codes(db) == [1, 2]
    db.close()


def test_a_commit_that_lost_patience_says_so_and_writes_nothing(file: Path) -> None:
    db = Database(f"sqlite:///{file}", busy_timeout_s=0.01)
    writer = JournalWriter(Journal(db, SystemClock()), patience_s=0.05, retry_s=0.005)

    async def scenario() -> None:
        with Locked(file):
            writer.note(events(1))
            with pytest.raises(UnavailableError, match="locked by another program") as told:
                await writer.commit(events(2))
            assert "\n" not in told.value.message
        await writer.commit(events(3))

    asyncio.run(scenario())
    writer.close()
    assert codes(db) == [1, 3], "what was noted outlives the lock; what was refused is not written behind one's back"
    db.close()


def test_a_full_queue_refuses_instead_of_forgetting(file: Path) -> None:
    db = Database(f"sqlite:///{file}", busy_timeout_s=0.01)
    writer = JournalWriter(Journal(db, SystemClock()), capacity=3, retry_s=0.005)
    with Locked(file):
        writer.note(events(1, 2))
        writer.note(events(3))
        with pytest.raises(UnavailableError, match="3 events wait"):
            writer.note(events(4))
    writer.close()
    assert codes(db) == [1, 2, 3]
    db.close()


def test_what_could_not_be_written_at_the_end_is_reported(file: Path) -> None:
    lost: list[NewEvent] = []
    db = Database(f"sqlite:///{file}", busy_timeout_s=0.01)
    writer = JournalWriter(
        Journal(db, SystemClock()),
        patience_s=0.05,
        retry_s=0.005,
        on_failure=lambda events, _error: lost.extend(events),
    )
    with Locked(file):
        writer.note(events(1, 2))
        with pytest.raises(UnavailableError, match="2 events could not be written"):
            writer.close()
    assert [event.payload for event in lost] == [CallRinging(1), CallRinging(2)]
    assert codes(db) == []
    db.close()


def test_a_commit_repeated_after_a_broken_connection_is_written_once(db: Database) -> None:
    """The database committed, the answer was lost: the second try must find the events there."""
    journal = Journal(db, SystemClock())

    class Lossy(Journal):
        lost = False

        def record(self, events: Sequence[NewEvent], connection: sa.Connection | None = None) -> list[Event]:
            if not self.lost:
                type(self).lost = True
                assert connection is not None
                connection.rollback()
                journal.record(events)
                raise UnavailableError("the connection broke after the commit")
            return super().record(events, connection)

    writer = JournalWriter(Lossy(db, SystemClock()), retry_s=0.005)
    recorded = asyncio.run(writer.commit(events(7)))
    writer.close()
    assert codes(db) == [7]
    assert [event.seq for event in recorded] == [1]
