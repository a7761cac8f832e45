"""What is kept of a person: give it out, erase it, hold it; who looked at it."""

from __future__ import annotations

import argparse
import json
import sys
import uuid
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    from voiceagent.journal.journal import Journal

HELP = "export, erase or hold what is kept of a person; show who looked at personal data"
EXAMPLE = "voiceagent privacy export 529.982.247-25 -o maria.json --reason 'asked by letter'"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    person = "a document, a number (+55...), a case id or a person id"
    export = add_action(
        actions,
        "export",
        "everything kept of a person, as JSON; the export itself is recorded",
        "voiceagent privacy export 529.982.247-25 -o maria.json --reason 'asked by letter'",
    )
    export.add_argument("person", metavar="PERSON", help=person)
    export.add_argument("-o", "--output", metavar="FILE", help="where to (readable by you only); default stdout")
    export.add_argument("--reason", default="", help="who asked, and how; kept in the journal")
    erase = add_action(
        actions,
        "erase",
        "erase a person; KPIs, the journal's chain and stops stay",
        "voiceagent privacy erase 529.982.247-25 --reason 'asked by letter'",
    )
    erase.add_argument("person", metavar="PERSON", help=person)
    erase.add_argument("--reason", required=True, help="kept in the journal")
    erase.add_argument("--despite-retention", action="store_true", help="although a law wants the records kept")
    hold = add_action(
        actions,
        "hold",
        "keep everything of a person, whatever its age, until lifted",
        "voiceagent privacy hold 529.982.247-25 --reason lawsuit",
    )
    hold.add_argument("person", metavar="PERSON", help=person)
    hold.add_argument("--reason", default="", help="kept in the journal; needed unless --lift")
    hold.add_argument("--lift", action="store_true", help="end the hold")
    access = add_action(
        actions,
        "access",
        "who looked at, took or erased personal data, newest first",
        "voiceagent privacy access --json",
    )
    access.add_argument("person", metavar="PERSON", nargs="?", help=f"{person}; default everybody")
    for action in (erase, hold, access):
        action.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from voiceagent.cli.house import open_journal

    with open_journal() as journal:
        if args.action == "access":
            return _access(args, journal)
        person_id = _person(args.person, journal)
        if args.action == "export":
            return _export(args, journal, person_id)
        if args.action == "erase":
            return _erase(args, journal, person_id)
        return _hold(args, journal, person_id)


def _person(contact: str, journal: Journal) -> uuid.UUID:
    from voiceagent.dialer.identify import find_person

    with journal.db.read() as connection:
        return find_person(connection, contact, journal.tenant_id)


def _export(args: argparse.Namespace, journal: Journal, person_id: uuid.UUID) -> int:
    import os

    from voiceagent.base.errors import BadInputError
    from voiceagent.cases.portrait import PersonExported, portrait
    from voiceagent.cli.house import who
    from voiceagent.journal.envelope import NewEvent

    # Recorded first: what cannot be recorded is not given out.
    journal.record([NewEvent("person", person_id, PersonExported(person_id, args.reason[:255]), who())])
    with journal.db.read() as connection:
        document = json.dumps(portrait(connection, person_id), ensure_ascii=False, indent=1)
    if not args.output:
        print(document)
        return 0
    try:
        descriptor = os.open(args.output, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(document + "\n")
    except OSError as error:
        raise BadInputError(f"cannot write {args.output}: {error.strerror or error}") from error
    print(f"written to {args.output}: personal data, hand it over safely", file=sys.stderr)
    return 0


def _erase(args: argparse.Namespace, journal: Journal, person_id: uuid.UUID) -> int:
    from voiceagent.cases.recordings import of_person
    from voiceagent.cli.house import who
    from voiceagent.service.forgetting import forget_on_request
    from voiceagent.settings.jurisdictions import load_rules
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    erased = forget_on_request(
        journal, paths.recordings, load_rules(paths.dialplans / "jurisdictions"), person_id,
        reason=args.reason, actor=who(), despite_retention=args.despite_retention,
    )  # fmt: skip
    with journal.db.read() as connection:
        left = len(of_person(connection, person_id))
    words = f"{erased} values and files erased"
    if left:
        words += f"; {left} recordings are not on this machine: `serve` erases them within the hour where they are"
    return _say(args, {"person": str(person_id), "erased": erased, "recordings_left": left}, words)


def _hold(args: argparse.Namespace, journal: Journal, person_id: uuid.UUID) -> int:
    from voiceagent.cases.holds import lift_holds, place_hold
    from voiceagent.cli.house import who

    if args.lift:
        lifted = lift_holds(journal, person_id, reason=args.reason, actor=who())
        return _say(args, {"person": str(person_id), "lifted": lifted}, f"{lifted} holds lifted")
    hold_id = place_hold(journal, person_id, reason=args.reason, actor=who())
    return _say(args, {"person": str(person_id), "hold": str(hold_id)}, "held: nothing of the person is erased")


def _access(args: argparse.Namespace, journal: Journal) -> int:
    from voiceagent.cases.portrait import access_of, portrait

    person_id = _person(args.person, journal) if args.person else None
    with journal.db.read() as connection:
        rows = access_of(connection) if person_id is None else portrait(connection, person_id)["access"]
    if args.json:
        print(json.dumps({"access": rows}, ensure_ascii=False))
        return 0
    for row in rows:
        details = ", ".join(f"{key} {value}" for key, value in row["details"].items() if value not in (None, "", False))
        print(f"{row['at']}  {row['who']}  {row['what']}  {row['stream']} {row['id']}  {details}")
    if not rows:
        print("nobody has looked yet", file=sys.stderr)
    return 0


def _say(args: argparse.Namespace, document: dict[str, Any], words: str) -> int:
    print(json.dumps(document) if args.json else words)
    return 0
