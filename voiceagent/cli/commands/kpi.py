"""KPIs of a period."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import uuid

    from voiceagent.kpi.report import Row

HELP = "KPIs of a period, each with numerator and denominator; by hour, day, seat or wave"
EXAMPLE = "voiceagent kpi --from 2026-11-18 --by hour --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument(
        "--from", dest="start", metavar="WHEN", help="first day of the debtors (2026-11-18), or an instant with offset"
    )
    parser.add_argument(
        "--to", dest="end", metavar="WHEN", help="last day, itself included; or an instant, not included"
    )
    parser.add_argument("--campaign", metavar="C", help="name or id of one campaign")
    parser.add_argument("--by", choices=("hour", "day", "seat", "wave"), help="divide by this; a wave is a campaign")
    parser.add_argument(
        "--direction", choices=("out", "in"), default="out", help="calls we make, or calls that come in (default: out)"
    )
    shape = parser.add_mutually_exclusive_group()
    shape.add_argument("--json", action="store_true", help="one JSON document on stdout")
    shape.add_argument("--csv", action="store_true", help="comma-separated values on stdout")


def run(args: argparse.Namespace) -> int:
    """Ask and show."""
    import json

    from voiceagent.base.errors import UsageError
    from voiceagent.cases.kinds import Direction
    from voiceagent.cli.commands.db import open_database
    from voiceagent.kpi.render import csv_text, row_json, table_text
    from voiceagent.kpi.report import By, Scope, report

    start, end = _when(args.start, "--from"), _when(args.end, "--to")
    if start and end and _day(start) > _day(end):
        raise UsageError(f"--from {args.start} is after --to {args.end}: change them round")
    db = open_database()
    try:
        db.require_current()
        with db.read() as connection:
            names = _campaigns(connection)
            scope = Scope(start, end, _campaign(args.campaign, names), direction=Direction(args.direction))
            (total,) = report(connection, scope)
            # Calls that come in have formulas of their own: they are never mixed with ours, and never left out.
            other = Direction.IN if scope.direction is Direction.OUT else Direction.OUT
            (apart,) = report(connection, replace(scope, direction=other))
            by = By(args.by) if args.by else None
            rows = report(connection, scope, by) if by else [total]
    finally:
        db.close()
    if by is By.WAVE:
        rows = [_named(row, names) for row in rows]
    if args.csv:
        print(csv_text(rows, args.by), end="")
    elif args.json:
        document: dict[str, Any] = {"from": args.start, "to": args.end, "campaign": args.campaign, "by": args.by}
        document |= {"direction": args.direction, **row_json(total), other.value: row_json(apart)}
        if by:
            document["rows"] = [{"key": row.key, **row_json(row)} for row in rows]
        print(json.dumps(document, ensure_ascii=False))
    elif not rows:
        print("no call in this period", file=sys.stderr)
    else:
        print(table_text(rows, args.by))
        if apart.kpis["attempts"].value and not args.by:
            print(f"\n{'Chamadas recebidas' if other is Direction.IN else 'Chamadas feitas'}, à parte:")
            print(table_text([apart], None))
    return 0


def _day(when: date | datetime) -> date:
    return when.date() if isinstance(when, datetime) else when


def _when(text: str | None, flag: str) -> date | datetime | None:
    from voiceagent.base.clock import require_aware
    from voiceagent.base.errors import UsageError

    if text is None:
        return None
    try:
        return date.fromisoformat(text) if len(text) <= 10 else require_aware(datetime.fromisoformat(text))
    except ValueError as error:
        raise UsageError(
            f"{flag} {text}: write a day like 2026-11-18 or an instant like 2026-11-18T10:00:00-03:00"
        ) from error


def _campaigns(connection: Any) -> Mapping[uuid.UUID, str]:
    import sqlalchemy as sa

    from voiceagent.dialer.tables import campaign

    return {row.id: row.name for row in connection.execute(sa.select(campaign.c.id, campaign.c.name))}


def _campaign(wanted: str | None, names: Mapping[uuid.UUID, str]) -> uuid.UUID | None:
    from voiceagent.base.errors import BadInputError

    if wanted is None:
        return None
    found = [identity for identity, name in names.items() if wanted in (name, str(identity))]
    if not found:
        known = ", ".join(sorted(names.values())) or "none yet"
        raise BadInputError(f"there is no campaign {wanted}; there are: {known}", code="unknown_campaign")
    return found[0]


def _named(row: Row, names: Mapping[uuid.UUID, str]) -> Row:
    by_text = {str(identity): name for identity, name in names.items()}
    return replace(row, key=by_text.get(row.key, row.key))
