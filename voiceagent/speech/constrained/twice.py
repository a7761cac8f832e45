"""The second hearing of a turn: changed so that the mistakes of the head are others; heard both ways, it was said."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.denoise import NOISY_LINE_DB, denoised

#: Where noise does not confuse the head, a strange voice does: slower and deeper it is another one.
_SPEED = 0.92


def changed(samples: NDArray[np.float32], snr_db: float) -> NDArray[np.float32]:
    """The turn (8 kHz, -1..1) for its second hearing: its noise held down, on a quiet line slower and deeper."""
    return denoised(samples) if snr_db < NOISY_LINE_DB else slowed(samples)


def slowed(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """The turn played at 0.92 of its speed, an eighth longer at most."""
    length = max(1, int(samples.size / _SPEED))
    return np.asarray(np.interp(np.arange(length) * _SPEED, np.arange(samples.size), samples), np.float32)
