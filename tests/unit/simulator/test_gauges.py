"""Guards what a measurement says of the processor: the busiest stretch, and a started process as a part of its own."""

from __future__ import annotations

import os
import subprocess
import sys

from voiceagent.simulator.gauges import BusiestStretch

STEPS = BusiestStretch.STEPS


def test_the_busiest_stretch_is_found_among_quieter_ones() -> None:
    busiest = BusiestStretch(dict, {})
    spent = {"speech": 0.0, "worker": 0.0}
    at = 0.0
    for cores in [0.1] * STEPS + [0.8] * STEPS + [0.2] * STEPS:
        busiest.look(at, spent)
        at += 2.0
        spent = {"speech": spent["speech"] + 2 * cores, "worker": spent["worker"] + 0.6}
    busiest.look(at, spent)
    assert busiest.cores() == {"speech": 0.8, "worker": 0.3}


def test_before_a_stretch_is_over_nothing_is_said() -> None:
    busiest = BusiestStretch(dict, {})
    for second in range(STEPS):
        busiest.look(float(second), {"speech": float(second)})
    assert busiest.cores() == {}


def test_a_process_that_ended_takes_no_time_back() -> None:
    busiest = BusiestStretch(dict, {})
    for second in range(STEPS + 1):
        busiest.look(float(second), {"simulator": 100.0 - second, "speech": 0.5 * second})
    assert busiest.cores() == {"simulator": 0.0, "speech": 0.5}


def test_what_a_part_started_is_told_apart() -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", "sum(range(3_000_000)); print('done', flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    try:
        assert child.stdout is not None and child.stdout.readline()
        told = BusiestStretch(lambda: {"speech": [os.getpid()]}, {"speech": "renderer"})._spent_so_far()
        assert told["renderer"] > 0.0 and told["speech"] > 0.0
    finally:
        child.communicate(b"\n")
