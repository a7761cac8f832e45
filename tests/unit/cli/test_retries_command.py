"""Guards `voiceagent retries`: what is in force, another version from its day on, and faults named by their line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiceagent.cli.main import main
from voiceagent.settings.paths import ROOT


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the shipped plan, and an installation."""
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    assert main(["campaigns", "create", "uma"]) == 0
    file = tmp_path / "retries.yaml"
    file.write_text((ROOT / "dialplans" / "retries.yaml").read_text(encoding="utf-8"), encoding="utf-8")
    return file


def test_a_version_is_adopted_shown_and_waits_for_its_day(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["retries", "adopt", str(plan)]) == 0
    text = plan.read_text(encoding="utf-8")
    plan.write_text(text.replace("retries: 1", "retries: 2").replace("valid_from: null", "valid_from: 2999-12-20"))
    assert main(["retries", "adopt", str(plan)]) == 0
    assert "version 2 holds from 2999-12-20" in capsys.readouterr().out
    assert main(["retries", "adopt", str(plan)]) == 0 and "known already" in capsys.readouterr().out
    assert main(["retries", "show", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["in_force"]["retries"] == 1 and [one["version"] for one in told["versions"]] == [1, 2]
    assert main(["retries", "show"]) == 0
    shown = capsys.readouterr().out
    assert "3 a day, 15 min apart, then next part of the day" in shown and "holds from 2999-12-20" in shown


def test_a_fault_is_one_line_with_its_place(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan.write_text(plan.read_text(encoding="utf-8").replace("wait: 15 min", "wait: soon"))
    assert main(["retries", "adopt", str(plan)]) == 1
    said = capsys.readouterr().err
    assert f"{plan}:11: ladders.BUSY.wait" in said and said.count("\n") == 1


def test_a_campaign_names_only_what_there_is(plan: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for argv, told in (
        (["create", "duas", "--script", "vendas"], "no script 'vendas' in pt-BR"),
        (["create", "duas", "--policy", "generosa"], "no policy at "),
        (["create", "duas", "--retries", "calma"], "no ladders named 'calma'"),
        (["set", "uma", "--script", "vendas"], "no script 'vendas' in pt-BR"),
        (["set", "uma", "--retries", "calma"], "no ladders named 'calma'"),
    ):
        assert main(["campaigns", *argv]) == 1
        assert told in capsys.readouterr().err
    named = "named:\n  calma:\n    ladders:\n      NA: {wait: 6 h, times: 1, then: other_part}\n"
    plan.write_text(plan.read_text(encoding="utf-8").replace("retries: 1", "retries: 2", 1) + named, encoding="utf-8")
    assert main(["retries", "adopt", str(plan)]) == 0
    assert main(["campaigns", "create", "duas", "--retries", "calma"]) == 0
    capsys.readouterr()
    assert main(["retries", "show"]) == 0
    assert "campaigns may name 'calma': otherwise in NA" in capsys.readouterr().out
