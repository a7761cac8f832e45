"""`voiceagent bench`: the project's own measurements; each is a module of `voiceagent.cli.benches`."""

from __future__ import annotations

import argparse
import importlib
import pkgutil

from voiceagent.cli import benches

HELP = "measure this installation"
EXAMPLE = "voiceagent bench understanding --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """One part for each measurement there is."""
    parts = parser.add_subparsers(dest="part", metavar="WHAT", required=True)
    for info in sorted(pkgutil.iter_modules(benches.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{benches.__name__}.{info.name}")
        part = parts.add_parser(
            info.name.replace("_", "-"),
            help=module.HELP,
            description=module.HELP,
            epilog=f"Example:\n  {module.EXAMPLE}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.configure(part)
        part.set_defaults(measure=module.run)


def run(args: argparse.Namespace) -> int:
    """Run the measurement that was named."""
    return int(args.measure(args))
