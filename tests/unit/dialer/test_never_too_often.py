"""Guards the whole queue under chance: whatever happens to calls and workers, no person is called against the rules.

Checked from the attempts alone, by rules written here a second time and not through the compliance engine.
"""

from __future__ import annotations

import random
import shutil
from collections import defaultdict
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.calendars.holidays import is_holiday
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.cases.replay import check
from voiceagent.cases.tables import PROJECTED
from voiceagent.compliance import RuleBook
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.tables import CampaignState, campaign
from voiceagent.journal.catalogue import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    OptOutRecorded,
    PromisedInstalment,
    PromiseMade,
)
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

from .conftest import START

D = Disposition
OUTCOMES = [D.NA, D.NA, D.BUSY, D.VM, D.HUP, D.SIL, D.CB, D.NOMON, D.REF, D.PTP, D.THIRD_PARTY, D.WN, D.DC, D.CONG,
            D.CEASE, D.ERR, D.CPC_NEG]  # fmt: skip
TALKED = {D.CB, D.NOMON, D.REF, D.PTP, D.CPC_NEG, D.CEASE}
#: Days of silence that each outcome owes the person, house rules included.
QUIET = {D.NOMON: timedelta(days=10), D.REF: timedelta(days=7), D.CPC_NEG: timedelta(days=2)}


@pytest.mark.parametrize("seed", range(2))
def test_twelve_days_of_chance(template: Path, tmp_path: Path, rules: RuleBook, make_case: Callable, seed: int) -> None:
    shutil.copy(template, tmp_path / "t.db")
    db, clock, chance = Database(f"sqlite:///{tmp_path / 't.db'}"), ManualClock(START), random.Random(seed)
    journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    states = ["SP", "RJ", "SP", "SP"]
    people = [
        make_case(n, state=states[n], phones=(f"+55119555501{n:02d}", f"+55119555501{n + 50:02d}")) for n in range(4)
    ]
    taken = import_cases(journal, people, source="test")
    for name in ("uma", "outra"):
        campaign_id = create_campaign(journal, name)
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
        set_state(journal, name, CampaignState.RUNNING)
    queue = Queue(journal, rules, Gate(), guard_s=0.0)
    live: list[Lease] = []
    end = START + timedelta(days=12)
    while clock.now() < end:
        lease = queue.lease(f"seat-{chance.randrange(3)}")
        if lease is not None:
            assert lease.person_id not in {other.person_id for other in live}
            assert lease.number not in {other.number for other in live}
            live.append(lease)
            if chance.random() < 0.5:
                journal.record([NewEvent("call", lease.attempt_id, CallAnswered())])
        if live and chance.random() < 0.8:
            ended = live.pop(chance.randrange(len(live)))
            if chance.random() < 0.9:
                _end(queue, journal, clock, ended, chance)
            # Otherwise its worker died: the lease must run out by itself.
        clock.advance(chance.choice([30, 900, 2700, 7200]))
        now = clock.now()
        live = [one for one in live if one.leased_until > now]
    clock.advance(3600)
    queue.lease("seat-9", campaign="nobody")
    _judge(db)
    report = check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], [*PROJECTED, campaign])
    assert report.sound, (report.flaws, report.differences)
    db.close()


def _end(queue: Queue, journal: Journal, clock: ManualClock, lease: Lease, chance: random.Random) -> None:
    outcome = chance.choice(OUTCOMES)
    now = clock.now()
    events = []
    if outcome is D.CB:
        due = now + timedelta(minutes=chance.choice([20, 240, 900, 3000]))
        events.append(
            CallbackRequested(
                uuid7(now), lease.case_id, lease.person_id, lease.phone_id, due, campaign_id=lease.campaign_id
            )
        )
    if outcome is D.CEASE:
        events.append(OptOutRecorded(uuid7(now), "person", lease.person_id))
    if outcome is D.PTP:
        part = PromisedInstalment(uuid7(now), 1, lease.today + timedelta(days=chance.randrange(1, 6)), 100_000)
        events.append(PromiseMade(uuid7(now), lease.case_id, 100_000, 0, "BRL", (part,)))
    journal.record([NewEvent("call", lease.attempt_id, event) for event in events])
    meaning = MEANING[outcome]
    queue.complete(lease, CallEnded(outcome, meaning.human, meaning.machine, meaning.right_party, 5.0, 20.0))


def _judge(db: Database) -> None:
    a, p, i = tables.attempt, tables.person, tables.interaction
    with db.read() as connection:
        rows = connection.execute(
            sa.select(a, p.c.state, i.c.purpose)
            .join(p, p.c.id == a.c.person_id)
            .join(i, i.c.id == a.c.id)
            .order_by(a.c.t_start)
        ).all()
        made = connection.execute(
            sa.select(tables.promise.c.case_id, tables.promise.c.due, tables.promise.c.made_at)
        ).all()
        allowed = set(
            connection.execute(
                sa.select(tables.compliance_decision.c.id).where(tables.compliance_decision.c.allow)
            ).scalars()
        )
    assert len(rows) > 15
    by_person: dict[object, list] = defaultdict(list)
    for row in rows:
        by_person[row.person_id].append(row)
    for calls in by_person.values():
        for n, call in enumerate(calls):
            local = call.t_start.astimezone(ZoneInfo("America/Sao_Paulo"))
            assert call.decision_id in allowed
            assert _open(local.weekday(), local.hour, call.state, local.date()), local
            earlier = calls[:n]
            days = [other.local_date for other in earlier]
            assert days.count(local.date()) < 3
            assert sum(local.date() - timedelta(days=7) < day for day in days) < 12
            for other in earlier:
                done = other.t_end
                assert done is not None and done <= call.t_start, "one at a time"
                assert other.disposition is not D.CEASE
                asked = call.purpose == "callback"
                if other.disposition in TALKED and not asked:
                    assert other.local_date < local.date()
                if other.disposition in QUIET and not asked:
                    assert call.t_start >= done + QUIET[other.disposition]
                if other.disposition in (D.WN, D.DC):
                    assert call.number != other.number
            for promise in made:
                if promise.case_id == call.case_id and promise.made_at < call.t_start:
                    assert local.date() > promise.due, "a promise was open"


def _open(weekday: int, hour: int, state: str, day: date) -> bool:
    if is_holiday(day, "BR", state) or weekday == 6:
        return False
    if state == "RJ":
        return weekday < 5 and 9 <= hour < 19
    return 8 <= hour < (14 if weekday == 5 else 20)
