"""Guards the KPIs of calls that come in: counted apart from ours, by their own formulas, transfers by their queue."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.migrated import migrated
from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.cases.handovers import HandOverBegan, HandOverEnded
from voiceagent.cases.kinds import Direction
from voiceagent.cli.main import main
from voiceagent.journal.catalogue import CallAnswered, CallAttempted, CallEnded
from voiceagent.journal.envelope import NewEvent, Payload
from voiceagent.journal.journal import Journal
from voiceagent.kpi.exporter import BusinessCollector
from voiceagent.kpi.report import Scope, report
from voiceagent.storage.database import Database

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Journal:
    """One call of ours, and five that come in: answered at once, late, handed over, promised and handed over, lost."""
    url = f"sqlite:///{migrated(tmp_path / 'test.db')}"
    monkeypatch.setenv("VOICEAGENT_DATABASE_URL", url)
    made = Journal(Database(url), ManualClock(NOW), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    taken = uuid7(NOW)
    call(made, "out", CallEnded("NA", ring_s=30.0))
    call(made, "in", CallAnswered(), CallEnded("HUP", human=True, ring_s=3.0, talk_s=10.0))
    call(made, "in", CallAnswered(), CallEnded("HUP", human=True, ring_s=21.0, talk_s=10.0))
    call(made, "in", CallAnswered(), CallEnded("XFER", human=True, ring_s=2.0, talk_s=20.0, hold_s=4.0))
    call(
        made, "in", CallAnswered(), HandOverBegan(taken, "humans", "human", verified=True),
        HandOverEnded(taken, "taken", 4.0, "ana"), CallEnded("PTP", human=True, ring_s=2.0, talk_s=40.0),
    )  # fmt: skip
    call(made, "in", CallEnded("NA", ring_s=9.0))
    return made


def call(journal: Journal, direction: str, *said: Payload) -> None:
    attempted = CallAttempted(
        None, None, None, mode="rehearsal", direction=direction, purpose="inbound", local_date=NOW.date(), local_hour=10
    )
    attempt_id = uuid7(NOW)
    journal.record([NewEvent("call", attempt_id, payload, "test") for payload in (attempted, *said)])


def test_calls_that_come_in_have_their_own_formulas(journal: Journal) -> None:
    with journal.db.read() as connection:
        (row,) = report(connection, Scope(NOW.date(), NOW.date(), direction=Direction.IN))
        (ours,) = report(connection, Scope(NOW.date(), NOW.date()))
    assert (row.kpis["service_level"].numerator, row.kpis["service_level"].denominator) == (3, 5)
    assert (row.kpis["lost_rate"].numerator, row.kpis["lost_rate"].denominator) == (1, 5)
    assert (row.kpis["containment"].numerator, row.kpis["containment"].denominator) == (2, 4)
    assert row.kpis["tma_s"].numerator == 84.0
    assert ours.kpis["attempts"].value == 1 and "service_level" not in ours.kpis


def test_the_exporter_tells_calls_that_come_in_apart(journal: Journal) -> None:
    call(journal, "out", CallAnswered(), CallEnded("PTP", human=True, right_party=True, talk_s=30.0, wrap_s=2.0))
    found = {
        (sample.name, sample.labels.get("direction"), sample.labels.get("disposition")): sample.value
        for family in BusinessCollector(journal.db, journal.clock).collect()
        for sample in family.samples
    }
    for name, seconds in (("talk", 30.0), ("wrapup", 2.0), ("handle", 32.0)):
        assert found[f"voiceagent_call_{name}_seconds_count", None, None] == 1
        assert found[f"voiceagent_call_{name}_seconds_sum", None, None] == seconds
    assert {direction: found["voiceagent_calls_ended_total", direction, "PTP"] for direction in ("in", "out")} == {
        "in": 1, "out": 1,
    }  # fmt: skip
    assert found["voiceagent_right_party_contacts_total", None, None] == 1


def test_the_command_shows_both_apart(journal: Journal, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["kpi", "--from", "2026-11-18", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kpis"]["attempts"]["value"] == 1 and found["in"]["kpis"]["attempts"]["value"] == 5
    assert main(["kpi"]) == 0
    ours, _, theirs = capsys.readouterr().out.partition("Chamadas recebidas, à parte:")
    assert "Nível de serviço" in theirs and "60.0 %" in theirs and "Nível de serviço" not in ours
    assert main(["kpi", "--direction", "in", "--csv"]) == 0
    assert "service_level" in capsys.readouterr().out.splitlines()[0]
