"""The measurement of turns: how soon the agent answers, at the debtor's telephone, through a real Asterisk.

Debtors are scripted and their words rendered beforehand, so they cost no recognition and no synthesis. Their telephones
tape both directions; every time is counted on those tapes. Where the time went is what the agent noted of the turn.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from voiceagent.audio import wav
from voiceagent.base.errors import UnavailableError, UsageError
from voiceagent.journal.journal import read_events
from voiceagent.language.spoken import SpokenPart
from voiceagent.settings.paths import Paths
from voiceagent.simulator.demo import instant
from voiceagent.simulator.gauges import IdleThread, ProcessorTime
from voiceagent.simulator.measured_on import load, machine
from voiceagent.simulator.measured_with import LANGUAGE, Candidate, Words, measured_with
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.sample import SampleDebtor, draw, people_of
from voiceagent.simulator.scenario import Barge, Step
from voiceagent.simulator.tapes import Exchange, exchanges
from voiceagent.simulator.telephones import batched
from voiceagent.speech.client import SpeechClient
from voiceagent.worker.children import Child

PERSONA = "instalments"
#: Targets at two calls at a time, and the further aim at four, in seconds (docs/speech.md).
TARGETS = {"p50_s": 0.9, "p95_s": 1.3, "barge_in_stop_p95_s": 0.5}
AIMS = {"p50_s": 0.5, "p95_s": 0.9}
TARGETS_AT, AIMS_AT = 2, 4
#: Of fewer figures nothing is said: their 95th percentile is one of them.
LEAST = 20
#: Answers of a call that do not count, on average: how many people have to be called.
LOST_A_CALL = 2
#: An interruption begins so long into the prompt.
BARGE_MS = 1500
#: Telephones ring so long: shorter than people let them.
RING_S = 3.0
#: Patience with a voice, in seconds.
RENDER_S = 60.0
#: A call is given up for lost after so long.
LONGEST_CALL_S = 300.0
#: Telephones plugged in at a time, where not more are called at a time.
TELEPHONES = 16
#: How far the end of a turn by the agent's ears and by the tape may be apart, and how much earlier than the answer
#: something must be heard to be something else (a breath, a filler).
SAME_TURN_S, FILLER_S = 0.8, 0.4
#: Part of the agent's stages that each published stage is.
STAGES = {"end_of_turn": ("vad",), "recognise": ("asr",), "decide": ("nlu", "policy"), "first_audio": ("tts",)}


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    n: int = 36
    concurrent: int = 2
    engine: str = "whisper"
    at: str | None = None
    seed: int = 1
    home: Path | None = None
    lines: tuple[str, ...] = ()
    """What debtors answer; the engine's own words where nothing is given."""


@dataclass(slots=True)
class Measured:
    """Everything one run brought, in seconds."""

    total: list[float] = field(default_factory=list)
    stages: dict[str, list[float]] = field(default_factory=lambda: {name: [] for name in (*STAGES, "transport")})
    by_state: dict[str, list[float]] = field(default_factory=dict)
    barge_in: list[float] = field(default_factory=list)
    first_word: list[float] = field(default_factory=list)
    after_hello: list[float] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    """Turns that do not count towards the latency, by why; and fillers heard before answers."""


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Call people until `n` turns were answered; two calls at a time bring about eight a minute.

    UsageError for nonsense, MissingPartError without the engine's model, UnavailableError when nothing could be timed
    at all.
    """
    if plan.n < 1 or plan.concurrent < 1:
        raise UsageError("--n and --concurrent are at least 1")
    with measured_with(plan.engine, Paths.from_environment()) as candidate:
        return asyncio.run(_measure(plan, candidate, progress))


async def _measure(plan: Plan, candidate: Candidate, progress: Callable[[str], None]) -> dict[str, Any]:
    paths, words = candidate.paths, candidate.words
    lines = plan.lines or words.answers
    at = instant(plan.at, ZoneInfo(people_of(LANGUAGE).zone))
    people = -(-plan.n // max(1, len(lines) - LOST_A_CALL))
    # Twice as many as should be needed: whoever is misheard answers fewer questions.
    debtors = draw([Persona.load(PERSONA, LANGUAGE)] * 2 * people, today=at.date(), seed=plan.seed)
    size = min(max(TELEPHONES, plan.concurrent), people)
    longest_s = LONGEST_CALL_S * (1 + size / plan.concurrent)
    settings = RehearsalSettings(
        at=at,
        language=LANGUAGE,
        script=words.script,
        seats=plan.concurrent,
        tapes=True,
        speech=candidate.speech,
        longest_s=longest_s,
    )
    home = plan.home or paths.home / "bench-turn"
    load_before = load()
    measured = Measured()
    async with Rehearsal(settings, [debtor.number for debtor in debtors], home, paths, progress) as rehearsal:
        phones: list[Child] = []
        used = ProcessorTime(lambda: rehearsal.parts(phones))
        with IdleThread() as idle:
            called = 0
            for group in batched(debtors, size):
                answering = {debtor.number: _phone(debtor, words, lines, called + k) for k, debtor in enumerate(group)}
                progress("rendering what debtors say")
                await _render(rehearsal, answering.values())
                phones[:] = await rehearsal.plug_in(list(answering.values()))
                with used:
                    await asyncio.to_thread(rehearsal.enrol_list, group)
                    called += len(group)
                    await rehearsal.until_called(called)
                await asyncio.gather(*(phone.stop() for phone in phones))
                measured = await asyncio.to_thread(judge, rehearsal)
                progress(f"{len(measured.total)} turns answered in {called} calls")
                if len(measured.total) >= plan.n:
                    break
        return _report(plan, candidate, at, called, measured, load_before, used.cores(), idle.milliseconds(), rehearsal)


def _phone(debtor: SampleDebtor, words: Words, wanted: Sequence[str], index: int) -> PhonePlan:
    said = [
        Step(say=line.lstrip("!").format(**debtor.facts), barge=Barge(after_ms=BARGE_MS) if line[0] == "!" else None)
        for line in wanted
    ]
    steps = (*said, Step(hangup=True))
    return PhonePlan(number=debtor.number, hello=words.hello, steps=steps, ring_s=RING_S, voice=words.voice(index))


async def _render(rehearsal: Rehearsal, phones: Iterable[PhonePlan]) -> None:
    """Have every debtor's words in the cache before the first telephone rings."""
    speech = SpeechClient(rehearsal.speech_socket, render_s=RENDER_S)
    for phone in phones:
        voice = await speech.voice(f"bench-{phone.number}", LANGUAGE, phone.voice)
        try:
            for text in (phone.hello, *(step.say for step in phone.steps)):
                if text:
                    await voice.render((SpokenPart(text),))
        finally:
            await voice.close()


# --- what the tapes and the journal say -------------------------------------------------------------------------------


def judge(
    rehearsal: Rehearsal, numbers: Container[str] | None = None, states: Container[str] | None = None
) -> Measured:
    """Every answered call of the rehearsal, or those to `numbers`; turns in every state, or in these. Blocks."""
    measured = Measured()
    for row in rehearsal.calls():
        if numbers is not None and row["number"] not in numbers:
            continue
        tape = rehearsal.tapes / f"{row['number'].lstrip('+')}.wav"
        if row["t_answer"] is None or not tape.is_file():
            measured.counts["calls_without_tape"] += 1
            continue
        with rehearsal.records.db.read() as connection:
            events = read_events(connection, stream=("call", row["id"]), limit=10_000)
        heard = [event.payload for event in events if event.type == "turn.debtor"]
        audio = wav.decode(tape.read_bytes(), str(tape))
        judge_call(exchanges(audio.channel(0), audio.channel(1)), heard, measured, states)
    return measured


def judge_call(
    taped: Sequence[Exchange],
    heard: Sequence[Mapping[str, Any]],
    measured: Measured,
    states: Container[str] | None = None,
) -> None:
    """Add one call: its exchanges on tape and what the agent noted of its turns, in every state or in these."""
    if not taped:
        measured.counts["silent_calls"] += 1
        return
    hello, *rest = taped
    if hello.sounds:
        measured.first_word.append(hello.sounds[0].begins_s)
        measured.after_hello.append(hello.sounds[0].begins_s - hello.turn.ends_s)
    spoken = [turn for turn in heard if turn["result"] not in ("no_input", "dtmf") and turn["ended_s"] is not None]
    for exchange in rest:
        if exchange.interrupts and exchange.silenced_s is not None:
            measured.barge_in.append(exchange.silenced_s)
        near = [turn for turn in spoken if abs(turn["ended_s"] - exchange.turn.ends_s) <= SAME_TURN_S]
        turn = min(near, key=lambda each: abs(each["ended_s"] - exchange.turn.ends_s), default=None)
        why = _why_not(exchange, turn, states)
        if why is not None:
            measured.counts[why] += 1
            continue
        assert turn is not None
        expected = turn["ended_s"] + turn["latency_s"]
        fillers = [sound for sound in exchange.sounds if sound.begins_s < expected - FILLER_S]
        answers = exchange.sounds[len(fillers) :]
        measured.counts["fillers"] += len(fillers)
        if not answers:
            measured.counts["unanswered"] += 1
            continue
        total = answers[0].begins_s - exchange.turn.ends_s
        measured.total.append(total)
        measured.by_state.setdefault(turn["state"], []).append(total)
        left = total
        for name, parts in STAGES.items():
            seconds = sum(turn["stages"].get(part, 0.0) for part in parts)
            measured.stages[name].append(seconds)
            left -= seconds
        measured.stages["transport"].append(left)


def _why_not(exchange: Exchange, turn: Mapping[str, Any] | None, states: Container[str] | None = None) -> str | None:
    """Why an exchange is no answer to be timed; None when it is one."""
    if exchange.talked_over:
        return "talked_over"
    if turn is None:
        return "not_heard"
    if states is not None and turn["state"] not in states:
        return "elsewhere"
    if turn["result"] == "no_match":
        return "repeats"
    if turn["result"] not in ("ok", "bargein"):
        return "ignored"
    return None if exchange.sounds and turn["latency_s"] is not None else "unanswered"


def spread(values: Sequence[float]) -> dict[str, float | int | None]:
    """Median and 95th percentile in seconds, None of nothing, and how many."""
    if not values:
        return {"p50_s": None, "p95_s": None, "n": 0}
    return {
        "p50_s": round(float(np.percentile(values, 50)), 3),
        "p95_s": round(float(np.percentile(values, 95)), 3),
        "n": len(values),
    }


def verdict(found: Mapping[str, Any], name: str, limit: float, *, calls: int, at: int) -> bool | None:
    """Whether a spread's figure is within a limit set for `at` calls at a time, measured at `calls`.

    None where that is not known: of too few figures, of too many calls for a figure beyond the limit, and of too few
    for one within it.
    """
    if found["n"] < LEAST:
        return None
    within = bool(found[name] <= limit)
    return within if calls == at or within == (calls > at) else None


def met_of(total: Mapping[str, Any], barge_in: Mapping[str, Any], calls: int) -> dict[str, dict[str, bool | None]]:
    """{met, aims_met}: what of `TARGETS` and `AIMS` is reached at so many calls at a time."""
    figures = {name: (total, name) for name in AIMS} | {"barge_in_stop_p95_s": (barge_in, "p95_s")}
    return {
        "met": {name: verdict(*figures[name], limit, calls=calls, at=TARGETS_AT) for name, limit in TARGETS.items()},
        "aims_met": {name: verdict(*figures[name], limit, calls=calls, at=AIMS_AT) for name, limit in AIMS.items()},
    }


def _report(
    plan: Plan,
    candidate: Candidate,
    at: datetime,
    called: int,
    measured: Measured,
    load_before: float,
    cores: Mapping[str, float],
    idle: Mapping[str, float],
    rehearsal: Rehearsal,
) -> dict[str, Any]:
    if not measured.total:
        raise UnavailableError(
            f"no turn was answered in {called} calls ({dict(measured.counts)}); see {rehearsal.home}"
        )
    total, barge_in = spread(measured.total), spread(measured.barge_in)
    return {
        **candidate.told,
        "concurrent": plan.concurrent,
        "n": len(measured.total),
        "n_wanted": plan.n,
        "calls": called,
        "at": at.isoformat(),
        "seed": plan.seed,
        "total": total,
        "stages": {name: spread(values) for name, values in measured.stages.items()},
        "states": {state: spread(values) for state, values in sorted(measured.by_state.items())},
        "barge_in_stop": barge_in,
        "answer_to_first_word": spread(measured.first_word),
        "hello_to_first_word": spread(measured.after_hello),
        "counts": dict(sorted(measured.counts.items())),
        "idle_jitter_ms": idle["p95"],
        "idle_jitter": dict(idle),
        "cores": dict(cores),
        "targets": TARGETS,
        "aims": AIMS,
        **met_of(total, barge_in, plan.concurrent),
        "machine": machine(load_before=load_before, asterisk=rehearsal.asterisk.program.version()),
    }
