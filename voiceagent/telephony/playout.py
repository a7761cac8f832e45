"""Playout and hearing: the two bounded rings of a line, between the media thread and the asyncio loop."""

from __future__ import annotations

from collections import deque

import numpy as np

from voiceagent.audio.format import FRAME_BYTES, FRAME_SAMPLES, SILENCE

#: Frames a ring holds: 2 s.
RING_FRAMES = 100


class Playout:
    """Audio waiting to be fetched, one frame per 20 ms, by the bridge.

    One thread plays, flushes and ducks; another one fetches. Every step that both could take is a single deque
    operation, which the interpreter makes atomic, so neither ever waits for the other.
    """

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque()
        self._wanted_gain = self._gain = 1.0
        self.generation = 0
        """Raised by every flush."""
        self.played = 0
        """Bytes of queued audio fetched so far."""
        self.ran_dry = 0
        """Times the queue was empty right after a frame of audio: the end of a prompt, or a mouth that was too slow."""
        self._speaking = False

    def room(self) -> int:
        """Bytes that `play` would take now."""
        return (RING_FRAMES - len(self._frames)) * FRAME_BYTES

    def queued(self) -> int:
        """Bytes not yet fetched."""
        return len(self._frames) * FRAME_BYTES

    def play(self, pcm: bytes, generation: int | None = None) -> int:
        """Queue whole frames as far as there is room; returns the bytes taken.

        Audio made for an older generation is taken and thrown away, so that whoever still writes it comes to its end.
        """
        if generation is not None and generation != self.generation:
            return len(pcm) - len(pcm) % FRAME_BYTES
        taken = min(self.room(), len(pcm) - len(pcm) % FRAME_BYTES)
        self._frames.extend(pcm[start : start + FRAME_BYTES] for start in range(0, taken, FRAME_BYTES))
        return taken

    def flush(self) -> None:
        """Drop what is queued."""
        self.generation += 1
        self._frames.clear()

    def duck(self, decibels: float) -> None:
        """Play `decibels` lower from the next frame on; the change is spread over that frame, so it does not click."""
        self._wanted_gain = 10 ** (-max(0.0, decibels) / 20)

    def fetch(self) -> bytes:
        """The next frame, silence when nothing is queued. For the bridge's thread only."""
        try:
            frame = self._frames.popleft()
        except IndexError:
            self.ran_dry += self._speaking
            self._speaking = False
            self._gain = self._wanted_gain
            return SILENCE
        self._speaking = True
        self.played += FRAME_BYTES
        wanted = self._wanted_gain
        if wanted == 1.0 and self._gain == 1.0:
            return frame
        slope = np.linspace(self._gain, wanted, FRAME_SAMPLES, dtype=np.float32)
        self._gain = wanted
        return (np.frombuffer(frame, dtype="<i2") * slope).astype("<i2").tobytes()


class Heard:
    """Frames received and not yet taken; the oldest are dropped, and counted, when nobody takes them for 2 s."""

    def __init__(self) -> None:
        self._frames: deque[bytes] = deque(maxlen=RING_FRAMES)
        self.frames = 0
        """Frames received since the call began."""
        self.dropped = 0

    def put(self, frame: bytes) -> None:
        """Keep one frame. For the bridge's thread only."""
        self.dropped += len(self._frames) == RING_FRAMES
        self._frames.append(frame)
        self.frames += 1

    def take(self) -> bytes:
        """Every frame kept, oldest first."""
        frames = []
        try:
            while True:
                frames.append(self._frames.popleft())
        except IndexError:
            return b"".join(frames)
