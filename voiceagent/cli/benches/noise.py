"""`voiceagent bench noise`: what stops the agent, and what must not."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from voiceagent.cli.arguments import count, not_negative
from voiceagent.cli.benches import languages_named, machine_text, share_text, targets_text

HELP = "barge-in: an hour of noise, music, tones and echo that must not stop the agent, and people who must (3 minutes)"
EXAMPLE = "voiceagent bench noise --language pt-BR --seconds 600"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--language", action="append", metavar="L", help="pt-BR, es or en (default: all; repeatable)")
    parser.add_argument(
        "--seconds", type=not_negative, default=3600.0, metavar="S",
        help="of noise, music, tones and echo, heard faster than they sound (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--every", type=count, default=1, metavar="N", help="only every Nth interruption, to be quicker"
    )
    parser.add_argument(
        "--echo", type=float, default=None, metavar="DB", help="how loud the agent's voice comes back (default: -20)"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws sounds and lines (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def run(args: argparse.Namespace) -> int:
    """Measure and print; 0 whatever the figures are."""
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.bench_noise import ECHO_DB, Plan, measure

    echo_db = ECHO_DB if args.echo is None else args.echo
    if not echo_db <= 0:
        raise UsageError("--echo is at most 0: the agent's voice does not come back louder than it went")
    languages = languages_named(args.language or list(Language))
    plan = Plan(languages, args.seconds, args.every, echo_db, args.seed)
    report = measure(plan, Paths.from_environment().models, lambda line: print(line, file=sys.stderr, flush=True))
    if args.json:
        print(json.dumps(report, ensure_ascii=False))
    else:
        _show(report)
    return 0


def _show(report: dict[str, Any]) -> None:
    nobody, people = report["nobody"], report["people"]
    print(machine_text(report["machine"]))
    print("shares with 95 % intervals")
    if nobody:
        print(f"{'nobody speaks':16}{'seconds':>9}{'agent spoke':>13}{'stops':>7}{'turns':>7}{'in turns s':>12}")
        for kind, row in (*nobody["kinds"].items(), ("all", nobody["all"])):
            print(
                f"{kind:16}{row['seconds']:>9.0f}{row['agent_spoke_s']:>13.0f}{row['false_stops']:>7.0f}"
                f"{row['turns_opened']:>7.0f}{row['in_turns_s']:>12.1f}"
            )
        unplayed = [kind for kind, row in nobody["kinds"].items() if not row["seconds"]]
        if unplayed:
            print(f"never played, the time is too short: {', '.join(unplayed)}")
    print(
        f"people missed: {share_text(people['missed'])}; stopped for nothing before they spoke: {people['false_stops']}"
    )
    for by, groups in people["missed_by"].items():
        print(f"  by {by}: " + "; ".join(f"{name} {share_text(found)}" for name, found in groups.items()))
    stop = people["stop_s"]
    print(f"silent after their first sound: p50 {stop['p50']} s, p95 {stop['p95']} s, n {stop['n']}")
    for kind, found in people["go_on"].items():
        print(f"{kind}: went on after {share_text(found['went_on'])}, paused at {share_text(found['paused'])}")
    for example in people["examples"]:
        print(f"  {example}")
    print(targets_text(report["targets"], report["met"]))
