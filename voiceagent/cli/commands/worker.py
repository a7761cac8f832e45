"""A seat host: registers seats at Asterisk and makes the calls the dialer hands out."""

from __future__ import annotations

import argparse
from pathlib import Path

HELP = "host seats: register them at Asterisk and make the calls the dialer hands out"
EXAMPLE = "voiceagent worker --plan var/run/worker-1.json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--plan", type=Path, required=True, help="JSON file: seats, registrar, database, mode")


def run(args: argparse.Namespace) -> int:
    """Work until told to end."""
    import asyncio

    from voiceagent.worker.main import run_worker
    from voiceagent.worker.plan import WorkerPlan

    asyncio.run(run_worker(WorkerPlan.read(args.plan)))
    return 0
