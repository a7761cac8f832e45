"""Compliance decisions for a batch of contacts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from voiceagent.compliance import RuleBook

HELP = "say for each contact of a batch whether law and policy allow it, by which rule not, and when again"
EXAMPLE = (
    """echo '{"id":1,"at":"2026-11-19T20:00:00-03:00","channel":"voice","purpose":"collection","""
    """"number":"+5511987654321"}' | voiceagent comply --batch -"""
)


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    parser.add_argument("--batch", required=True, metavar="FILE", help="one JSON request a line; - reads stdin")


def run(args: argparse.Namespace) -> int:
    """Answer every line."""
    from voiceagent.base.errors import BadInputError
    from voiceagent.cli.batch import run_batch
    from voiceagent.settings.jurisdictions import load_rules
    from voiceagent.settings.paths import Paths

    rules: RuleBook | None
    failure = ""
    try:
        rules = load_rules(Paths.from_environment().dialplans / "jurisdictions")
    except BadInputError as error:
        # Without readable rules every contact is denied: the batch still gets an answer for each line.
        rules, failure = None, error.message
    if failure:
        import sys

        print(f"voiceagent: every contact is denied: {failure}", file=sys.stderr)

    return run_batch(args.batch, lambda line: decided(line, rules))


def decided(line: dict[str, Any], rules: RuleBook | None) -> dict[str, Any]:
    """The answer to one line. A question that is not understood is a no with an `error` beside it."""
    from voiceagent.base.errors import BadInputError
    from voiceagent.compliance import Request, decide

    try:
        return decide(Request.from_json(line), rules).to_json()
    except BadInputError as error:
        # Whoever reads only the answer must not take a question nobody understood for a yes.
        closed = {"allow": False, "rules": ["fail_closed"], "retry_at": None}
        return closed | {"error": {"code": error.code, "message": error.message}}
