"""The measurement of understanding: scored sets, values spoken and understood back, random walks, and speed."""

from __future__ import annotations

import random
import statistics
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from voiceagent.base.languages import Language
from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.language import say
from voiceagent.language.heard import understand_slots
from voiceagent.language.spoken import SpokenPart
from voiceagent.settings.dialplans import load_policy, load_script, policy_path, script_path
from voiceagent.settings.paths import Paths
from voiceagent.settings.spokenlaw import served_laws
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.random_debtors import START, Company
from voiceagent.simulator.text_driver import TextCall
from voiceagent.simulator.told_to_end import none_left
from voiceagent.simulator.understanding_sets import (
    HELD_OUT,
    SETS,
    TODAY,
    held_out,
    score_intents,
    score_slots,
    utterances,
)

#: What must be reached (docs/language.md).
TARGETS = {"macro_f1": 0.92, "slots_right": 0.98, "slots_wrong": 0.005, "step_p50_ms": 5.0, "step_p99_ms": 20.0}
SEED = 20261118
_EXAMPLES = 5


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    languages: tuple[Language, ...] = tuple(Language)
    integers: int = 100_000
    """0 to this, exclusive."""
    amounts: int = 20_000
    days: int = 400
    walks: int = 10_000
    steps: int = 3_000
    sets: Path = SETS
    processes: int = 2


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Everything, per language; takes minutes. The speed is measured first, while nothing else runs."""
    found: dict[str, dict[str, Any]] = {}
    for language in plan.languages:
        progress(f"{language}: speed and sets")
        found[language] = {
            "step": speed(language, plan.steps, plan.sets),
            "intents": score_intents(language, plan.sets),
            "slots": score_slots(language, plan.sets),
            "held_out": {
                name: {
                    "intents": score_intents(language, plan.sets, name),
                    "slots": score_slots(language, plan.sets, name),
                }
                for name in held_out(language, plan.sets)
                if name != HELD_OUT[0]
            },
        }
    with ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn")) as pool, none_left():
        parts = ("round_trips", "walks")
        running = {
            (language, part): pool.submit(_part, part, language, plan) for part in parts for language in plan.languages
        }
        for (language, part), future in running.items():
            progress(f"{language}: {part.replace('_', ' ')}")
            found[language][part] = future.result()
    return {"languages": found, "targets": TARGETS, "met": _met(found), "seed": SEED, "machine": machine()}


def _part(part: str, language: Language, plan: Plan) -> dict[str, Any]:
    return round_trips(language, plan) if part == "round_trips" else walks(language, plan.walks)


# --- values spoken and understood back --------------------------------------------------------------------------------


def round_trips(language: Language, plan: Plan) -> dict[str, Any]:
    """{integers, cents, amounts, dates: {n, failed, examples}}: said in words, and the same value understood."""
    chance = random.Random(SEED)
    currency = CURRENCY_OF_REGION[language.default_region]
    unit = 10 ** DECIMALS[currency]

    def amounts(minor_units: Iterator[int]) -> Iterator[tuple[tuple[SpokenPart, ...], str, str]]:
        for minor in minor_units:
            amount = Money(minor, currency)
            yield say.money(amount, language), "amount", str(amount)

    def days() -> Iterator[tuple[tuple[SpokenPart, ...], str, str]]:
        for ahead in range(plan.days):
            day = TODAY + timedelta(days=ahead)
            for weekday in (False, True):
                yield say.day(day, language, weekday=weekday, today=TODAY), "date", day.isoformat()

    cents = (whole * unit + cent for whole in (0, 1, 2, 20, 21, 100, 1_000, 21_345) for cent in range(unit))
    return {
        "integers": _come_back(language, amounts(whole * unit for whole in range(plan.integers))),
        "cents": _come_back(language, amounts(cents)),
        "amounts": _come_back(language, amounts(chance.randrange(100_000_000) for _ in range(plan.amounts))),
        "dates": _come_back(language, days()),
    }


def _come_back(language: Language, said: Iterator[tuple[tuple[SpokenPart, ...], str, str]]) -> dict[str, Any]:
    n = failed = 0
    examples: list[str] = []
    for parts, slot, value in said:
        n += 1
        words = say.joined(parts)
        # The reader of values alone: what a turn means besides is scored by the sets, and costs as much again.
        read = understand_slots(words, language=language, region=language.default_region, expect=(slot,), today=TODAY)
        heard = read.slots.get(slot)
        if heard != value:
            failed += 1
            examples += [f"{words}: {value}, not {heard}"] if len(examples) < _EXAMPLES else []
    return {"n": n, "failed": failed, "examples": examples}


# --- conversations ----------------------------------------------------------------------------------------------------


def company_of(language: Language) -> Company:
    """Random debtors of the language's shipped script and demonstration policy, under every law that it serves."""
    dialplans = Paths.from_environment().dialplans
    path = script_path(dialplans, "negotiation", language)
    script, region = load_script(path), language.default_region
    policy = load_policy(policy_path(dialplans, f"demo-{region.lower()}"))
    return Company(script, policy, tuple(served_laws(script, path)), BusinessCalendar(region, None))


def walks(language: Language, count: int) -> dict[str, Any]:
    """{n, faults, verified, promised, endings}: random conversations, each judged by what none may ever do."""
    company = company_of(language)
    faults: list[str] = []
    verified = promised = 0
    endings: dict[str, int] = {}
    for seed in range(count):
        walk = company.walk(seed)
        faults += [f"seed {seed}: {fault}" for fault in walk.faults]
        verified += walk.verified
        promised += walk.promised
        ending = str(walk.ending or "none")
        endings[ending] = endings.get(ending, 0) + 1
    return {
        "n": count,
        "faults": len(faults),
        "examples": faults[:_EXAMPLES],
        "verified": verified,
        "promised": promised,
        "endings": dict(sorted(endings.items())),
    }


def speed(language: Language, count: int, sets: Path = SETS) -> dict[str, Any]:
    """{n, p50_ms, p95_ms, p99_ms}: one turn of a conversation, understanding and step, with the sets' sentences."""
    chance = random.Random(SEED)
    said = utterances(language, sets)
    company = company_of(language)
    took: list[float] = []
    call: TextCall | None = None
    seed = 0
    while len(took) < count:
        if call is None or call.over:
            seed += 1
            call = TextCall(company.machine(seed))
            call.answer()
            call.say(_ME[language])
            continue
        words = _BORN[language] if call.state.node == "ask_birth" and chance.random() < 0.6 else chance.choice(said)
        started = time.perf_counter()
        call.say(words)
        took.append(1000 * (time.perf_counter() - started))
    ranked = statistics.quantiles(took, n=100)
    return {
        "n": count,
        "p50_ms": round(ranked[49], 3),
        "p95_ms": round(ranked[94], 3),
        "p99_ms": round(ranked[98], 3),
        "at": START.isoformat(),
    }


_ME = {Language.PT_BR: "sou eu", Language.ES: "soy yo", Language.EN: "speaking"}
_BORN = {Language.PT_BR: "quinze de março", Language.ES: "quince de marzo", Language.EN: "march fifteenth"}


def _met(found: dict[str, dict[str, Any]]) -> dict[str, bool]:
    met = {}
    for language, part in found.items():
        trips, sets = part["round_trips"], [part, *part["held_out"].values()]
        met[language] = (
            all(scored["intents"]["macro_f1"] >= TARGETS["macro_f1"] for scored in sets)
            and all(scored["slots"]["right_rate"] >= TARGETS["slots_right"] for scored in sets)
            and all(scored["slots"]["wrong_rate"] <= TARGETS["slots_wrong"] for scored in sets)
            and not any(trip["failed"] for trip in trips.values())
            and not part["walks"]["faults"]
            and part["step"]["p50_ms"] <= TARGETS["step_p50_ms"]
            and part["step"]["p99_ms"] <= TARGETS["step_p99_ms"]
        )
    return met
