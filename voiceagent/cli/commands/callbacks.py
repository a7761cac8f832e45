"""Promised calls: shown, added, cancelled."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from zoneinfo import ZoneInfo

from voiceagent.cli.actions import add_action

HELP = "calls that were promised: list, add, cancel"
EXAMPLE = "voiceagent callbacks add +5511955550100 18:00"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    seen = add_action(actions, "list", "by the instant they are due", "voiceagent callbacks list --status open")
    seen.add_argument("--status", choices=("open", "done", "cancelled", "expired"))
    seen.add_argument("--json", action="store_true", help="one JSON document on stdout")
    add = add_action(
        actions,
        "add",
        "promise one: at that instant, or the next lawful one after it",
        "voiceagent callbacks add +5511955550100 2026-11-19T18:00",
    )
    add.add_argument("contact", metavar="CONTACT", help="a number (+55...), a document, or a case id")
    add.add_argument("at", metavar="WHEN", help="18:00, 2026-11-19T18:00 (both on the debtor's clock), or with offset")
    add.add_argument("--number", help="which of the person's numbers (default: the best)")
    add.add_argument("--reason", default="", help="kept with it, in the debtor's words")
    add.add_argument("--json", action="store_true", help="one JSON document on stdout")
    cancel = add_action(actions, "cancel", "it will not be made", "voiceagent callbacks cancel ID --reason paid")
    cancel.add_argument("id", metavar="ID", help="as `callbacks list` shows it")
    cancel.add_argument("--reason", default="", help="kept in the journal")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    if args.action == "add":
        return _add(args)
    if args.action == "cancel":
        return _cancel(args)
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
        told = f"{_at(one['due_at'], one['zone'])}  {one['status']}  {one['origin']}  {masked(one['number'])}"
        again = f"  (again {_at(one['retry_at'], one['zone'])})" if one["retry_at"] and one["status"] == "open" else ""
        print(f"{told}  {one['name'] or '-'}  {one['id']}{again}")
    if not found:
        print("no call is promised", file=sys.stderr)
    return 0


def _at(instant: str, zone: str) -> str:
    """On the clock of the person who is called."""
    return datetime.fromisoformat(instant).astimezone(ZoneInfo(zone)).isoformat(timespec="minutes")


def _add(args: argparse.Namespace) -> int:
    from voiceagent.base.errors import BadInputError
    from voiceagent.cases.store import load_case
    from voiceagent.cli.house import open_journal, rules_and_gate
    from voiceagent.dialer.callbacks import add_callback, read_wanted
    from voiceagent.dialer.explain import find_cases
    from voiceagent.dialer.facts import zone_for

    rules, _, _ = rules_and_gate()
    with open_journal() as journal:
        with journal.db.read() as connection:
            cases = find_cases(connection, args.contact, journal.tenant_id)
            if len(cases) > 1:
                raise BadInputError(
                    f"{len(cases)} cases are known by that: name one by its case id (voiceagent explain)"
                )
            zone = zone_for(load_case(connection, cases[0]))
        wanted = read_wanted(args.at, zone, journal.clock.now())
        made, due = add_callback(journal, cases[0], wanted, rules=rules, number=args.number, reason=args.reason)
    if args.json:
        print(json.dumps({"id": str(made), "due_at": due.isoformat(), "wanted": wanted.isoformat(), "zone": zone}))
    else:
        moved = "" if due == wanted else f" (not lawful at {wanted.isoformat()})"
        print(f"callback {made} at {due.isoformat()}{moved}")
    return 0


def _cancel(args: argparse.Namespace) -> int:
    import uuid

    from voiceagent.base.errors import UsageError
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.callbacks import cancel_callback

    try:
        callback_id = uuid.UUID(args.id)
    except ValueError:
        raise UsageError(f"{args.id} is no callback's id: see voiceagent callbacks list") from None
    with open_journal() as journal:
        cancel_callback(journal, callback_id, reason=args.reason)
    print(f"callback {callback_id} is cancelled")
    return 0
