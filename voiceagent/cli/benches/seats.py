"""`voiceagent bench seats`: how many calls with audio both ways this machine holds, recognition off."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count, positive
from voiceagent.cli.benches import machine_text

HELP = "calls with audio both ways through a real Asterisk, without recognition: frames that came late"
EXAMPLE = "voiceagent bench seats --seats 24 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--seats", type=count, default=24, metavar="N", help="calls held at once (default 24)")
    parser.add_argument("--seconds", type=positive, default=30.0, metavar="S", help="for so long (default 30)")
    parser.add_argument(
        "--per-process", type=count, metavar="N", help="seats of one process (default: what the SIP library holds)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.simulator.bench_seats import Plan, measure

    report = measure(
        Plan(args.seats, args.seconds, args.per_process), lambda line: print(line, file=sys.stderr, flush=True)
    )
    if args.json:
        print(json.dumps(report))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    frames, gaps = report["frames"], report["gap_ms"]
    print(machine_text(report["machine"]))
    print(f"{report['calls']} calls in {report['processes']} processes for {report['seconds']:.0f} s")
    print(f"frames: {frames['came']} of {frames['due']}, {frames['with_sound']} with the far side's sound")
    print(f"late by more than a frame: {frames['late']} ({100 * frames['late_share']:.3f} %)")
    print(f"gaps, worst process: median {gaps['median']}, p99.9 {gaps['p99_9']}, max {gaps['max']} ms")
    print("cores busy: " + ", ".join(f"{name} {cores}" for name, cores in report["cores_busy"].items()))
