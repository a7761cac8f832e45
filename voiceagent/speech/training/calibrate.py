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
from voiceagent.speech.constrained.head import Head
from voiceagent.speech.constrained.judging import agreement, certainty, features, signal_to_noise
from voiceagent.speech.constrained.listening import grammar, listen, value_of
from voiceagent.speech.engines.whisper import Whisper, short_window
from voiceagent.speech.protocol import HearingContext
from voiceagent.speech.training.clips import Clip, cache_directory, read
from voiceagent.speech.training.damage import CONDITIONS, Condition, through_line

#: Wrong answers per answer that may pass, on the calibration's voices.
WRONG = 0.003
_TODAY = date(2026, 11, 18)
_STEADY = 0.3
_LEAST, _MOST = 0.9, 0.995
_LEAST_SURE = 0.97
#: A digit that was lost leaves a shorter string that fits as well: the head alone does not notice.
_LEAST_SURE_OF = {"digits": 0.99}


@dataclass(frozen=True, slots=True)
class Trial:
    """One clip on one line, asked one question."""

    kind: str
    right: bool
    answerable: bool
    """False when what was said answers something else."""
    alone: list[float]
    checked: list[float]


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
            states, free, snr_db = listened(clip, condition, language, whisper)
            logs = head(states)
            for kind in [*asked, chance.choice(others)]:
                answer = listen(logs, language, [kind, "yes_no"], (), _TODAY)
                if answer is None or answer.kind != kind:
                    continue
                meant = value_of(answer.text, kind, language, _TODAY)
                same = value_of(free, kind, language, _TODAY) == meant
                made.append(
                    Trial(
                        kind,
                        meant == value_of(clip.text, kind, language, _TODAY),
                        kind == clip.kind,
                        features(answer, snr_db, None),
                        features(answer, snr_db, agreement(free, same, answer, language)),
                    )
                )
        if index % 20 == 19:
            report(f"{index + 1} of {len(rendered)} clips listened to")
    return made


def listened(
    clip: Clip, condition: Condition, language: str, whisper: Whisper
) -> tuple[NDArray[np.float32], str, float]:
    """(encoder states, Whisper's own words, signal to noise in dB) of a clip on a line; kept on disk."""
    path = cache_directory() / "listened" / f"{clip.path.stem}-{condition.name}.npz"
    if path.is_file():
        with np.load(path) as stored:
            return stored["states"].astype(np.float32), str(stored["free"]), float(stored["snr"])
    sound = through_line(read(clip), condition, np.random.default_rng(int(clip.path.stem[:8], 16)))
    states = whisper.states(sound, short_window(sound.size / SAMPLE_RATE))
    free = whisper.freely(sound, HearingContext(language), ()).text
    snr_db = signal_to_noise(sound)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, states=states.astype(np.float16), free=np.array(free), snr=np.array(snr_db))
    return states, free, snr_db


def readable(clip: Clip, language: str) -> bool:
    """Whether the grammar says the clip's text and understanding reads it; one planned for an older grammar may not."""
    spoken = grammar(language, clip.kind)
    if spoken is None:
        return True
    return spoken[0].accepts(clip.text.split()) and value_of(clip.text, clip.kind, language, _TODAY) != clip.text


def calibrate(found: Sequence[Trial]) -> dict[str, Any]:
    """The calibration as it is stored beside the weights."""
    right = np.array([trial.right for trial in found], np.float64)
    alone = np.array([trial.alone for trial in found])
    checked = np.array([trial.checked for trial in found])
    weights = fit_logistic(alone, right), fit_logistic(checked, right)
    sure, needed = (
        np.array([certainty(row, w) for row in rows.tolist()])
        for rows, w in ((alone, weights[0].tolist()), (checked, weights[1].tolist()))
    )
    kinds = sorted({trial.kind for trial in found})
    of_kind = {kind: np.array([trial.kind == kind for trial in found]) for kind in kinds}
    limit = {
        "sure": _threshold(sure, right, _LEAST_SURE),
        "needed": _threshold(needed, right, _LEAST),
    }
    return {
        "alone": [round(float(w), 4) for w in weights[0]],
        "checked": [round(float(w), 4) for w in weights[1]],
        # A kind's own errors can only make it stricter than all kinds together.
        "sure": {
            k: max(limit["sure"], _threshold(sure[m], right[m], _LEAST_SURE_OF.get(k, _LEAST_SURE)))
            for k, m in of_kind.items()
        },
        "needed": {k: max(limit["needed"], _threshold(needed[m], right[m], _LEAST)) for k, m in of_kind.items()},
    }


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
