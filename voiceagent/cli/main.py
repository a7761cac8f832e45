"""The `voiceagent` command: finds the commands, runs one, turns failures into one line and an exit code."""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import logging
import os
import pkgutil
import sys
from typing import Any, NoReturn, Protocol

from voiceagent.base.errors import UsageError, VoiceagentError
from voiceagent.cli import commands
from voiceagent.cli.actions import add_action
from voiceagent.settings.logs import mask_logs


class Command(Protocol):
    """What a module of `voiceagent.cli.commands` offers; its file name is the command's name (_ becomes -)."""

    HELP: str
    """One line for the list of commands."""
    EXAMPLE: str
    """At least one line that can be pasted into a shell."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the command's arguments. Keep imports of heavy rooms inside `run`."""
        ...

    def run(self, args: argparse.Namespace) -> int:
        """Do it; return the exit code (0 success, 1 failure). Raise VoiceagentError for failures people can mend."""
        ...


class Parser(argparse.ArgumentParser):
    """Of the program and, because argparse makes a subcommand's parser of its parent's class, of every command.

    `--debug` may stand anywhere, and the command that does not know an argument is the one that says so.
    """

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.add_argument("--debug", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> tuple[Any, list[str]]:
        """As argparse does, but nothing unknown is handed up to the parent."""
        found, unknown = super().parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {' '.join(unknown)}")
        return found, unknown

    def error(self, message: str) -> NoReturn:
        """One line, as every other failure; where to look instead of the whole usage."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def build_parser() -> argparse.ArgumentParser:
    """The parser with every command that exists."""
    parser = Parser(
        prog="voiceagent",
        description="A digital call-centre seat for debt collection.",
        epilog="Example: voiceagent demo --headless --calls 6 --json\n\n--debug after any command shows tracebacks and "
        "debug logs; VOICEAGENT_LOG=INFO shows more of the log.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=importlib.metadata.version("voiceagent"))
    parser.set_defaults(debug=False)
    listed = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for info in sorted(pkgutil.iter_modules(commands.__path__), key=lambda module: module.name):
        module = importlib.import_module(f"{commands.__name__}.{info.name}")
        child = add_action(listed, info.name.replace("_", "-"), module.HELP, module.EXAMPLE)
        module.configure(child)
        child.set_defaults(run=module.run)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Entry point: parse, run, answer with 0, 1 or 2."""
    args = build_parser().parse_args(argv)
    level = "DEBUG" if args.debug else os.environ.get("VOICEAGENT_LOG", "").upper() or "WARNING"
    if level not in logging.getLevelNamesMapping():
        print(f"voiceagent: VOICEAGENT_LOG={level}: write DEBUG, INFO, WARNING or ERROR", file=sys.stderr)
        return 2
    logging.basicConfig(
        level=level,
        stream=sys.stderr,
        format="%(asctime)s %(levelname).1s %(name)s: %(message)s",
    )
    if os.environ.get("VOICEAGENT_LOG__MASK", "true").lower() not in ("false", "0", "no"):
        mask_logs()
    try:
        return int(args.run(args) or 0)
    except VoiceagentError as error:
        if args.debug:
            raise
        print(f"voiceagent: {error.message}", file=sys.stderr)
        return 2 if isinstance(error, UsageError) else 1
    except KeyboardInterrupt:
        print("voiceagent: stopped", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader of our output went away (`| head`): not a failure, and nothing more can be said to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except UnicodeEncodeError as error:
        print(f"voiceagent: {error.encoding} has no {error.object[error.start]!a}: set PYTHONUTF8=1", file=sys.stderr)
        return 1
    except Exception as error:
        if args.debug:
            raise
        print(f"voiceagent: unexpected {type(error).__name__}: {error}; run again with --debug", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
