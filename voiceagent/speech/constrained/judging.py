"""How far an answer that was found may be believed: a confidence that means a probability, and what it takes."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import Levenshtein

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.constrained.denoise import NOISY_LINE_DB
from voiceagent.speech.constrained.listening import Answer, plain_words
from voiceagent.speech.constrained.phones import labels
from voiceagent.speech.protocol import NOISY_DB

_BLOCK = SAMPLE_RATE // 50
QUIET_LINE_DB = 40.0
#: Share of phones that may differ before two texts no longer sound alike.
ALIKE = 0.34
#: Share of a value that may lack a word: the rival is one that the search did not find.
_MAY_LACK = 0.9
#: Log odds that a share can reach.
_SUREST = 12.0
#: Where features lie in their row, and the noise from which a second opinion is needed.
_FIT, _ODDS, NOISE, AGREES = 1, 2, 3, 4
#: Words that were not said fit worse than this.
_OTHER_FIT = -2.0
_LOUD = (NOISY_LINE_DB - NOISY_DB) / 10


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic scale from scores to the probability of being right, fitted on voices that were never trained on."""

    alone: tuple[float, ...]
    """Weights of (1, fit, log odds of the share, noise) when only the head was asked."""
    checked: tuple[float, ...]
    """The same, one for agreement and one for the fit of what the decoder agrees with, when that was asked as well."""
    again: tuple[float, ...]
    """The same and one for agreement, when the head heard the turn a second time with its noise held down."""
    needed: Mapping[str, float]
    """Kind of answer → the confidence it takes."""
    sure: Mapping[str, float]
    """Kind of answer → the confidence it takes without asking Whisper's decoder, on a noisy line."""
    quiet: Mapping[str, float]
    """The same on a quiet line."""

    def takes(self, kind: str, snr_db: float) -> float:
        """The confidence that an answer of that kind takes without asking Whisper's decoder."""
        return (self.sure if snr_db < NOISY_LINE_DB else self.quiet)[kind]

    def confidence(self, answer: Answer, snr_db: float, agrees: float | None) -> float:
        """Probability that the answer's value is what was said; `agrees` as `agreement` gives it, None = not asked."""
        if agrees is None:
            return unaided(features(answer, snr_db, None), self.alone)
        return certainty(seconded(answer, snr_db, agrees), self.checked)

    def confidence_again(self, answer: Answer, snr_db: float, second: Answer | None, same_value: bool) -> float:
        """The same after a second hearing, which gave the same value or not."""
        return unaided(repeated(answer, snr_db, second, same_value), self.again)


def certainty(row: Sequence[float], weights: Sequence[float]) -> float:
    """The scale at one row of features.

    On a noisy line the head mistakes "três" for "treze" with a clear conscience: there nothing is certain that neither
    the decoder nor a second hearing supports.
    """
    chance = 1 / (1 + math.exp(-sum(w * x for w, x in zip(weights, row, strict=True))))
    supported = len(row) > AGREES and row[AGREES] > 0
    return chance if supported or row[NOISE] <= _LOUD else min(chance, 0.5)


def unaided(row: Sequence[float], weights: Sequence[float]) -> float:
    """The scale where only the head was asked: never surer than the value's share, however often it is heard.

    Where two values sound the same, only the decoder can tell them apart.
    """
    return min(certainty(row, weights), 1 / (1 + math.exp(-row[_ODDS])))


def features(answer: Answer, snr_db: float, agrees: float | None) -> list[float]:
    """What the scale weighs."""
    share = min(answer.share, _MAY_LACK) if answer.unexplained else answer.share
    odds = math.log(share / max(1 - share, 1e-9))
    noise = max(0.0, NOISY_LINE_DB - snr_db) / 10
    row = [1.0, max(answer.fit, -4.0), min(odds, _SUREST), noise]
    return row if agrees is None else [*row, agrees]


def seconded(answer: Answer, snr_db: float, agrees: float) -> list[float]:
    """What the scale weighs after the decoder was asked.

    A voice that the head does not know fits badly. Where the decoder means the same value, only a fit as bad as other
    words have tells against it.
    """
    row = features(answer, snr_db, agrees)
    if agrees < 1.0:
        return [*row, 0.0]
    row[_FIT] = 0.0
    return [*row, min(0.0, max(answer.fit, _OTHER_FIT - 3.0) - _OTHER_FIT)]


def agreement(free: str, same_value: bool, answer: Answer, language: str) -> float:
    """1 when the free decode means the same, less the less it sounds like the answer, down to 0."""
    if same_value:
        return 1.0
    if answer.unexplained:
        return 0.0  # with a digit less it would sound like it too
    heard, said = labels(plain_words(free), language), labels(plain_words(answer.text), language)
    if not heard or not said:
        return 0.0
    return max(0.0, 1.0 - Levenshtein.distance(heard, said) / (ALIKE * len(said))) * 0.8


def repeated(first: Answer, snr_db: float, second: Answer | None, same_value: bool) -> list[float]:
    """What the scale weighs after a second hearing.

    Its agreement is 1 when it gives the same value as well as the first did, less the worse it fits, 0 for another. The
    value's share is the lesser of both: a rival that one of them hears is not away because the other does not.
    """
    if second is None or second.kind != first.kind or not same_value:
        return features(first, snr_db, 0.0)
    lesser = replace(first, share=min(first.share, second.share), unexplained=first.unexplained and second.unexplained)
    return features(lesser, snr_db, max(0.2, 1.0 + max(second.fit, -2.0) / 2))


def signal_to_noise(samples: NDArray[np.float32]) -> float:
    """Speech over the noise between words, in dB, at most `QUIET_LINE_DB`; samples of one turn, 8 kHz."""
    blocks = samples[: samples.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    if len(blocks) < 5:
        return QUIET_LINE_DB
    powers = np.sort(np.mean(blocks.astype(np.float64) ** 2, axis=1))
    if powers[-1] <= 0.0:
        return QUIET_LINE_DB
    floor = float(powers[: max(2, len(powers) // 10)].mean()) + 1e-12
    loud = float(powers[powers > powers[-1] / 30].mean()) + 1e-12
    return min(QUIET_LINE_DB, max(0.0, 10 * math.log10(max(loud - floor, 1e-12) / floor)))


@lru_cache(maxsize=1)
def shipped_calibration() -> Calibration | None:
    """The calibration of the shipped heads, one for all: a language alone has too few errors to learn from."""
    path = resources.files("voiceagent.speech.constrained").joinpath("weights", "calibration.json")
    if not path.is_file():
        return None
    stored = json.loads(path.read_text(encoding="utf-8"))
    alone, checked, again = (tuple(stored[name]) for name in ("alone", "checked", "again"))
    return Calibration(alone, checked, again, stored["needed"], stored["sure"], stored["quiet"])
