"""`voiceagent bench compliance`: the speed of a decision, and decisions replayed from what was stored."""

from __future__ import annotations

import argparse
import json
import sys

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import machine_text

HELP = "time decisions with a history of 50 contacts; replay random decisions from what was stored"
EXAMPLE = "voiceagent bench compliance --decisions 20000"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument(
        "--decisions",
        type=count,
        default=200_000,
        metavar="N",
        help="random decisions to replay (default: %(default)s)",
    )
    parser.add_argument("--full", action="store_true", help="1,000,000 decisions (many minutes)")
    parser.add_argument("--timed", type=count, default=4000, metavar="N", help="decisions timed (default: %(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="another seed, other decisions (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 1 when a decision did not replay."""
    import os

    from voiceagent.base.errors import UsageError
    from voiceagent.settings.jurisdictions import load_rules
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.bench_compliance import measure

    if args.timed < 100:
        raise UsageError("--timed is 100 or more")
    report = measure(
        load_rules(Paths.from_environment().dialplans / "jurisdictions"),
        decisions=1_000_000 if args.full else args.decisions,
        timed=args.timed,
        processes=max(1, min(4, os.cpu_count() or 1)),
        seed=args.seed,
        say=lambda line: print(line, file=sys.stderr),
    )
    if args.json:
        print(json.dumps(report))
    else:
        replay = report["replay"]
        print(machine_text(report["machine"]))
        for name, speed in report["decide"].items():
            told = f"median {speed['p50_us']} us, p95 {speed['p95_us']} us, p99 {speed['p99_us']} us"
            told += f" (processor time, median {speed['cpu_p50_us']} us)"
            print(f"decide, {name}: {told}, n {speed['n']}, {speed['allowed']} allowed")
        print(f"replayed {replay['n']:,} decisions in {replay['seconds']} s, {replay['differ']} differ")
    return 0 if report["replay"]["differ"] == 0 else 1
