"""`voiceagent bench speech`: how well answers are heard, per kind and line, beside a plain Whisper."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

HELP = "recognition of answers by voices that were never trained on: right, rejected, wrong, per kind and line"
EXAMPLE = "voiceagent bench speech --language pt-BR --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all; repeatable)")
    parser.add_argument("--clips", type=int, default=30, metavar="N", help="answers per language (default 30)")
    parser.add_argument(
        "--recordings",
        choices=("rendered", "human"),
        default="rendered",
        help="rendered voices, or people's words fetched from Debian (es and en)",
    )
    parser.add_argument("--rejected", action="store_true", help="list the answers that were not believed, too")
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.cli.benches import languages_named
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.bench_speech import Plan, measure

    languages = languages_named(args.language or list(Language))
    if args.clips < 1:
        raise UsageError("--clips must be 1 or more")
    models = args.models or Paths.from_environment().models
    plan = Plan(languages, args.clips, recordings=args.recordings)
    report = measure(plan, models, lambda line: print(line, file=sys.stderr))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report, args.rejected)
    return 0


def _show(report: dict[str, Any], rejected: bool) -> None:
    machine = report["machine"]
    print(f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}; right / rejected / wrong")
    for language, table in report["languages"].items():
        print(language)
        for kind, lines in {"all": table["all"], **table["kinds"]}.items():
            row = (f"{name} {_cell(score)}" for name, score in lines.items())
            print(f"  {kind:12} n {lines['clean']['n']:3}  " + "  ".join(row))
        for name, both in table["compared"].items():
            cells = f"plain {_cell(both['plain'])}, here {_cell(both['here'])}"
            print(f"  {name}: {cells}, the same {both['plain']['n']} clips: {both['ratio']} times as often right")
        latency = table["latency"]
        print(
            f"  ms from the last sample: here {latency['here_ms']['median']} (p95 {latency['here_ms']['p95']}), "
            f"plain {latency['plain_ms']['median']} (p95 {latency['plain_ms']['p95']}): {latency['ratio']} times faster"
        )
        answer = table["answer"]
        print(
            f"  s from the last word to its text, silence included: here {answer['here_s']['median']} (p95 "
            f"{answer['here_s']['p95']}), plain {answer['plain_s']['median']} (p95 {answer['plain_s']['p95']}): "
            f"{answer['ratio']} times sooner, the same {answer['here_s']['n']} clips"
        )
        wrong = table["wrong_of_all"]
        print(f"  wrong {wrong['count']} of {wrong['n']}, 95 % interval {wrong['low']}-{wrong['high']}")
        for mistake in table["wrong"]:
            print(f"    wrong    {mistake}")
        for doubt in table["rejected"] if rejected else ():
            print(f"    rejected {doubt}")


def _cell(score: dict[str, Any]) -> str:
    return "-" if not score["n"] else f"{score['right']:.3f}/{score['rejected']:.3f}/{score['wrong']:.3f}"
