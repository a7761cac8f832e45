"""Debtor personas against the agent: as text, as fake audio in virtual time, or by telephone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from voiceagent.cli.arguments import count

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from voiceagent.simulator.persona_driver import Played

HELP = "let simulated debtors talk with the agent: as text, as fake audio in virtual time, or over SIP"
EXAMPLE = "voiceagent simulate --all --driver text --calls 300 --seed 7 --json"


def configure(parser: argparse.ArgumentParser) -> None:
    """Arguments."""
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument(
        "--persona",
        metavar="P[,P…]",
        help="these personas, one after the other (load_stops, load_keys and load_hangs_up make calls only: no "
        "recognition on their side); or stories, SIP only: calls_back, calls_from_elsewhere, at_six, to_a_person, "
        "to_nobody (who calls us, is called back at the hour asked for, or wants a person)",
    )
    who.add_argument("--all", action="store_true", help="every persona of the language")
    parser.add_argument("--driver", choices=("text", "audio", "sip"), default="text", help="default: %(default)s")
    parser.add_argument("--language", default="pt-BR", help="pt-BR, es or en (default %(default)s)")
    parser.add_argument("--calls", type=count, metavar="N", help="calls altogether (default: one for each persona)")
    parser.add_argument("--concurrency", type=count, metavar="N", help="SIP: calls at a time (default 2)")
    parser.add_argument("--at", metavar="ISO-8601", help="the instant it begins (default: next Wednesday 10:00 there)")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="draws people and words (default %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout")


def run(args: argparse.Namespace) -> int:
    """Simulate; 1 when a promise was recorded that nobody made, or too many calls did not end as they should."""
    from voiceagent.base.errors import UsageError
    from voiceagent.simulator.persona import Persona
    from voiceagent.simulator.stories import stories_of

    names = Persona.names(args.language) if args.all else [name.strip() for name in args.persona.split(",")]
    if told := [name for name in names if name in stories_of(args.language)]:
        if told != names or args.driver != "sip" or args.calls is not None:
            raise UsageError(f"{', '.join(told)}: stories are told by themselves, each once, with --driver sip")
        return _shown(args, {"driver": "sip", **_told(args, names)}, _stories_table)
    makes_calls = [name for name in names if Persona.load(name, args.language).steps]
    if makes_calls and args.driver != "sip":
        raise UsageError(f"{', '.join(makes_calls)}: load personas make telephone calls: use --driver sip")
    calls = len(names) if args.calls is None else args.calls
    if args.concurrency is not None and args.driver != "sip":
        raise UsageError("--concurrency is for --driver sip: the other drivers need no time to wait for")
    document = _by_telephone(args, names, calls) if args.driver == "sip" else _virtually(args, names, calls)
    return _shown(args, document, _table)


def _shown(args: argparse.Namespace, document: dict[str, Any], table: Callable[[dict[str, Any]], str]) -> int:
    import json
    import sys

    print(json.dumps(document, ensure_ascii=False, indent=1) if args.json else table(document))
    for problem in document["problems"]:
        print(f"voiceagent: {problem}", file=sys.stderr)
    return 1 if document["problems"] else 0


def progress(line: str) -> None:
    """Told while it lasts."""
    import sys

    print(f"simulate: {line}", file=sys.stderr, flush=True)


def _told(args: argparse.Namespace, names: list[str]) -> dict[str, Any]:
    import asyncio

    from voiceagent.settings.paths import Paths
    from voiceagent.simulator.storyteller import MOST_SEATS, Storyteller

    home = Paths.from_environment().home / "demo"
    seats = args.concurrency or MOST_SEATS
    stories = Storyteller(
        names, home, language=args.language, at=args.at, seed=args.seed, seats=seats, progress=progress
    )
    return asyncio.run(stories.run())


def _stories_table(document: dict[str, Any]) -> str:
    """What each story's calls came to."""
    lines = [f"{'story':20} {'way':3}  outcome  {'s':>4}  proved  what it is"]
    for call in document["calls"]:
        verdict = "".join(f"; a person: {one['verdict']}" for one in call["hand_over"])
        proved = "yes" if call["verified"] else "no"
        lines.append(
            f"{call['persona']:20} {call['direction']:3}  {call['disposition']:7}  {call['talk_s']:4.0f}  {proved:6}  "
            f"{call['about']}{verdict}"
        )
    return "\n".join(lines)


def _by_telephone(args: argparse.Namespace, names: list[str], calls: int) -> dict[str, Any]:
    import asyncio

    from voiceagent.simulator.demo import Demo

    demo = Demo(
        calls=calls,
        language=args.language,
        at=args.at,
        seed=args.seed,
        seats=args.concurrency or 2,
        port=None,
        progress=progress,
        personas=names,
    )
    document, _ = asyncio.run(demo.run(show=None))
    return {"driver": "sip", **document}


def _virtually(args: argparse.Namespace, names: list[str], calls: int) -> dict[str, Any]:
    from itertools import cycle, islice
    from zoneinfo import ZoneInfo

    from voiceagent.settings.paths import Paths
    from voiceagent.simulator import persona_driver
    from voiceagent.simulator.demo import instant
    from voiceagent.simulator.persona import Persona
    from voiceagent.simulator.sample import draw, people_of

    people, paths = people_of(args.language), Paths.from_environment()
    zone = ZoneInfo(people.zone)
    at = instant(args.at, zone).astimezone(zone)
    play = persona_driver.by_text if args.driver == "text" else persona_driver.by_audio
    personas = [Persona.load(name, args.language) for name in islice(cycle(names), calls)]
    played = [
        play(debtor, at, paths)
        for start in range(0, calls, people.most)
        for debtor in draw(personas[start : start + people.most], today=at.date(), seed=args.seed + start)
    ]
    return _document(args, at, played)


def _document(args: argparse.Namespace, at: datetime, played: list[Played]) -> dict[str, Any]:
    right = sum(call.as_expected for call in played)
    problems = [
        f"call {number}: a promise was recorded that {call.debtor.persona.name} did not make"
        for number, call in enumerate(played, 1)
        if call.false_promise
    ]
    problems += [
        f"call {number}: {call.debtor.persona.name} was told of the debt before identity was proved: {found}"
        for number, call in enumerate(played, 1)
        for found in call.disclosed
    ]
    needed = len(played) - len(played) // 6
    if right < needed:
        problems.append(f"only {right} of {len(played)} calls ended as they should ({needed} needed)")
    return {
        "driver": args.driver,
        "at": at.isoformat(),
        "seed": args.seed,
        "summary": {
            "calls": len(played),
            "as_expected": right,
            "promises": sum(call.promise is not None for call in played),
            "false_promises": sum(call.false_promise for call in played),
            "disclosed": sum(bool(call.disclosed) for call in played),
        },
        "problems": problems,
        "calls": [
            {
                "persona": call.debtor.persona.name,
                "expected_disposition": call.debtor.persona.disposition,
                "disposition": call.disposition.value,
                "promise_expected": call.expected.to_json() if call.expected else None,
                "promise": call.promise.to_json() if call.promise else None,
                "talk_s": call.seconds,
                "heard": list(call.heard),
                "said": list(call.said),
            }
            for call in played
        ],
    }


def _table(document: dict[str, Any]) -> str:
    """How often each persona ended how."""
    from collections import Counter

    endings = Counter((c["persona"], c["expected_disposition"], c["disposition"]) for c in document["calls"])
    lines = [f"{'persona':20} {'calls':>6}  outcome"]
    for (persona, expected, got), calls in sorted(endings.items()):
        lines.append(f"{persona:20} {calls:6}  {got}{'' if got == expected else f' (expected {expected})'}")
    figures = document["summary"]
    lines += ["", f"calls {figures['calls']}  as expected {figures['as_expected']}  promises {figures['promises']}"]
    return "\n".join([*lines, *_processes(document)])


def _processes(document: dict[str, Any]) -> list[str]:
    """What each process held in the first and in the last quarter of its life."""
    if not document.get("processes"):
        return []
    lines = ["", f"{'process':12} {'pid':>7} {'s':>5}  {'MB':>13}  {'threads':>9}  {'handles':>9}"]
    for row in document["processes"]:
        rss, threads, handles = (f"{row[what][0]} > {row[what][1]}" for what in ("rss_mb", "threads", "handles"))
        lines.append(f"{row['process']:12} {row['pid']:7} {row['seconds']:5}  {rss:>13}  {threads:>9}  {handles:>9}")
    return [*lines, f"channels left in Asterisk: {document['channels_left']}"]
