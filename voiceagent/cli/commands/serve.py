"""The API, the console and the figures of one installation, with the service's ticks."""

from __future__ import annotations

import argparse

from voiceagent.cli.arguments import port

HELP = "serve the console, the API and /metrics, and run the service's ticks"
EXAMPLE = "voiceagent serve --port 8080"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--port", type=port, default=8080, help="port to listen on; 0: any free one (default: %(default)s)"
    )
    parser.add_argument(
        "--time-zone",
        default="America/Sao_Paulo",
        metavar="ZONE",
        help="where the operation is: decides what today is on the board (default: %(default)s)",
    )
    parser.add_argument(
        "--json-ready",
        action="store_true",
        help='print {"ready", "url", "token_url"} as one JSON line once it listens, and end when standard input does',
    )
    # For rehearsals at another hour: the board shows their time, and nothing is kept house of.
    parser.add_argument("--clock-offset", type=float, default=0.0, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Serve until told to end."""
    import asyncio
    import sys
    from datetime import timedelta

    from voiceagent.base.clock import OffsetClock, SystemClock
    from voiceagent.settings.config import load_settings
    from voiceagent.settings.logs import mask_logs
    from voiceagent.settings.paths import Paths
    from voiceagent.web.server import Listening, ServerSettings, serve
    from voiceagent.worker.lifeline import say_ready, until_parent_ends

    paths = Paths.from_environment()
    configured = load_settings(paths)
    if configured.log.mask:
        mask_logs()
    settings = ServerSettings(
        home=paths.home,
        recordings=paths.recordings,
        database_url=configured.database.url or paths.database_url(),
        host=args.host,
        port=args.port,
        time_zone=args.time_zone,
        keeps_house=not args.clock_offset,
    )

    def on_listening(listening: Listening) -> None:
        if args.json_ready:
            say_ready(url=listening.url, token_url=listening.token_url)
        else:
            print(f"console: {listening.token_url}", file=sys.stderr)

    until = until_parent_ends if args.json_ready else _until_signal
    clock = OffsetClock.by_offset(timedelta(seconds=args.clock_offset)) if args.clock_offset else SystemClock()
    asyncio.run(serve(settings, until, on_listening, clock))
    return 0


async def _until_signal() -> None:
    """Standard input means nothing here: service managers leave it empty."""
    import asyncio
    import signal

    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
