"""What comes back of our own voice: quieter by a known measure, and never cause to stop or to listen."""

from __future__ import annotations

from collections import deque

from voiceagent.audio.format import FRAME_S
from voiceagent.audio.levels import FLOOR_DBOV, rms_dbov

#: A line returns our voice weaker by at least this (20 dB and more behind a carrier's canceller); a person is louder.
LOSS_DB = 18.0
#: It returns within this.
DELAY_S = 0.4


class EchoGuard:
    """Knows how loud we were a moment ago; one frame of 20 ms each way at a time."""

    def __init__(self) -> None:
        self._played: deque[float] = deque([FLOOR_DBOV], maxlen=round(DELAY_S / FRAME_S))

    def played(self, dbov: float) -> None:
        """How loud the agent is in this beat."""
        self._played.append(dbov)

    def hides(self, pcm: bytes) -> bool:
        """Whether what is heard may be no more than our own voice coming back."""
        loudest = max(self._played)
        return loudest > FLOOR_DBOV and rms_dbov(pcm) < loudest - LOSS_DB
