"""Recordings: prove that each file is the one that was written at the end of its call."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime, time

from voiceagent.base.errors import BadInputError
from voiceagent.cli.actions import add_action

HELP = "compare recordings with the digests that the journal has of them"
EXAMPLE = "voiceagent recordings check --since 2026-11-01"

#: Faults shown to people; --json has all.
SHOWN = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    check = add_action(actions, "check", "read every recording and compare its SHA-256", EXAMPLE)
    check.add_argument("--since", metavar="DAY", help="only those of calls since this day (UTC), like 2026-11-01")
    check.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do it; a file that is missing or was changed is a failure."""
    from voiceagent.cases.recordings import check_files
    from voiceagent.cli.commands.db import open_database
    from voiceagent.settings.paths import Paths
    from voiceagent.storage.schema import DEFAULT_TENANT

    since = _day(args.since)
    db = open_database()
    try:
        db.require_current()
        with db.read() as connection:
            checked = list(check_files(connection, DEFAULT_TENANT, Paths.from_environment().recordings, since=since))
    finally:
        db.close()
    faults = [one for one in checked if one.fault]
    if args.json:
        found = [{"call": str(one.attempt_id), "path": one.path, "fault": one.fault} for one in faults]
        print(json.dumps({"checked": len(checked), "sound": len(checked) - len(faults), "faults": found}))
    else:
        for one in faults[:SHOWN]:
            print(f"call {one.attempt_id}: {one.path} is {one.fault}")
        if len(faults) > SHOWN:
            print(f"... and {len(faults) - SHOWN} more (--json lists all)")
        print(f"{len(checked)} recordings checked: {len(checked) - len(faults)} as they were written")
    return 1 if faults else 0


def _day(text: str | None) -> datetime | None:
    try:
        return None if text is None else datetime.combine(datetime.fromisoformat(text).date(), time(0), UTC)
    except ValueError:
        raise BadInputError(f"--since {text}: write a day like 2026-11-01") from None
