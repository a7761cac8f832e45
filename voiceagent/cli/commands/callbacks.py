"""Promised calls."""

from __future__ import annotations

import argparse
import json
import sys

HELP = "calls that were promised, and when they are due"
EXAMPLE = "voiceagent callbacks list --status open"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    seen = actions.add_parser("list", help="by the instant they are due")
    seen.add_argument("--status", choices=("open", "done", "cancelled", "expired"))
    seen.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Show them."""
    from voiceagent.cli.house import masked, open_journal
    from voiceagent.dialer.callbacks import all_callbacks
    from voiceagent.dialer.tables import CallbackStatus

    status = CallbackStatus(args.status) if args.status else None
    with open_journal() as journal, journal.db.read() as connection:
        found = all_callbacks(connection, journal.tenant_id, status=status)
    if args.json:
        print(json.dumps({"callbacks": found}, ensure_ascii=False))
        return 0
    for one in found:
        print(f"{one['due_at']}  {one['status']}  {one['origin']}  {masked(one['number'])}  {one['name'] or '-'}")
    if not found:
        print("no call is promised", file=sys.stderr)
    return 0
