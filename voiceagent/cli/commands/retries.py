"""What follows each outcome of a call: the plan in force, and another one from its file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from voiceagent.cli.actions import add_action

HELP = "what follows each outcome of a call: show the plan in force, or adopt another version of it"
EXAMPLE = "voiceagent retries adopt"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    show = add_action(actions, "show", "the plan in force, and every version there was", "voiceagent retries show")
    show.add_argument("--json", action="store_true", help="one JSON document on stdout")
    adopt = add_action(
        actions,
        "adopt",
        "have a version hold from its day on, on every machine; a running `serve` does it within a minute by itself",
        "voiceagent retries adopt dialplans/retries.yaml",
    )
    adopt.add_argument("file", nargs="?", type=Path, metavar="FILE", help="default: retries.yaml of the dialplans")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.retrying import adopt, all_plans, plan_in_force
    from voiceagent.settings.dialplans import load_retries, retries_path
    from voiceagent.settings.paths import Paths

    if args.action == "adopt":
        plan = load_retries(args.file or retries_path(Paths.from_environment().dialplans))
        with open_journal() as journal:
            new = adopt(journal, plan)
        since = f" from {plan.valid_from}" if plan.valid_from else ""
        print(f"version {plan.retries} holds{since}" if new else f"version {plan.retries} is known already")
        return 0
    with open_journal() as journal, journal.db.read() as connection:
        plan = plan_in_force(connection, journal.tenant_id, journal.clock.now())
        body = plan.model_dump(mode="json")
        known = all_plans(connection, journal.tenant_id)
    if args.json:
        versions = [one | {"valid_from": _day(one), "adopted_at": one["adopted_at"].isoformat()} for one in known]
        print(json.dumps({"in_force": body, "versions": versions}))
        return 0
    print(f"version {body['retries']} is in force")
    for outcome, ladder in plan.ladders.items():
        print(f"  {outcome.value:8} {ladder.told()}")
    for title, spans in (("next number after", body["next_number"]), ("quiet for", body["cool_off"])):
        for name, span in spans.items():
            print(f"  {name:8} {title} {span}")
    for name, own in body["named"].items():
        said = ", ".join(
            [*own["ladders"], *own["next_number"], *(key for key in ("day_parts", "jitter_percent") if own[key])]
        )
        print(f"  campaigns may name {name!r}: otherwise in {said or 'nothing'}")
    for one in known:
        print(f"version {one['version']}: adopted {one['adopted_at']:%Y-%m-%d %H:%M} UTC by {one['actor']}, "
              f"holds {'from ' + str(_day(one)) if one['valid_from'] else 'at once'}")  # fmt: skip
    return 0


def _day(one: dict[str, Any]) -> str | None:
    return one["valid_from"].isoformat() if one["valid_from"] else None
