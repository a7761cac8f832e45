"""Guards the dialer over a whole week of chance, and the judge of that week: it must see each rule that is broken."""

from __future__ import annotations

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from voiceagent.journal.catalogue import (
    CallAttempted,
    CallbackRequested,
    CallEnded,
    ComplianceDecided,
    OptOutRecorded,
    PromisedInstalment,
    PromiseMade,
)
from voiceagent.journal.envelope import NewEvent, Payload
from voiceagent.journal.floor import CaseImported
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.dialing_rules import judge
from voiceagent.simulator.dialing_week import Plan, simulate
from voiceagent.storage.database import Database

#: A Wednesday, 10:00 in São Paulo.
AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
PERSON, CASE, PHONE, CAMPAIGN = (uuid.uuid5(uuid.NAMESPACE_DNS, name) for name in ("p", "c", "f", "k"))


def test_a_week_of_chance_breaks_no_rule_and_loses_nobody() -> None:
    week = simulate(Plan(ROOT / "dialplans", contacts=20, seats=2, seed=4, crash=0.08), "sqlite://")
    assert week.breaches == [] and week.unaccounted == 0
    assert week.attempts > 50 and sum(week.states.values()) == 20
    assert {"NA", "PTP", "(worker died)"} <= week.outcomes.keys(), week.outcomes
    assert 0 < max(week.occupancy().values()) <= 1


class Told:
    """A journal without projections, written line by line."""

    def __init__(self) -> None:
        self.db = Database("sqlite://")
        self.db.upgrade()

        class Still:
            def now(self) -> datetime:
                return AT

            def monotonic(self) -> float:
                return 0.0

        self.journal = Journal(self.db, Still())
        person = {"new": True, "language": "pt-BR", "region": "BR", "state": "SP"}
        told = private_ref("person", {}, AT)
        self.say("person", PERSON, CaseImported(PERSON, CASE, told, "test", person=person), AT - timedelta(days=9))

    def say(self, stream: str, key: uuid.UUID, payload: Payload, at: datetime) -> None:
        self.journal.record([NewEvent(stream, key, payload, at=at)])

    def call(self, at: datetime, outcome: str | None = "NA", **changes: Any) -> uuid.UUID:
        call, decision = uuid.uuid4(), uuid.uuid4()
        allowed = ComplianceDecided(decision, True, (), "1", private_ref("inputs", {}, at), "0" * 64)
        self.say("call", call, allowed, at)
        facts = {"mode": "rehearsal", "campaign_id": CAMPAIGN, "decision_id": decision}
        self.say("call", call, CallAttempted(CASE, PERSON, PHONE, **(facts | changes)), at)
        if outcome is not None:
            self.say("call", call, CallEnded(outcome), at + timedelta(minutes=1))
        return call

    def rules(self) -> set[str]:
        with self.db.read() as connection:
            return {breach.rule for breach in judge(connection)}


@pytest.fixture
def told() -> Told:
    return Told()


def test_calls_within_the_rules_are_no_breach(told: Told) -> None:
    for days in range(2):
        for hours in range(3):
            told.call(AT + timedelta(days=days, hours=hours))
    assert told.rules() == set()


@pytest.mark.parametrize(
    ("rule", "calls"),
    [
        ("hours", [(timedelta(hours=11), "NA")]),
        ("hours", [(timedelta(days=4), "NA")]),
        ("calls a day", [(timedelta(hours=n), "NA") for n in range(4)]),
        ("twice at once", [(timedelta(0), None), (timedelta(seconds=5), "NA")]),
        ("lost", [(timedelta(0), None)]),
        ("quiet", [(timedelta(0), "NOMON"), (timedelta(days=5), "NA")]),
        ("quiet", [(timedelta(0), "CB"), (timedelta(hours=3), "NA")]),
        ("stopped", [(timedelta(0), "DEC"), (timedelta(days=1), "NA")]),
        ("bad number", [(timedelta(0), "WN"), (timedelta(days=1), "NA")]),
    ],
)
def test_the_judge_sees_what_is_broken(told: Told, rule: str, calls: list[tuple[timedelta, str | None]]) -> None:
    for after, outcome in calls:
        told.call(AT + after, outcome)
    assert rule in told.rules()


def test_the_judge_knows_stops_promises_callbacks_and_decisions(told: Told) -> None:
    told.say("call", uuid.uuid4(), OptOutRecorded(uuid.uuid4(), "person", PERSON), AT)
    told.call(AT + timedelta(hours=1))
    assert told.rules() == {"stopped"}
    other = Told()
    part = PromisedInstalment(uuid.uuid4(), 1, date(2026, 11, 20), 100)
    other.say("call", uuid.uuid4(), PromiseMade(uuid.uuid4(), CASE, 100, 0, "BRL", (part,)), AT)
    other.call(AT + timedelta(days=1))
    assert other.rules() == {"open promise"}
    third, asked = Told(), uuid.uuid4()
    third.say("call", uuid.uuid4(), CallbackRequested(asked, CASE, PERSON, PHONE, AT + timedelta(hours=5)), AT)
    third.call(AT + timedelta(hours=4), purpose="callback", callback_id=asked)
    assert third.rules() == {"early callback"}
    fourth = Told()
    fourth.call(AT, decision_id=uuid.uuid4())
    assert fourth.rules() == {"decision"}
