"""`voiceagent bench loop`: calls without end, and whether any process grows."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count, positive
from voiceagent.cli.benches import machine_text, targets_text

HELP = "calls one after the other for an hour: growth of memory, threads and files, and frames that came late"
EXAMPLE = "voiceagent bench loop --hours 0.1 --calls 6"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--hours", type=positive, default=1.0, metavar="H", help="for so long (default: %(default)s)")
    parser.add_argument("--calls", type=count, default=12, metavar="N", help="calls at once (default: %(default)s)")
    parser.add_argument(
        "--talk", type=positive, default=18.0, metavar="S", help="length of a call (default: %(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 when a target is missed."""
    from voiceagent.simulator.bench_loop import Plan, measure

    plan = Plan(args.calls, 3600 * args.hours, args.talk)
    report = measure(plan, lambda line: print(line, file=sys.stderr, flush=True))
    if args.json:
        print(json.dumps(report))
    else:
        _show(report)
    return 0 if all(report["met"].values()) else 1


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    print(f"{report['calls']} calls, {report['at_once']} at once, {report['answered']} answered, {report['seconds']} s")
    share, wanted = 100 * report["late_share"], 100 * report["targets"]["late_share"]
    print(f"late frames: {report['late_frames']} of {report['frames']} ({share:.3f} %; at most {wanted:.1f} %)")
    print(f"channels left at the end: {report['channels_left']}")
    heard, idle = report["heard"], report["idle_thread_late_ms"]
    print(
        f"at the telephones: {heard['gaps_over_40_ms']} gaps over 40 ms in {heard['packets']} packets, "
        f"{heard['missed_by_60_ms_buffer']} too late for a buffer of 60 ms, {heard['lost']} lost "
        f"(the latest by {heard['worst_ms']} ms)"
    )
    share = 100 * idle["over_20"]
    print(f"a thread that only sleeps was over 20 ms late {share:.3f} % of the times, {idle['max']} ms at most")
    print("cores busy: " + ", ".join(f"{name} {cores}" for name, cores in report["cores"].items()))
    for row in report["held"]:
        first, last = row["rss_mb"]
        print(
            f"{row['process']} ({row['pid']}): {first} to {last} MB, threads {row['threads']}, "
            f"files {row['handles']}, {row['seconds']} s"
        )
    print("no process grew" if not report["leaks"] else "; ".join(report["leaks"]))
    print(targets_text(report["targets"], report["met"]))
