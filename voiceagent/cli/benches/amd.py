"""`voiceagent bench amd`: how well a call tells a person from a machine."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import languages_named, machine_text, share_text, targets_text

HELP = (
    "people and machines that answer: confusion table with intervals, wait for the first word, time to the verdict "
    "(5 minutes a line)"
)
EXAMPLE = "voiceagent bench amd --language pt-BR --lines 2 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all; repeatable)")
    parser.add_argument("--lines", type=count, default=1, metavar="N", help="lines each answer is heard on, 1 to 4")
    parser.add_argument("--every", type=count, default=1, metavar="N", help="only every Nth answer, to be quicker")
    parser.add_argument("--development", action="store_true", help="the texts that the rules were tried on")
    parser.add_argument(
        "--kept", action="store_true", help="recognise nothing that an earlier run with --kept has heard"
    )
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.bench_amd import LINES, Plan, measure

    languages = languages_named(args.language or list(Language))
    if not 1 <= args.lines <= len(LINES):
        raise UsageError(f"--lines must be 1 to {len(LINES)}")
    models = args.models or Paths.from_environment().models
    plan = Plan(languages, args.lines, args.every, args.development, args.kept)
    report = measure(plan, models, lambda line: print(line, file=sys.stderr))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    plan = report["plan"]
    texts = "texts the rules were tried on" if plan["development"] else "texts no rule was tried on"
    part = "" if plan["every"] == 1 else f", one of every {plan['every']} answers alone"
    kept = ", with what earlier runs recognised" if plan["kept"] else ""
    lines = f"each on {plan['lines_each']} of {len(report['lines'])} lines"
    print(f"{', '.join(plan['languages'])}: {texts}, {lines}{part}{kept}")
    print("shares with 95 % intervals")
    for name in ("people_called_machines", "machines_called_people"):
        print(f"{name.replace('_', ' ')}: {share_text(report[name])}")
        for of in ("by_language", "by_line"):
            print("  " + "; ".join(f"{key} {share_text(both[name])}" for key, both in report[of].items()))
    print("known: " + "; ".join(f"{kind} {share_text(known)}" for kind, known in report["machines_known"].items()))
    print(f"first word within 1 s of a person's hello: {share_text(report['first_word_within_1s'])}")
    print(f"people never greeted: {share_text(report['never_greeted'])}")
    for kind, verdicts in report["confusion"].items():
        print(f"  {kind:12} " + ", ".join(f"{verdict} {count}" for verdict, count in verdicts.items()))
    for name in (
        "first_word_after_hello_s",
        "first_word_after_a_sentence_s",
        "machine_known_after_answer_s",
        "said_to_a_machine_s",
        "said_after_the_beep_s",
    ):
        spread = report[name]
        numbers = f"median {spread['median']}, p95 {spread['p95']}, most {spread['max']} s (n {spread['n']})"
        print(f"{name.removesuffix('_s').replace('_', ' ')}: {numbers}")
    late = report["known_too_late"]
    spread = late["hung_up_after_s"]
    print(
        f"taken for a person first, ended by the agent: {share_text(late['ended_by_the_agent'])}, "
        f"median {spread['median']}, p95 {spread['p95']} s after it knew"
    )
    for mistake in report["mistakes"]:
        print(f"  {mistake}")
    print(targets_text(report["targets"], report["met"]))
