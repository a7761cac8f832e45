"""`voiceagent transcribe`: what the agent hears in recordings of answers."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from voiceagent.base.errors import BadInputError, UsageError, unreadable
from voiceagent.base.languages import Language
from voiceagent.cli.batch import run_batch

HELP = "what the agent hears in a recording of an answer (a WAV file), exactly as in a call"
EXAMPLE = "voiceagent transcribe --language pt-BR --expect date --today 2026-11-18 answer.wav"

#: As many as an account number may have.
_MOST_DIGITS = 20


def configure(parser: argparse.ArgumentParser) -> None:
    """Either a recording with options, or a batch of JSON lines."""
    parser.add_argument("wav", nargs="?", metavar="WAV", help="recording of one answer")
    parser.add_argument("--batch", metavar="FILE", help="JSON lines with id, wav, language, expect, ... (- for stdin)")
    parser.add_argument("--language", default=Language.PT_BR.value, choices=[language.value for language in Language])
    parser.add_argument(
        "--expect", default="intent", help="comma list: intent, yes_no, date, amount, digits, time, ..."
    )
    parser.add_argument("--among", default="", help="comma list of the intents the state can mean")
    parser.add_argument("--phrases", default="", help="comma list of the answers' wordings that the state expects")
    parser.add_argument("--digits", metavar="N[-M]", help="how many digits the number has that is asked for")
    parser.add_argument(
        "--channel",
        help="left, right, both or a number (default: of a stereo recording the right one, the debtor's in ours)",
    )
    parser.add_argument("--today", metavar="YYYY-MM-DD", help="the call's day (default: today)")
    parser.add_argument("--models", type=Path, metavar="DIR", help="installed models (default: models/)")
    parser.add_argument("--json", action="store_true", help="one JSON document (the default form)")


def run(args: argparse.Namespace) -> int:
    """Print one object, or one a line for a batch."""
    from voiceagent.cli.commands.understand import asked_for
    from voiceagent.settings.paths import Paths

    beside = Path(args.batch or "").parent
    hear = _hearer(args.models or Paths.from_environment().models, beside)
    if args.batch is not None:
        return run_batch(args.batch, hear)
    if not args.wav:
        raise UsageError("give a WAV file, or --batch FILE; for example: " + EXAMPLE)
    request = {
        "wav": args.wav,
        "language": args.language,
        **asked_for(args.expect, args.among),
        "phrases": _listed(args.phrases),
        "digits": args.digits,
        "channel": args.channel,
        "today": args.today,
    }
    print(json.dumps(hear(request), ensure_ascii=False))
    return 0


def _hearer(models: Path, beside: Path) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """Answers one request of the batch form; engines are loaded once each. A path may count from `beside`."""
    from voiceagent.speech.recogniser import Recognisers
    from voiceagent.speech.silero import Confirmers

    recognisers = Recognisers(models)
    confirmers = Confirmers()

    def hear(request: dict[str, Any]) -> dict[str, Any]:
        from voiceagent.cli.commands.understand import as_day, as_language, as_names, as_region
        from voiceagent.dialogue.understanding import understand
        from voiceagent.speech.direct import DirectHearing
        from voiceagent.speech.offline import hear_answer, read_wav, settings_for
        from voiceagent.speech.protocol import HearingContext
        from voiceagent.speech.segmenter import VadSegmenter

        language = as_language(request["language"])
        region = as_region(request.get("region"), language)
        expect = as_names(request.get("expect") or ["intent"], "expect")
        today = as_day(request.get("today"))
        phrases = as_names(request.get("phrases") or [], "phrases")
        among = tuple(as_names(request.get("among") or [], "among"))
        pcm = read_wav(_path(request["wav"], beside), _channel(request.get("channel")))
        context = HearingContext(
            language.value, tuple(expect), tuple(phrases), today.isoformat(), _digits(request.get("digits"))
        )
        hearing = DirectHearing(recognisers.of(language.value).open(language.value))
        with confirmers.lend() as confirmer:
            segmenter = VadSegmenter(settings_for(expect), confirmer=confirmer)
            heard = asyncio.run(hear_answer(hearing, segmenter, pcm, context))
        meant = understand(
            heard.text,
            alternatives=heard.alternatives,
            language=language.value,
            region=region,
            expect=tuple(expect),
            among=among,
            today=today,
            doubtful=heard.reason == "low_confidence",
        )
        return {
            "text": heard.text,
            "confidence": heard.confidence,
            "intent": meant.intent,
            "slots": meant.slots,
            "alternatives": _alternatives(heard.alternatives, meant.alternatives),
            "engine": heard.engine,
            "ms": heard.ms,
            **({"reason": heard.reason} if heard.reason else {}),
        }

    return hear


def _digits(value: Any) -> tuple[int, int] | None:
    """How many digits are asked for: 3, "3", "3-11" or [3, 11]; None where nobody said."""
    if value is None or value == "":
        return None
    bounds = str(value).split("-") if isinstance(value, int | str) else value
    if isinstance(bounds, list) and 1 <= len(bounds) <= 2 and all(str(bound).strip().isdecimal() for bound in bounds):
        fewest, most = int(bounds[0]), int(bounds[-1])
        if 1 <= fewest <= most <= _MOST_DIGITS:
            return fewest, most
    raise BadInputError(f"`digits` must be a number from 1 to {_MOST_DIGITS}, or two as in 3-11, not {value!r}")


def _path(wav: Any, beside: Path) -> Path:
    if not isinstance(wav, str) or not wav:
        raise BadInputError("`wav` must be the path of a recording")
    here, near = Path(wav), beside / wav
    try:
        return near if near.exists() and not here.exists() else here
    except OSError as error:
        raise unreadable(wav, error) from error


def _channel(value: Any) -> str | None:
    if value is not None and type(value) not in (str, int):
        raise BadInputError("`channel` must be left, right, both or a number")
    return None if value is None else str(value)


def _alternatives(heard: tuple[tuple[str, float], ...], meant: tuple[dict[str, Any], ...]) -> list[dict[str, Any]]:
    """Other readings: what the recogniser heard besides, and what the words may mean."""
    return [{"text": text, "confidence": confidence} for text, confidence in heard] + list(meant)


def _listed(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
