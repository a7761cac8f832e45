"""`voiceagent chat`: the whole agent as text, one debtor utterance a line on stdin."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from voiceagent.base.errors import BadInputError

if TYPE_CHECKING:
    from voiceagent.dialogue.events import Effect
    from voiceagent.simulator.text_driver import TextCall

HELP = "talk with the agent as text (one debtor utterance a line on stdin)"
EXAMPLE = (
    "printf 'sou eu\\nquinze de março\\n' | voiceagent chat --script negotiation --language pt-BR --today 2026-11-18"
)

#: What a line may be besides words: an empty line is silence.
_KEYS, _HANG_UP, _LOST = "/keys ", "/hangup", "/lost"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments of the command."""
    parser.add_argument("--script", default="negotiation", metavar="NAME", help="script (default: negotiation)")
    parser.add_argument("--language", default="pt-BR", metavar="L", help="pt-BR, es or en (default: pt-BR)")
    parser.add_argument("--region", metavar="R", help="BR, MX, CO, CL, PE, US (default: the language's)")
    parser.add_argument("--debtor", type=Path, metavar="FILE", help="debtor file (default: an invented one)")
    parser.add_argument("--policy", metavar="FILE", help="policy file or name (default: demo-<region>)")
    parser.add_argument("--company", default="Atende Mais", metavar="NAME", help="the caller's neutral name")
    parser.add_argument(
        "--direction",
        choices=("outbound", "inbound", "callback"),
        default="outbound",
        help="who began the call (default: outbound)",
    )
    parser.add_argument(
        "--open-offer", type=Path, metavar="FILE", help="what `offer --json` printed, still on the table"
    )
    parser.add_argument("--later", action="store_true", help="not the first conversation about the case")
    parser.add_argument("--today", metavar="DAY", help="YYYY-MM-DD (default: today in the debtor's zone)")
    parser.add_argument("--json", action="store_true", help="one JSON object a line, one for each agent turn")
    parser.epilog = f"{parser.epilog or ''}\nAn empty line is silence; /keys 1503 presses keys; /hangup hangs up."


def run(args: argparse.Namespace) -> int:
    """Converse until the agent or the debtor hangs up; the end of stdin is the debtor hanging up."""
    from voiceagent.dialogue.entry import Entry
    from voiceagent.simulator.text_driver import TextCall

    call = TextCall(_machine(args), Entry(args.direction))
    show = _show_json if args.json else _show_text
    show(call, call.answer())
    try:
        for line in _lines(sys.stdin):
            show(call, _act(call, line))
            if call.over:
                return 0
    except UnicodeDecodeError as error:
        raise BadInputError(f"stdin is not UTF-8: {error.reason}") from error
    show(call, call.hang_up())
    return 0


def _machine(args: argparse.Namespace) -> Any:
    from voiceagent.base.languages import Language
    from voiceagent.cli.dialogue import brief, call_day, default_policy, sample_case
    from voiceagent.dialogue.machine import Machine
    from voiceagent.settings.asks import read_offer
    from voiceagent.settings.dialplans import load_case, load_policy, load_script, policy_path, script_path
    from voiceagent.settings.paths import Paths

    try:
        language = Language(args.language)
    except ValueError:
        raise BadInputError(f"no language {args.language!r}: one of {', '.join(Language)}") from None
    dialplans = Paths.from_environment().dialplans
    script = load_script(script_path(dialplans, args.script, language))
    case = load_case(args.debtor) if args.debtor else sample_case(language, args.region)
    policy = load_policy(policy_path(dialplans, args.policy or default_policy(dialplans, case)))
    offer = read_offer(args.open_offer, policy.currency) if args.open_offer else None
    briefing = brief(
        case,
        policy,
        call_day(args.today, case),
        dialplans,
        company=args.company,
        first_contact=not args.later,
        open_offer=offer,
    )
    return Machine(script, briefing)


def _lines(source: Iterable[str]) -> Iterable[str]:
    for line in source:
        yield line.rstrip("\r\n")


def _act(call: TextCall, line: str) -> tuple[Effect, ...]:
    words = line.strip()
    if words == _HANG_UP:
        return call.hang_up()
    if words == _LOST:
        return call.lose_speech()
    if words.startswith(_KEYS):
        return call.key("".join(words.removeprefix(_KEYS).split()))
    return call.say(words) if words else call.silence()


def _show_json(call: TextCall, effects: tuple[Effect, ...]) -> None:
    from voiceagent.dialogue.events import Say
    from voiceagent.dialogue.wire import effect_as_json

    says = [effect for effect in effects if isinstance(effect, Say)]
    turn = {
        "state": call.state.node,
        "say": [said.text for said in says],
        "prompts": [said.prompt for said in says],
        "effects": [shown for effect in effects if (shown := effect_as_json(effect)) is not None],
        "verified": call.state.verified,
    }
    print(json.dumps(turn, ensure_ascii=False), flush=True)


def _show_text(call: TextCall, effects: tuple[Effect, ...]) -> None:
    from voiceagent.dialogue.events import Say
    from voiceagent.dialogue.wire import effect_as_json

    for effect in effects:
        if isinstance(effect, Say):
            print(f"agent: {effect.text}", flush=True)
        elif (shown := effect_as_json(effect)) is not None:
            words = " ".join(f"{key}={value}" for key, value in shown.items() if key != "type")
            print(f"       [{shown['type']} {words}]", flush=True)
