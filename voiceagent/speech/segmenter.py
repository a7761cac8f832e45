"""Cuts a call's frames into turns. Pure: the frames are the time, so tests run hours of calls in moments."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from voiceagent.audio.format import FRAME_S
from voiceagent.audio.levels import FLOOR_DBOV, rms_dbov
from voiceagent.speech.protocol import SegmenterSettings, SegmentEvent, TurnAudio, TurnEnded, TurnStarted
from voiceagent.speech.silero import Confirmer
from voiceagent.speech.vad import SpeechDetector, TalkerLevel, WebRtcDetector

#: A turn starts when this many of the last frames hold speech: a click has one, a word has most.
START_FRAMES = 3
START_WINDOW = 5
#: Silence within the beginning of a turn, in frames, where a second opinion says that it is a voice: the stop of
#: "sexta", a word too soft to open the turn by itself. It is kept, and counts towards `min_speech_s`.
ONSET_GAP = 20
_LONGEST_ONSET = 50


class VadSegmenter:
    """Segmenter over a speech detector and, where there is one, a second opinion on what that takes for speech.

    `settings` may be exchanged at any time: each state has its own.
    """

    def __init__(
        self,
        settings: SegmenterSettings | None = None,
        detector: SpeechDetector | None = None,
        confirmer: Confirmer | None = None,
    ) -> None:
        self.settings = replace(settings) if settings else SegmenterSettings()
        alone = confirmer is None
        self._detector = detector or WebRtcDetector(WebRtcDetector.STRICTEST if alone else WebRtcDetector.STRICT)
        self._confirmer = confirmer
        self._sure = self._certain = confirmer is None
        self._onset_gap = START_WINDOW if confirmer is None else ONSET_GAP
        self._talker = TalkerLevel()
        self._recent: deque[bool] = deque(maxlen=START_WINDOW)
        self._kept: deque[bytes] = deque()
        self._open = False
        self._turn_frames = 0
        self._turn_speech = 0
        self._quiet = 0
        self._run_speech = 0
        self._onset_speech = 0
        self._onset_frames = 0

    def process(self, pcm: bytes, *, hidden: bool = False) -> list[SegmentEvent]:
        """Take one 20 ms frame, give what it decides: a start, more audio, or audio and the end.

        A `hidden` frame is kept but never counts as speech.
        """
        speech = self._detector.is_speech(pcm)
        loud = self._detector.loud and not hidden
        dbov = rms_dbov(pcm) if loud else FLOOR_DBOV
        self._talker.passes()
        loud = loud and not self._talker.behind(dbov, in_turn=self._open)
        speech = speech and loud
        if self._confirmer is not None:
            speech = self._confirmer.hear(pcm, speech, loud)
            self._sure, self._certain = self._confirmer.sure, self._confirmer.certain
        if speech and self._open and self._certain:
            self._talker.heard(dbov)
        self._recent.append(speech)
        self._quiet = 0 if speech else self._quiet + 1
        self._run_speech = 0 if self._quiet > START_WINDOW else self._run_speech + speech
        # Nothing is bridged between pieces of what may be the agent's own voice coming back: they would make a word.
        if self._quiet > (START_WINDOW if hidden else self._onset_gap):
            self._onset_speech = self._onset_frames = 0
        elif speech or self._onset_frames:
            self._onset_speech += speech
            self._onset_frames += 1
        return self._inside(pcm, speech) if self._open else self._outside(pcm)

    def reset(self) -> None:
        """Forget the open turn and the pre-roll; what is known about the line's noise stays."""
        self._recent.clear()
        self._kept.clear()
        self._open = False
        self._turn_frames = self._turn_speech = 0
        self._quiet = self._run_speech = self._onset_speech = self._onset_frames = 0

    @property
    def speaking_s(self) -> float:
        """Seconds of speech in the run going on now, pauses of up to 0.1 s bridged; 0 when silent or not confirmed."""
        return round(self._run_speech * FRAME_S, 3) if self._sure else 0.0

    @property
    def voice_s(self) -> float:
        """The same once it is certain to be a voice: what may stop the agent."""
        return self.speaking_s if self._certain else 0.0

    @property
    def silent_s(self) -> float:
        """Seconds since the last frame of speech."""
        return _seconds(self._quiet)

    @property
    def in_turn(self) -> bool:
        """Whether a turn is open."""
        return self._open

    def _outside(self, pcm: bytes) -> list[SegmentEvent]:
        self._kept.append(pcm)
        pre_roll = _frames(self.settings.pre_roll_s)
        # Bounded even when single frames of crackle keep a run alive without ever making a turn.
        onset = min(self._onset_frames, _LONGEST_ONSET)
        while len(self._kept) > max(pre_roll + onset, 1):
            self._kept.popleft()
        enough = sum(self._recent) >= START_FRAMES and self._onset_speech >= _frames(self.settings.min_speech_s)
        if not enough or not self._sure:
            return []
        self._open = True
        self._turn_frames = len(self._kept)
        self._turn_speech = self._onset_speech
        audio = b"".join(self._kept)
        self._kept.clear()
        return [TurnStarted(audio, _seconds(onset))]

    def _inside(self, pcm: bytes, speech: bool) -> list[SegmentEvent]:
        self._turn_frames += 1
        self._turn_speech += speech
        events: list[SegmentEvent] = [TurnAudio(pcm)]
        ended = self._quiet >= max(1, _frames(self.settings.end_silence_s))
        cut = not ended and self._turn_frames >= _frames(self.settings.max_turn_s)
        if ended or cut:
            events.append(TurnEnded(_seconds(self._turn_speech), _seconds(self._quiet), cut))
            self.reset()
        return events


def _frames(seconds: float) -> int:
    """Frames that last at least that long."""
    return math.ceil(seconds / FRAME_S - 1e-9)


def _seconds(frames: int) -> float:
    return round(frames * FRAME_S, 3)
