"""The database: bring its schema up to date, prove that its tables say what its journal says."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    from voiceagent.cases.replay import Report
    from voiceagent.storage.database import Database

HELP = "upgrade the database, or check its tables against its journal"
EXAMPLE = "voiceagent db upgrade && voiceagent db check --json"

#: Findings shown to people; --json shows all that were kept.
SHOWN = 10


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    upgrade = add_action(actions, "upgrade", "make or update the schema", "voiceagent db upgrade")
    upgrade.add_argument("--json", action="store_true", help="one JSON document on stdout")
    check = add_action(
        actions,
        "check",
        "replay the journal, compare every row, verify the chain of digests",
        "voiceagent db check --json",
    )
    check.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do it; a check that found something is a failure."""
    db = open_database()
    try:
        return _upgrade(db, args.json) if args.action == "upgrade" else _check(db, args.json)
    finally:
        db.close()


def open_database() -> Database:
    """The installation's database."""
    from voiceagent.settings.config import load_settings
    from voiceagent.settings.paths import Paths
    from voiceagent.storage.database import Database

    paths = Paths.from_environment()
    return Database(load_settings(paths).database.url or paths.database_url())


def _upgrade(db: Database, as_json: bool) -> int:
    applied = db.upgrade()
    revision = db.revision()
    if as_json:
        _print_json({"database": str(db), "applied": applied, "revision": revision})
    elif applied:
        print(f"{db}: now at {revision} (applied {', '.join(applied)})")
    else:
        print(f"{db}: already at {revision}")
    return 0


def _check(db: Database, as_json: bool) -> int:
    from voiceagent import cases, dialer
    from voiceagent.base.errors import VoiceagentError
    from voiceagent.cases.replay import check
    from voiceagent.cases.tables import PROJECTED
    from voiceagent.dialer.tables import campaign

    db.require_current()
    report = check(db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], [*PROJECTED, campaign])
    if as_json:
        _print_json(_as_json(report))
        return 0 if report.sound else 1
    print(f"{report.events} events replayed, {sum(report.rows.values())} rows in {len(report.rows)} tables compared")
    if report.sound:
        print("the tables say what the journal says, and the journal is whole")
        return 0
    for flaw in report.flaws[:SHOWN]:
        print(f"journal, event {flaw.seq}: {flaw.what}")
    for found in report.differences[:SHOWN]:
        columns = f" ({', '.join(found.columns)})" if found.columns else ""
        print(f"{found.table} {' '.join(found.key)}: {found.what}{columns}")
    raise VoiceagentError(
        f"{len(report.flaws)} flaws of the journal and {len(report.differences)} differences: "
        "keep a copy of the database, then restore the last backup that `voiceagent db check` passes",
        code="database_unsound",
    )


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "sound": report.sound,
        "events": report.events,
        "rows": report.rows,
        "flaws": [{"seq": flaw.seq, "what": flaw.what} for flaw in report.flaws],
        "differences": [
            {"table": found.table, "key": list(found.key), "what": found.what, "columns": list(found.columns)}
            for found in report.differences
        ],
    }


def _print_json(document: dict[str, Any]) -> None:
    import json

    print(json.dumps(document, ensure_ascii=False))
