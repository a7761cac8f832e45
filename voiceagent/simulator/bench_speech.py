"""The measurement of recognition: answers on telephone lines, as calls hear them and as a plain Whisper would."""

from __future__ import annotations

import asyncio
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from voiceagent.agent.patience import Patience
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.base.languages import Language
from voiceagent.dialogue.completeness import is_complete
from voiceagent.dialogue.events import Expect, Understanding
from voiceagent.dialogue.expectation import END_SILENCE
from voiceagent.dialogue.understanding import understand
from voiceagent.language.heard import understand_slots
from voiceagent.simulator.bench_amd import share
from voiceagent.simulator.installed_voices import PROGRAMS, spoken_by
from voiceagent.simulator.measured_on import load, machine
from voiceagent.simulator.recorded_answers import OTHER, recorded_clips
from voiceagent.speech.constrained.listening import DIGITS, digits_in, value_of
from voiceagent.speech.direct import DirectHearing
from voiceagent.speech.engines.whisper import Whisper
from voiceagent.speech.offline import hear_answer, settings_for
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.synthesis.shape import from_pcm, to_pcm
from voiceagent.speech.training.calibrate import readable
from voiceagent.speech.training.clips import TEST, Clip, clip_of, plan, read, render
from voiceagent.speech.training.damage import MEASURED, Condition, pad, through_line

TODAY = date(2026, 11, 18)
CHOICE = "choice"
#: What a state with choices listens for; every one is said by a voice of the test.
CHOICES = {
    "pt-BR": (
        "quero parcelar", "à vista", "já paguei", "não devo isso", "quero um desconto", "me liga mais tarde",
        "não conheço", "quero falar com um atendente",
    ),
    "es": (
        "quiero pagar en cuotas", "al contado", "ya pagué", "no debo eso", "quiero un descuento",
        "llámeme más tarde", "no lo conozco", "quiero hablar con un asesor",
    ),
    "en": (
        "i want a payment plan", "pay in full", "i already paid", "i don't owe that", "i want a discount",
        "call me later", "wrong number", "i want to speak to an agent",
    ),
}  # fmt: skip
#: What is asked of answers: right at least, on two lines; wrong at most, on each line by itself.
TARGETS: dict[str, Any] = {"right": {"clean": 0.97, "snr15": 0.85}, "wrong_on_each_line": 0.005}
#: Lines on which the plain way is heard beside.
_COMPARED = tuple(TARGETS["right"])
#: Whose voices: rendered ones, people's recordings, or those of other speech programs; how a report names them.
RENDERED, HUMAN = "rendered", "human"
VOICES = {RENDERED: "languages", HUMAN: "people"} | {name: name for name in PROGRAMS}
#: What is asked while somebody says something else.
_ASKED = ("amount", "date", "digits", "yes_no", "time", "instalments")
_SEED = 1
_PLAIN_WINDOW_S, _PLAIN_SILENCE_S = 30.0, 0.7


@dataclass(frozen=True, slots=True)
class Plan:
    """How much to measure."""

    languages: tuple[Language, ...] = tuple(Language)
    clips: int = 30
    """Answers per language, besides the choices."""
    plain_every: int = 4
    """Every so many-th clip goes through the plain way too, clean and at 15 dB: it takes a second each."""
    recordings: tuple[str, ...] = (RENDERED, HUMAN)
    """Some of `VOICES`; beside rendered ones, people's recordings that cannot be had are left out."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One answer on one line, heard one way."""

    kind: str
    condition: str
    verdict: str
    """right, rejected or wrong."""
    ms: float
    said: str
    heard: str
    answer_s: float
    """From the end of the words to their text: the silence that is waited for, and recognition."""


def measure(wanted: Plan, models: Path, report: Callable[[str], None]) -> dict[str, Any]:
    """Every language's table: kind of answer × line, as calls hear it, beside the plain way; and what is met.

    `met` is None where all that was heard meets the targets, and something that was wanted could not be heard.
    MissingPartError or UnavailableError when nothing but people's recordings is wanted and they cannot be had, or a
    speech program is wanted that is not installed.
    """
    load_before = load()
    whisper = Whisper(models / "whisper-base")
    tables: dict[str, dict[str, Any]] = {name: {} for name in VOICES.values()}
    left_out: list[dict[str, str]] = []
    for recordings in wanted.recordings:
        for language in wanted.languages:
            try:
                clips = _clips(language.value, recordings, wanted, models, report)
            except (MissingPartError, UnavailableError) as error:
                if recordings != HUMAN or RENDERED not in wanted.recordings:
                    raise
                report(f"{language}: people are left out: {error.message}")
                left_out.append({"language": language.value, "recordings": recordings, "why": error.message})
                continue
            if not clips:
                continue
            ours, plain = asyncio.run(_hear_all(whisper, language, clips, wanted.plain_every, report))
            tables[VOICES[recordings]][language.value] = table_of(ours, plain)
    summary = [
        row_of(language, recordings, table)
        for recordings, name in VOICES.items()
        for language, table in tables[name].items()
    ]
    told: dict[str, Any] = {"summary": summary, "left_out": left_out, "met": met_of(summary, left_out)}
    told |= {"targets": TARGETS, "voices": TEST}
    return tables | told | {"machine": machine(load_before=load_before)}


def met_of(summary: Sequence[Mapping[str, Any]], left_out: Sequence[Mapping[str, str]]) -> bool | None:
    """Whether every row meets every target; None where all do that were heard, and not all were."""
    met = bool(summary) and all(all(row["met"].values()) for row in summary)
    return None if met and left_out else met


def _clips(language: str, recordings: str, wanted: Plan, models: Path, report: Callable[[str], None]) -> list[Clip]:
    if recordings == RENDERED:
        clips = clips_of(language, wanted.clips)
        render(clips, language, models)
        report(f"{language}: {len(clips)} clips rendered")
        return clips
    if recordings in PROGRAMS:
        clips = spoken_by(recordings, clips_of(language, wanted.clips), language)
        report(f"{language}: {len(clips)} clips by {recordings}")
        return clips
    clips = recorded_clips(language, wanted.clips, report)
    report(
        f"{language}: {len(clips)} recordings of a person" if clips else f"{language}: no recordings of people known"
    )
    return clips


def row_of(language: str, recordings: str, table: Mapping[str, Any]) -> dict[str, Any]:
    """A table in one line: what of it is held to `TARGETS`, and the plain way beside it."""
    met = {name: table["all"][name]["right"] >= least for name, least in TARGETS["right"].items()}
    wrong = table["wrong_by_line"]
    return {
        "language": language,
        "recordings": recordings,
        "n": table["all"]["clean"]["n"],
        "right": {name: score["right"] for name, score in table["all"].items()},
        "wrong": table["wrong_of_all"],
        "wrong_by_line": wrong,
        "met": met
        | {"wrong": all((found["share"] or 0.0) <= TARGETS["wrong_on_each_line"] for found in wrong.values())},
        "plain": {
            "right": {name: both["ratio"] for name, both in table["compared"].items()},
            "sooner": table["answer"]["ratio"],
        },
    }


def clips_of(language: str, count: int) -> list[Clip]:
    """Answers of voices that were never trained on, and the choices."""
    planned = [clip for clip in plan(language, "test", 2 * count, _SEED) if clip.kind != "general"]
    answers = [clip for clip in planned if readable(clip, language)][:count]
    voices = TEST[language]
    return answers + [
        clip_of(language, CHOICE, text, text.capitalize() + ".", f"kokoro:{voices[index % len(voices)]}", 1.0)
        for index, text in enumerate(CHOICES[language])
    ]


async def _hear_all(
    whisper: Whisper, language: Language, clips: Sequence[Clip], plain_every: int, report: Callable[[str], None]
) -> tuple[list[Trial], list[Trial]]:
    ours: list[Trial] = []
    plain: list[Trial] = []
    confirmers = Confirmers()
    for index, clip in enumerate(clips):
        for condition in MEASURED:
            sound = _line(clip, condition)
            hearing = DirectHearing(whisper.open(language.value))
            with confirmers.lend() as confirmer:
                segmenter = VadSegmenter(settings_for((asked(clip),)), confirmer=confirmer)
                heard = await hear_answer(hearing, segmenter, to_pcm(sound), _context(clip, language))
            ours.append(trial_of(clip, condition.name, language, heard, patiently))
            if index % plain_every == 0 and condition.name in _COMPARED and clip.kind != OTHER:
                usual = _plainly(whisper, sound, language)
                plain.append(trial_of(clip, condition.name, language, usual, _always_the_same))
        if index % 10 == 9:
            report(f"{language.value}: {index + 1} of {len(clips)} heard on {len(MEASURED)} lines")
    return ours, plain


def _line(clip: Clip, condition: Condition) -> np.ndarray[Any, np.dtype[np.float32]]:
    chance = np.random.default_rng(_number(clip))
    return from_pcm(to_pcm(through_line(pad(read(clip), 0.2, 1.2), condition, chance)))


def asked(clip: Clip) -> str:
    """What the state asks for: what the clip answers, or anything where it answers nothing."""
    return _ASKED[_number(clip) % len(_ASKED)] if clip.kind == OTHER else clip.kind


def _number(clip: Clip) -> int:
    return int(clip.path.stem[:8], 16)


def _context(clip: Clip, language: Language) -> HearingContext:
    choice = clip.kind == CHOICE
    phrases = CHOICES[language.value] if choice else ()
    expect = ("intent",) if choice else (asked(clip),)
    return HearingContext(language.value, expect, phrases, TODAY.isoformat(), digits=_so_many(clip, language.value))


def _so_many(clip: Clip, language: str) -> tuple[int, int] | None:
    """How many digits the state asks for: every question for digits in a shipped script names it."""
    if clip.kind != DIGITS:
        return None
    said = digits_in(value_of(clip.text, DIGITS, language, TODAY))
    return said, said


def _plainly(whisper: Whisper, sound: np.ndarray[Any, np.dtype[np.float32]], language: Language) -> Hypothesis:
    """The usual way: the recording decoded in a window of 30 s, the text taken as it comes.

    Greedily: with the five hypotheses that faster-whisper follows by default it would take longer still.
    """
    started = time.perf_counter()
    heard = whisper.freely(sound, HearingContext(language.value), (), _PLAIN_WINDOW_S)
    return Hypothesis(heard.text, heard.confidence, ms=1000 * (time.perf_counter() - started))


Wait = Callable[[str, Understanding, Language, float], float]


def patiently(kind: str, meant: Understanding, language: Language, recognise_s: float) -> float:
    """As a call: recognised in the pause, which ends the turn the sooner the more whole the answer is."""
    expect = Expect("", ("intent",) if kind == CHOICE else (kind,))
    patience = Patience()
    silence = patience.wait_s(END_SILENCE[expect.kinds[0]], is_complete(meant, expect, language.value))
    return max(silence, patience.settings.glance_s + recognise_s)


def _always_the_same(kind: str, meant: Understanding, language: Language, recognise_s: float) -> float:
    """The usual way: a fixed silence, then recognition."""
    return _PLAIN_SILENCE_S + recognise_s


def trial_of(clip: Clip, condition: str, language: Language, heard: Hypothesis, wait: Wait) -> Trial:
    """What was heard of a clip, judged by what a call would have understood."""
    code = language.value
    if clip.kind == CHOICE:
        # Of the choices one must lead clearly, or nothing was chosen.
        ranked = heard.alternatives
        lead = bool(ranked) and ranked[0][1] >= 0.5
        chosen = ranked[0][0] if lead else "" if ranked else _known(heard.text, code)
        verdict = "right" if chosen == clip.text else "rejected" if not chosen else "wrong"
        known = Understanding(chosen or None, 1.0, text=heard.text)
        waited = wait(clip.kind, known, language, heard.ms / 1000)
        return Trial(clip.kind, condition, verdict, heard.ms, clip.text, heard.text, waited)
    kind, region = asked(clip), language.default_region
    meant = understand(
        heard.text,
        alternatives=heard.alternatives,
        language=code,
        region=region,
        expect=(kind,),
        today=TODAY,
        doubtful=heard.reason == "low_confidence",
    )
    waited = wait(kind, meant, language, heard.ms / 1000)
    got = _values(meant.slots, kind)
    if clip.kind == OTHER:
        return Trial(OTHER, condition, "wrong" if got else "right", heard.ms, clip.text, heard.text, waited)
    truth = understand_slots(clip.text, language=code, region=region, expect=(kind,), today=TODAY)
    said = _values(truth.slots, kind)
    verdict = "right" if got == said else "rejected" if not got else "wrong"
    return Trial(clip.kind, condition, verdict, heard.ms, clip.text, heard.text, waited)


def _values(slots: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """What the slots commit to."""
    return {
        name: value for name, value in slots.items() if name != "approx" and (name == "yes_no") == (kind == "yes_no")
    }


def _known(text: str, language: str) -> str:
    """The choice that the words are, "" when they are none."""
    plain = "".join(letter for letter in text.lower() if letter.isalnum() or letter in " '").strip()
    return plain if plain in CHOICES[language] else ""


def table_of(ours: Sequence[Trial], plain: Sequence[Trial]) -> dict[str, Any]:
    """Shares by line and by kind of answer, and the plain way beside it on the clips that both heard."""
    conditions = [condition.name for condition in MEASURED]
    kinds = sorted({trial.kind for trial in ours})
    answers = [trial for trial in ours if trial.kind != OTHER]
    compared: dict[str, Any] = {}
    for name in _COMPARED:
        usual = _score([t for t in plain if t.condition == name and t.kind != OTHER])
        here = _score([t for t in answers if t.condition == name and _in(t, plain)])
        ratio = round(here["right"] / usual["right"], 2) if usual["right"] and here["n"] else None
        compared[name] = {"plain": usual, "here": here, "ratio": ratio}
    same = [t for t in ours if t.condition in _COMPARED and _in(t, plain)]
    heard_ms = {"here_ms": same, "plain_ms": plain, "here_on_all_lines_ms": ours}
    latency: dict[str, Any] = {name: _milliseconds([t.ms for t in trials]) for name, trials in heard_ms.items()}
    slow, fast = (statistics.median(t.ms for t in trials) if trials else math.nan for trials in (plain, same))
    latency["ratio"] = round(slow / fast, 2) if plain and same and fast else None
    by_line = {name: [t for t in ours if t.condition == name] for name in conditions}
    return {
        "all": {name: _score([t for t in answers if t.condition == name]) for name in conditions},
        "wrong_of_all": share(sum(t.verdict == "wrong" for t in ours), len(ours)),
        "wrong_by_line": {
            name: share(sum(t.verdict == "wrong" for t in trials), len(trials)) for name, trials in by_line.items()
        },
        "kinds": {
            kind: {name: _score([t for t in ours if t.kind == kind and t.condition == name]) for name in conditions}
            for kind in kinds
        },
        "compared": compared,
        "latency": latency,
        "answer": _answers(same, plain),
        "rejected": [f"{t.condition} {t.kind}: {t.said!r} heard {t.heard!r}" for t in ours if t.verdict == "rejected"],
        "wrong": [f"{t.condition} {t.kind}: {t.said!r} heard {t.heard!r}" for t in ours if t.verdict == "wrong"],
    }


def _milliseconds(values: Sequence[float]) -> dict[str, Any]:
    if not values:
        return {"median": None, "p95": None, "n": 0}
    return {"median": round(statistics.median(values)), "p95": round(_p95(values)), "n": len(values)}


def _answers(ours: Sequence[Trial], plain: Sequence[Trial]) -> dict[str, Any]:
    """From the end of the words to their text, both ways, on the same clips."""
    here, there = ([t.answer_s for t in trials] for trials in (ours, plain))
    medians = [statistics.median(values) if values else math.nan for values in (here, there)]
    return {
        "here_s": {"median": round(medians[0], 3), "p95": round(_p95(here), 3), "n": len(here)},
        "plain_s": {"median": round(medians[1], 3), "p95": round(_p95(there), 3), "n": len(there)},
        "ratio": round(medians[1] / medians[0], 2) if here and there else None,
    }


def _in(trial: Trial, others: Sequence[Trial]) -> bool:
    return any(
        (other.kind, other.said, other.condition) == (trial.kind, trial.said, trial.condition) for other in others
    )


def _score(trials: Sequence[Trial]) -> dict[str, Any]:
    count = len(trials)
    found = {name: sum(trial.verdict == name for trial in trials) for name in ("right", "rejected", "wrong")}
    return {"n": count} | {name: round(number / count, 4) if count else None for name, number in found.items()}


def _p95(values: Sequence[float]) -> float:
    return sorted(values)[min(len(values) - 1, int(0.95 * len(values)))] if values else math.nan


__all__ = ["CHOICES", "Plan", "Trial", "asked", "clips_of", "measure", "patiently", "row_of", "table_of", "trial_of"]
