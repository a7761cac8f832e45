"""Guards `bench ears`: nothing is started on nonsense."""

from __future__ import annotations

import pytest

from voiceagent.base.errors import UsageError
from voiceagent.simulator.bench_ears import Plan, measure


@pytest.mark.parametrize("plan", [Plan(()), Plan((0,)), Plan(seconds=0), Plan(engine="ear trumpet")])
def test_nonsense_is_refused_before_anything_starts(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
