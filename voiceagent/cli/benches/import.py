"""`voiceagent bench import`: how fast lists come in."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count
from voiceagent.cli.benches import machine_text

HELP = "rows a second of an import, what storage adds to reading, and memory; SQLite and PostgreSQL"
EXAMPLE = "voiceagent bench import --rows 1000000 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--rows", type=count, default=150_000, metavar="N", help="of the list (default 150,000)")
    parser.add_argument("--no-postgres", action="store_true", help="SQLite only")
    parser.add_argument("--replay", action="store_true", help="replay SQLite's journal afterwards and compare (slow)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are: `met` says whether they reach the targets."""
    from voiceagent.base.errors import UsageError
    from voiceagent.simulator.bench_import import Plan, measure
    from voiceagent.simulator.measured_on import machine

    if args.rows > 10_000_000:
        raise UsageError("--rows is between 1 and 10,000,000")
    plan = Plan(args.rows, not args.no_postgres, args.replay)
    report = {"machine": machine()} | measure(plan, lambda line: print(line, file=sys.stderr, flush=True))
    print(json.dumps(report)) if args.json else _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    print(machine_text(report["machine"]))
    print(f"{report['rows']:,} rows")
    reading = report["reading"]
    print(f"reading and checking  {reading['rows_per_s']:>7,} rows/s  {reading['cpu_us_per_row']:>6} µs  1 core")
    for name in ("sqlite", "postgresql"):
        part = report[name]
        if part is None:
            continue
        grown = "" if part["growth_mb"] is None else f", {part['growth_mb']} MB more than at 100,000 rows"
        print(
            f"import, {name:<13} {part['rows_per_s']:>7,} rows/s  {part['cpu_us_per_row']:>6} µs  1 core "
            f"({part['rows_per_s_wall']:,} rows/s by the clock; storage adds {part['storage_adds']:.0%}, "
            f"{part['storage_adds_wall']:.0%} by the clock; "
            f"peak {part['peak_mb']} MB{grown})"
        )
        same = part["same_rows"]
        server = f" and the server's {part['server_us_per_row']} µs" if "server_us_per_row" in part else ""
        alone = same["cpu_us_per_row"] + same["server_us_per_row"]
        print(
            f"  of it the program's {part['cpu_us_per_row']} µs{server}; the same rows alone, ready-made: "
            f"{alone:.1f} µs, {same['of_reading']:.0%} of reading"
        )
        if "replay_sound" in part:
            print(f"  replay of {part['events']:,} events: {'the same rows' if part['replay_sound'] else 'DIFFERENT'}")
        if "bare_copy" in part:
            print(f"  bare COPY of the file: {part['bare_copy']['rows_per_s_wall']:,} rows/s by the clock")
    missed = [name for name, reached in report["met"].items() if not reached]
    print("all targets met" if not missed else f"targets missed: {', '.join(missed)}")
