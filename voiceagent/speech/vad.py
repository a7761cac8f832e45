"""Whether a 20 ms frame holds speech: webrtcvad and an energy floor that follows the line's noise."""

from __future__ import annotations

from typing import Protocol

from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_RATE
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.errors import INSTALL, MissingPartError


class SpeechDetector(Protocol):
    """Judges frames one after the other."""

    def is_speech(self, pcm: bytes) -> bool:
        """Whether this 20 ms frame (8 kHz s16le) holds speech."""
        ...

    @property
    def loud(self) -> bool:
        """Whether the frame judged last stands out of the line's noise, speech or not."""
        ...


class EnergyFloor:
    """The level of the line's noise: falls at once to a quieter frame, rises slowly, so speech does not lift it."""

    #: dB per frame. 0.05 is 2.5 dB a second: a noisier line is learnt within seconds, a sentence hardly moves it.
    RISE_DB = 0.05
    #: Speech stands out of the noise by this much.
    MARGIN_DB = 9.0
    #: Nothing quieter is speech on a telephone line, whatever the noise.
    QUIETEST_DBOV = -50.0
    #: The floor is never believed to be above this: loud speech from the first frame must still count.
    HIGHEST_DBOV = -34.0

    def __init__(self) -> None:
        self.floor_dbov = self.HIGHEST_DBOV

    def above(self, pcm: bytes) -> bool:
        """Whether the frame stands out of the noise; learns from it."""
        level = rms_dbov(pcm)
        if level < self.floor_dbov:
            # Half-way at once: a single lost packet of zeros must not put the floor at the bottom for good.
            self.floor_dbov += 0.5 * (max(level, -75.0) - self.floor_dbov)
        else:
            self.floor_dbov = min(self.floor_dbov + self.RISE_DB, self.HIGHEST_DBOV)
        return level > max(self.floor_dbov + self.MARGIN_DB, self.QUIETEST_DBOV)


class TalkerLevel:
    """How loud who speaks with us is: voices far below that are in the room behind, or on a television."""

    #: Below the talker by more than the first, somebody else begins to speak; within a turn one's own last words may
    #: fall as far as the second.
    BEGINS_DB, GOES_ON_DB = 18.0, 22.0
    #: Share of a louder frame in what is known: a tenth of a second of speech makes a level.
    SHARE = 0.2
    #: dB per frame, two in a minute, by which it is forgotten: another person may take the telephone over.
    FORGETS_DB = 2 / 60 * FRAME_S
    _NOBODY_DBOV = -100.0

    def __init__(self) -> None:
        self._dbov = self._NOBODY_DBOV

    def behind(self, dbov: float, *, in_turn: bool) -> bool:
        """Whether speech of that level is none of the talker's."""
        return dbov < self._dbov - (self.GOES_ON_DB if in_turn else self.BEGINS_DB)

    def heard(self, dbov: float) -> None:
        """A frame of the talker's."""
        self._dbov = max(self._dbov, dbov - self.GOES_ON_DB)
        if dbov > self._dbov:
            self._dbov += self.SHARE * (dbov - self._dbov)

    def passes(self) -> None:
        """A frame's time."""
        self._dbov = max(self._NOBODY_DBOV, self._dbov - self.FORGETS_DB)


class EnergyDetector:
    """The energy floor alone: for tests and machines without webrtcvad."""

    def __init__(self) -> None:
        self._floor = EnergyFloor()
        self.loud = False

    def is_speech(self, pcm: bytes) -> bool:
        """Whether the frame stands out of the noise."""
        self.loud = self._floor.above(pcm)
        return self.loud


class WebRtcDetector:
    """webrtcvad AND the energy floor: steady noise that fools the first is held by the second.

    `mode` is webrtcvad's: the strictest where it decides alone; it hears nothing but stressed vowels of a soft voice.
    """

    STRICTEST, STRICT = 3, 2

    def __init__(self, mode: int = STRICTEST) -> None:
        try:
            import webrtcvad
        except ImportError as error:
            raise MissingPartError(f"voice activity detection needs webrtcvad-wheels: {INSTALL}") from error
        self._vad = webrtcvad.Vad(mode)
        self._floor = EnergyFloor()
        self.loud = False

    def is_speech(self, pcm: bytes) -> bool:
        """Whether both hear speech; ValueError for anything but a 20 ms frame."""
        if len(pcm) != FRAME_BYTES:
            raise ValueError(f"a frame has {FRAME_BYTES} bytes, got {len(pcm)}")
        # Both learn from every frame, so neither may be skipped.
        self.loud = self._floor.above(pcm)
        return bool(self._vad.is_speech(pcm, SAMPLE_RATE)) and self.loud
