"""`voiceagent bench speech`: how well answers are heard, per kind and line, beside a plain Whisper."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import languages_named, machine_text

HELP = "recognition of answers by voices that were never trained on, and by people: right, rejected, wrong (6 minutes)"
EXAMPLE = "voiceagent bench speech --language pt-BR --json"
RECORDINGS = {"all": ("rendered", "human")} | {name: (name,) for name in ("rendered", "human", "rhvoice", "mbrola")}


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all; repeatable)")
    parser.add_argument(
        "--clips", type=count, default=30, metavar="N",
        help="answers per language and kind of recording (default %(default)s; all takes 6 minutes on two free cores)",
    )  # fmt: skip
    parser.add_argument(
        "--recordings",
        choices=tuple(RECORDINGS),
        default="all",
        help="rendered voices, people's words fetched from Debian (es and en), both (default), or the voices of "
        "another speech program that you installed",
    )
    parser.add_argument("--rejected", action="store_true", help="list the answers that were not believed, too")
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.base.languages import Language
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.bench_speech import Plan, measure

    languages = languages_named(args.language or list(Language))
    models = args.models or Paths.from_environment().models
    plan = Plan(languages, args.clips, recordings=RECORDINGS[args.recordings])
    report = measure(plan, models, lambda line: print(line, file=sys.stderr))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        show(report, args.rejected)
    return 0


def show(report: dict[str, Any], rejected: bool) -> None:
    """Print the report as a person reads it; `rejected`: with the answers that were not believed."""
    print(machine_text(report["machine"]))
    print("right / rejected / wrong")
    for language, table in report["languages"].items():
        _show_table(f"{language}, rendered voices", table, rejected)
    for language, table in report["people"].items():
        _show_table(f"{language}, a person's recordings", table, rejected)
    for program in ("rhvoice", "mbrola"):
        for language, table in report.get(program, {}).items():
            _show_table(f"{language}, voices of {program}", table, rejected)
    _show_summary(report)


def _show_table(title: str, table: dict[str, Any], rejected: bool) -> None:
    print(title)
    for kind, lines in {"all": table["all"], **table["kinds"]}.items():
        row = (f"{name} {_cell(score)}" for name, score in lines.items())
        print(f"  {kind:12} n {lines['clean']['n']:3}  " + "  ".join(row))
    for name, both in table["compared"].items():
        cells = f"plain {_cell(both['plain'])}, here {_cell(both['here'])}"
        print(f"  {name}: {cells}, the same {both['plain']['n']} clips: {both['ratio']} times as often right")
    latency = table["latency"]
    here, plain, all_lines = (latency[name] for name in ("here_ms", "plain_ms", "here_on_all_lines_ms"))
    print(
        f"  ms from the last sample: here {here['median']} (p95 {here['p95']}), plain {plain['median']} "
        f"(p95 {plain['p95']}): {latency['ratio']} times faster, the same {here['n']} clips; here on all lines "
        f"{all_lines['median']} (p95 {all_lines['p95']})"
    )
    answer = table["answer"]
    print(
        f"  s from the last word to its text, silence included: here {answer['here_s']['median']} (p95 "
        f"{answer['here_s']['p95']}), plain {answer['plain_s']['median']} (p95 {answer['plain_s']['p95']}): "
        f"{answer['ratio']} times sooner, the same {answer['here_s']['n']} clips"
    )
    wrong = table["wrong_of_all"]
    lines = ", ".join(f"{name} {found['count']} of {found['n']}" for name, found in table["wrong_by_line"].items())
    print(f"  wrong {wrong['count']} of {wrong['n']}, 95 % interval {wrong['low']}-{wrong['high']}: {lines}")
    for mistake in table["wrong"]:
        print(f"    wrong    {mistake}")
    for doubt in table["rejected"] if rejected else ():
        print(f"    rejected {doubt}")


def _show_summary(report: dict[str, Any]) -> None:
    """One line for each language and kind of recording, and whether it is what was aimed at."""
    goals = "; ".join(f"{name} right at least {least}" for name, least in report["targets"]["right"].items())
    for row in report["summary"]:
        if row is report["summary"][0]:
            heads = "".join(f"{name:>8}" for name in row["right"])
            print(f"{'right':17}{'n':>4}{heads}{'wrong of all':>14}   here beside the plain way")
        right = "".join(f"{share:>8.3f}" for share in row["right"].values())
        wrong = f"{row['wrong']['count']} of {row['wrong']['n']}"
        plain = row["plain"]
        beside = [f"{name} {ratio} x as often right" for name, ratio in plain["right"].items() if ratio is not None]
        beside += [f"{plain['sooner']} x sooner"] if plain["sooner"] is not None else []
        failed = ", ".join(name for name, met in row["met"].items() if not met)
        print(f"{row['language']:7}{row['recordings']:10}{row['n']:>4}{right}{wrong:>14}   {', '.join(beside)}")
        print(f"{'':17}{'NOT met: ' + failed if failed else 'targets met'}")
    for out in report["left_out"]:
        print(f"NOT heard: {out['language']} {out['recordings']}: {out['why']}")
    verdict = "NOT all targets met" if report["met"] is False else "all targets met"
    verdict += ", by those that were heard" if report["met"] is None else ""
    print(f"{verdict} ({goals}; wrong at most {report['targets']['wrong_on_each_line']} on each line)")


def _cell(score: dict[str, Any]) -> str:
    return "-" if not score["n"] else f"{score['right']:.3f}/{score['rejected']:.3f}/{score['wrong']:.3f}"
