"""How speech on a telephone line is judged: its active level, clipped samples, steps that would be heard as clicks."""

from __future__ import annotations

import math

import numpy as np

from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.levels import FLOOR_DBOV, samples

#: After ITU-T P.56, method B: the envelope's time constant, the hang-over that bridges pauses inside speech, and how
#: far under the active level the threshold of activity lies.
ENVELOPE_S = 0.03
HANG_OVER_S = 0.2
MARGIN_DB = 15.9
_BLOCK = 8  # samples: the envelope is followed in steps of 1 ms
_THRESHOLDS = [2.0**-exponent for exponent in range(15, 0, -1)]
_CLIPPED = 32767
_CLICK_S = 0.001


def active_level_dbov(pcm: bytes) -> float:
    """The level of 8 kHz s16le speech while there is speech, pauses not counted; FLOOR_DBOV for silence.

    As ITU-T P.56 measures it, the envelope in steps of 1 ms: a steady signal measures its root mean square, and
    silence put before or after speech changes nothing.
    """
    values = samples(pcm).astype(np.float64) / 32768
    values = values[: values.size // _BLOCK * _BLOCK]
    power = float(np.sum(values**2)) / _BLOCK
    if not power:
        return FLOOR_DBOV
    envelope = _envelope(np.mean(np.abs(values.reshape(-1, _BLOCK)), axis=1))
    before: tuple[float, float] | None = None
    for threshold in _THRESHOLDS:
        active = _active(envelope, threshold)
        if not active:
            break
        level = 10 * math.log10(power / active)
        above = level - 20 * math.log10(threshold)
        if above <= MARGIN_DB:
            if before is None:
                return level
            # Between this threshold and the one before, where the margin is met.
            share = (before[1] - MARGIN_DB) / (before[1] - above)
            return before[0] + share * (level - before[0])
        before = (level, above)
    return before[0] if before else FLOOR_DBOV


def clipped(pcm: bytes) -> int:
    """Samples at full scale."""
    return int(np.count_nonzero(np.abs(samples(pcm).astype(np.int32)) >= _CLIPPED))


def step_dbov(pcm: bytes, at: int) -> float:
    """The largest step from one sample to the next within 1 ms of byte `at`: what a careless join leaves behind.

    Before the first sample and after the last one there is silence.
    """
    middle, reach = at // SAMPLE_BYTES, int(_CLICK_S * SAMPLE_RATE)
    values = np.concatenate([[0], samples(pcm).astype(np.int32), [0]])
    around = values[max(0, middle + 1 - reach) : middle + 1 + reach + 1]
    largest = int(np.max(np.abs(np.diff(around)))) if around.size > 1 else 0
    return 20 * math.log10(largest / 32768) if largest else FLOOR_DBOV


def _envelope(magnitudes: np.ndarray[tuple[int], np.dtype[np.float64]]) -> list[float]:
    keep = math.exp(-_BLOCK / (SAMPLE_RATE * ENVELOPE_S))
    first = second = 0.0
    smooth = []
    for magnitude in magnitudes.tolist():
        first = keep * first + (1 - keep) * magnitude
        second = keep * second + (1 - keep) * first
        smooth.append(second)
    return smooth


def _active(envelope: list[float], threshold: float) -> int:
    hang_over = int(HANG_OVER_S * SAMPLE_RATE / _BLOCK)
    since, count = hang_over, 0
    for value in envelope:
        since = 0 if value >= threshold else since + 1
        count += since < hang_over
    return count
