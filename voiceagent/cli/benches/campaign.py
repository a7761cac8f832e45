"""`voiceagent bench campaign`: a whole campaign over SIP on a real Asterisk, judged against its rules and the CDR."""

from __future__ import annotations

import argparse
import json
import sys

from voiceagent.cli.arguments import count

HELP = "call a campaign of simulated people over SIP: order, callbacks, caps, and Asterisk's own record"
EXAMPLE = "voiceagent bench campaign --contacts 40 --seats 8 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--contacts", type=count, default=40, metavar="N", help="people to call (default %(default)s)")
    parser.add_argument("--seats", type=count, default=8, metavar="N", help="four of one worker (default %(default)s)")
    parser.add_argument(
        "--at-once", type=count, default=6, metavar="N", help="the campaign's cap (default %(default)s)"
    )
    parser.add_argument(
        "--talking", default="promise_full,wrong_person,no_money", metavar="P[,P…]",
        help="personas that converse; all others cost no recognition (default %(default)s; empty: none)",
    )  # fmt: skip
    parser.add_argument("--at", metavar="ISO-8601", help="the instant it begins (default: next Wednesday 10:00 there)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws the people (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Call and judge; 1 when anything was not as it should be."""
    import asyncio

    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.live_campaign import LiveCampaign, Plan
    from voiceagent.simulator.measured_on import machine

    def progress(line: str) -> None:
        print(f"bench: {line}", file=sys.stderr, flush=True)

    plan = Plan(
        Paths.from_environment().home / "campaign",
        contacts=args.contacts,
        seats=args.seats,
        at_once=args.at_once,
        talking=tuple(name for name in args.talking.split(",") if name),
        at=args.at,
        seed=args.seed,
    )
    document = {"machine": machine(), **asyncio.run(LiveCampaign(plan, progress).run())}
    if args.json:
        print(json.dumps(document, ensure_ascii=False))
    else:
        print(f"{document['calls']} calls to {document['contacts']} people on {document['seats']} seats in "
              f"{document['seconds']} s, {document['cdr']} in Asterisk's record")  # fmt: skip
        most, cap = document["most_at_once"], document["cap"]
        print(f"at once at most {most} (cap {cap}), seats busy {document['occupancy']:.0%}")
        print(f"order {document['order']}  (C promised call, R reminder, H warm lead, L list)")
        print(f"promised calls began {', '.join(map(str, document['callbacks_late_s']))} s after their instant")
        for name in ("by_worker", "by_outcome", "by_persona"):
            print(f"{name}: {document[name]}")
    for problem in document["problems"]:
        print(f"voiceagent: {problem}", file=sys.stderr)
    return 1 if document["problems"] else 0
