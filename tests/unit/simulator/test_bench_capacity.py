"""Guards what `bench capacity` makes of its calls: how many were at once, and where answers began to be late."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.cli.benches.capacity import _show
from voiceagent.simulator import bench_capacity
from voiceagent.simulator.bench_capacity import Plan, _step, capacity, measure, met_of, most_at_once
from voiceagent.simulator.bench_turn import Measured
from voiceagent.simulator.measured_on import machine

T0 = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


def span(begins: float, ends: float) -> tuple[datetime, datetime]:
    return T0 + timedelta(seconds=begins), T0 + timedelta(seconds=ends)


def step(at_once: int, p95_s: float | None, lost: int = 0, *, unanswered: int = 0, early: int = 0) -> dict[str, Any]:
    n = 0 if p95_s is None else 19
    return {
        "calls": at_once + early,
        "at_once": at_once,
        "answered": at_once + early - unanswered,
        "lost": lost,
        "lost_share": lost / max(1, lost + n),
        "total": {"p50_s": 0.5, "p95_s": p95_s, "n": n},
    }


def test_calls_are_counted_where_they_overlap() -> None:
    assert most_at_once([]) == 0
    assert most_at_once([span(0, 10), span(5, 15), span(9, 12), span(20, 30)]) == 3
    assert most_at_once([span(0, 10), span(10, 20)]) == 1, "one ended as the other began"


@pytest.mark.parametrize(
    ("steps", "found"),
    [
        ([step(4, 0.8), step(8, 1.1), step(12, 1.3)], {"in_time": 8, "late": 12}),
        ([step(4, 0.8), step(8, 1.2)], {"in_time": 8, "late": None}),
        ([step(4, 1.9)], {"in_time": 0, "late": 4}),
        ([step(4, 0.9), step(8, None)], {"in_time": 4, "late": 8}),
        ([step(4, 0.8), step(8, 1.3), step(12, 1.1)], {"in_time": 4, "late": 8}),
        ([step(4, 0.9, 1), step(8, 0.9, 2)], {"in_time": 4, "late": 8}),
        ([step(4, 0.9), step(8, 0.9, unanswered=1)], {"in_time": 4, "late": 8}),
        ([step(29, 0.9, early=1)], {"in_time": 29, "late": None}),
    ],
)
def test_the_capacity_is_the_most_calls_in_time(steps: list[dict[str, Any]], found: dict[str, int | None]) -> None:
    assert capacity(steps) == found


@pytest.mark.parametrize(
    ("steps", "reached"),
    [
        ([step(4, 0.8), step(30, 1.1)], True),
        ([step(27, 1.1, early=3)], True),
        ([step(26, 1.1, early=4)], None),
        ([step(4, 0.8), step(16, 0.9)], None),
        ([step(16, 1.3)], False),
        ([step(16, 1.3), step(30, 1.1)], False),
        ([step(30, 1.1, 3)], False),
    ],
)
def test_the_aim_is_met_missed_or_was_not_tried(steps: list[dict[str, Any]], reached: bool | None) -> None:
    assert met_of(steps) == {"calls": reached}


def test_a_recogniser_that_gives_up_loses_turns_and_nobody_loses_those_of_another_state(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counts = Counter({"repeats": 3, "not_heard": 1, "unanswered": 2, "ignored": 1, "elsewhere": 5, "talked_over": 1})
    found = Measured(total=[0.9] * 13, counts=counts)
    monkeypatch.setattr(bench_capacity, "judge", lambda *_: found)
    begins, ends = span(0, 60)
    rows = [{"number": n, "t_answer": begins if n == "1" else None, "t_end": ends} for n in "12"]
    group: Any = [SimpleNamespace(number="1"), SimpleNamespace(number="2")]
    house: Any = SimpleNamespace(calls=lambda: rows)
    told = _step(house, group, SimpleNamespace(asked_in="greet"), {}, {})  # type: ignore[arg-type]
    assert (told["lost"], told["lost_share"], told["answered"], told["calls"]) == (7, 0.35, 1, 2)


def test_turns_and_calls_without_an_answer_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    nothing = {"p50_s": None, "p95_s": None, "n": 0}
    steps = [
        step(30, 0.9, 2, unanswered=1)
        | {"stages": dict.fromkeys(("end_of_turn", "recognise", "first_audio"), nothing), "cores_busiest": {}}
        | {"answer_to_first_word": nothing, "counts": {"repeats": 2, "elsewhere": 1}}
    ]
    _show(
        {"engine": "whisper", "model": "m", "machine": machine(), "capacity": capacity(steps), "steps": steps}
        | {"limit_s": 1.2, "most_lost": 0.05, "targets": {"calls": 30}, "met": met_of(steps)}
        | {"held": [], "loop_s": 0.0, "leaks": []}
    )
    told = capsys.readouterr().out
    assert "29 of 30" in told and "2 (9.5%)" in told and "repeats 2, elsewhere 1" in told
    assert "up to 0 calls at once, late at 30" in told and "calls 30 NOT met" in told


@pytest.mark.parametrize("plan", [Plan(()), Plan((0,)), Plan((4,), seconds=0)])
def test_nonsense_is_refused_before_anything_starts(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
