"""Guards against death in the middle: what was committed stays whole, what was not leaves nothing."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent import cases
from voiceagent.cases import tables
from voiceagent.cases.attempts import close_orphans
from voiceagent.cases.intake import Taken
from voiceagent.cases.replay import check

#: A worker's process: begins a call, promises, and is killed where `moment` says.
WORKER = """
import os, signal, sys, uuid
from datetime import UTC, date, datetime
from voiceagent import cases
from voiceagent.base.clock import ManualClock
from voiceagent.cases.attempts import begin_attempt
from voiceagent.journal.catalogue import CallAttempted, ComplianceDecided, PromisedInstalment, PromiseMade
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref
from voiceagent.storage.database import Database

url, moment, case_id, person_id, phone_id = sys.argv[1:]
db = Database(url)
clock = ManualClock(datetime(2026, 11, 18, 13, 5, tzinfo=UTC))
journal = Journal(db, clock, cases.PROJECTIONS)
die = lambda: os.kill(os.getpid(), signal.SIGKILL)
ids = [uuid.UUID(text) for text in (case_id, person_id, phone_id)]
decision = ComplianceDecided(uuid.uuid4(), True, (), "1", private_ref("inputs", {}, clock.now()), "0" * 64)
attempted = CallAttempted(*ids, "rehearsal", decision_id=decision.decision_id, worker="doomed")
with journal.transaction() as connection:
    call = begin_attempt(journal, attempted, decision=decision, connection=connection)
    if moment == "before the attempt's commit":
        die()
parts = tuple(PromisedInstalment(uuid.uuid4(), n, date(2026, 12, n), 40_000) for n in (1, 2, 3))
made = PromiseMade(uuid.uuid4(), ids[0], 120_000, 0, "BRL", parts)
with journal.transaction() as connection:
    journal.record([NewEvent("call", call, made)], connection)
    if moment == "before the promise's commit":
        die()
die()
"""


@pytest.mark.parametrize(
    ("moment", "dispositions", "promises"),
    [
        ("before the attempt's commit", [], 0),
        ("before the promise's commit", ["ERR"], 0),
        ("after the promise's commit", ["PTP"], 3),
    ],
)
def test_a_killed_worker_leaves_whole_things_only(
    url: str, talk: Any, taken: Taken, moment: str, dispositions: list[str], promises: int
) -> None:
    ids = [str(taken.case_id), str(taken.person_id), str(taken.phone_ids[0])]
    dead = subprocess.run([sys.executable, "-c", WORKER, url, moment, *ids], capture_output=True, check=False)
    assert dead.returncode == -9, dead.stderr.decode()
    talk.clock.advance(600)
    close_orphans(talk.journal, worker="doomed")
    with talk.journal.db.read() as connection:
        assert connection.execute(sa.select(tables.attempt.c.disposition)).scalars().all() == dispositions
        assert len(connection.execute(sa.select(tables.promise)).all()) == promises
    assert check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED).sound
    talk.begin(taken)
