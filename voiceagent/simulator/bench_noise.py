"""The measurement of barge-in: an hour of everything that nobody says must not stop the agent, people must.

Recordings of lines are made, not found: noise, music, tones, throats, and the agent's own voice coming back. They go
through whole calls in virtual time, from the line to the decision to stop, faster than they would sound.
"""

from __future__ import annotations

import asyncio
import math
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.audio.format import SAMPLE_RATE, seconds
from voiceagent.base.errors import MissingPartError, UsageError
from voiceagent.base.languages import Language
from voiceagent.dialogue.events import Say
from voiceagent.simulator import line_sounds
from voiceagent.simulator.answerer_clips import silence
from voiceagent.simulator.bench_amd import share
from voiceagent.simulator.bench_voice import conversations, speak
from voiceagent.simulator.interruptions import Interruption, interruptions
from voiceagent.simulator.line_sounds import Maker, Sound
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.talked_over import Echo, Far, TalkedOver, loud_part, room, talk_over
from voiceagent.simulator.timed_ear import TimedEar
from voiceagent.speech.direct import load_recogniser
from voiceagent.speech.recogniser import Recogniser
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.training.clips import render
from voiceagent.speech.training.damage import level, pad

Prompts = Sequence[tuple[Say, bytes]]

#: What must be reached (docs/speech.md).
TARGETS = {"false_stops": 0, "turns_opened": 0, "false_stops_before_people": 0, "missed": 0.02, "stop_p95_s": 0.5}
ECHO_DB = -20.0
#: A call of the hour lasts so long at most.
CALL_S = 90.0
#: Loudness of people at the far end, active speech in dBov; the agent's own voice has -20.
LEVELS_DBOV = (-16.0, -20.0, -24.0, -28.0)
HELLO_DBOV = -20.0
LOSS = 0.01
#: An interruption begins so long into the agent's first prompt; what stops later after its end was not stopped by it.
_INTO_S, _LATE_S = (0.8, 3.0), 0.4
#: The call goes on so long after what was said: until the rest of the prompt is out where it should be.
_AFTER_S = {"short": 3.0, "long": 3.0, "go_on": 20.0, "cough": 20.0}
_PROMPTS, _LEAST_S, _LEAST_INTERRUPTED_S = 24, 3.0, 6.0
_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    languages: tuple[Language, ...] = tuple(Language)
    seconds: float = 3600.0
    """Of sounds nobody makes to be heard."""
    every: int = 1
    """Only every so-manieth interruption, to be quicker."""
    echo_db: float = ECHO_DB
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Noise:
    """One kind of it: at these levels, this share of the time; `make` None: nothing but the echo."""

    kind: str
    make: Maker | None
    levels: tuple[float, ...]
    weight: float = 1.0
    echo: bool = False


@dataclass(frozen=True, slots=True)
class Interrupted:
    """What one interruption did; seconds from its first loud moment."""

    said: Interruption
    dbov: float
    stop_s: float | None
    """When the agent was silent; None: it was not stopped by it."""
    false_stops: int
    """Stops before anything was said."""
    went_on: bool
    """What was interrupted was said to its end after all, and the script was told of nothing."""
    texts: tuple[str, ...]


def noises(voices: Sequence[Sound]) -> tuple[Noise, ...]:
    """What an hour holds; `voices` for the room full of people."""
    return (
        Noise("white noise", line_sounds.coloured("white"), (-50.0, -40.0, -30.0)),
        Noise("pink noise", line_sounds.coloured("pink"), (-50.0, -40.0, -30.0)),
        Noise("hum", line_sounds.coloured("hum"), (-40.0, -30.0), 0.5),
        Noise("babble", line_sounds.babble(voices), (-50.0, -45.0, -40.0)),
        Noise("street", line_sounds.street, (-40.0, -32.0, -25.0)),
        Noise("music on hold", line_sounds.waiting_melody, (-30.0, -22.0)),
        Noise("band", line_sounds.band, (-35.0, -28.0, -22.0)),
        Noise("tones", line_sounds.exchange_tones, (-25.0, -15.0)),
        Noise("keys", line_sounds.keys, (-30.0, -15.0)),
        Noise("modem", line_sounds.modem, (-25.0, -15.0), 0.5),
        Noise("coughs", line_sounds.throats, (-30.0, -22.0)),
        Noise("breath", line_sounds.breath, (-40.0, -32.0)),
        Noise("clicks", line_sounds.clicks, (-30.0, -18.0), 0.5),
        Noise("echo", None, (), 3.0, echo=True),
        Noise("echo and noise", line_sounds.coloured("pink"), (-55.0, -45.0), 1.0, echo=True),
    )


def measure(plan: Plan, models: Path, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Both halves. MissingPartError without a phrase bank to speak from; UsageError for nonsense."""
    if not plan.languages or not 0 <= plan.seconds < math.inf or plan.every < 1:
        raise UsageError("--seconds is at least 0, --every at least 1")
    confirmers = Confirmers()
    # All before any is heard: what is missing of the last language must not cost the minutes of the others.
    prompts_of = {language: agent_prompts(models, language) for language in plan.languages}
    quiet: dict[str, Any] = {}
    spoken: list[Interrupted] = []
    for number, (language, prompts) in enumerate(prompts_of.items()):
        said = list(interruptions(language.value))[number % plan.every :: plan.every]
        render((clip for one in said if (clip := one.clip) is not None), language.value, models)
        progress(f"{language}: {len(said)} interruptions, {len(prompts)} prompts")
        if number == 0 and plan.seconds:
            voices = [one.sound(0) for one in said if one.kind == "long"]
            hello = next(one.sound(0) for one in said if one.kind == "short")
            quiet = asyncio.run(nobody(plan, noises(voices), hello, prompts, language, confirmers, progress))
        recogniser = load_recogniser(models, language.value)
        for index, one in enumerate(said):
            sound = one.sound(index)
            spoken.append(asyncio.run(interrupt(one, sound, index, plan, prompts, confirmers, recogniser)))
            if index % 40 == 39:
                progress(f"{language}: {index + 1} of {len(said)}")
    found = people(spoken)
    return {
        "nobody": quiet, "people": found, "targets": TARGETS, "met": met_of(quiet, found), "machine": machine()
    }  # fmt: skip


def agent_prompts(models: Path, language: Language) -> list[tuple[Say, bytes]]:
    """Prompts of the shipped script that are all in the phrase bank and some seconds long."""
    says = {say.text: say for call in conversations(language, 12) for say in call}
    kept = [say for say in says.values() if say.barge_in and all(part.cacheable for part in say.parts)]
    ready = [
        (one.say, one.pcm)
        for one in asyncio.run(speak(models, language, kept[: 3 * _PROMPTS]))
        if not one.rendered and seconds(len(one.pcm)) >= _LEAST_S
    ][:_PROMPTS]
    if not ready:
        raise MissingPartError(f"the phrase bank lacks {language}: run `voiceagent models install --bank {language}`")
    return ready


# --- nobody speaks ----------------------------------------------------------------------------------------------------


async def nobody(
    plan: Plan,
    wanted: Sequence[Noise],
    hello: Sound,
    prompts: Prompts,
    language: Language,
    confirmers: Confirmers,
    progress: Callable[[str], None] = lambda line: None,
) -> dict[str, Any]:
    """The hour: per kind how long it lasted, and how often the agent stopped or listened to it.

    Somebody answers each of its calls with `hello`, and then never says a word.
    """
    total = sum(noise.weight for noise in wanted)
    rows: dict[str, Any] = {}
    for noise in wanted:
        levels = noise.levels or (0.0,)
        calls: list[TalkedOver] = []
        left = plan.seconds * noise.weight / total / len(levels)
        for index, dbov in enumerate(levels):
            lasts, number = left, 0
            while lasts > 0.5:
                seed = zlib.crc32(f"{plan.seed} {noise.kind} {index} {number}".encode())
                far = _line(noise, dbov, hello, min(CALL_S, lasts), plan.echo_db, seed)
                order = list(np.random.default_rng(seed).permutation(len(prompts)))
                calls.append(await talk_over(far, [prompts[k] for k in order], language, confirmers))
                lasts, number = lasts - CALL_S, number + 1
        rows[noise.kind] = _row(calls)
        progress(f"{noise.kind}: {rows[noise.kind]}")
    return {"kinds": rows, "all": {name: round(sum(row[name] for row in rows.values()), 1) for name in _row([])}}


def _line(noise: Noise, dbov: float, hello: Sound, lasts_s: float, echo_db: float, seed: int) -> Far:
    chance = np.random.default_rng(seed)
    answered = pad(level(hello, HELLO_DBOV), 0.2, 1.0)
    hello_s = answered.size / SAMPLE_RATE
    sound = np.concatenate([answered, silence(lasts_s)])
    if noise.make is not None:
        sound = sound + line_sounds.lasting(noise.make, sound.size / SAMPLE_RATE, dbov, chance)
    echo = Echo(echo_db, float(chance.uniform(0.02, 0.3)), room(chance)) if noise.echo else None
    return Far(np.asarray(sound, np.float32), hello_s=hello_s, after_s=0.1, echo=echo, loss=LOSS, seed=seed)


def _row(calls: Sequence[TalkedOver]) -> dict[str, float]:
    return {
        "seconds": round(sum(call.seconds for call in calls), 1),
        "agent_spoke_s": round(sum(call.spoke_s for call in calls), 1),
        "false_stops": sum(len(call.stops) for call in calls),
        "turns_opened": sum(len(call.turns) for call in calls),
        "in_turns_s": round(sum(call.in_turn_s for call in calls), 1),
    }


# --- people do --------------------------------------------------------------------------------------------------------


async def interrupt(
    said: Interruption,
    sound: Sound,
    index: int,
    plan: Plan,
    prompts: Prompts,
    confirmers: Confirmers,
    recogniser: Recogniser,
) -> Interrupted:
    """One call in which that is said over the agent, whose voice comes back underneath; `index` draws its level."""
    chance = np.random.default_rng(zlib.crc32(f"{plan.seed} {said.text} {said.voice}".encode()))
    # Neighbours differ in voice: each voice is heard at every level.
    dbov = LEVELS_DBOV[(index + index // len(LEVELS_DBOV)) % len(LEVELS_DBOV)]
    sound = level(sound, dbov)
    long_ones = [one for one in prompts if seconds(len(one[1])) >= _LEAST_INTERRUPTED_S] or list(prompts)
    chosen = long_ones[int(chance.integers(0, len(long_ones)))]
    far = Far(
        sound,
        into_s=float(chance.uniform(*_INTO_S)),
        after_s=_AFTER_S[said.kind],
        echo=Echo(plan.echo_db, float(chance.uniform(0.02, 0.3)), room(chance)),
        loss=LOSS,
        seed=index,
    )
    ear = TimedEar(recogniser.open(said.language), recogniser.name)
    call = await talk_over(far, [chosen], Language(said.language), confirmers, ear)
    first, last = (call.began_s + edge for edge in loud_part(sound))
    stop = next((at for at in call.stops if first < at <= last + _LATE_S), None)
    return Interrupted(
        said,
        dbov,
        None if stop is None else round(stop - first, 3),
        sum(at <= first for at in call.stops),
        not call.heard and any(not turn.interrupted for turn in call.agent),
        tuple(text for text in call.texts if text),
    )


def people(trials: Sequence[Interrupted]) -> dict[str, Any]:
    """Interruptions missed, by kind, level and language; how soon the agent was silent; who was to go on."""
    meant = [trial for trial in trials if trial.said.kind in ("short", "long")]
    others = [trial for trial in trials if trial.said.kind not in ("short", "long")]
    return {
        "missed": _missed(meant),
        "missed_by": {
            "kind": _grouped(meant, lambda trial: trial.said.kind),
            "level": _grouped(meant, lambda trial: f"{trial.dbov:.0f} dBov"),
            "language": _grouped(meant, lambda trial: trial.said.language),
        },
        "stop_s": _spread([trial.stop_s for trial in meant if trial.stop_s is not None]),
        "false_stops": sum(trial.false_stops for trial in trials),
        "go_on": {
            kind: {
                "went_on": share(sum(t.went_on for t in others if t.said.kind == kind), n),
                "paused": share(sum(t.stop_s is not None for t in others if t.said.kind == kind), n),
            }
            for kind in ("go_on", "cough")
            if (n := sum(t.said.kind == kind for t in others))
        },
        "examples": [
            f"missed: {t.said.language} {t.said.text} ({t.said.voice}, {t.dbov:.0f} dBov)"
            for t in meant
            if t.stop_s is None
        ][:_SHOWN]
        + [
            f"not gone on after: {t.said.language} {t.said.text} ({t.said.voice}), heard {' / '.join(t.texts)!r}"
            for t in others
            if not t.went_on
        ][:_SHOWN],
    }


def met_of(quiet: Mapping[str, Any], people: Mapping[str, Any]) -> dict[str, bool | None]:
    """Which of `TARGETS` are reached; those of what was not measured are left out.

    None where a kind of noise was never played, because its part of the time is too short, and the others did no harm.
    """
    reached: dict[str, bool | None] = {}
    if quiet:
        unplayed = any(not row["seconds"] for row in quiet["kinds"].values())
        for name in ("false_stops", "turns_opened"):
            harmless = bool(quiet["all"][name] <= TARGETS[name])
            reached[name] = None if harmless and unplayed else harmless
    if people["missed"]["n"]:
        reached["false_stops_before_people"] = people["false_stops"] <= TARGETS["false_stops_before_people"]
        reached["missed"] = people["missed"]["share"] <= TARGETS["missed"]
    if people["stop_s"]["n"]:
        reached["stop_p95_s"] = people["stop_s"]["p95"] <= TARGETS["stop_p95_s"]
    return reached


def _missed(trials: Sequence[Interrupted]) -> dict[str, Any]:
    return share(sum(trial.stop_s is None for trial in trials), len(trials))


def _grouped(trials: Sequence[Interrupted], group: Callable[[Interrupted], str]) -> Mapping[str, Any]:
    names = sorted({group(trial) for trial in trials})
    return {name: _missed([trial for trial in trials if group(trial) == name]) for name in names}


def _spread(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"n": 0, "p50": None, "p95": None}
    p50, p95 = np.percentile(values, (50, 95))
    return {"n": len(values), "p50": round(float(p50), 3), "p95": round(float(p95), 3)}
