"""Guards the journal on both databases: one transaction, one order, whole chains, erasable private values."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.journal import tables
from voiceagent.journal.audit import audit
from voiceagent.journal.catalogue import CallbackRequested, CallRinging, DebtorTurnHeard, NumberMarked
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal, Projection, read_events
from voiceagent.journal.private import private_ref, read_private
from voiceagent.storage.database import Database

CALL = uuid.UUID("01900000-0000-7000-8000-000000000001")


@pytest.fixture
def bare(db: Database, clock: ManualClock) -> Journal:
    """A journal without projections."""
    return Journal(db, clock)


def ringing(stream: uuid.UUID = CALL, code: int = 180) -> NewEvent:
    return NewEvent("call", stream, CallRinging(code))


def heard(n: int, words: str, at: datetime) -> NewEvent:
    said = DebtorTurnHeard(n, "offer", private_ref("utterance", words, at), 0.9, "accept", {"share": 0.5})
    return NewEvent("call", CALL, said)


def test_events_come_back_as_they_were_recorded(bare: Journal, clock: ManualClock) -> None:
    due = datetime(2026, 11, 20, 18, 0, 0, 123456, tzinfo=timezone(timedelta(hours=-3)))
    asked = CallbackRequested(uuid.uuid4(), None, None, None, due)
    recorded = bare.record([ringing(), NewEvent("call", CALL, asked, "agent", cause_id=CALL), ringing(uuid.uuid4())])
    assert [(e.seq, e.stream_seq) for e in recorded] == [(1, 1), (2, 2), (3, 1)]
    with bare.db.read() as connection:
        assert read_events(connection) == recorded
        assert [e.seq for e in read_events(connection, stream=("call", CALL))] == [1, 2]
        assert audit(connection) == []
    assert recorded[1].at_utc == clock.now() and recorded[1].at_utc.tzinfo is UTC
    assert recorded[1].payload["due_at"] == "2026-11-20T21:00:00.123456Z"
    assert recorded[1].cause_id == CALL


def test_numbering_goes_on_in_later_transactions(bare: Journal) -> None:
    bare.record([ringing(), ringing()])
    (later,) = bare.record([ringing()])
    assert (later.seq, later.stream_seq) == (3, 3)


def test_projection_and_event_are_one_transaction(db: Database, clock: ManualClock) -> None:
    def fail(connection: sa.Connection, events: Sequence[Event]) -> None:
        raise RuntimeError("a projection that cannot")

    journal = Journal(db, clock, [Projection(NumberMarked.TYPE, fail)])
    journal.record([ringing()])
    with pytest.raises(RuntimeError):
        journal.record([heard(1, "sim", clock.now()), NewEvent("call", CALL, NumberMarked(CALL, "wrong"))])
    with db.read() as connection:
        assert [e.type for e in read_events(connection)] == ["call.ringing"]
        assert connection.execute(sa.select(sa.func.count()).select_from(tables.private)).scalar() == 0


def test_projections_get_runs_of_neighbours_in_order(db: Database, clock: ManualClock) -> None:
    runs: list[list[int]] = []
    journal = Journal(
        db, clock, [Projection(CallRinging.TYPE, lambda _c, events: runs.append([e.seq for e in events]))]
    )
    journal.record([ringing(), ringing(), NewEvent("call", CALL, NumberMarked(CALL, "wrong")), ringing()])
    assert runs == [[1, 2], [4]]


def test_a_block_that_raises_leaves_nothing(bare: Journal) -> None:
    with pytest.raises(KeyError), bare.transaction() as connection:
        bare.record([ringing()], connection)
        raise KeyError("the caller changed its mind")
    with bare.db.read() as connection:
        assert read_events(connection) == []


def test_the_private_part_is_beside_the_event_not_in_it(bare: Journal, clock: ManualClock) -> None:
    words = "meu nome é Fulana de Tal"
    (event,) = bare.record([heard(1, words, clock.now())])
    with bare.db.read() as connection:
        raw = connection.execute(sa.select(sa.cast(tables.event.c.payload, sa.Text))).scalar_one()
        assert "Fulana" not in raw
        reference = event.payload["heard"]
        assert reference.keys() == {"ref", "digest"}
        assert read_private(connection, [reference]) == {reference["ref"]: words}


def test_erasing_leaves_the_chain_whole_and_the_words_nowhere(bare: Journal, clock: ManualClock) -> None:
    (event,) = bare.record([heard(1, "sim", clock.now())])
    with bare.db.write() as connection:
        connection.execute(sa.update(tables.private).values(body=None, salt=None, erased_at=clock.now()))
    with bare.db.read() as connection:
        assert audit(connection) == []
        assert read_private(connection, [event.payload["heard"]]) == {}


@pytest.mark.parametrize(
    ("statement", "flaw"),
    [
        ("UPDATE event SET type = 'call.answered' WHERE seq = 2", "was changed"),
        ("UPDATE event SET payload = '{\"sip_code\":183}' WHERE seq = 2", "was changed"),
        ("UPDATE event SET actor = 'nobody' WHERE seq = 3", "was changed"),
        ("DELETE FROM event WHERE seq = 2", "missing"),
        ("UPDATE private SET body = '\"não\"'", "private value"),
        ("DELETE FROM private", "deleted, not erased"),
    ],
)
def test_tampering_shows(bare: Journal, clock: ManualClock, statement: str, flaw: str) -> None:
    bare.record([ringing(), ringing(), heard(1, "sim", clock.now()), ringing()])
    with bare.db.write() as connection:
        connection.execute(sa.text(statement.replace(":183", "\\:183")))
    with bare.db.read() as connection:
        flaws = audit(connection)
    assert flaws and any(flaw in found.what for found in flaws), flaws


def test_two_writers_give_one_order_without_gaps(url: str, clock: ManualClock) -> None:
    """Ten transactions each from two programs: every seq once, every stream counted on, the chain unbroken."""
    errors: list[Exception] = []
    start = threading.Barrier(2)

    def write(stream: uuid.UUID) -> None:
        db = Database(url, busy_timeout_s=30.0)
        journal = Journal(db, clock)
        try:
            start.wait(30)
            for _ in range(10):
                journal.record([ringing(stream), ringing()])
        except Exception as error:
            errors.append(error)
        finally:
            db.close()

    threads = [threading.Thread(target=write, args=(uuid.uuid4(),)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    db = Database(url)
    with db.read() as connection:
        assert [event.seq for event in read_events(connection)] == list(range(1, 41))
        assert audit(connection) == []
    db.close()


def test_an_event_with_a_naive_instant_is_refused(bare: Journal) -> None:
    with pytest.raises(ValueError, match="naive"):
        bare.record([NewEvent("call", CALL, CallRinging(), at=datetime(2026, 11, 18, 13, 0))])


def test_reading_cannot_write(bare: Journal) -> None:
    with pytest.raises(Exception, match=r"(?i)read.?only|may not be written"), bare.db.read() as connection:
        connection.execute(sa.delete(tables.event))
