"""`voiceagent bench calls`: hundreds of quick calls in a row, each closed as what it was, nothing left behind."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import machine_text, targets_text

HELP = "quick calls in a row through workers that are replaced: each attempt closed as what it was, nothing left"
EXAMPLE = "voiceagent bench calls --calls 500 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--calls", type=count, default=500, metavar="N", help="how many (default 500)")
    parser.add_argument("--seats", type=count, default=8, metavar="N", help="seats that make them (default 8)")
    parser.add_argument(
        "--retire-after",
        type=count,
        default=60,
        metavar="N",
        help="calls after which a worker is replaced (default 60)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 when a call was filed as what it was not, or something of it is left."""
    from voiceagent.simulator.bench_calls import Plan, measure

    plan = Plan(args.calls, args.seats, args.retire_after)
    report = measure(plan, lambda line: print(line, file=sys.stderr, flush=True))
    if args.json:
        print(json.dumps(report))
    else:
        _show(report)
    return 0 if all(report["met"].values()) else 1


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    print(f"{report['calls']} calls in {report['seconds']} s, {report['calls_per_second']} a second")
    for name, found in report["dispositions"].items():
        print(f"  {name:36} " + ", ".join(f"{code} {count}" for code, count in found.items()))
    for wrong in [*report["wrong"], *report["differences_from_asterisk"]]:
        print(f"WRONG {wrong}")
    print(f"workers replaced: {sum(report['restarts'].values())}; left: {report['left']}")
    print(targets_text(report["targets"], report["met"]))
