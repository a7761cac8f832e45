"""`voiceagent bench`: the project's own measurements; each is a module of `voiceagent.cli.benches`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import signal
import sys

from voiceagent.cli import benches
from voiceagent.cli.actions import add_action

HELP = "measure this installation"
EXAMPLE = "voiceagent bench understanding --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """One part for each measurement there is."""
    parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True)
    for info in sorted(pkgutil.iter_modules(benches.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{benches.__name__}.{info.name}")
        part = add_action(parts, info.name.replace("_", "-"), module.HELP, module.EXAMPLE)
        module.configure(part)
        part.set_defaults(measure=module.run)


def run(args: argparse.Namespace) -> int:
    """Run the measurement that was named."""
    # Told to end, or its terminal closed, it ends what it started: a PostgreSQL server and its files would outlive it
    # otherwise. `nohup` says that a closed terminal is to mean nothing.
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, lambda number, frame: sys.exit(128 + number))
    return int(args.measure(args))
