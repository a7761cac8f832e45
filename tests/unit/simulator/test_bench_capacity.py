"""Guards what `bench capacity` makes of its calls: how many were at once, and where answers began to be late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.simulator.bench_capacity import Plan, capacity, measure, most_at_once

T0 = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


def span(begins: float, ends: float) -> tuple[datetime, datetime]:
    return T0 + timedelta(seconds=begins), T0 + timedelta(seconds=ends)


def step(at_once: int, p95_s: float | None) -> dict[str, Any]:
    return {"at_once": at_once, "total": {"p50_s": 0.5, "p95_s": p95_s, "n": 9}}


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
        ([step(4, 0.9), step(8, None)], {"in_time": 4, "late": None}),
    ],
)
def test_the_capacity_is_the_most_calls_in_time(steps: list[dict[str, Any]], found: dict[str, int | None]) -> None:
    assert capacity(steps) == found


@pytest.mark.parametrize("plan", [Plan(()), Plan((0,)), Plan((4,), seconds=0)])
def test_nonsense_is_refused_before_anything_starts(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
