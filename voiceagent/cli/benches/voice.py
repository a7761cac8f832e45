"""`voiceagent bench voice`: the agent's prompts listened to by machine: level, clicks, words, cost of synthesis."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import languages_named, machine_text

HELP = "listen to the agent's prompts: level, clicks, clipping, words understood back at 8 kHz, cost of synthesis"
EXAMPLE = "voiceagent bench voice --language pt-BR --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: pt-BR; repeatable)")
    parser.add_argument("--prompts", type=count, default=60, metavar="N", help="prompts listened to (default: 60)")
    parser.add_argument(
        "--calls", type=count, default=10, metavar="N", help="calls whose synthesis counts (default: 10)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are: `met` says whether they reach the targets."""
    from voiceagent.simulator.bench_voice import Plan, measure

    languages = languages_named(args.language or ["pt-BR"])
    report = measure(Plan(languages, args.prompts, args.calls), lambda line: print(line, file=sys.stderr))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    for language, part in report["languages"].items():
        level, joins, cpu = part["level_dbov"], part["joins"], part["synthesis_cpu_s"]
        met = "all targets met" if report["met"][language] else "NOT all targets met"
        print(f"{language}: {met}; {part['prompts']} prompts by {part['voice']}, longest {part['seconds']['max']} s")
        print(
            f"  level    median {level['median']} dBov ({level['nominal']} wanted), furthest from it "
            f"{level['furthest_db']} dB"
        )
        print(
            f"  joins    {joins['n']}: {joins['clicks']} clicks, loudest step {joins['loudest_step_dbov']} dBov; "
            f"{part['clipped_samples']} clipped samples"
        )
        print(f"  words    error rate {part['word_error_rate']:.3f} of {part['words']} words")
        print(f"  synthesis a call  median {cpu['median']} s, most {cpu['max']} s of processor, n {cpu['n']}")
        for line in part["worst"]:
            print(f"    {line}")
    print("targets: " + ", ".join(f"{name} {limit}" for name, limit in report["targets"].items()))
