"""The service on one machine: speech, seats, console, kept running."""

from __future__ import annotations

import argparse
from pathlib import Path

from voiceagent.cli.arguments import count, port

HELP = "run the service on this machine: speech, seats at your Asterisk, console; everything that dies is restarted"
EXAMPLE = 'voiceagent up --company "Atende Mais"'


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--company", required=True, metavar="NAME", help="the neutral name callers hear")
    parser.add_argument("--persona", default="Clara", metavar="NAME", help="the agent's name (default: %(default)s)")
    parser.add_argument("--return-number", default="", metavar="NUMBER", help="where debtors can call back")
    parser.add_argument("--company-address", default="", metavar="TEXT", help="said where a law wants it (Mexico)")
    parser.add_argument("--port", type=port, default=8080, help="the console's port (default: %(default)s)")
    parser.add_argument(
        "--sip", type=Path, metavar="FILE", help="registrar, seats, manager (default: sip.yaml at home)"
    )
    parser.add_argument(
        "--seats-per-worker", type=count, metavar="N", help="default: what the SIP library was compiled for, at most 25"
    )
    parser.add_argument(
        "--worker-metrics-port",
        type=port,
        default=0,
        metavar="PORT",
        help="loopback port of the first worker's /metrics, the next one has the next (default: any free ones)",
    )
    parser.add_argument(
        "--drain",
        type=float,
        default=60.0,
        metavar="S",
        help="seconds that calls may go on once it is told to end; then they are hung up (default: %(default).0f)",
    )
    parser.add_argument(
        "--without",
        action="append",
        choices=("speech", "console"),
        default=[],
        help="somebody else runs it for this home, a container for example; may be given twice",
    )


def run(args: argparse.Namespace) -> int:
    """Run until told to end."""
    import asyncio
    import sys

    from voiceagent.settings.config import load_settings
    from voiceagent.settings.paths import Paths
    from voiceagent.settings.sipfile import load_sip
    from voiceagent.worker.house import MachineRoom, Wishes
    from voiceagent.worker.lifeline import until_told

    paths = Paths.from_environment()
    wishes = Wishes(
        args.company,
        args.port,
        args.persona,
        args.return_number,
        args.company_address,
        args.seats_per_worker and max(1, args.seats_per_worker),
        max(0.0, args.drain),
        frozenset(args.without),
        args.worker_metrics_port,
    )
    room = MachineRoom(paths, load_settings(paths), load_sip(args.sip or paths.home / "sip.yaml"), wishes)

    async def work() -> None:
        async with room:
            seats = ", ".join(room.sip.seats)
            console = room.console or "elsewhere"
            print(f"up: seats {seats} at {room.sip.registrar}; console: {console}", file=sys.stderr, flush=True)
            await until_told()
            print(f"up: ending; calls in progress may go on for {wishes.drain_s:.0f} s", file=sys.stderr, flush=True)

    asyncio.run(work())
    return 0
