"""Guards what `bench loop` and `bench calls` make of what they found: targets, and an exit code that tells them."""

from __future__ import annotations

import math
from typing import Any

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.cli.main import main
from voiceagent.simulator import bench_calls, bench_loop
from voiceagent.simulator.measured_on import machine

LOOP: dict[str, Any] = {
    "calls": 40, "answered": 40, "late_frames": 0, "late_share": 0.001, "leaks": [], "channels_left": 0,
    "at_once": 6, "seconds": 60.0, "frames": 36_000, "held": [], "cores": {}, "machine": machine(),
    "heard": {"gaps_over_40_ms": 0, "packets": 1, "missed_by_60_ms_buffer": 0, "lost": 0, "worst_ms": 1},
    "idle_thread_late_ms": {"over_20": 0.0, "max": 1.0},
}  # fmt: skip
CALLS: dict[str, Any] = {
    "calls": 33, "wrong": [], "differences_from_asterisk": [], "left": {"channels": 0, "seats_not_idle": 0},
    "dispositions": {}, "restarts": {}, "seconds": 30.0, "calls_per_second": 1.1, "machine": machine(),
}  # fmt: skip


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ({}, []),
        ({"late_share": 0.0011}, ["late_share"]),
        ({"leaks": ["worker grew"]}, ["leaks"]),
        ({"channels_left": 1}, ["channels_left"]),
        ({"answered": 39}, ["unanswered"]),
    ],
)
def test_a_loop_that_misses_a_target_says_so_and_fails(
    found: dict[str, Any], missed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = LOOP | found
    report |= {"targets": bench_loop.TARGETS, "met": bench_loop.met_of(report)}
    assert [name for name, met in report["met"].items() if not met] == missed
    monkeypatch.setattr(bench_loop, "measure", lambda plan, progress: report)
    assert main(["bench", "loop"]) == (1 if missed else 0)
    told = capsys.readouterr().out
    assert all(f"{name} {bench_loop.TARGETS[name]} NOT met" in told for name in missed)
    assert ("NOT" in told) is bool(missed)


@pytest.mark.parametrize(
    ("found", "missed"),
    [
        ({}, []),
        ({"wrong": ["+55 (busy): NA, not BUSY"]}, ["wrong"]),
        ({"differences_from_asterisk": ["+55: ANSWERED"]}, ["differences_from_asterisk"]),
        ({"left": {"channels": 1, "seats_not_idle": 0}}, ["channels_left"]),
        ({"left": {"channels": 0, "seats_not_idle": 2}}, ["seats_not_idle"]),
    ],
)
def test_quick_calls_that_leave_anything_fail(
    found: dict[str, Any], missed: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    report = CALLS | found
    report |= {"targets": bench_calls.TARGETS, "met": bench_calls.met_of(report)}
    assert [name for name, met in report["met"].items() if not met] == missed
    monkeypatch.setattr(bench_calls, "measure", lambda plan, progress: report)
    assert main(["bench", "calls"]) == (1 if missed else 0)
    assert ("NOT all targets met" in capsys.readouterr().out) is bool(missed)


@pytest.mark.parametrize("seconds", [math.nan, math.inf, 0.0, -1.0, 1e7])
def test_a_loop_of_no_length_or_of_any_is_refused(seconds: float) -> None:
    with pytest.raises(UsageError):
        bench_loop.measure(bench_loop.Plan(seconds=seconds))


@pytest.mark.parametrize("calls", [10, 10_001])
def test_quick_calls_need_a_number_each(calls: int) -> None:
    with pytest.raises(UsageError, match="at most 10000"):
        bench_calls.measure(bench_calls.Plan(calls=calls))


@pytest.mark.parametrize("words", ["loop --hours nan", "loop --hours inf", "noise --seconds nan", "dialer --seconds 0"])
def test_a_length_of_time_that_is_none_is_refused_by_name(words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["bench", *words.split()])
    assert words.split()[1] in capsys.readouterr().err
