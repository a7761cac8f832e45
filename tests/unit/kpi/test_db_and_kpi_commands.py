"""Guards `voiceagent db` and `voiceagent kpi` as people and programs call them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from voiceagent import cases
from voiceagent.base.clock import ManualClock
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.attempts import begin_attempt
from voiceagent.cases.intake import import_cases
from voiceagent.cli.main import main
from voiceagent.debt.case import Case, Debt
from voiceagent.journal.catalogue import CallAttempted, CallEnded, ComplianceDecided
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref
from voiceagent.storage.database import Database


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of its own, empty."""
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    for name in ("VOICEAGENT_DATABASE_URL", "VOICEAGENT_CONFIG"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


@pytest.fixture
def db(home: Path) -> Iterator[Database]:
    """Upgraded, with one call that ended at 10 o'clock in São Paulo."""
    assert main(["db", "upgrade"]) == 0
    made = Database(f"sqlite:///{home / 'voiceagent.db'}")
    clock = ManualClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
    journal = Journal(made, clock, cases.PROJECTIONS)
    debt = Debt("C1", "Banco Exemplo", "cartão", Money(90_000), Money(0), date(2026, 3, 10))
    person = Case("Pessoa Inventada", "52998200001", Language("pt-BR"), "BR", (debt,), phones=("+5511900000001",))
    (taken,) = import_cases(journal, [person], source="test")
    inputs = private_ref("inputs", {}, clock.now())
    decision = ComplianceDecided(taken.case_id, True, (), "1", inputs, "0" * 64)
    attempted = CallAttempted(
        taken.case_id,
        taken.person_id,
        taken.phone_ids[0],
        "rehearsal",
        decision_id=taken.case_id,
        zone="America/Sao_Paulo",
        seat="seat-1",
    )
    call = begin_attempt(journal, attempted, decision=decision)
    journal.record([NewEvent("call", call, CallEnded("HUP", human=True, talk_s=9.5), "agent")])
    yield made
    made.close()


def test_before_the_upgrade_the_line_says_what_to_do(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for command in (["db", "check"], ["kpi"]):
        assert main(command) == 1
        told = capsys.readouterr()
        assert told.out == "" and told.err.count("\n") == 1 and "voiceagent db upgrade" in told.err
    assert not home.exists()


def test_upgrade_twice(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["db", "upgrade", "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert main(["db", "upgrade", "--json"]) == 0
    second = json.loads(capsys.readouterr().out)
    assert first["applied"][0] == "0001" and second["applied"] == []
    assert first["revision"] == second["revision"]


def test_check_of_a_sound_database(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["db", "check", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["sound"] and found["events"] == 5 and found["rows"]["attempt"] == 1
    assert main(["db", "check"]) == 0


def test_check_of_a_row_that_was_meddled_with(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE attempt SET disposition = 'PTP'")
    capsys.readouterr()
    assert main(["db", "check", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert [(one["table"], one["columns"]) for one in found["differences"]] == [("attempt", ["disposition"])]
    assert main(["db", "check"]) == 1
    told = capsys.readouterr()
    assert "different (disposition)" in told.out and told.err.count("\n") == 1


def test_check_of_a_journal_that_was_meddled_with(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    with db.write() as connection:
        connection.exec_driver_sql("UPDATE event SET actor = 'nobody' WHERE seq = 3")
    capsys.readouterr()
    assert main(["db", "check", "--json"]) == 1
    assert [flaw["seq"] for flaw in json.loads(capsys.readouterr().out)["flaws"]] == [3]


def test_kpis_as_json(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["kpi", "--from", "2026-11-18", "--to", "2026-11-18", "--by", "hour", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["kpis"]["human"] == {"value": 1, "numerator": 1, "denominator": None}
    assert found["kpis"]["tma_s"] == {"value": 9.5, "numerator": 9.5, "denominator": 1}
    assert [row["key"] for row in found["rows"]] == ["2026-11-18T10"]
    assert main(["kpi", "--from", "2026-11-19", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["kpis"]["attempts"]["value"] == 0


def test_kpis_as_csv_and_table(db: Database, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["kpi", "--by", "seat", "--csv"]) == 0
    (line,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (line["seat"], line["attempts"], line["human_rate"]) == ("seat-1", "1", "1.0")
    assert main(["kpi"]) == 0
    assert "ALÔ (H)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "code", "words"),
    [
        (["kpi", "--from", "ontem"], 2, "write a day like"),
        (["kpi", "--from", "2026-11-19", "--to", "2026-11-18T10:00:00-03:00"], 2, "is after --to"),
        (["kpi", "--to", "2026-11-18T10:00:00"], 2, "write a day like"),
        (["kpi", "--campaign", "nenhuma"], 1, "no campaign nenhuma"),
    ],
)
def test_bad_usage_is_one_line(
    db: Database, capsys: pytest.CaptureFixture[str], command: list[str], code: int, words: str
) -> None:
    capsys.readouterr()
    assert main(command) == code
    told = capsys.readouterr()
    assert told.out == "" and told.err.count("\n") == 1 and words in told.err
