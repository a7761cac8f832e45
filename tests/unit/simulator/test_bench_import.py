"""Guards the measurement of imports: every row it writes is taken, and its verdict follows its figures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiceagent.cli.main import main
from voiceagent.simulator.bench_import import met, write_list


def test_a_small_run_takes_every_row_and_proves_its_journal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "import", "--rows", "40", "--no-postgres", "--replay", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    stored = report["sqlite"]
    assert (stored["imported"], stored["rejected"], stored["replay_sound"], stored["events"]) == (40, 0, True, 3)
    assert stored["same_rows"]["rows"] == 40 and stored["same_rows"]["of_reading"] > 0
    assert stored["growth_mb"] is None and report["postgresql"] is None
    assert report["reading"]["cpu_us_per_row"] > 0 and set(report["met"]) == {
        "sqlite_rows_per_s", "sqlite_storage_adds",
    }  # fmt: skip


def test_the_list_is_the_same_for_the_same_seed(tmp_path: Path) -> None:
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        write_list(tmp_path / name, 20, seed)
    a, b, c = ((tmp_path / name).read_text(encoding="utf-8") for name in "abc")
    assert a == b != c and a.count("\n") == 21


def test_targets() -> None:
    good = {"rows_per_s": 4000, "storage_adds": 0.4, "growth_mb": 50.0}
    assert met({"sqlite": good, "postgresql": None}) == {
        "sqlite_rows_per_s": True, "sqlite_storage_adds": True, "sqlite_growth": True,
    }  # fmt: skip
    bad = {"rows_per_s": 3999, "storage_adds": 0.41, "growth_mb": 50.1}
    assert set(met({"sqlite": bad, "postgresql": bad}).values()) == {False}
