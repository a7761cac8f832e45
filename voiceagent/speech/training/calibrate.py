"""Fits what a head's scores mean, on voices it never heard: a logistic scale, and what each kind of answer takes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.denoise import NOISY_LINE_DB, denoised
from voiceagent.speech.constrained.head import Head
from voiceagent.speech.constrained.judging import (
    AGREES,
    NOISE,
    agreement,
    certainty,
    features,
    repeated,
    seconded,
    signal_to_noise,
    unaided,
)
from voiceagent.speech.constrained.listening import grammar, listen, value_of
from voiceagent.speech.engines.whisper import Whisper, short_window
from voiceagent.speech.protocol import HearingContext
from voiceagent.speech.training.clips import Clip, cache_directory, read
from voiceagent.speech.training.damage import CONDITIONS, Condition, through_line

#: Wrong answers per answer that may pass, on the calibration's voices.
WRONG = 0.003
#: Raised when what is kept of a clip on a line changes.
VERSION = 2
_TODAY = date(2026, 11, 18)
_STEADY = 0.3
_LEAST, _MOST = 0.92, 0.995
#: Without the decoder; where there is noise the head errs with a clear conscience.
_LEAST_QUIET, _LEAST_SURE = 0.955, 0.97


@dataclass(frozen=True, slots=True)
class Trial:
    """One clip on one line, asked one question."""

    language: str
    line: str
    kind: str
    right: bool
    answerable: bool
    """False when what was said answers something else."""
    alone: list[float]
    checked: list[float]
    again: list[float] | None
    """None on a quiet line: there nothing is heard twice."""

    @property
    def contradicted(self) -> bool:
        """Whether a second hearing gave another value."""
        return self.again is not None and not self.again[AGREES]


def trials(
    clips: Sequence[Clip], language: str, head: Head, whisper: Whisper, report: Callable[[str], None]
) -> list[Trial]:
    """Each clip in every condition under its own question, and under one that it does not answer."""
    made: list[Trial] = []
    rendered = [clip for clip in clips if clip.path.is_file() and readable(clip, language)]
    for index, clip in enumerate(rendered):
        chance = random.Random(clip.path.stem)
        others = [kind for kind in kinds_of(language) if kind not in (clip.kind, "birth_date")]
        asked = [clip.kind] if clip.kind != "general" else []
        for condition in CONDITIONS:
            heard = listened(clip, condition, language, whisper)
            logs = head(heard.states)
            twice = head(heard.again) if heard.again is not None else None
            for kind in [*asked, chance.choice(others)]:
                answer = listen(logs, language, [kind, "yes_no"], (), _TODAY)
                if answer is None or answer.kind != kind:
                    continue
                meant = value_of(answer.text, kind, language, _TODAY)
                same = value_of(heard.free, kind, language, _TODAY) == meant
                row = None
                if twice is not None:
                    second = listen(twice, language, [kind, "yes_no"], (), _TODAY)
                    agrees = second is not None and value_of(second.text, second.kind, language, _TODAY) == meant
                    row = repeated(answer, heard.snr_db, second, agrees)
                # A bare number answers more than one question.
                answerable = answers(clip.text, kind, language)
                made.append(
                    Trial(
                        language,
                        condition.name,
                        kind,
                        answerable and meant == value_of(clip.text, kind, language, _TODAY),
                        answerable,
                        features(answer, heard.snr_db, None),
                        seconded(answer, heard.snr_db, agreement(heard.free, same, answer, language)),
                        row,
                    )
                )
        if index % 20 == 19:
            report(f"{index + 1} of {len(rendered)} clips listened to")
    return made


@dataclass(frozen=True, slots=True)
class Listened:
    """What a clip on a line gives, whatever the head."""

    states: NDArray[np.float32]
    again: NDArray[np.float32] | None
    """The encoder's states with the noise held down; None on a quiet line."""
    free: str
    """Whisper's own words."""
    snr_db: float


def listened(clip: Clip, condition: Condition, language: str, whisper: Whisper) -> Listened:
    """A clip on a line; kept on disk."""
    path = cache_directory() / "listened" / f"{clip.path.stem}-{condition.name}-v{VERSION}.npz"
    if not path.is_file():
        sound = through_line(read(clip), condition, np.random.default_rng(int(clip.path.stem[:8], 16)))
        window_s = short_window(sound.size / SAMPLE_RATE)
        snr_db = signal_to_noise(sound)
        kept: dict[str, Any] = {"states": whisper.states(sound, window_s).astype(np.float16)}
        if snr_db < NOISY_LINE_DB:
            kept["again"] = whisper.states(denoised(sound), window_s).astype(np.float16)
        free = whisper.freely(sound, HearingContext(language), ()).text
        path.parent.mkdir(parents=True, exist_ok=True)
        np.savez(path, free=np.array(free), snr=np.array(snr_db), **kept)
    with np.load(path) as stored:
        again = stored["again"].astype(np.float32) if "again" in stored.files else None
        return Listened(stored["states"].astype(np.float32), again, str(stored["free"]), float(stored["snr"]))


def answers(text: str, kind: str, language: str) -> bool:
    """Whether the words are an answer to that question."""
    spoken = grammar(language, kind)
    return spoken is not None and spoken[0].accepts(text.split())


def readable(clip: Clip, language: str) -> bool:
    """Whether the grammar says the clip's text and understanding reads it; one planned for an older grammar may not."""
    if grammar(language, clip.kind) is None:
        return True
    return answers(clip.text, clip.kind, language) and value_of(clip.text, clip.kind, language, _TODAY) != clip.text


def calibrate(found: Sequence[Trial]) -> dict[str, Any]:
    """The calibration as it is stored beside the weights."""
    right = np.array([trial.right for trial in found], np.float64)
    noisy = [trial for trial in found if trial.again is not None]
    weights = {
        "alone": _fit(np.array([trial.alone for trial in found]), right),
        "checked": _fit(np.array([trial.checked for trial in found]), right),
        "again": _fit(
            np.array([trial.again for trial in noisy]), np.array([trial.right for trial in noisy], np.float64)
        ),
    }
    scale = {name: [round(float(w), 4) for w in learnt] for name, learnt in weights.items()}
    sure = np.array([_surely(trial, scale) for trial in found])
    needed = np.array([0.0 if trial.contradicted else certainty(trial.checked, scale["checked"]) for trial in found])
    kinds = sorted({trial.kind for trial in found})
    of_kind = {kind: np.array([trial.kind == kind for trial in found]) for kind in kinds}
    noisily = np.array([trial.again is not None for trial in found])

    def thresholds(confidence: NDArray[np.float64], among: NDArray[np.bool_], least: float) -> dict[str, float]:
        limit = _threshold(confidence[among], right[among], least)
        # A kind's own errors can only make it stricter than all kinds together.
        return {k: max(limit, _threshold(confidence[m & among], right[m & among], least)) for k, m in of_kind.items()}

    return {
        **scale,
        "sure": thresholds(sure, noisily, _LEAST_SURE),
        "quiet": thresholds(sure, ~noisily, _LEAST_QUIET),
        "needed": thresholds(needed, np.ones(len(found), bool), _LEAST),
    }


def _surely(trial: Trial, scale: dict[str, list[float]]) -> float:
    """How sure the head is without the decoder: after a second hearing where there is one."""
    if trial.again is None:
        return unaided(trial.alone, scale["alone"])
    return unaided(trial.again, scale["again"])


def _fit(rows: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """A scale on which more noise never makes surer: few errors may say so by chance."""
    weights = fit_logistic(rows, right)
    if weights[NOISE] > 0:
        rows = rows.copy()
        rows[:, NOISE] = 0.0
        weights = fit_logistic(rows, right)
    return weights


def fit_logistic(rows: NDArray[np.float64], right: NDArray[np.float64]) -> NDArray[np.float64]:
    """Weights by Newton's method, held back a little so that few errors do not make it certain."""
    weights = np.zeros(rows.shape[1])
    for _ in range(50):
        chance = 1 / (1 + np.exp(-rows @ weights))
        slope = rows.T @ (right - chance) - _STEADY * weights
        bend = (rows * (chance * (1 - chance))[:, None]).T @ rows + _STEADY * np.eye(len(weights))
        step = np.linalg.solve(bend, slope)
        weights += step
        if np.abs(step).max() < 1e-8:
            break
    return weights


def _threshold(confidence: NDArray[np.float64], right: NDArray[np.float64], least: float) -> float:
    """The lowest confidence above which no more than `WRONG` of all, or one, are wrong."""
    order = np.argsort(-confidence)
    passing = np.flatnonzero(np.cumsum(1 - right[order]) <= max(1.0, WRONG * len(right)))
    if not len(passing):
        return _MOST
    lowest = confidence[order[passing[-1]]] if passing[-1] + 1 < len(order) else least
    return round(float(min(_MOST, max(least, lowest))), 4)
