"""What comes back of our own voice: quieter, the same waves a moment later, and never cause to stop or to listen."""

from __future__ import annotations

from collections import deque

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import FRAME_S, FRAME_SAMPLES, SILENCE
from voiceagent.audio.levels import rms_dbov, samples

#: A line returns our voice weaker by at least this (20 dB and more behind a carrier's canceller); a person is louder.
LOSS_DB = 18.0
#: It returns within this.
DELAY_S = 0.4
#: Quieter than this nothing opens a turn anyway.
_QUIETEST_DBOV = -50.0
#: Only while we are louder than this anything is learnt of the line.
_SPEAKING_DBOV = -40.0
#: What comes back weaker than this stops nobody.
_NOTHING_DB = 36.0
#: So much of what is compared: shorter pieces of two voices resemble each other.
_COMPARED_S = 0.08
#: Waves that resemble ours less are somebody else's, on a line whose echo mostly resembles ours more than that.
_OURS, _RECOGNISABLE = 0.5, 0.6
#: There it is ours however little is lost (a room carries some notes far), down to this, if it resembles ours so much.
_LEAST_LOSS_DB, _SURELY_OURS = 8.0, 0.8
#: Share of a frame in what is known of an echo's likeness.
_SHARE = 0.05
#: A line on which nothing came back for so long while we spoke returns nothing, until so many frames more than not
#: resemble ours: fewer than it takes to stop us.
_SILENT_FRAMES, _ALIKE_FRAMES = round(1.0 / FRAME_S), 8


class EchoGuard:
    """Knows what we said a moment ago; one frame of 20 ms each way at a time.

    A frame that is so much quieter than our own voice may be no more than that. On a line it knows nothing of yet it is
    taken for that. It learns: where nothing ever comes back it is a person, and where our own waves are recognised in
    what comes back, other waves are.
    """

    def __init__(self) -> None:
        frames = round(DELAY_S / FRAME_S)
        compared = round(_COMPARED_S / FRAME_S)
        self._levels: deque[float] = deque([rms_dbov(SILENCE)], maxlen=frames)
        self._played: deque[bytes] = deque([SILENCE] * (frames + compared), maxlen=frames + compared)
        self._heard: deque[bytes] = deque([SILENCE] * compared, maxlen=compared)
        self._likeness = 0.0
        self._nothing = self._alike = 0

    def played(self, pcm: bytes) -> None:
        """What the agent says in this beat (SILENCE for nothing)."""
        self._levels.append(rms_dbov(pcm))
        self._played.append(pcm if len(pcm) == len(SILENCE) else SILENCE)

    def hides(self, pcm: bytes) -> bool:
        """Whether what is heard may be no more than our own voice coming back."""
        self._heard.append(pcm)
        loudest = max(self._levels)
        if loudest <= _QUIETEST_DBOV:
            return False
        dbov, speaking = rms_dbov(pcm), loudest > _SPEAKING_DBOV
        if dbov >= loudest - LOSS_DB:
            likeness = self._resembles() if dbov < loudest - _LEAST_LOSS_DB else 0.0
            if likeness < _SURELY_OURS:
                return False
            # Only what is surely ours teaches here: so loud, other waves are a person's, who tells nothing of the line.
            self._learn(likeness)
            return self._likeness >= _RECOGNISABLE
        if dbov < max(_QUIETEST_DBOV, loudest - _NOTHING_DB):
            self._nothing += speaking
            return True
        likeness = self._resembles()
        if self._nothing >= _SILENT_FRAMES:
            self._alike = self._alike + 1 if likeness >= _RECOGNISABLE else max(0, self._alike - 1)
            if self._alike < _ALIKE_FRAMES:
                return False
        self._nothing = self._alike = 0
        if speaking:
            self._learn(likeness)
        return likeness >= _OURS or self._likeness < _RECOGNISABLE

    def _learn(self, likeness: float) -> None:
        self._likeness += _SHARE * (likeness - self._likeness)

    def _resembles(self) -> float:
        """0-1: how much the last of what was heard is like any piece of what was played, at whatever level."""
        heard = _values(self._heard)
        played = _values(self._played)
        size = 1 << (played.size + heard.size - 1).bit_length()
        spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(heard, size))
        products = np.fft.irfft(spectrum, size)[: played.size - heard.size + 1]
        energy = np.concatenate(([0.0], np.cumsum(played**2)))
        pieces = energy[heard.size :] - energy[: -heard.size]
        scale = np.sqrt(np.maximum(pieces, FRAME_SAMPLES) * max(float(np.sum(heard**2)), 1.0))
        return float(np.max(np.abs(products) / scale))


def _values(frames: deque[bytes]) -> NDArray[np.float64]:
    return samples(b"".join(frames)).astype(np.float64)
