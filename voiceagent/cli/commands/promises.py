"""Promises to pay."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from voiceagent.cli.actions import add_action

HELP = "promises to pay by due day, with what became of them"
EXAMPLE = "voiceagent promises list --status open --to 2026-12-31"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    seen = add_action(actions, "list", "by due day", "voiceagent promises list --status open --to 2026-12-31")
    seen.add_argument(
        "--status", choices=("open", "kept", "partial", "broken", "cancelled", "rescheduled", "under_review")
    )
    seen.add_argument("--from", dest="start", metavar="DAY", help="first due day, like 2026-12-01")
    seen.add_argument("--to", dest="end", metavar="DAY", help="last due day")
    seen.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Show them."""
    from voiceagent.base.money import Money
    from voiceagent.cases.kinds import PromiseStatus
    from voiceagent.cases.store import promises
    from voiceagent.cli.house import open_journal

    status = PromiseStatus(args.status) if args.status else None
    first, last = _day(args.start), _day(args.end)
    with open_journal() as journal, journal.db.read() as connection:
        found = promises(connection, tenant_id=journal.tenant_id, status=status, due_from=first, due_to=last)
    rows = [
        {
            "id": str(one["id"]),
            "due": one["due"].isoformat(),
            "amount": str(Money(one["amount_minor"], one["currency"])),
            "currency": one["currency"],
            "paid": str(Money(one["paid_minor"], one["currency"])),
            "status": one["status"].value,
            "number": one["number"],
            "name": one["name"],
            "creditor": one["creditor"],
            "case_id": str(one["case_id"]),
            "call_id": str(one["attempt_id"]) if one["attempt_id"] else None,
        }
        for one in found
    ]
    if args.json:
        print(json.dumps({"promises": rows}, ensure_ascii=False))
        return 0
    for row in rows:
        print(f"{row['due']}  {row['amount']} {row['currency']}  {row['status']}  {row['name'] or '-'}")
    if not rows:
        print("no promise", file=sys.stderr)
    return 0


def _day(text: str | None) -> date | None:
    from voiceagent.base.errors import UsageError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"not a day: {text}; write it like 2026-12-01") from None
