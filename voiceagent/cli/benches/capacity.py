"""`voiceagent bench capacity`: at how many calls at once answers come too late."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import counts, not_negative, positive
from voiceagent.cli.benches import engine_option, engine_text, machine_text, targets_text

HELP = (
    "calls at once at which answers come too late (p95 over 1.2 s) or not at all, through a real Asterisk (7 minutes)"
)
EXAMPLE = "voiceagent bench capacity --engine vosk --steps 4,8,16"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    engine_option(parser)
    parser.add_argument("--steps", type=counts, default=None, metavar="N,N,...", help="calls at once (default 4,16,30)")
    parser.add_argument(
        "--seconds", type=positive, default=390.0, metavar="S", help="time for all steps (default: %(default)s)"
    )
    parser.add_argument(
        "--loop", type=not_negative, default=0.0, metavar="S",
        help="instead: keep the first step's calls going for so long, and watch memory, threads and handles",
    )  # fmt: skip
    parser.add_argument("--at", metavar="ISO-8601", help="the instant it begins (default: next Wednesday 10:00 there)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws the debtors (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are, 1 when a process of the loop grew."""
    from voiceagent.simulator.bench_capacity import STEPS, Plan, measure

    def progress(line: str) -> None:
        print(f"bench: {line}", file=sys.stderr, flush=True)

    plan = Plan(
        steps=args.steps or STEPS,
        seconds=args.seconds,
        loop_s=args.loop,
        engine=args.engine,
        at=args.at,
        seed=args.seed,
    )
    report = measure(plan, progress)
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 1 if args.loop and report["leaks"] else 0


def _show(report: dict[str, Any]) -> None:
    capacity = report["capacity"]
    print(machine_text(report["machine"]))
    late = capacity["late"]
    end = f"late at {late}" if late is not None else "late: not reached"
    print(f"{engine_text(report)}: answers in time up to {capacity['in_time']} calls at once, {end}")
    print(
        f"in time: p95 at most {report['limit_s']} s, at most {report['most_lost']:.0%} of the turns (or one) without "
        "an answer, every call answered"
    )
    print(
        f"{'at once':>8}{'calls':>10}{'n':>6}{'lost':>12}{'p50 s':>8}{'p95 s':>8}{'turn end':>10}{'heard':>8}"
        f"{'said':>8}{'first word':>12}  (p95 all four)  cores in the busiest 10 s"
    )
    for step in report["steps"]:
        total, stages = step["total"], step["stages"]
        of = (stages["end_of_turn"], stages["recognise"], stages["first_audio"], step["answer_to_first_word"])
        figures = [total["p50_s"], total["p95_s"], *(one["p95_s"] for one in of)]
        p50, p95, end, asr, tts, word = ("-" if value is None else f"{value:.2f}" for value in figures)
        busy = ", ".join(f"{name} {cores}" for name, cores in step["cores_busiest"].items())
        calls, lost = f"{step['answered']} of {step['calls']}", f"{step['lost']} ({step['lost_share']:.1%})"
        print(
            f"{step['at_once']:>8}{calls:>10}{total['n']:>6}{lost:>12}{p50:>8}{p95:>8}{end:>10}{asr:>8}{tts:>8}"
            f"{word:>12}  {busy}"
        )
        print(f"{'':8}  turns not timed: {', '.join(f'{name} {n}' for name, n in step['counts'].items()) or 'none'}")
    print(targets_text(report["targets"], report["met"]) + " (calls at once, on two cores)")
    for row in report["held"]:
        first, last = row["rss_mb"]
        print(
            f"{row['process']} ({row['pid']}): {first} to {last} MB, threads {row['threads']}, {row['handles']} files"
        )
    if report["loop_s"]:
        print("no process grew" if not report["leaks"] else "; ".join(report["leaks"]))
