"""Stops: who or which number is called no more."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

from voiceagent.base.errors import BadInputError
from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    from voiceagent.journal.journal import Journal

HELP = "stop calling a number or a person, one or a whole list; show the stops; take one back"
EXAMPLE = "voiceagent optouts add +5511955550100 --source letter"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    seen = add_action(actions, "list", "stops in force, the newest first", "voiceagent optouts list --json")
    seen.add_argument("--json", action="store_true", help="one JSON document on stdout")
    add = add_action(
        actions, "add", "stop at once", "voiceagent optouts add +5511955550100 --source letter --proof 'letter 12'"
    )
    add.add_argument("contact", metavar="CONTACT", help="a number (+55...) stops the number; a document, the person")
    add.add_argument("--channel", choices=("voice", "sms", "email"), help="only this channel (of a person)")
    add.add_argument("--region", default="BR", help="whose document it is, where nobody has it yet (default BR)")
    add.add_argument("--source", default="operator", help="where the wish came from, for the record")
    add.add_argument("--proof", default="", metavar="TEXT", help="what shows the wish: a letter's number, the words")
    add.add_argument("--json", action="store_true", help="one JSON document on stdout")
    many = add_action(
        actions,
        "import",
        "a CSV file or workbook with a column number or document (channel, source, proof)",
        "voiceagent optouts import procon.csv --source Procon",
    )
    many.add_argument("file", metavar="FILE")
    many.add_argument("--region", default="BR", help="whose numbers and documents they are (default BR)")
    many.add_argument("--source", default="", help="where the wishes came from, when the file does not say")
    many.add_argument("--rejected", metavar="CSV", help="where rows that cannot be read go (default: beside the file)")
    many.add_argument("--json", action="store_true", help="one JSON document on stdout")
    back = add_action(
        actions, "revoke", "the person asked to be called again, and proved it", "voiceagent optouts revoke ID"
    )
    back.add_argument("id", metavar="ID", help="as `optouts list` shows it")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from voiceagent.base.errors import UsageError
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer import optouts

    with open_journal(make=args.action in ("add", "import")) as journal:
        if args.action == "revoke":
            try:
                optouts.revoke(journal, uuid.UUID(args.id))
            except ValueError:
                raise UsageError(f"not the id of a stop: {args.id}; see voiceagent optouts list") from None
            print(f"{args.id} is taken back")
            return 0
        if args.action == "add":
            return _add(args, journal)
        if args.action == "import":
            return _import(args, journal)
        with journal.db.read() as connection:
            found = optouts.all_stops(connection, journal.tenant_id)
    return _show(found, as_json=args.json)


def _add(args: argparse.Namespace, journal: Journal) -> int:
    from voiceagent.base.errors import UsageError
    from voiceagent.dialer import optouts
    from voiceagent.dialer.explain import find_cases
    from voiceagent.dialer.modes import dialable

    if args.contact.startswith(("+", "sip:")):
        if args.channel:
            raise UsageError("--channel narrows a person's stop: give the document, not the number")
        stops = [optouts.stop_number(journal, dialable(args.contact), source=args.source, proof=args.proof)]
    else:
        how = {"channel": args.channel, "source": args.source, "proof": args.proof}
        try:
            with journal.db.read() as connection:
                cases = find_cases(connection, args.contact, journal.tenant_id)
                people = optouts.people_of(connection, cases)
            stops = [optouts.stop_person(journal, person, **how) for person in people]
        except BadInputError as unknown:
            stops = [_add_stranger(args, journal, how, unknown)]
    if args.json:
        print(json.dumps({"stops": [str(stop) for stop in stops]}))
    else:
        print(f"stopped: {', '.join(map(str, stops))}")
    return 0


def _add_stranger(args: argparse.Namespace, journal: Journal, how: dict[str, Any], unknown: BadInputError) -> uuid.UUID:
    """A stop for whoever comes with this document in a later list; `unknown` where it is no document."""
    from voiceagent.dialer import optouts
    from voiceagent.dialer.cells import CellError
    from voiceagent.dialer.documents import document

    try:
        plain, _ = document(args.contact, args.region.upper())
    except CellError:
        raise unknown from None
    with journal.transaction() as connection:
        stop = optouts.stop_stranger(journal, connection, plain, **how)
    print("nobody has this document yet: the stop waits for whoever comes with it", file=sys.stderr)
    return stop


def _import(args: argparse.Namespace, journal: Journal) -> int:
    from pathlib import Path

    from voiceagent.dialer.optout_lists import import_optouts

    rejected = Path(args.rejected) if args.rejected else None
    region = args.region.upper()
    done = import_optouts(journal, Path(args.file), region=region, source=args.source, rejected=rejected)
    if args.json:
        print(json.dumps(done.to_json(), ensure_ascii=False))
        return 0
    print(f"{done.rows} rows: {done.added} stopped, {done.known} were stopped already, {done.rejected} rejected")
    if done.rejected_file:
        print(f"rejected rows: {done.rejected_file}", file=sys.stderr)
    return 0


def _show(found: list[dict[str, object]], *, as_json: bool) -> int:
    from voiceagent.cli.house import masked

    if as_json:
        print(json.dumps({"optouts": found}, ensure_ascii=False))
        return 0
    for one in found:
        what = masked(str(one["number"])) if one["number"] else one["name"] or ("erased" if one["erased"] else "-")
        print(f"{one['id']}  {one['created_at']}  {one['scope']} {one['channel'] or ''}  {what}  {one['source']}")
    if not found:
        print("nobody has asked to be left alone", file=sys.stderr)
    return 0
