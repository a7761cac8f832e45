"""Guards the ends of transactions: rows that somebody holds are not taken, and what was told is on the disk."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.errors import UnavailableError
from voiceagent.cases.intake import Taken
from voiceagent.dialer import hopper
from voiceagent.dialer.campaigns import create_campaign, enroll
from voiceagent.dialer.hopper import Candidate
from voiceagent.dialer.tables import EnrollmentState, enrollment
from voiceagent.journal.catalogue import NumberMarked
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import HEAD, Journal, lock
from voiceagent.simulator.cluster import Cluster
from voiceagent.storage.database import Database
from voiceagent.storage.driver import end, together
from voiceagent.storage.question import Question

UNTIL = datetime(2026, 11, 18, 14, 0, tzinfo=UTC)
_MARKED = sa.select(sa.func.count()).select_from(sa.table("event")).where(sa.column("type") == NumberMarked.TYPE)
_MAY = "SELECT has_function_privilege('plain', 'pg_logical_emit_message(boolean, text, text)', 'execute')"
_THERE = "SELECT pg_current_wal_flush_lsn() >= pg_current_wal_insert_lsn()"


def _enrolled(journal: Journal, taken: Taken) -> Candidate:
    campaign_id = create_campaign(journal, "teste")
    with journal.transaction() as connection:
        enroll(journal, connection, campaign_id, [taken.case_id])
        key = connection.execute(sa.select(enrollment.c.id)).scalar_one()
    return Candidate(taken.case_id, campaign_id, key)


def _take(journal: Journal, candidate: Candidate, seat: str, taken: Taken) -> None:
    """As a dealer does: the event, the contact and the commit in one go."""
    with journal.db.write(planned_once=True) as connection:
        lock(connection)
        with hopper.taking(), together(connection):
            said = NumberMarked(taken.phone_ids[0], "valid")
            journal.record([NewEvent("call", taken.person_id, said)], connection)
            hopper.take(connection, [(candidate, seat)], UNTIL, journal.clock.now())
            end(connection)


def test_a_contact_that_is_held_is_taken_by_nobody_else_and_nothing_of_it_is_written(
    journal: Journal, taken: Taken
) -> None:
    journal = Journal(journal.db, journal.clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    candidate = _enrolled(journal, taken)
    _take(journal, candidate, "seat-1", taken)
    with pytest.raises(UnavailableError) as refused:
        _take(journal, candidate, "seat-2", taken)
    assert refused.value.code == "taken"
    with journal.db.read() as connection:
        row = connection.execute(sa.select(enrollment)).one()
        assert connection.execute(_MARKED).scalar() == 1
    assert (row.leased_by, row.leased_until, row.state) == ("seat-1", UNTIL, EnrollmentState.LEASED)
    assert (row.attempts, row.next_at) == (1, None)


@pytest.mark.postgres
def test_a_division_by_zero_of_anything_else_is_told_as_what_it_is(postgres_server: str) -> None:
    db = Database(f"{postgres_server}/postgres")
    divided = Question(sa.select((sa.literal_column("1") / sa.bindparam("by", type_=sa.Integer())).label("n")))
    try:
        with db.read() as connection, pytest.raises(sa.exc.DBAPIError, match="division by zero"):
            divided(connection, by=0)
    finally:
        db.close()


def test_what_ended_early_can_be_asked_nothing_more(journal: Journal) -> None:
    if journal.db.is_sqlite:
        # The end of the block commits: until then there is a transaction.
        with journal.transaction() as connection:
            end(connection)
            assert connection.execute(sa.select(sa.literal(1))).scalar() == 1
        return
    # Past SQLAlchemy too: what is written there would be committed by itself.
    for ask in (lambda connection: connection.execute(sa.select(sa.literal(1))), HEAD):
        with pytest.raises(AssertionError), journal.transaction() as connection:
            end(connection)
            ask(connection)


@pytest.mark.postgres
def test_what_was_recorded_is_on_the_disk_when_that_is_told_and_not_before_others_go_on() -> None:
    # The server's own writer sleeps: nothing gets there but by who waits for it.
    with Cluster(options="-c wal_writer_delay=10000") as cluster:
        db = Database(cluster.url("disk"))
        db.upgrade()
        with db.write() as connection:
            connection.execute(sa.text("CREATE ROLE plain"))
            assert connection.execute(sa.text(_MAY)).scalar(), "a role without rights waits for the disk too"
        there = []
        for _ in range(3):
            with db.write() as connection:
                lock(connection)
                assert connection.execute(sa.text("SHOW synchronous_commit")).scalar() == "off"
                connection.execute(sa.text("CREATE TABLE IF NOT EXISTS anything (a INT)"))
            with db.read() as connection:
                there.append(connection.execute(sa.text(_THERE)).scalar())
                assert connection.execute(sa.text("SHOW synchronous_commit")).scalar() == "on"
            with db.write() as connection:
                connection.execute(sa.text("SET LOCAL synchronous_commit = off"))
                connection.execute(sa.text("INSERT INTO anything VALUES (1)"))
            with db.read() as connection:
                there.append(connection.execute(sa.text(_THERE)).scalar())
        db.close()
    assert there[::2] == [True] * 3
    assert not all(there[1::2]), "this test would see a commit that is not on the disk"
