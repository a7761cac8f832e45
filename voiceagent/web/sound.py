"""Recordings on disk: where a call's file is, safely, and the peaks a timeline draws."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np

from voiceagent.web import views
from voiceagent.web.problems import ProblemError

#: Peaks per channel: about one per pixel of a wide screen.
PEAKS = 900


def find_file(recordings: Path, relative: str) -> Path:
    """The file of a recording's row; 404 when it is gone or the row points outside the recordings' directory."""
    root = recordings.resolve()
    path = (root / relative).resolve()
    if not path.is_relative_to(root) or not path.is_file():
        raise ProblemError(404, "recording_missing", "the file of this recording is not on this machine")
    return path


def waveform(path: Path, peaks: int = PEAKS) -> views.Waveform:
    """Peaks of both sides, 0 to 1. Reads the whole file: call it off the event loop."""
    try:
        with wave.open(str(path), "rb") as file:
            if file.getnchannels() != 2 or file.getsampwidth() != 2:
                raise ProblemError(409, "recording_format", "this recording is not 16-bit stereo")
            rate, samples = file.getframerate(), file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ProblemError(409, "recording_format", f"this recording cannot be read: {error}") from error
    sound = np.abs(np.frombuffer(samples[: len(samples) // 4 * 4], dtype="<i2").astype(np.int32)).reshape(-1, 2)
    if not len(sound):
        return views.Waveform(seconds=0.0, agent=[], debtor=[])
    edges = np.unique(np.linspace(0, len(sound), min(peaks, len(sound)), endpoint=False).astype(int))
    highest = np.maximum.reduceat(sound, edges, axis=0) / 32768
    agent, debtor = (np.round(highest[:, side], 3).tolist() for side in (0, 1))
    return views.Waveform(seconds=round(len(sound) / rate, 3), agent=agent, debtor=debtor)
