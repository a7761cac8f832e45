"""The measurement of the agent's voice: prompts of real conversations, listened to by machine."""

from __future__ import annotations

import asyncio
import resource
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from voiceagent.audio.format import seconds
from voiceagent.audio.mulaw import through_mulaw
from voiceagent.audio.quality import active_level_dbov, clipped, step_dbov
from voiceagent.base.errors import MissingPartError
from voiceagent.base.languages import Language
from voiceagent.dialogue.events import Say
from voiceagent.language.wording import word_errors
from voiceagent.settings.paths import Paths
from voiceagent.simulator.bench_understanding import company_of
from voiceagent.simulator.measured_on import machine
from voiceagent.speech.installed import recogniser_directory
from voiceagent.speech.longhand import LongHand
from voiceagent.speech.synthesis.shape import LEVEL_DBOV, join_at
from voiceagent.speech.synthesis.speaker import CallVoice, Speaker

#: What must be reached (docs/speech.md). A word error rate over all prompts; their middle level from the one that units
#: are made with, and every prompt's from the middle; the synthesis of the call that takes most.
TARGETS = {
    "word_error_rate": 0.10,
    "middle_within_db": 2.0,
    "level_within_db": 2.0,
    "click_dbov": -50.0,
    "synthesis_cpu_s": 3.0,
}
_PATIENCE_S = 300.0
_EXAMPLES = 8


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is listened to."""

    languages: tuple[Language, ...] = (Language.PT_BR,)
    prompts: int = 60
    """Different prompts, of as many kinds as come up."""
    calls: int = 10
    """Calls whose synthesis is counted."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt as the line gets it."""

    say: Say
    pcm: bytes
    joins: tuple[int, ...]
    """Bytes at which a unit begins or ends."""
    rendered: int
    """Parts that were in no bank."""


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Per language what was found, with the targets; a minute or two each."""
    models = Paths.from_environment().models
    whisper = recogniser_directory(models, "whisper", Language.PT_BR)
    if whisper is None:
        raise MissingPartError("listening needs Whisper: run `voiceagent models install whisper-base`")
    listener = LongHand(whisper)
    found = {language: _language(language, plan, models, listener, progress) for language in plan.languages}
    return {
        "languages": found,
        "targets": TARGETS,
        "met": {language: met_of(part) for language, part in found.items()},
        "machine": machine(),
    }


def _language(
    language: Language, plan: Plan, models: Path, listener: LongHand, progress: Callable[[str], None]
) -> dict[str, Any]:
    calls = conversations(language, max(plan.calls, 4 * plan.prompts))
    progress(f"{language}: speaking")
    spoken = asyncio.run(speak(models, language, varied(calls, plan.prompts)))
    progress(f"{language}: counting the synthesis of {plan.calls} calls")
    cpu = asyncio.run(_synthesis_cpu_s(models, language, calls[: plan.calls]))
    progress(f"{language}: listening")
    return {
        "voice": str(Speaker(models).voice(language)),
        **sound(spoken),
        **_understood(spoken, language, listener),
        "synthesis_cpu_s": {"n": plan.calls, "median": round(median(cpu), 2), "max": round(max(cpu), 2)},
    }


def conversations(language: Language, count: int) -> list[list[Say]]:
    """What the agent says in each of `count` random conversations of the shipped script."""
    company = company_of(language)
    return [[effect for effect in company.walk(seed).effects if isinstance(effect, Say)] for seed in range(count)]


def varied(calls: Iterable[Sequence[Say]], count: int) -> list[Say]:
    """`count` prompts, one of each kind and variant before a second of any."""
    groups: dict[tuple[str, int], list[Say]] = {}
    for say in {say.text: say for call in calls for say in call}.values():
        groups.setdefault((say.prompt, say.variant), []).append(say)
    chosen: list[Say] = []
    depth = 0
    while len(chosen) < count and any(len(group) > depth for group in groups.values()):
        chosen += [group[depth] for group in groups.values() if len(group) > depth]
        depth += 1
    return chosen[:count]


async def speak(models: Path, language: Language, says: Sequence[Say]) -> list[Spoken]:
    """Each prompt as one call would play it, in the agent's voice."""
    speaker = Speaker(models)
    call = CallVoice(speaker.voice(language))
    spoken = []
    try:
        for say in says:
            units, rendered = await speaker.units(call, say.parts, _PATIENCE_S)
            pcm, joins = join_at(units)
            spoken.append(Spoken(say, pcm, joins, rendered))
    finally:
        await speaker.close()
    return spoken


def sound(spoken: Sequence[Spoken]) -> dict[str, Any]:
    """{prompts, seconds, level_dbov, clipped_samples, joins, rendered_units}: the sound of the prompts itself."""
    levels = [active_level_dbov(one.pcm) for one in spoken]
    steps = [step_dbov(one.pcm, at) for one in spoken for at in one.joins]
    lengths = [seconds(len(one.pcm)) for one in spoken]
    middle = median(levels)
    return {
        "prompts": len(spoken),
        "seconds": {"median": round(median(lengths), 2), "max": round(max(lengths), 2)},
        "level_dbov": {
            "median": round(middle, 2),
            "nominal": LEVEL_DBOV,
            "furthest_db": round(max(abs(level - middle) for level in levels), 2),
        },
        "clipped_samples": sum(clipped(one.pcm) for one in spoken),
        "joins": {
            "n": len(steps),
            "loudest_step_dbov": round(max(steps), 1),
            "clicks": sum(step > TARGETS["click_dbov"] for step in steps),
        },
        "rendered_units": sum(one.rendered for one in spoken),
    }


def _understood(spoken: Sequence[Spoken], language: Language, listener: LongHand) -> dict[str, Any]:
    wrong = words = 0
    worst: list[tuple[float, str]] = []
    for one in spoken:
        heard = listener.write(through_mulaw(one.pcm), language)
        errors, of = word_errors(one.say.text, heard, language)
        wrong, words = wrong + errors, words + of
        if errors:
            worst.append((errors / of, f"{one.say.prompt}: {one.say.text} | {heard}"))
    return {
        "word_error_rate": round(wrong / words, 4),
        "words": words,
        "worst": [line for _, line in sorted(worst, reverse=True)[:_EXAMPLES]],
    }


async def _synthesis_cpu_s(models: Path, language: Language, calls: Sequence[Sequence[Say]]) -> list[float]:
    """Processor seconds of the synthesiser for each call, its start left out."""
    idle = await _children_cpu_s(models, language, [])
    return [max(0.0, await _children_cpu_s(models, language, call) - idle) for call in calls]


async def _children_cpu_s(models: Path, language: Language, says: Sequence[Say]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    speaker = Speaker(models)
    call = CallVoice(speaker.voice(language))
    try:
        await speaker.start()
        for say in says:
            await speaker.render(call, say.parts, _PATIENCE_S)
    finally:
        await speaker.close()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def met_of(part: dict[str, Any]) -> bool:
    """Whether a language's figures reach `TARGETS`."""
    return bool(
        part["word_error_rate"] <= TARGETS["word_error_rate"]
        and abs(part["level_dbov"]["median"] - part["level_dbov"]["nominal"]) <= TARGETS["middle_within_db"]
        and part["level_dbov"]["furthest_db"] <= TARGETS["level_within_db"]
        and not part["clipped_samples"]
        and not part["joins"]["clicks"]
        and part["synthesis_cpu_s"]["max"] <= TARGETS["synthesis_cpu_s"]
    )
