"""`voiceagent bench turn`: how soon the agent answers, at the debtor's telephone, through a real Asterisk."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import engine_option, engine_text, machine_text, targets_text

HELP = "time answers, interruptions and first words at the debtor's telephone, through a real Asterisk"
EXAMPLE = "voiceagent bench turn --concurrent 2 --n 200 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    engine_option(parser)
    parser.add_argument(
        "--concurrent", type=count, default=2, metavar="N", help="calls at a time (default: %(default)s)"
    )
    parser.add_argument(
        "--n", type=count, default=36, metavar="N", help="answers to time, at least (default: %(default)s, 5 minutes)"
    )
    parser.add_argument("--at", metavar="ISO-8601", help="the instant it begins (default: next Wednesday 10:00 there)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws the debtors (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are: `met` says whether they reach the targets."""
    from voiceagent.simulator.bench_turn import Plan, measure

    def progress(line: str) -> None:
        print(f"bench: {line}", file=sys.stderr, flush=True)

    plan = Plan(n=args.n, concurrent=args.concurrent, engine=args.engine, at=args.at, seed=args.seed)
    report = measure(plan, progress)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    print(f"{engine_text(report)}, {report['concurrent']} calls at a time, {report['calls']} calls")
    rows = [("answer to a turn", report["total"])]
    rows += [(f"  {name}", spread) for name, spread in report["stages"].items()]
    rows += [(f"  in {state}", spread) for state, spread in report["states"].items()]
    rows += [
        ("silent after an interruption", report["barge_in_stop"]),
        ("answer to first word", report["answer_to_first_word"]),
        ("hello to first word", report["hello_to_first_word"]),
    ]
    for name, spread in rows:
        if spread["n"]:
            print(f"{name:30} p50 {spread['p50_s']:6.3f} s   p95 {spread['p95_s']:6.3f} s   n {spread['n']}")
    if report["n"] < report["n_wanted"]:
        print(f"fewer answers than asked for: {report['n']} of {report['n_wanted']}")
    print("not timed: " + (", ".join(f"{name} {number}" for name, number in report["counts"].items()) or "none"))
    print("cores busy: " + ", ".join(f"{name} {number}" for name, number in report["cores"].items()))
    idle = report["idle_jitter"]
    print(targets_text(report["targets"], report["met"], "targets at two calls"))
    print(targets_text(report["aims"], report["aims_met"], "further aims at four calls"))
    print(f"an idle thread wakes late by p50 {idle['p50']} ms, p95 {idle['p95']} ms, at worst {idle['max']} ms")
