"""Guards how campaigns stand, what explains a contact and whether the clock is right: the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases.intake import import_cases
from voiceagent.cases.kinds import SeatState
from voiceagent.cases.seats import seat_changed
from voiceagent.dialer.callbacks import add_callback, all_callbacks, call_back_missed, late_callbacks
from voiceagent.dialer.campaigns import create_campaign, enroll, find_campaign, set_mode, set_state
from voiceagent.dialer.clockguard import ClockGuard, trust
from voiceagent.dialer.explain import explain_case
from voiceagent.dialer.heartbeat import Heartbeat, staff
from voiceagent.dialer.measures import DialerCollector
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.progress import progress
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, DialMode
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database

RULES = load_rules(ROOT / "dialplans" / "jurisdictions")


@pytest.fixture
def journal(db: Database, clock: ManualClock) -> Journal:
    return Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


def test_a_campaign_stands_the_same(journal: Journal, clock: ManualClock, make_case: Callable) -> None:
    people = [make_case(n, phones=(f"+55119555501{n:02d}",)) for n in range(12)]
    taken = import_cases(journal, people, source="test")
    key = create_campaign(journal, "teste")
    with journal.transaction() as connection:
        enroll(journal, connection, key, [one.case_id for one in taken])
    set_state(journal, "teste", CampaignState.RUNNING)
    queue = Queue(journal, RULES, Gate(), worker="w1")
    called = []
    for _ in range(6):
        (lease,) = queue.lease_many(["seat-1"])
        called.append(lease.case_id)
        clock.advance(600)
        queue.complete(lease, CallEnded("NA", ring_s=20.0))
    beats = Heartbeat(journal.db, clock, "w1", 2)
    beats.beat("no new call for now: turns wait 0.80 s for their text")
    journal.record([seat_changed("seat-1", "w1", SeatState.IDLE)])
    rest = next(one.case_id for one in taken if one.case_id not in called)
    made, due = add_callback(journal, rest, clock.now() + timedelta(hours=1), rules=RULES)
    assert call_back_missed(journal, next(p.phones[0] for p in people if p.document), rules=RULES)
    with journal.db.read() as connection:
        found = find_campaign(connection, "teste", journal.tenant_id)
        assert found is not None
        told = progress(connection, found, clock.now(), journal.tenant_id, RULES)
        working = staff(connection, journal.tenant_id, clock.now())
        (late,) = [one for one in late_callbacks(connection, journal.tenant_id, due + timedelta(minutes=1))
                   if one["id"] == str(made)]  # fmt: skip
        listed = all_callbacks(connection, journal.tenant_id)
        waits = explain_case(
            connection, called[0], now=clock.now(), rules=RULES, gate=Gate(), guard_s=240.0, tenant_id=journal.tenant_id
        )
    assert (told["called"], told["never_called"]) == (6, 6)
    assert timedelta(minutes=40) < datetime.fromisoformat(told["eta"]) - clock.now() < timedelta(minutes=90)
    assert (working.workers, working.idle, list(working.troubles)) == (1, 1, ["w1"])
    assert late["campaign"] == "teste" and {one["zone"] for one in listed} == {"America/Sao_Paulo"}
    assert any("after NA: 2 a day, 4 h apart" in reason for reason in waits["reasons"]) and waits["waits_for"]
    samples = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in DialerCollector(journal.db, clock, journal.tenant_id, rules=RULES).collect()
        for sample in family.samples
    }
    assert samples["voiceagent_workers_troubled",] == 1 == samples["voiceagent_clock_trusted",]
    hopper = {key: value for key, value in samples.items() if key[0] == "voiceagent_hopper_items"}
    assert sum(hopper.values()) == 12
    set_mode(journal, "teste", DialMode.PILOT, reason="x")
    assert set_state(journal, "teste", CampaignState.FINISHED) == 2


def test_a_doubtful_clock_is_doubted_and_trusted_the_same(journal: Journal, clock: ManualClock) -> None:
    create_campaign(journal, "teste")
    clock.advance(-7200)
    journal.record([seat_changed("seat-1", "w1", SeatState.IDLE)])
    guard = ClockGuard(clock)
    with journal.db.read() as connection, pytest.raises(UnavailableError, match="7200 s ahead"):
        guard.check(connection)
    assert trust(journal) == clock.now()
    assert guard.trusted(journal.db) and ClockGuard(clock).trusted(journal.db)
