"""Segments: filters over cases under a name, with live counts; who they hold, into a campaign; scores."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    import uuid
    from datetime import date

    from voiceagent.journal.journal import Journal
    from voiceagent.segments.grammar import Expression

HELP = "save filters over cases, count whom they hold now, put them into a campaign, score cases"
EXAMPLE = """voiceagent segments count "days_overdue between 31 and 90 and state in (SP, RJ) and not open_promise\""""


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, told: str, example: str, *arguments: str) -> argparse.ArgumentParser:
        child = add_action(actions, name, told, f"voiceagent segments {name} {example}".rstrip())
        for argument in arguments:
            child.add_argument(argument, metavar=argument.upper())
        child.add_argument("--json", action="store_true", help="one JSON document on stdout")
        return child

    action("fields", "what a filter may ask, and how filters are written", "")
    action("list", "saved segments with how many cases each holds now", "--json")
    action("show", "one segment with its live count", "novos", "name")
    action(
        "count", "whom a filter, or a saved segment, holds now", "'state in (SP, RJ) and not open_promise'", "filter"
    )
    save = action(
        "save",
        "save a filter under a name, or change it",
        "novos 'days_overdue between 31 and 90' --per-week 2",
        "name",
        "filter",
    )
    save.add_argument("--per-day", type=int, metavar="N", help="contact its people at most N times a day")
    save.add_argument("--per-week", type=int, metavar="N", help="... a week; the law's own caps always hold too")
    save.add_argument("--gap-hours", type=int, metavar="N", help="... and leave N hours between two contacts")
    action("drop", "offer a saved segment no more", "novos", "name")
    action("enroll", "put the cases it holds now into a campaign", "novos novembro", "name", "campaign")
    score = action("score", "score the cases a filter holds", "'days_overdue > 30' --imported", "filter")
    card = score.add_mutually_exclusive_group(required=True)
    card.add_argument("--card", metavar="FILE", help="a scorecard (YAML): base, and points for tests that hold")
    card.add_argument("--imported", action="store_true", help="the lists' own column score, 0 to 1000")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    if args.action == "fields":
        return _fields(args.json)
    from voiceagent.cases import segments
    from voiceagent.cli.house import open_journal

    with open_journal(make=args.action == "save") as journal:
        if args.action == "save":
            intensity = segments.Intensity(args.per_day, args.per_week, args.gap_hours)
            saved = segments.save_segment(journal, args.name, args.filter, intensity=intensity)
            return _print(args.json, {"name": saved.name, "revision": saved.revision}, f"saved {saved.name}")
        if args.action == "drop":
            segments.drop_segment(journal, args.name)
            return _print(args.json, {"name": args.name}, f"dropped {args.name}")
        if args.action == "enroll":
            return _enroll(args, journal)
        if args.action == "score":
            return _score(args, journal)
        today = _today(journal)
        with journal.db.read() as connection:
            if args.action == "list":
                return _list(connection, journal.tenant_id, today, args.json)
            found: dict[str, Any] = {}
            shown: dict[str, str] = {}
            if args.action == "show":
                one = segments.require_segment(connection, args.name, journal.tenant_id)
                meaning = one.meaning
                found = {"name": one.name, "filter": one.expression, "revision": one.revision}
                found["intensity"] = one.intensity.to_json()
                shown = {"name": one.name, "filter": one.expression, "bounds": one.intensity.words()}
            else:
                meaning = _meaning(connection, args.filter, journal.tenant_id)
            found |= segments.count(connection, meaning, today=today, tenant_id=journal.tenant_id)
    if args.json:
        print(json.dumps(found, ensure_ascii=False))
        return 0
    for name, words in shown.items():
        if words:
            print(f"{name}: {words}")
    balance = ", ".join(f"{currency} {amount}" for currency, amount in found["balance"].items()) or "nothing owed"
    print(f"{found['cases']} cases of {found['people']} people, {balance}")
    for age, cases in found["ages"].items():
        print(f"  {age:>12}  {cases}")
    return 0


def _print(as_json: bool, document: dict[str, Any], words: str) -> int:
    print(json.dumps(document, ensure_ascii=False) if as_json else words)
    return 0


def _today(journal: Journal) -> date:
    return journal.clock.now().astimezone().date()


def _meaning(connection: Any, text: str, tenant_id: uuid.UUID) -> Expression:
    """Of a saved segment's name, or of a filter."""
    from voiceagent.cases.segments import all_segments
    from voiceagent.segments.grammar import parse

    for one in all_segments(connection, tenant_id):
        if one.name == text:
            return one.meaning
    return parse(text)


def _fields(as_json: bool) -> int:
    from voiceagent.segments import grammar
    from voiceagent.segments.fields import FIELDS

    told = [{"name": f.name, "type": f.type.value, "meaning": f.told} for f in FIELDS.values()]
    told.append({"name": "x.NAME", "type": "text", "meaning": "the column NAME of the list"})
    if as_json:
        print(json.dumps({"fields": told}, ensure_ascii=False))
        return 0
    for field in told:
        print(f"{field['name']:<20} {field['type']:<13} {field['meaning']}")
    print("\n" + (grammar.__doc__ or "").partition("\n\n")[2].rstrip())
    return 0


def _list(connection: Any, tenant_id: uuid.UUID, today: date, as_json: bool) -> int:
    from voiceagent.cases import segments

    rows = []
    for one in segments.all_segments(connection, tenant_id):
        counted = segments.count(connection, one.meaning, today=today, tenant_id=tenant_id)
        told = {"name": one.name, "filter": one.expression, "revision": one.revision, "cases": counted["cases"]}
        rows.append(told | {"intensity": one.intensity.to_json()})
    if as_json:
        print(json.dumps({"segments": rows}, ensure_ascii=False))
        return 0
    for row in rows:
        print(f"{row['name']}  {row['cases']} cases  {row['filter']}")
    if not rows:
        print("no segment yet: voiceagent segments save NAME FILTER", file=sys.stderr)
    return 0


def _enroll(args: argparse.Namespace, journal: Journal) -> int:
    from voiceagent.cases import segments
    from voiceagent.cli.house import weigh
    from voiceagent.dialer.campaigns import enroll, require_campaign

    today, held, new = _today(journal), 0, 0
    with journal.transaction() as connection:
        campaign = require_campaign(connection, args.campaign, journal.tenant_id)
        meaning = segments.require_segment(connection, args.name, journal.tenant_id).meaning
        for some in segments.case_ids(connection, meaning, today=today, tenant_id=journal.tenant_id):
            held += len(some)
            new += enroll(journal, connection, campaign.id, some)
    found = weigh(journal, campaign.id)
    words = f"{held} cases, {new} of them new in {args.campaign}; {found.words()}"
    return _print(args.json, {"cases": held, "new": new, "campaign": args.campaign, **found.to_json()}, words)


def _score(args: argparse.Namespace, journal: Journal) -> int:
    from pathlib import Path

    from voiceagent.cases import segments
    from voiceagent.segments.scorecard import read_scorecard
    from voiceagent.settings.yamltext import read_yaml

    card = read_scorecard(read_yaml(Path(args.card)).data) if args.card else None
    today, scored, bad = _today(journal), 0, 0
    with journal.db.read() as connection:
        meaning = _meaning(connection, args.filter, journal.tenant_id)
        batches = list(segments.case_ids(connection, meaning, today=today, tenant_id=journal.tenant_id))
    for some in batches:
        if card is not None:
            scored += segments.score_cases(journal, card, some, today=today)
        else:
            taken, refused = segments.import_scores(journal, some)
            scored, bad = scored + taken, bad + refused
    words = f"{scored} cases scored" + (f", {bad} scores are no whole number from 0 to 1000" if bad else "")
    return _print(args.json, {"scored": scored, "refused": bad}, words)
