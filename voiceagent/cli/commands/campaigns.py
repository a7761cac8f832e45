"""Campaigns: create, start, pause, finish, and say how far their calls may go."""

from __future__ import annotations

import argparse
import json
import sys

HELP = "create, start, pause and finish campaigns; set how far their calls may go"
EXAMPLE = "voiceagent campaigns start novembro"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    actions.add_parser("list", help="all campaigns").add_argument(
        "--json", action="store_true", help="one JSON document on stdout"
    )
    create = actions.add_parser("create", help="a new campaign, in draft and rehearsal")
    create.add_argument("name")
    create.add_argument("--script", default="negotiation", help="conversation script (default negotiation)")
    create.add_argument("--policy", default="demo-br", help="negotiation policy (default demo-br)")
    create.add_argument("--language", default="pt-BR", help="pt-BR, es or en")
    create.add_argument("--caller-id", metavar="NUMBER", help="what the debtor's phone shows")
    for name, told in (("start", "hand out its calls"), ("pause", "no new calls"), ("finish", "over for good")):
        actions.add_parser(name, help=told).add_argument("name")
    mode = actions.add_parser("mode", help="rehearsal, pilot or live; the installation's dial.mode still caps it")
    mode.add_argument("name")
    mode.add_argument("mode", choices=("rehearsal", "pilot", "live"))
    mode.add_argument("--reason", default="", help="kept in the journal; needed for pilot and live")


def run(args: argparse.Namespace) -> int:
    """Do it."""
    from voiceagent.base.errors import UsageError
    from voiceagent.base.languages import Language
    from voiceagent.cli.house import open_journal
    from voiceagent.dialer.campaigns import all_campaigns, create_campaign, set_mode, set_state, tally
    from voiceagent.dialer.tables import CampaignState, DialMode

    states = {"start": CampaignState.RUNNING, "pause": CampaignState.PAUSED, "finish": CampaignState.FINISHED}
    with open_journal(make=args.action == "create") as journal:
        if args.action == "create":
            try:
                language = Language(args.language)
            except ValueError:
                raise UsageError(f"unknown language {args.language}: one of {', '.join(Language)}") from None
            create_campaign(
                journal, args.name, script=args.script, policy=args.policy, language=language, caller_id=args.caller_id
            )
            print(f"campaign {args.name} is in draft; start it: voiceagent campaigns start {args.name}")
        elif args.action in states:
            set_state(journal, args.name, states[args.action])
            print(f"campaign {args.name}: {states[args.action].value}")
        elif args.action == "mode":
            set_mode(journal, args.name, DialMode(args.mode), reason=args.reason)
            print(f"campaign {args.name}: {args.mode}")
        else:
            with journal.db.read() as connection:
                rows = [
                    {
                        "name": found.name,
                        "state": found.state.value,
                        "mode": found.mode.value,
                        "script": found.script,
                        "policy": found.policy,
                        **tally(connection, found.id),
                    }
                    for found in all_campaigns(connection, journal.tenant_id)
                ]
            if args.json:
                print(json.dumps({"campaigns": rows}, ensure_ascii=False))
                return 0
            for row in rows:
                told = f"{row['cases']} cases, {row['unverifiable']} unverifiable"
                print(f"{row['name']}  {row['state']}  {row['mode']}  {row['script']}/{row['policy']}  {told}")
            if not rows:
                print("no campaign yet", file=sys.stderr)
    return 0
