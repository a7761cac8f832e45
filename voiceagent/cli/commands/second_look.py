"""Promises heard again: once, or for as long as the service runs."""

from __future__ import annotations

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voiceagent.cases.reviews import Look, Waiting
    from voiceagent.quality.looking import Looking

HELP = "hear the confirming turns of promises again, another way; what differs goes to a person"
EXAMPLE = "voiceagent second-look --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument(
        "--watch", action="store_true", help="go on until told to end: what `voiceagent up` runs beside the calls"
    )
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Look at what waits."""
    from voiceagent.cli.house import open_journal
    from voiceagent.quality.looking import Looking
    from voiceagent.settings.paths import Paths

    paths = Paths.from_environment()
    with open_journal() as journal:
        looking = Looking(journal, paths.recordings, paths.models)
        if args.watch:
            return _watch(looking)
        looked: list[dict[str, Any]] = []

        def tell(one: Waiting, look: Look) -> None:
            terms = {term: verdict.value for term, verdict in look.terms.items()}
            looked.append({"call_id": str(one.attempt_id), "agreement_id": str(one.agreement_id)})
            looked[-1] |= {"verdict": look.verdict.value, "under_review": look.doubtful, "terms": terms}
            print(f"{one.attempt_id}  {look.verdict}  {terms}", file=sys.stderr, flush=True)

        looking.once(tell)
    agreed = sum(one["verdict"] == "agreed" for one in looked)
    if args.json:
        summary = {"looked": len(looked), "agreed": agreed, "under_review": looking.doubtful, "promises": looked}
        print(json.dumps(summary, ensure_ascii=False))
    else:
        print(f"{len(looked)} looked at, {agreed} agreed, {looking.doubtful} under review")
    return 0


def _watch(looking: Looking) -> int:
    import asyncio
    import threading

    from voiceagent.worker.lifeline import say_ready, until_parent_ends

    stop = threading.Event()

    async def work() -> None:
        task = asyncio.ensure_future(asyncio.to_thread(looking.forever, stop))
        say_ready()
        try:
            await until_parent_ends(task)
        finally:
            stop.set()

    asyncio.run(work())
    return 0
