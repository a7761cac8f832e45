"""The bridge's end of a line: 20 ms in, 20 ms out, on the library's media thread."""

from __future__ import annotations

import time

from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_RATE, SILENCE
from voiceagent.telephony.line import FrameTap
from voiceagent.telephony.pj import keep_thread, pj, read_frame, write_frame
from voiceagent.telephony.playout import Heard, Playout

#: A frame that comes later than this behind the one before it is audible.
LATE_S = 2 * FRAME_S
#: The library's clock gives up catching up behind this much delay; what it skipped is missing from a recording.
SKIP_S = 0.5


class Wires:
    """What a port is connected to during one call: two rings and, from the answer on, a tap."""

    def __init__(self) -> None:
        self.playout = Playout()
        self.heard = Heard()
        self.tap: FrameTap | None = None
        self.answered = False
        """Until then the network's own tones come in, and nobody listens: no conversation wants either."""
        self.late = 0
        """Frames fetched later than LATE_S after the one before."""
        self._near: bytes | None = None
        self._last = 0.0

    def fetch(self) -> bytes:
        """The frame to play now."""
        now = time.perf_counter()
        gap = now - self._last if self._last else 0.0
        self._last = now
        if gap > LATE_S:
            self.late += 1
        if self._near is not None:
            self._give(self._near, SILENCE)  # the bridge had nothing from the far side at that tick
        if gap > SKIP_S:
            for _ in range(round(gap / FRAME_S) - 1):
                self._give(SILENCE, SILENCE)
        self._near = self.playout.fetch() if self.answered else SILENCE
        return self._near

    def receive(self, frame: bytes) -> None:
        """The frame heard in the same tick."""
        near, self._near = self._near, None
        if self.answered:
            self.heard.put(frame)
        self._give(near or SILENCE, frame)

    def _give(self, near: bytes, far: bytes) -> None:
        if self.tap is not None and self.answered:
            self.tap.push(near, far)


class FramePort(pj.AudioMediaPort):  # type: ignore[misc]
    """A port of the conference bridge. Ports are made once and lent to calls.

    Taking one down while the media thread is inside it is the kind of race that ends a process, so it is never done.
    """

    def __init__(self, name: str) -> None:
        super().__init__()
        wanted = pj.MediaFormatAudio()
        wanted.init(pj.PJMEDIA_FORMAT_PCM, SAMPLE_RATE, 1, int(FRAME_S * 1_000_000), 16)
        self.createPort(name, wanted)
        self.lent = False
        """Whether a call has it. The owner thread's business."""
        self.wires: Wires | None = None
        """Where its audio goes while a call's audio is connected."""
        self.failures = 0
        """Callbacks that failed; an exception must not reach the library."""

    def onFrameRequested(self, frame: pj.MediaFrame) -> None:
        """Fill in what the far side hears next."""
        keep_thread()
        try:
            wires = self.wires
            pcm = SILENCE if wires is None else wires.fetch()
            frame.type = pj.PJMEDIA_FRAME_TYPE_AUDIO
            frame.size = FRAME_BYTES
            write_frame(frame.buf, pcm)
        except Exception:
            self.failures += 1

    def onFrameReceived(self, frame: pj.MediaFrame) -> None:
        """Take what the far side said; idle ports are called too."""
        keep_thread()
        try:
            wires = self.wires
            if wires is not None:
                pcm = read_frame(frame.buf) if frame.type == pj.PJMEDIA_FRAME_TYPE_AUDIO else SILENCE
                wires.receive(pcm if len(pcm) == FRAME_BYTES else SILENCE)
        except Exception:
            self.failures += 1
