"""`voiceagent understand`: what the agent makes of a debtor's words."""

from __future__ import annotations

import argparse
import json
from datetime import date
from typing import Any, get_args

from voiceagent.base.errors import BadInputError, UsageError
from voiceagent.base.languages import Language
from voiceagent.cli.batch import run_batch

HELP = "what the agent makes of a debtor's words: intent, dates, amounts, instalments, digits, yes or no"
EXAMPLE = 'voiceagent understand --language pt-BR --expect date --today 2026-11-18 "não, dia quinze não, dia vinte"'


#: Days of these years leave room for every date that can be said.
_FIRST_YEAR, _LAST_YEAR = 1970, 2900


def configure(parser: argparse.ArgumentParser) -> None:
    """Either words with options, or a batch of JSON lines."""
    parser.add_argument("text", nargs="*", help="what was said")
    parser.add_argument("--batch", metavar="FILE", help="JSON lines with id, language, text, expect, ... (- for stdin)")
    parser.add_argument("--language", default=Language.PT_BR.value, choices=[language.value for language in Language])
    parser.add_argument("--region", help="ISO country of the debtor (default: the language's)")
    parser.add_argument("--expect", default="intent", help="comma list: intent, yes_no, date, amount, instalments, ...")
    parser.add_argument("--among", default="", help="comma list of the intents the state can mean")
    parser.add_argument("--today", metavar="YYYY-MM-DD", help="the call's day (default: today)")
    parser.add_argument("--json", action="store_true", help="one JSON document (the default form)")


def run(args: argparse.Namespace) -> int:
    """Print one object, or one a line for a batch."""
    if args.batch is not None:
        return run_batch(args.batch, answer)
    if not args.text:
        raise UsageError("give the words, or --batch FILE; for example: " + EXAMPLE)
    request = {
        "text": " ".join(args.text),
        "language": args.language,
        **asked_for(args.expect, args.among),
        "today": args.today or date.today().isoformat(),
    }
    if args.region:
        request["region"] = args.region
    print(json.dumps(answer(request), ensure_ascii=False))
    return 0


def answer(request: dict[str, Any]) -> dict[str, Any]:
    """The reply to one request of the batch form."""
    from voiceagent.dialogue.understanding import understand

    language = as_language(request["language"])
    understood = understand(
        _text(request["text"]),
        language=language.value,
        region=as_region(request.get("region"), language),
        expect=as_names(request.get("expect") or ["intent"], "expect"),
        among=as_names(request.get("among") or [], "among"),
        today=as_day(request.get("today")),
    )
    return {
        "intent": understood.intent,
        "confidence": understood.confidence,
        "slots": understood.slots,
        "alternatives": list(understood.alternatives),
        "ambiguous": understood.ambiguous,
    }


def as_language(value: Any) -> Language:
    """A request's language; BadInputError when it is not spoken."""
    try:
        return Language(value)
    except ValueError:
        raise BadInputError(f"language {value!r} is not spoken: use pt-BR, es or en") from None


def as_region(value: Any, language: Language) -> str:
    """A request's country in capitals, the language's own when absent; BadInputError when it is no country code."""
    if value is None or value == "":
        return language.default_region
    if not isinstance(value, str) or len(value) != 2 or not value.isascii() or not value.isalpha():
        raise BadInputError(f"`region` must be a country code like {language.default_region}, not {value!r}")
    return value.upper()


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise BadInputError("`text` must be a string")
    return value


def asked_for(expect: str, among: str) -> dict[str, list[str]]:
    """`--expect` and `--among`; UsageError names what nobody can ask for: a mistyped word is a question unasked."""
    asked = {name: [word.strip() for word in text.split(",") if word.strip()] for name, text in
             (("expect", expect), ("among", among))}  # fmt: skip
    for name, words in asked.items():
        for word in words:
            if word not in _known(name):
                raise UsageError(f"--{name} {word}: one of {', '.join(sorted(_known(name)))}")
    return asked


def as_names(value: Any, field: str) -> list[str]:
    """A request's list of names; BadInputError when it is none, or when `expect` or `among` cannot be asked for."""
    if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
        raise BadInputError(f"`{field}` must be a list of names")
    known = _known(field)
    for name in value:
        if known and name not in known:
            raise BadInputError(f"`{field}` names {name!r}: use {', '.join(sorted(known))}")
    return value


def _known(field: str) -> frozenset[str]:
    """All that a field may name; empty where that is anything."""
    from voiceagent.dialogue.script import INTENTS, SLOTS, Kind

    return {"expect": SLOTS.union(get_args(Kind)), "among": INTENTS}.get(field, frozenset())


def as_day(value: Any) -> date:
    """A request's day, today when absent; BadInputError when it is none."""
    if value is None:
        return date.today()
    try:
        day = date.fromisoformat(value)
    except (TypeError, ValueError):
        day = date.min
    if not _FIRST_YEAR <= day.year <= _LAST_YEAR:
        raise BadInputError(f"`today` must be a day like 2026-11-18, not {value!r}")
    return day
