"""Guards a campaign end to end on a real Asterisk: order, callbacks at their minute, caps, and totals as in the CDR.

Nobody in it speaks, so it costs no recognition; `voiceagent bench campaign` is the same with more people.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from voiceagent.simulator.live_campaign import LiveCampaign, Plan


def test_a_small_campaign_on_two_workers(tmp_path: Path) -> None:
    plan = Plan(
        tmp_path / "campaign",
        contacts=8,
        seats=6,
        at_once=5,
        callbacks=2,
        reminders=1,
        hot=1,
        talking=(),
        others=("load_hangs_up",),
        later_s=8.0,
    )
    document = asyncio.run(LiveCampaign(plan, lambda line: print(line, file=sys.stderr, flush=True)).run())
    assert document["problems"] == []
    assert document["calls"] == document["cdr"] == document["contacts"] == 8
    assert document["order"].startswith("CRH") and document["order"].count("L") == 4
    assert len(document["by_worker"]) == 2 and document["most_at_once"] <= 5
    assert len(document["callbacks_late_s"]) == 2
    json.dumps(document)
