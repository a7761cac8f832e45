"""Guards `voiceagent intents`: it trains beside the data it is pointed at, and says when a model is older than it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from voiceagent.cli.main import main
from voiceagent.dialogue.intents import DEFAULT_FOLDER


def test_a_model_is_trained_and_found_stale(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "language" / "es" / "intents.yaml"
    data.parent.mkdir(parents=True)
    data.write_text("intents:\n  human:\n    examples: [quiero una persona]\n", "utf-8")
    monkeypatch.setenv("VOICEAGENT_DIALPLANS", str(tmp_path))
    assert main(["intents", "check", "--language", "es"]) == 1
    assert "run `voiceagent intents train`" in capsys.readouterr().out
    assert main(["intents", "train", "--language", "es"]) == 0
    assert main(["intents", "check", "--language", "es"]) == 0
    data.write_text("intents:\n  human:\n    examples: [páseme a alguien]\n", "utf-8")
    assert main(["intents", "check", "--language", "es"]) == 1


def test_the_shipped_models_are_up_to_date(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(DEFAULT_FOLDER, tmp_path / "language")
    monkeypatch.setenv("VOICEAGENT_DIALPLANS", str(tmp_path))
    assert main(["intents", "check"]) == 0
    assert capsys.readouterr().out.count("up to date") == 3


def test_an_unknown_language_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["intents", "check", "--language", "fr"]) == 2
    assert "no language" in capsys.readouterr().err
