"""The other hearings of a turn: changed so that the mistakes of the head are others; what is heard each way was said.

Neither change makes the head better by much. Which changes are worth a pass of the encoder was measured on voices that
no head learnt from: of nine, these two together tell most of what is right from what is not.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from voiceagent.speech.constrained.denoise import denoised

SECOND, THIRD = 2, 3
#: Slower and deeper a strange voice is another one.
_SPEED, _SPEED_THIRD = 0.92, 0.85


def changed(samples: NDArray[np.float32], hearing: int) -> NDArray[np.float32]:
    """The turn (8 kHz, -1..1) for its second hearing, its noise held down and slower, or for its third, slower yet."""
    return slowed(denoised(samples), _SPEED) if hearing == SECOND else slowed(samples, _SPEED_THIRD)


def slowed(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """The turn played at a share of its speed; as much deeper and longer."""
    length = max(1, int(samples.size / speed))
    return np.asarray(np.interp(np.arange(length) * speed, np.arange(samples.size), samples), np.float32)
