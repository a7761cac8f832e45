"""Subcommands that tell what they do and show a line that can be pasted into a shell."""

from __future__ import annotations

import argparse
from typing import Any


def add_action(actions: Any, name: str, told: str, example: str) -> argparse.ArgumentParser:
    """Add `name` to what `parser.add_subparsers()` gave. `example` begins with `voiceagent`."""
    child: argparse.ArgumentParser = actions.add_parser(
        name,
        help=told,
        description=told,
        epilog=f"Example:\n  {example}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    return child
