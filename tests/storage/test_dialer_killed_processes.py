"""Guards the lease where real worker processes are killed in their work; `bench dialer --kills` is the full size."""

from __future__ import annotations

import pytest

from voiceagent.settings.paths import ROOT
from voiceagent.simulator.cluster import Cluster
from voiceagent.simulator.dialing_kills import Plan, run


@pytest.mark.postgres
def test_nobody_is_called_twice_and_nobody_is_lost() -> None:
    with Cluster() as cluster:
        report = run(cluster.url("kills"), Plan(ROOT / "dialplans", contacts=40, workers=2, every=(1, 12)))
    assert report.kills >= 2, "nobody was killed: this run shows nothing"
    assert report.calls >= 40
    assert report.sound, report.to_json()
