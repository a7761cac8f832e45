"""The main job on one machine: a list is imported, simulated debtors are called over SIP, promises are recorded."""

from __future__ import annotations

import argparse
from typing import Any

from voiceagent.cli.arguments import count, port

HELP = "rehearse the whole service here: Asterisk, speech, seats and simulated debtors, then a table of the calls"
EXAMPLE = "voiceagent demo --headless --calls 6 --seed 2 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--calls", type=count, default=6, metavar="N", help="debtors to call (default %(default)s)")
    parser.add_argument("--language", default="pt-BR", help="pt-BR (default %(default)s)")
    parser.add_argument("--at", metavar="ISO-8601", help="the instant it begins (default: next Wednesday 10:00 there)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws people and words (default %(default)s)")
    parser.add_argument("--seats", type=count, default=2, metavar="N", help="calls at a time (default %(default)s)")
    parser.add_argument("--port", type=port, default=8080, help="the console's port (default %(default)s)")
    parser.add_argument(
        "--no-asterisk", action="store_true", help="join agent and debtors by a wire: real speech, no SIP"
    )
    parser.add_argument("--headless", action="store_true", help="no console; end when the calls are done")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Rehearse; 0 when every call ended as it should and Asterisk agrees."""
    import asyncio
    import json
    import sys

    from voiceagent.simulator.demo import Demo, table

    def progress(line: str) -> None:
        print(f"demo: {line}", file=sys.stderr, flush=True)

    demo = Demo(
        calls=args.calls,
        language=args.language,
        at=args.at,
        seed=args.seed,
        seats=args.seats,
        port=None if args.headless else args.port,
        progress=progress,
        asterisk=not args.no_asterisk,
    )
    document: dict[str, Any]
    document, problems = asyncio.run(demo.run(show=None if args.json else lambda shown: print(table(shown))))
    if args.json:
        print(json.dumps(document, ensure_ascii=False, indent=1))
    for problem in problems:
        print(f"voiceagent: {problem}", file=sys.stderr)
    return 1 if problems else 0
