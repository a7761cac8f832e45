"""Contact lists: take one in, look at them, take one back, save how a creditor's are read."""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    from voiceagent.dialer.mappings import SavedMapping
    from voiceagent.dialer.report import Options, Report

HELP = "import a contact list (CSV or XLSX), see what came in, take a list back, save how lists are read"
EXAMPLE = "voiceagent lists import devedores.csv --campaign novembro --dry-run"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    take = add_action(
        actions,
        "import",
        "take a list in",
        "voiceagent lists import devedores.csv --campaign novembro --json\n"
        "  voiceagent lists import clientes.xlsx --column 'Nº do cliente=debtor_id' --dry-run",
    )
    take.add_argument("file", metavar="FILE", type=Path)
    take.add_argument("--campaign", metavar="C", help="put the cases into this campaign; made when there is none")
    take.add_argument("--mapping", metavar="NAME", help="read it as saved by `lists mapping save`")
    take.add_argument("--rejected", metavar="FILE", type=Path, help="default: NAME.rejected.csv beside the list")
    take.add_argument("--dry-run", action="store_true", help="say what would happen; keep nothing")
    _reading(take)
    seen = add_action(actions, "list", "lists imported, the newest first", "voiceagent lists list --json")
    undo = add_action(
        actions,
        "undo",
        "take a list back: its new cases are called no more",
        "voiceagent lists undo 20261118-130000-1a2b3c4d5e",
    )
    undo.add_argument("batch", metavar="BATCH", help="as `lists list` shows it")
    mapping = add_action(
        actions,
        "mapping",
        "save how a creditor's lists are read, under a name",
        "voiceagent lists mapping save banco --column 'Nº do cliente=debtor_id' --creditor 'Banco Exemplo'",
    )
    whats = mapping.add_subparsers(dest="what", metavar="WHAT", required=True)
    save = add_action(
        whats,
        "save",
        "save or replace one",
        "voiceagent lists mapping save banco --column 'Nº do cliente=debtor_id' --column 'Gerente=attribute:gerente'",
    )
    save.add_argument("name", metavar="NAME")
    _reading(save)
    show = add_action(whats, "show", "what one says", "voiceagent lists mapping show banco")
    show.add_argument("name", metavar="NAME")
    all_of_them = add_action(whats, "list", "those there are", "voiceagent lists mapping list --json")
    for part in (take, seen, undo, save, show, all_of_them):
        part.add_argument("--json", action="store_true", help="one JSON document on stdout")


def _reading(parser: argparse.ArgumentParser) -> None:
    """What a file does not say of itself, or says wrongly; a mapping may say it once for all."""
    parser.add_argument(
        "--column", metavar="HEADER=FIELD", action="append", default=[],
        help="what a column is (FIELD as in docs/lists.md, attribute:NAME, or nothing to leave it out); repeatable",
    )  # fmt: skip
    parser.add_argument("--creditor", metavar="NAME", help="where the list has no column for it")
    parser.add_argument("--region", metavar="CC", help="country of numbers, documents, money (default BR)")
    parser.add_argument("--language", metavar="L", help="pt-BR, es or en (default: the region's)")
    parser.add_argument("--purpose", metavar="P", help="what the data may be used for (default collection)")
    parser.add_argument(
        "--on-duplicate", choices=("update", "skip", "reject"),
        help="a contract of a debtor that is known already (default update)",
    )  # fmt: skip
    parser.add_argument(
        "--keep-unknown", action="store_true", default=None, help="keep columns nobody knows as attributes of the case"
    )
    parser.add_argument("--delimiter", metavar="D", help="of the cells, where it is not found out")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    return {"import": _import, "list": _list, "undo": _undo, "mapping": _mapping}[args.action](args)


def _import(args: argparse.Namespace) -> int:
    from voiceagent.cli.house import open_journal, weigh
    from voiceagent.dialer.importing import import_list
    from voiceagent.dialer.mappings import SavedMapping, load_mapping
    from voiceagent.dialer.source import open_source

    # A file that is no list must not even make a database.
    _options(args, SavedMapping(""))
    if not args.mapping:
        open_source(args.file, delimiter=_said(args)["delimiter"])
    with open_journal(make=True) as journal:
        saved = SavedMapping("")
        if args.mapping:
            with journal.db.read() as connection:
                saved = load_mapping(connection, args.mapping, journal.tenant_id)
        report = import_list(journal, args.file, _options(args, saved), progress=_progress())
        # Whom this breaks off before, the service or the next import weighs.
        admitted = weigh(journal, report.campaign_id) if report.campaign_id else None
    if args.json:
        told = report.to_json() | ({"admitted": admitted.to_json()} if admitted else {})
        print(json.dumps(told, ensure_ascii=False))
        return 0
    _tell(report)
    if admitted and admitted.weighed:
        print(admitted.words())
    return 0


def _columns(args: argparse.Namespace) -> dict[str, str]:
    from voiceagent.base.errors import UsageError

    columns = {}
    for said in args.column:
        title, equals, field = said.rpartition("=")
        if not equals or not title.strip():
            raise UsageError(f"--column {said!r} is not HEADER=FIELD")
        columns[title] = field.strip()
    return columns


def _said(args: argparse.Namespace) -> dict[str, Any]:
    from voiceagent.base.errors import UsageError
    from voiceagent.dialer.mappings import OPTIONS

    said = {name: getattr(args, name) for name in OPTIONS}
    if said["delimiter"]:
        said["delimiter"] = {"\\t": "\t", "tab": "\t"}.get(said["delimiter"], said["delimiter"])
        if len(said["delimiter"]) != 1:
            raise UsageError("--delimiter is one character (or tab)")
    return said


def _options(args: argparse.Namespace, saved: SavedMapping) -> Options:
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.base.money import CURRENCY_OF_REGION
    from voiceagent.cases.intake import OnDuplicate
    from voiceagent.dialer.report import Options

    said = saved.options | {name: value for name, value in _said(args).items() if value is not None}
    region = str(said.get("region", "BR")).upper()
    if region not in CURRENCY_OF_REGION:
        raise UsageError(f"unknown region {region}: one of {', '.join(sorted(CURRENCY_OF_REGION))}")
    spoken = said.get("language") or {"BR": "pt-BR", "US": "en"}.get(region, "es")
    try:
        language = Language(spoken)
    except ValueError:
        raise UsageError(f"unknown language {spoken}: one of {', '.join(Language)}") from None
    purpose = str(said.get("purpose", "collection"))
    if not 0 < len(purpose) <= 32:
        raise UsageError("--purpose has at most 32 characters")
    return Options(
        region=region,
        language=language,
        creditor=said.get("creditor"),
        campaign=getattr(args, "campaign", None),
        rejected_file=getattr(args, "rejected", None),
        dry_run=getattr(args, "dry_run", False),
        columns=saved.columns | _columns(args),
        on_duplicate=OnDuplicate(said.get("on_duplicate", "update")),
        purpose=purpose,
        keep_unknown=bool(said.get("keep_unknown")),
        delimiter=said.get("delimiter"),
    )


def _progress(every: int = 20_000) -> Callable[[Report], None]:
    """Says on stderr how far a long import is."""
    begun, told = time.monotonic(), 0

    def tell(report: Report) -> None:
        nonlocal told
        if report.rows - told >= every:
            told = report.rows
            pace = report.rows / max(time.monotonic() - begun, 0.001)
            print(f"{report.rows:,} rows, {report.rejected:,} rejected, {pace:,.0f} rows/s", file=sys.stderr)

    return tell


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
    if report.dry_run:
        print("columns: " + ", ".join(f"{title} = {field}" for title, field in report.mapping.items()))
    for what, times in report.mended.items():
        print(f"{what}: {times} cells")
    if report.warnings:
        print(f"{report.warnings} cells were left out of rows that were taken")
    if report.ignored:
        print(f"columns nobody knows, left out: {', '.join(report.ignored)} (--keep-unknown keeps them)")
    if report.sheets_left_out:
        print(f"other sheets look like lists and were not read: {', '.join(report.sheets_left_out)} (save each apart)")
    for row in report.preview:
        numbers = ", ".join(row["phones"])
        print(
            f"  line {row['line']}: {row['name']}, {row['document']}, {numbers}; {row['creditor']} {row['contract']}: "
            f"{row['original']} + {row['charges']} {row['currency']}, due {row['due']}, {row['stage']}"
        )
    for fault in report.faults if report.dry_run else ():
        fate = "rejected" if fault.fatal else "left out"
        print(f"  line {fault.line}, {fault.column or 'row'}: {fault.code} {fault.text} ({fate})")
    if report.rejected_file:
        print(f"what is wrong with the others: {report.rejected_file}")
    if report.enrolled:
        print(f"{report.enrolled} cases are new in the campaign; how it stands: voiceagent campaigns status")


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


def _mapping(args: argparse.Namespace) -> int:
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.mappings import SavedMapping, all_mappings, load_mapping, save_mapping

    if args.what == "save":
        _options(args, SavedMapping(""))
        said = {name: value for name, value in _said(args).items() if value is not None}
        with open_journal(make=True) as journal:
            found = [save_mapping(journal, args.name, _columns(args), said)]
    else:
        with open_journal() as journal, journal.db.read() as connection:
            if args.what == "show":
                found = [load_mapping(connection, args.name, journal.tenant_id)]
            else:
                found = all_mappings(connection, journal.tenant_id)
    told = [{"name": one.name, "columns": one.columns, "options": one.options} for one in found]
    if args.json:
        print(json.dumps({"mappings": told} if args.what == "list" else told[0], ensure_ascii=False))
        return 0
    for one in told:
        print(f"{one['name']}: {_words(one['columns']) or 'columns as their headers say'}; {_words(one['options'])}")
    if not told:
        print("no mapping was saved yet", file=sys.stderr)
    return 0


def _words(pairs: object) -> str:
    assert isinstance(pairs, dict)
    return ", ".join(f"{name} = {value if value != '' else '(left out)'}" for name, value in pairs.items())
