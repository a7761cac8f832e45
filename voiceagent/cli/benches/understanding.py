"""`voiceagent bench understanding`: sets, round trips, random walks and the speed of a step."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from voiceagent.cli.benches import languages_named, machine_text

HELP = "score understanding per language, speak values and understand them back, walk at random, time a step"
EXAMPLE = "voiceagent bench understanding --json"

_FULL = 500_000


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all; repeatable)")
    parser.add_argument("--full", action="store_true", help=f"{_FULL:,} amounts instead of 20,000 (many minutes)")
    parser.add_argument("--quick", action="store_true", help="a tenth of everything (half a minute)")
    parser.add_argument(
        "--sets", type=Path, metavar="DIR", help="other sets: <language>.intents.test.txt, .slots.test.txt"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are: `met` says whether they reach the targets."""
    import os
    from dataclasses import replace

    from voiceagent.simulator.bench_understanding import Plan, measure

    plan = Plan(processes=max(1, min(3, os.cpu_count() or 1)))
    if args.language:
        plan = replace(plan, languages=languages_named(args.language))
    if args.full:
        plan = replace(plan, amounts=_FULL)
    if args.quick:
        plan = replace(
            plan, integers=plan.integers // 10, amounts=plan.amounts // 10, walks=plan.walks // 10, steps=300
        )
    if args.sets:
        plan = replace(plan, sets=args.sets)
    report = measure(plan, lambda line: print(line, file=sys.stderr))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    for language, part in report["languages"].items():
        step, walks = part["step"], part["walks"]
        print(f"{language}: {'all targets met' if report['met'][language] else 'NOT all targets met'}")
        for name, scored in {"test": part, **part["held_out"]}.items():
            said, read = scored["intents"], scored["slots"]
            print(
                f"  {name:8} intents macro F1 {said['macro_f1']:.3f} of {said['n']}; "
                f"slots right {read['right_rate']:.3f}, wrong {read['wrong_rate']:.4f} of {read['n']}"
            )
        for name, trip in part["round_trips"].items():
            print(f"  said and understood back: {name} {trip['n']:,}, failed {trip['failed']}")
        print(
            f"  walks    {walks['n']:,}: {walks['faults']} faults, "
            f"{walks['verified']} proved, {walks['promised']} promised"
        )
        print(f"  step     p50 {step['p50_ms']:.2f} ms, p99 {step['p99_ms']:.2f} ms, n {step['n']}")
        mistakes = list(walks["examples"])
        for scored in (part, *part["held_out"].values()):
            mistakes += [*scored["intents"]["mistakes"], *scored["slots"]["mistakes"]]
        for mistake in mistakes + [example for trip in part["round_trips"].values() for example in trip["examples"]]:
            print(f"    {mistake}")
