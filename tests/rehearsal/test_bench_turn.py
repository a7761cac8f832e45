"""Guards `bench turn` on a real Asterisk: one short call gives a whole report whose figures are possible.

How fast the agent is says the bench itself, on a quiet machine; a test must hold on any.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from voiceagent.cli.benches import turn
from voiceagent.simulator.bench_turn import Plan, measure


def test_a_short_call_is_measured_from_both_ends(tmp_path: Path, capsys) -> None:
    plan = Plan(n=1, concurrent=1, home=tmp_path / "bench")
    report = measure(replace(plan, lines=("Quem está falando?", "!Sim, sou eu mesmo.")))
    assert report["n"] >= 1 and report["engine"] == "whisper" and report["concurrent"] == 1
    assert 0.1 < report["total"]["p50_s"] < 10
    assert set(report["stages"]) == {"end_of_turn", "recognise", "decide", "first_audio", "transport"}
    assert all(spread["n"] == report["n"] for spread in report["stages"].values())
    assert sum(spread["p50_s"] for spread in report["stages"].values()) < 2 * report["total"]["p95_s"] + 0.5
    assert report["answer_to_first_word"]["p50_s"] > 0
    assert set(report["cores"]) == {"worker", "speech", "asterisk", "simulator"}
    assert all(cores > 0 for cores in report["cores"].values())
    assert report["idle_jitter_ms"] >= 0 and report["machine"]["asterisk"]
    json.dumps(report)
    turn._show(report)
    assert "answer to a turn" in capsys.readouterr().out
