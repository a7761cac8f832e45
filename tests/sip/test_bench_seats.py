"""Guards the measurement of seats: calls are up, sound goes both ways, every frame is counted."""

from __future__ import annotations

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.simulator.bench_seats import Plan, measure


def test_frames_of_every_call_are_counted() -> None:
    report = measure(Plan(seats=3, seconds=1.0, per_process=2))
    assert (report["calls"], report["processes"]) == (3, 2)
    frames = report["frames"]
    assert 0.8 * frames["due"] <= frames["came"] <= 1.2 * frames["due"]
    assert frames["with_sound"] > 0.5 * frames["came"], "the telephones send back what they hear"
    assert report["gap_ms"]["median"] == pytest.approx(20, abs=3)
    assert set(report["cores_busy"]) == {"seats", "asterisk", "telephones"}


@pytest.mark.parametrize("plan", [Plan(seats=0), Plan(seconds=0.5), Plan(per_process=-1), Plan(per_process=100_000)])
def test_nonsense_is_refused(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
