"""`voiceagent offer`: what a policy offers for a debt, or answers to a counter-proposal."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from voiceagent.base.errors import BadInputError, UsageError

HELP = "show what a negotiation policy offers, or answers to a counter-proposal"
EXAMPLE = "voiceagent offer --policy demo-br --debt debtor.yaml --today 2026-11-18 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--policy", metavar="FILE", help="policy file, or a name in dialplans/policies")
    parser.add_argument("--debt", metavar="FILE", help="debtor file (YAML or JSON)")
    parser.add_argument("--ask", metavar="FILE", help="what the debtor proposes, and the offers he refused")
    parser.add_argument("--today", metavar="DAY", help="YYYY-MM-DD (default: today in the debtor's zone)")
    parser.add_argument("--disputed", action="store_true", help="the case is disputed: nothing may be offered")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    parser.add_argument(
        "--batch",
        metavar="FILE",
        help='one JSON object a line (- for stdin): {"id", "policy", "debt": file or object, "ask"?: ..., "today"?}',
    )


def run(args: argparse.Namespace) -> int:
    """Print the offer; exit 0 also when the policy offers nothing (kind none, with the reason)."""
    from voiceagent.cli.batch import run_batch

    if args.batch:
        default = {"policy": args.policy, "debt": args.debt, "ask": args.ask, "today": args.today}
        return run_batch(args.batch, lambda line: _answer({**_given(default), **line}))
    if not args.policy or not args.debt:
        raise UsageError("give --policy and --debt, or --batch; see voiceagent offer --help")
    answer = _answer(
        {"policy": args.policy, "debt": args.debt, "ask": args.ask, "today": args.today, "disputed": args.disputed}
    )
    print(json.dumps(answer, ensure_ascii=False) if args.json else _plain(answer))
    return 0


def _given(values: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _answer(request: dict[str, Any]) -> dict[str, Any]:
    from voiceagent.calendars.business import BusinessCalendar
    from voiceagent.cli.dialogue import call_day
    from voiceagent.debt.negotiation import negotiate
    from voiceagent.settings.asks import offer_as_json
    from voiceagent.settings.dialplans import case_from, load_policy, policy_path
    from voiceagent.settings.paths import Paths

    for name in ("policy", "debt"):
        if not request.get(name):
            raise BadInputError(f"{name} is missing: give a file")
    policy = load_policy(policy_path(Paths.from_environment().dialplans, str(request["policy"])))
    case = case_from(request["debt"])
    today = call_day(request.get("today"), case).date()
    ask = _ask(request.get("ask"), policy.currency)
    business = BusinessCalendar(case.region, case.state)
    answer = negotiate(policy, case.debts, ask, today=today, business=business, disputed=bool(request.get("disputed")))
    return offer_as_json(answer)


def _ask(given: object, currency: str) -> Any:
    from voiceagent.debt.offer import Ask
    from voiceagent.settings.asks import AskFile
    from voiceagent.settings.yamltext import Document, build, read_yaml

    if given is None:
        return Ask()
    document = read_yaml(Path(given)) if isinstance(given, str) else Document("ask", given, {})
    return build(AskFile, document).ask(currency, document.source)


def _plain(answer: dict[str, Any]) -> str:
    if answer["kind"] == "none":
        return f"no offer: {answer['reason']}"
    lines = [f"{answer['kind']}: {answer['total']} {answer['currency']} (forgiven {answer['discount']})"]
    lines += [f"  {payment['due']}  {payment['amount']}" for payment in answer["instalments"]]
    lines.append(f"valid until {answer['expires']}; {answer['reason']}{'; last one' if answer['final'] else ''}")
    return "\n".join(lines)
