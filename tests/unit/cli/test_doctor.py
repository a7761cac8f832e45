"""Guards the checkup: every part has a finding with a way to mend it, a failure is exit 1."""

from __future__ import annotations

import json
import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voiceagent.base.errors import MissingPartError
from voiceagent.cli.checkup import machine, parts, speaking
from voiceagent.cli.checkup.capacity import Capacity, calls_that_fit
from voiceagent.cli.checkup.finding import Finding, Status, examine
from voiceagent.cli.main import main
from voiceagent.speech.constrained import judging
from voiceagent.speech.engines.scripted import Scripted
from voiceagent.storage.database import Database

PARTS = {
    "home",
    "config",
    "disk",
    "clock",
    "ports",
    "database",
    "dialplans",
    "sip",
    "asterisk",
    "vad",
    "models",
    "catalogue",
    "voices",
    "bank",
    "answers",
    "second look",
}


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("VOICEAGENT_DATABASE_URL", raising=False)
    monkeypatch.delenv("VOICEAGENT_CONFIG", raising=False)
    return tmp_path / "home"


def _doctor(capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, dict[str, str]]]:
    code = main(["doctor", "--json", "--no-capacity"])
    document = json.loads(capsys.readouterr().out)
    assert document["ok"] == (code == 0)
    return code, {check["part"]: check for check in document["checks"]}


def test_every_part_is_looked_at_and_what_is_not_ok_can_be_mended(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("VOICEAGENT_MODELS", str(tmp_path / "no-models"))
    code, checks = _doctor(capsys)
    assert checks.keys() == PARTS
    assert code == 1 and checks["models"]["status"] == "fail" and checks["database"]["status"] == "warn"
    for check in checks.values():
        assert check["status"] in ("ok", "warn", "fail") and "\n" not in check["detail"]
        assert check["mend"] if check["status"] != "ok" else not check["mend"], check
    assert not home.exists(), "looking changes nothing"


def test_a_setting_that_cannot_be_read_is_a_finding_among_the_others(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home.mkdir()
    (home / "config.yaml").write_text("dial:\n  mood: pilot\n")
    code, checks = _doctor(capsys)
    assert code == 1 and checks.keys() == PARTS
    assert checks["config"]["status"] == "fail" and "config.yaml" in checks["config"]["detail"]
    assert checks["database"]["status"] == "warn" and checks["dialplans"]["status"] == "ok"


def test_a_database_is_ok_once_migrated_and_fails_when_it_is_none(
    home: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    db = Database(f"sqlite:///{home / 'voiceagent.db'}")
    db.upgrade()
    db.close()
    assert _doctor(capsys)[1]["database"]["status"] == "ok"
    (home / "notes.db").write_text("these are not the tables you are looking for " * 99)
    monkeypatch.setenv("VOICEAGENT_DATABASE_URL", f"sqlite:///{home / 'notes.db'}")
    code, checks = _doctor(capsys)
    assert code == 1 and checks["database"]["status"] == "fail"


def test_a_home_open_to_others_is_a_warning(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    assert machine.home(tmp_path).status is Status.WARN
    tmp_path.chmod(0o700)
    assert machine.home(tmp_path).status is Status.OK
    assert machine.home(tmp_path / "not" / "yet").status is Status.OK


def test_disk_is_told_in_hours_of_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 115_200_000_000})())
    assert "1000 hours" in machine.disk(tmp_path / "recordings").detail
    for free, status in ((499_999_999, Status.FAIL), (4_999_999_999, Status.WARN), (5_000_000_000, Status.OK)):
        monkeypatch.setattr(machine.shutil, "disk_usage", lambda _, free=free: type("Usage", (), {"free": free})())
        assert machine.disk(tmp_path).status is status


def test_a_clock_before_the_program_was_made_is_wrong() -> None:
    assert machine.clock(datetime(1970, 1, 1, tzinfo=UTC)).status is Status.FAIL
    assert machine.clock(datetime(2027, 5, 3, tzinfo=UTC)).status is not Status.FAIL


def test_a_port_in_use_is_told() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        assert machine.ports(taken.getsockname()[1]).status is Status.WARN


def test_whatever_a_part_raises_is_a_finding() -> None:
    def missing() -> Finding:
        raise MissingPartError("no such library")

    def broken() -> Finding:
        raise OSError("first line\nsecond line")

    assert examine("x", missing, "install it") == Finding("x", Status.FAIL, "no such library", "install it")
    assert examine("x", broken, "mend it") == Finding("x", Status.FAIL, "OSError: first line", "mend it")


def test_the_library_is_asked_for_its_limit_in_a_process_of_its_own() -> None:
    pytest.importorskip("pjsua2")
    finding = parts.sip()
    assert finding.status is Status.OK and finding.facts["calls_per_worker"] >= 4


def test_capacity_follows_what_was_measured() -> None:
    assert calls_that_fit(2, 0.03, 0.23) == 11
    assert calls_that_fit(1, 0.03, 50.0) == 1
    fits = [calls_that_fit(cores, 0.03, 0.2) for cores in (1, 2, 4, 8)]
    assert fits == sorted(set(fits))
    assert calls_that_fit(4, 0.03, 0.4) < calls_that_fit(4, 0.03, 0.2)
    assert "install a recogniser" in Capacity(2, 0.03, None, None, None).words()
    told = Capacity(2, 0.03, 0.2, "whisper", 9).as_json()
    assert told["calls"] == 9 and told["assumptions"]["load"] == 0.7


def test_the_phrase_bank_is_counted_and_its_rendering_has_a_price(tmp_path: Path) -> None:
    lacking = speaking.bank(tmp_path)
    assert lacking.status is Status.WARN
    assert "--bank pt-BR" in lacking.mend and "minutes" in lacking.mend
    assert lacking.facts["missing_units"]["pt-BR"] > 100


def test_values_are_heard_by_grammar_in_every_language_that_ships() -> None:
    assert speaking.sure_answers().status is Status.OK


@pytest.mark.parametrize("stored", ['{"scale": [1.0]}', "[]", "{"])
def test_a_calibration_of_another_version_is_told_and_how_to_mend_it(
    stored: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "weights").mkdir()
    (tmp_path / "weights" / "calibration.json").write_text(stored)
    monkeypatch.setattr(judging.resources, "files", lambda package: tmp_path)
    judging.shipped_calibration.cache_clear()
    try:
        found = examine("answers", speaking.sure_answers, "reinstall it")
    finally:
        judging.shipped_calibration.cache_clear()
    assert found.status is Status.FAIL
    assert "not of this version" in found.detail and found.mend


def test_without_a_second_ear_promises_are_not_heard_again(tmp_path: Path) -> None:
    assert speaking.second_look(tmp_path).status is Status.WARN
    (tmp_path / "whisper-base").mkdir()
    assert speaking.second_look(tmp_path).status is Status.OK


@pytest.mark.parametrize(
    ("heard", "status"),
    [
        ({"date": "2026-12-15", "amount": "250.00"}, Status.OK),
        ({"date": "2026-12-13", "amount": "250.00"}, Status.WARN),
        ({"date": None, "amount": None}, Status.WARN),
    ],
)
def test_the_agent_listens_to_itself(
    heard: dict[str, str | None], status: Status, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("voiceagent.speech.ears.load_recognisers", lambda models: {"pt-BR": Scripted({})})
    monkeypatch.setattr(speaking, "_units", lambda parts, language, models: b"\1\0" * 800)
    monkeypatch.setattr(speaking, "_hear", lambda recogniser, language, kind, pcm: (heard[kind], "words"))
    found = speaking.spoken(tmp_path)
    assert found.status is status
    assert bool(found.mend) == (status is Status.WARN)


def test_without_a_bank_there_is_nothing_to_listen_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("voiceagent.speech.ears.load_recognisers", lambda models: {"es": Scripted({})})
    found = speaking.spoken(tmp_path)
    assert found.status is Status.WARN and "es" in found.detail
