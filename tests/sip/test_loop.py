"""Guards that calls without end cost no more than calls: no process holds more at the end than at the beginning.

Two minutes of `voiceagent bench loop`: the dialer, real workers, an Asterisk, sound both ways, recordings. Frames that
come late are the bench's business, on a quiet machine: a test must hold on any.
"""

from __future__ import annotations

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.simulator.bench_loop import Plan, measure


def test_two_minutes_of_calls_leave_every_process_as_it_was() -> None:
    report = measure(Plan(calls=6, seconds=120.0, talk_s=8.0))
    assert report["leaks"] == []
    assert {row["process"] for row in report["held"]} >= {"worker", "speech", "asterisk"}
    assert report["calls"] == report["answered"] >= 60
    assert report["channels_left"] == 0
    assert report["restarts"] == {}, "nobody died"
    assert report["frames"] > 50 * 6 * 60
    assert report["heard"]["packets"] > 50 * 6 * 60, "what was sent arrived"


@pytest.mark.parametrize("plan", [Plan(calls=0), Plan(talk_s=0.5), Plan(seconds=10_000_000.0)])
def test_nonsense_is_refused(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
