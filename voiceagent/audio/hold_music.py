"""Hold music of our own making: a slow melody nobody has rights in, quiet enough to talk over."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from voiceagent.audio import wav
from voiceagent.audio.format import SAMPLE_RATE

#: Notes of the melody (Hz, 0 for a rest), each as long as the next, and their length in seconds.
MELODY = (262, 330, 392, 523, 392, 330, 294, 349, 440, 587, 440, 349, 247, 294, 392, 494, 392, 294, 262, 330, 392, 0)
NOTE_S = 0.6
_PEAK = 3000


def hold_music(path: Path) -> Path:
    """Write it as an 8 kHz mono WAV; the folder is made."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    pcm = (melody() * _PEAK).astype("<i2").tobytes()
    path.write_bytes(wav.header(len(pcm), channels=1) + pcm)
    return path


def melody() -> npt.NDArray[np.float64]:
    """Once through it, 8 kHz, -1..1."""
    seconds = np.arange(int(NOTE_S * SAMPLE_RATE)) / SAMPLE_RATE
    envelope = np.minimum(seconds / 0.02, 1) * np.exp(-seconds * 3)
    notes = [
        envelope * (np.sin(2 * np.pi * hertz * seconds) + 0.3 * np.sin(4 * np.pi * hertz * seconds)) for hertz in MELODY
    ]
    return np.concatenate(notes) / 1.3
