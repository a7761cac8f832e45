"""`voiceagent bench ears`: how soon so many callers at once are heard by the speech process, without telephones."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import counts, positive
from voiceagent.cli.benches import engine_option, engine_text, machine_text

HELP = "callers who talk to the speech process at the pace of life, without telephones: how soon they are heard"
EXAMPLE = "voiceagent bench ears --callers 4,16,24 --seconds 30 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    engine_option(parser)
    parser.add_argument(
        "--callers", type=counts, default=None, metavar="N,N,...", help="callers at once (default 4,16,24)"
    )
    parser.add_argument("--seconds", type=positive, default=30.0, metavar="S", help="each for so long (default 30)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws who says what when (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.simulator.bench_ears import STEPS, Plan, measure

    report = measure(
        Plan(args.callers or STEPS, args.seconds, args.engine, args.seed),
        lambda line: print(f"bench: {line}", file=sys.stderr, flush=True),
    )
    if args.json:
        print(json.dumps(report))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    print(f"{engine_text(report)}; from the last sound of an answer to its text")
    print(f"{'callers':>8}{'n':>6}{'p50 s':>8}{'p95 s':>8}{'end of turn p95':>17}{'recognise p95':>15}  cores busy")
    for step in report["steps"]:
        total, stages = step["total"], step["stages"]
        figures = (total["p50_s"], total["p95_s"], stages["end_of_turn"]["p95_s"], stages["recognise"]["p95_s"])
        p50, p95, end, asr = ("-" if value is None else f"{value:.2f}" for value in figures)
        busy = ", ".join(f"{name} {cores}" for name, cores in step["cores"].items())
        print(f"{step['callers']:>8}{total['n']:>6}{p50:>8}{p95:>8}{end:>17}{asr:>15}  {busy}")
        print(
            "  " + ", ".join(f"{name} {number}" for name, number in {**step["reasons"], "lost": step["lost"]}.items())
        )
