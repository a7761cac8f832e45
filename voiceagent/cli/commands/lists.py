"""Contact lists: take one in, look at them, take one back."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from voiceagent.dialer.importing import Report

HELP = "import a contact list (CSV), see what came in, take a list back"
EXAMPLE = "voiceagent lists import devedores.csv --campaign novembro --dry-run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    take = actions.add_parser(
        "import",
        help="take a list in",
        epilog="Example:\n  voiceagent lists import devedores.csv --campaign novembro --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    take.add_argument("file", metavar="FILE", type=Path)
    take.add_argument("--campaign", metavar="C", help="put the cases into this campaign; made when there is none")
    take.add_argument("--creditor", metavar="NAME", help="where the list has no column for it")
    take.add_argument("--region", default="BR", metavar="CC", help="country of numbers, documents, money (default BR)")
    take.add_argument("--language", metavar="L", help="pt-BR, es or en (default: the region's)")
    take.add_argument("--rejected", metavar="FILE", type=Path, help="default: NAME.rejected.csv beside the list")
    take.add_argument("--dry-run", action="store_true", help="say what would happen; keep nothing")
    take.add_argument("--json", action="store_true", help="one JSON document on stdout")
    seen = actions.add_parser("list", help="lists imported, the newest first")
    seen.add_argument("--json", action="store_true", help="one JSON document on stdout")
    undo = actions.add_parser("undo", help="take a list back: its new cases are called no more")
    undo.add_argument("batch", metavar="BATCH", help="as `lists list` shows it")
    undo.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return {"import": _import, "list": _list, "undo": _undo}[args.action](args)


def _import(args: argparse.Namespace) -> int:
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.base.money import CURRENCY_OF_REGION
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.importing import Options, import_list
    from voiceagent.dialer.source import open_source

    region = args.region.upper()
    if region not in CURRENCY_OF_REGION:
        raise UsageError(f"unknown region {args.region}: one of {', '.join(sorted(CURRENCY_OF_REGION))}")
    spoken = {"BR": "pt-BR", "US": "en"}.get(region, "es")
    try:
        language = Language(args.language or spoken)
    except ValueError:
        raise UsageError(f"unknown language {args.language}: one of {', '.join(Language)}") from None
    # A file that is no list must not even make a database.
    open_source(args.file)
    options = Options(region, language, args.creditor, args.campaign, args.rejected, args.dry_run)
    with open_journal(make=True) as journal:
        report = import_list(journal, args.file, options, progress=None if args.json else _progress)
    if args.json:
        print(json.dumps(report.to_json(), ensure_ascii=False))
        return 0
    _tell(report)
    return 0


def _progress(report: Report) -> None:
    if report.rows % 10_000 < 500 and report.rows >= 10_000:
        print(f"{report.rows} rows", file=sys.stderr)


def _tell(report: Report) -> None:
    if report.repeated:
        print(f"{report.file} was imported before (batch {report.batch}): nothing was done again")
    elif report.dry_run:
        print(f"{report.file}: dry run, nothing was kept")
    else:
        print(f"{report.file}: batch {report.batch}")
    print(
        f"{report.rows} rows: {report.imported} imported, {report.updated} updated, {report.duplicates} duplicates, "
        f"{report.rejected} rejected"
    )
    if report.warnings:
        print(f"{report.warnings} cells were left out of rows that were taken")
    if report.ignored:
        print(f"columns nobody knows, left out: {', '.join(report.ignored)}")
    for fault in report.faults if report.dry_run else ():
        fate = "rejected" if fault.fatal else "left out"
        print(f"  line {fault.line}, {fault.column or 'row'}: {fault.code} {fault.text} ({fate})")
    if report.rejected_file:
        print(f"what is wrong with the others: {report.rejected_file}")
    if report.enrolled:
        print(f"{report.enrolled} cases are new in the campaign")


def _list(args: argparse.Namespace) -> int:
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.lists import all_lists

    with open_journal() as journal, journal.db.read() as connection:
        found = all_lists(connection, journal.tenant_id)
    if args.json:
        print(json.dumps({"lists": found}, ensure_ascii=False))
        return 0
    for one in found:
        state = "taken back" if one["undone_at"] else "" if one["finished_at"] else "broke off: import it again"
        print(
            f"{one['batch']}  {one['file']}  {one['rows']} rows, {one['imported']} new, {one['rejected']} rejected"
            f"{'  ' + state if state else ''}"
        )
    if not found:
        print("no list was imported yet", file=sys.stderr)
    return 0


def _undo(args: argparse.Namespace) -> int:
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.lists import undo_list

    with open_journal() as journal:
        cases = undo_list(journal, args.batch)
    if args.json:
        print(json.dumps({"batch": args.batch, "withdrawn": cases}))
    else:
        print(f"{args.batch} was taken back: {cases} cases are called no more")
    return 0
