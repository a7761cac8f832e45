"""Promises to pay."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import date

from voiceagent.cli.actions import add_action

HELP = "promises to pay by due day, with what became of them; those in doubt, to be confirmed or cancelled"
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
    doubts = add_action(
        actions, "reviews", "those under review, with what both listenings heard", "voiceagent promises reviews --json"
    )
    doubts.add_argument("--all", action="store_true", help="the decided ones too")
    doubts.add_argument("--json", action="store_true", help="one JSON document on stdout")
    for name, told in (("confirm", "a promise under review stands"), ("cancel", "a promise under review is none")):
        decided = add_action(actions, name, told, f"voiceagent promises {name} ID --by ana --note 'heard the yes'")
        decided.add_argument("id", metavar="ID", help="the agreement's, as `promises reviews` shows it")
        decided.add_argument("--by", required=True, metavar="NAME", help="who decides: kept in the journal")
        decided.add_argument("--note", default="", help="why; kept with it")


def run(args: argparse.Namespace) -> int:
    """Show them, or decide on one."""
    if args.action == "reviews":
        return _reviews(args)
    if args.action in ("confirm", "cancel"):
        return _decide(args)
    return _list(args)


def _list(args: argparse.Namespace) -> int:
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


def _reviews(args: argparse.Namespace) -> int:
    from voiceagent.base.money import Money
    from voiceagent.cases.reviews import reviews
    from voiceagent.cli.house import open_journal

    with open_journal() as journal, journal.db.read() as connection:
        found = reviews(connection, journal.tenant_id, undecided=not args.all)
    rows = [
        {
            "id": str(one["agreement_id"]),
            "call_id": str(one["attempt_id"]),
            "name": one["name"],
            "creditor": one["creditor"],
            "total": str(Money(one["total_minor"], one["currency"])),
            "currency": one["currency"],
            "verdict": one["verdict"].value,
            "terms": one["terms"],
            "words": one["words"],
            "confirmed_at_s": one["recording_offset_s"],
            "decide_by": one["due_at"].isoformat() if one["due_at"] else None,
            "outcome": one["outcome"].value if one["outcome"] else None,
            "decided_by": one["decided_by"],
        }
        for one in found
    ]
    if args.json:
        print(json.dumps({"reviews": rows}, ensure_ascii=False))
        return 0
    for row in rows:
        doubts = ", ".join(f"{term} {verdict}" for term, verdict in row["terms"].items() if verdict != "agreed")
        print(f"{row['id']}  {row['total']} {row['currency']}  {row['outcome'] or doubts}  {row['name'] or '-'}")
        for word in row["words"]:
            if row["terms"].get(word["term"]) != "agreed":
                print(f"    {word['term']}: {word.get('first')!r} in the call, {word.get('second', [])} heard again")
    if not rows:
        print("no promise is under review", file=sys.stderr)
    return 0


def _decide(args: argparse.Namespace) -> int:
    import uuid

    from voiceagent.base.errors import UsageError
    from voiceagent.cases.kinds import ReviewOutcome
    from voiceagent.cases.reviews import decide
    from voiceagent.cli.house import open_journal

    try:
        agreement_id = uuid.UUID(args.id)
    except ValueError:
        raise UsageError(f"{args.id} is no agreement's id: see voiceagent promises reviews") from None
    if not args.by.strip():
        raise UsageError("--by names who decides: the journal keeps it")
    outcome = ReviewOutcome.CONFIRMED if args.action == "confirm" else ReviewOutcome.CANCELLED
    with open_journal() as journal:
        decide(journal, agreement_id, outcome, actor=args.by.strip(), note=args.note.strip())
    told = "stands" if outcome is ReviewOutcome.CONFIRMED else "is cancelled: promise a call with `callbacks add`"
    print(f"agreement {agreement_id} {told}")
    return 0


def _day(text: str | None) -> date | None:
    from voiceagent.base.errors import UsageError

    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise UsageError(f"not a day: {text}; write it like 2026-12-01") from None
