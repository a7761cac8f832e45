"""Campaigns: create, bound, start, pause, finish; how far their calls may go; how they stand and what holds them."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from typing import TYPE_CHECKING, Any

from voiceagent.cli.actions import add_action

if TYPE_CHECKING:
    from voiceagent.journal.journal import Journal

HELP = "create, bound, start, pause and finish campaigns; how far they may go, how they stand, what holds them"
EXAMPLE = "voiceagent campaigns start novembro"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)

    def action(name: str, told: str, example: str) -> argparse.ArgumentParser:
        return add_action(actions, name, told, f"voiceagent campaigns {example}")

    everything = action("list", "all campaigns", "list")
    standing = action("status", "progress, ETA, and what holds calls back now", "status novembro")
    standing.add_argument("name", nargs="?", help="this one only (default: all)")
    for told_of in (everything, standing):
        told_of.add_argument("--json", action="store_true", help="one JSON document on stdout")
    create = action("create", "a new campaign, in draft and rehearsal", "create novembro --language pt-BR")
    create.add_argument("name")
    create.add_argument("--script", default="negotiation", help="conversation script (default negotiation)")
    create.add_argument("--policy", default="demo-br", help="negotiation policy (default demo-br)")
    create.add_argument("--language", default="pt-BR", help="pt-BR, es or en")
    create.add_argument("--retries", default="", metavar="NAME", help="its own ladders, named in the retry plan")
    create.add_argument("--caller-id", metavar="NUMBER", help="what the debtor's phone shows")
    for name, told in (("start", "hand out its calls"), ("pause", "no new calls"), ("finish", "over for good")):
        state = action(name, told, f"{name} novembro")
        state.add_argument("name")
        state.add_argument("--reason", default="", help="kept in the journal")
    mode = action(
        "mode",
        "rehearsal, pilot or live; the installation's dial.mode still caps it",
        "mode novembro pilot --reason ok",
    )
    mode.add_argument("name")
    mode.add_argument("mode", choices=("rehearsal", "pilot", "live"))
    mode.add_argument("--reason", default="", help="kept in the journal; needed for pilot and live")
    mode.add_argument("--without-pilot", action="store_true", help="live although its pilot's calls were not made")
    bound = action(
        "set", "its bounds, hours, rank and words, at once", 'set novembro --calls 8 --hours "mon-fri 09:00-19:00"'
    )
    bound.add_argument("name")
    bound.add_argument("--calls", type=int, help="calls at once (0: as many as there are seats)")
    bound.add_argument("--weight", type=float, help="share of the seats among campaigns of the same rank")
    bound.add_argument("--rank", type=int, help="campaigns of a higher one get their calls first")
    bound.add_argument("--ramp", type=float, metavar="N", help="calls more each minute after a start (0: all at once)")
    bound.add_argument("--max-attempts", type=int, help="calls to one contact")
    bound.add_argument("--retries", metavar="NAME", help="its own ladders, named in the retry plan (house: none)")
    bound.add_argument("--pilot-calls", type=int, help="calls of a pilot before it pauses")
    bound.add_argument("--trunks", help="only these, comma-separated (empty: any)")
    bound.add_argument("--caller-ids", help="shown in turn, comma-separated (empty: the trunk's)")
    bound.add_argument(
        "--brake", action="append", metavar="SIGN=SHARE", help="pauses itself above it, like opt_out=0.1 (0: default)"
    )
    bound.add_argument("--hours", metavar="TEXT", help='"mon-fri 09:00-19:00, sat 09:00-13:00", or "any"')
    bound.add_argument("--zone", default="America/Sao_Paulo", help="IANA zone of the hours")
    bound.add_argument("--script", help="conversation script of its next calls")
    bound.add_argument("--policy", help="negotiation policy of its next calls")
    attach = action(
        "attach", "put every contact of an imported list into it, also while it runs", "attach novembro BATCH"
    )
    attach.add_argument("name")
    attach.add_argument("batch", help="as voiceagent lists list shows it")
    attach.add_argument("--hot", action="store_true", help="warm leads: called before the rest of the campaign")
    for name, told in (("stop", "kill switch: no call begins, not even one leased"), ("resume", "turn a switch back")):
        switch = action(name, told, f"{name} --all" + (' --reason "wrong prompt"' if name == "stop" else ""))
        which = switch.add_mutually_exclusive_group(required=True)
        which.add_argument("--all", action="store_true", help="everything")
        which.add_argument("--trunk", metavar="NAME", help="one trunk")
        if name == "stop":
            switch.add_argument("--reason", default="", help="kept, and shown to whoever asks")
    trunks = action("trunks", "the trunks, or one set or removed", "trunks --set carrier --channels 30 --cps 2")
    which = trunks.add_mutually_exclusive_group()
    which.add_argument("--set", metavar="NAME", help="as Asterisk's endpoint is called")
    which.add_argument("--remove", metavar="NAME", help="forget it; what stopped it is forgotten too")
    trunks.add_argument("--channels", type=int, help="calls at once (default: as it is; a new one: 1)")
    trunks.add_argument("--cps", type=float, help="calls begun per second (default: as it is; a new one: 1)")
    trunks.add_argument("--caller-ids", help="shown in turn, comma-separated (default: as they are)")
    trunks.add_argument("--json", action="store_true", help="one JSON document on stdout")
    action(
        "trust-clock",
        "say that this machine's clock is right although the journal holds events of a later instant",
        "trust-clock",
    )
    check = action(
        "check", "contacts with nothing planned, brakes, switches, alarms; exit 1 when people must look", "check"
    )
    check.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from voiceagent.cli.house import open_journal

    with open_journal(make=args.action in ("create", "trunks")) as journal:
        told = _ACTIONS[args.action](journal, args)
    return int(told or 0)


def _create(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.dialer.campaigns import create_campaign

    try:
        language = Language(args.language)
    except ValueError:
        raise UsageError(f"unknown language {args.language}: one of {', '.join(Language)}") from None
    _require_content(args.script, language, args.policy)
    create_campaign(
        journal,
        args.name,
        script=args.script,
        policy=args.policy,
        language=language,
        caller_id=args.caller_id,
        retries="" if args.retries == "house" else args.retries,
    )
    print(f"campaign {args.name} is in draft; start it: voiceagent campaigns start {shlex.quote(args.name)}")


def _require_content(script: str | None, language: str, policy: str | None) -> None:
    """A campaign whose script or policy is not there would lease calls that nobody can hold."""
    from voiceagent.settings.dialplans import policy_path, script_path
    from voiceagent.settings.paths import Paths

    dialplans = Paths.from_environment().dialplans
    if script is not None:
        script_path(dialplans, script, language)
    if policy is not None:
        policy_path(dialplans, policy)


def _state(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.dialer.campaigns import set_state
    from voiceagent.dialer.tables import CampaignState

    states = {"start": CampaignState.RUNNING, "pause": CampaignState.PAUSED, "finish": CampaignState.FINISHED}
    withdrawn = set_state(journal, args.name, states[args.action], reason=args.reason)
    print(f"campaign {args.name}: {states[args.action].value}")
    if withdrawn:
        print(f"{withdrawn} promised calls will not be made: voiceagent callbacks list --status cancelled")


def _mode(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.dialer.campaigns import set_mode
    from voiceagent.dialer.tables import DialMode

    set_mode(journal, args.name, DialMode(args.mode), reason=args.reason, piloted=not args.without_pilot)
    print(f"campaign {args.name}: {args.mode}")


def _set(journal: Journal, args: argparse.Namespace) -> None:
    from dataclasses import replace

    from voiceagent.base.errors import UsageError
    from voiceagent.dialer.campaigns import change_campaign, require_campaign
    from voiceagent.dialer.limits import Hours, Limits

    if args.script is not None or args.policy is not None:
        with journal.db.read() as connection:
            language = require_campaign(connection, args.name, journal.tenant_id).language
        _require_content(args.script, language, args.policy)
    given: dict[str, Any] = {
        "weight": args.weight,
        "max_attempts": args.max_attempts,
        "pilot_calls": args.pilot_calls,
        "retries": "" if args.retries == "house" else args.retries,
        "trunks": _listed(args.trunks),
        "caller_ids": _listed(args.caller_ids),
    }
    changes = {name: value for name, value in given.items() if value is not None}
    for name, value in (("calls", args.calls), ("ramp_per_minute", args.ramp)):
        if value is not None:
            changes[name] = value or None

    brakes = dict(_brake(text) for text in args.brake or ())
    others = (args.hours, args.rank, args.script, args.policy)
    if not changes and not brakes and all(one is None for one in others):
        raise UsageError("nothing to change: see voiceagent campaigns set --help (a --zone goes with its --hours)")

    def limits(old: Limits) -> Limits:
        kept = {sign: share for sign, share in (dict(old.brakes) | brakes).items() if share}
        return replace(old, brakes=kept, **changes)

    any_hours = args.hours is not None and args.hours.strip().lower() == "any"
    found = change_campaign(
        journal,
        args.name,
        limits=limits if changes or brakes else None,
        hours=Hours.parse(args.hours, args.zone) if args.hours and not any_hours else None,
        any_hours=any_hours,
        priority=args.rank,
        script=args.script,
        policy=args.policy,
    )
    print(
        f"campaign {found.name}: {json.dumps(found.limits.to_json()) if found.limits.to_json() else 'default bounds'}"
    )


def _brake(text: str) -> tuple[str, float]:
    from voiceagent.base.errors import UsageError

    sign, _, share = text.partition("=")
    try:
        return sign.strip(), float(share)
    except ValueError:
        raise UsageError(f"--brake {text}: write it like opt_out=0.1") from None


def _attach(journal: Journal, args: argparse.Namespace) -> None:
    import sqlalchemy as sa

    from voiceagent.base.errors import BadInputError
    from voiceagent.cli.house import weigh
    from voiceagent.dialer.campaigns import enroll_list, require_campaign
    from voiceagent.dialer.tables import Priority, campaign_list, contact_list

    with journal.transaction() as connection:
        found = require_campaign(connection, args.name, journal.tenant_id)
        query = sa.select(contact_list.c.id).where(
            contact_list.c.tenant_id == journal.tenant_id, contact_list.c.batch == args.batch
        )
        list_id = connection.execute(query).scalar()
        if list_id is None:
            raise BadInputError(f"there is no list {args.batch}: see voiceagent lists list")
        attached = sa.select(campaign_list.c.list_id).where(
            campaign_list.c.campaign_id == found.id, campaign_list.c.list_id == list_id
        )
        if connection.execute(attached).first() is None:
            row = {"campaign_id": found.id, "list_id": list_id, "tenant_id": journal.tenant_id}
            connection.execute(sa.insert(campaign_list).values(**row))
    count = enroll_list(journal, found.id, list_id, priority=Priority.HOT if args.hot else Priority.LIST)
    told = weigh(journal, found.id)
    print(f"{count} contacts are new in {args.name}; {told.words()}")


def _switch(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.dialer import switches
    from voiceagent.dialer.tables import StopScope

    scope = StopScope.ALL if args.all else StopScope.TRUNK
    name = args.trunk or ""
    if args.action == "stop":
        switches.stop(journal, scope, name, reason=args.reason)
        print(f"no call begins any more: {name or 'everything'} is stopped; calls that are up go on")
    else:
        switches.resume(journal, scope, name)
        print(f"{name or 'everything'} may dial again")


def _trunks(journal: Journal, args: argparse.Namespace) -> None:
    from dataclasses import asdict, replace

    from voiceagent.base.errors import UsageError
    from voiceagent.dialer import switches

    wished = {"max_channels": args.channels, "calls_per_second": args.cps, "caller_ids": _listed(args.caller_ids)}
    given = {name: value for name, value in wished.items() if value is not None}
    if given and args.set is None:
        raise UsageError("of which trunk? name it: voiceagent campaigns trunks --set NAME ...")
    if args.set is not None:
        with journal.db.read() as connection:
            known = switches.find_trunk(connection, args.set, journal.tenant_id)
        switches.set_trunk(journal, replace(known or switches.Trunk(args.set, 1), **given))
    if args.remove is not None:
        switches.remove_trunk(journal, args.remove)
    with journal.db.read() as connection:
        found = switches.all_trunks(connection, journal.tenant_id)
    if args.json:
        print(json.dumps({"trunks": [asdict(one) for one in found]}))
        return
    for one in found:
        print(f"{one.name}  {one.max_channels} channels  {one.calls_per_second:g} calls/s  {', '.join(one.caller_ids)}")
    if not found:
        print("no trunk is known: Asterisk chooses, without limits of ours", file=sys.stderr)


def _trust_clock(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.dialer.clockguard import trust

    print(f"the clock says {trust(journal).isoformat(timespec='seconds')}, and is trusted again")


def _list(journal: Journal, args: argparse.Namespace) -> None:
    from voiceagent.dialer.campaigns import all_campaigns, tally

    with journal.db.read() as connection:
        rows = [
            {
                "name": found.name,
                "state": found.state.value,
                "mode": found.mode.value,
                "script": found.script,
                "policy": found.policy,
                "reason": found.reason,
                "brake": found.brake,
                **tally(connection, found.id),
            }
            for found in all_campaigns(connection, journal.tenant_id)
        ]
    if args.json:
        print(json.dumps({"campaigns": rows}, ensure_ascii=False))
        return
    for row in rows:
        told = f"{row['cases']} cases, {row['unverifiable']} unverifiable"
        why = f"  ({row['reason']})" if row["reason"] else ""
        print(f"{row['name']}  {row['state']}  {row['mode']}  {row['script']}/{row['policy']}  {told}{why}")
    if not rows:
        print("no campaign yet", file=sys.stderr)


def _status(journal: Journal, args: argparse.Namespace) -> int:
    from voiceagent.cli.standing import status

    return status(journal, args.name, as_json=args.json)


def _check(journal: Journal, args: argparse.Namespace) -> int:
    from voiceagent.cli.standing import check

    return check(journal, as_json=args.json)


def _listed(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


_ACTIONS = {
    "list": _list, "status": _status, "create": _create, "start": _state, "pause": _state, "finish": _state,
    "mode": _mode, "set": _set, "attach": _attach, "stop": _switch, "resume": _switch, "trunks": _trunks,
    "check": _check, "trust-clock": _trust_clock,
}  # fmt: skip
