"""What a line's tones mean: a voicemail's beep, a busy line, the three tones of "no such number", a fax, ringing."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise

from voiceagent.audio.format import FRAME_S
from voiceagent.audio.levels import rms_dbov
from voiceagent.audio.tones import Tone, ToneDetector


class Signal(StrEnum):
    """What a machine says without words."""

    BEEP = "beep"
    """One steady tone and then nothing: speak now."""
    RINGBACK = "ringback"
    """Another telephone is being rung."""
    BUSY = "busy"
    CONGESTION = "congestion"
    """The fast busy tone, or a tone without end: there is no way through."""
    SIT = "sit"
    """Special information tones: an announcement follows."""
    FAX = "fax"


#: Heights (Hz) by which telephone exchanges ring and are busy: Latin America and Europe, the United Kingdom, the US.
_EXCHANGE = ((425.0,), (400.0,), (450.0,))
_EXCHANGE_US = ((440.0, 480.0), (460.0,))
_BUSY_US = (480.0, 620.0)
#: The three special information tones, each low or high.
_SIT = ((914.0, 985.0), (1371.0, 1429.0), (1777.0, 1777.0))
_SIT_LENGTHS_S = (0.2, 0.5)
_ANSWERING_FAX_HZ, _CALLING_FAX_HZ = (2100.0,), (1100.0,)
#: A fax that answers sounds for 2.6 s at least; one that calls, half a second every 3.5 s.
_FAX_S, _FAX_EVERY_S = 1.2, 3.5
#: A beep's length and height, and the quiet after it that makes it one.
_BEEP_S, _BEEP_HZ, _BEEP_AFTER_S = (0.2, 2.5), (390.0, 2600.0), 0.14
#: How far it stands above what was before and what comes after.
_BEEP_STANDS_DB = 6.0
#: And how wide its peak may be: wider is two sines side by side.
_BEEP_WIDTH = 0.9
#: A tone that follows another sooner is a note of a melody.
_NEXT_NOTE_S = 0.25
#: A beep of an exchange's own height lasts no longer, or it rings.
_RING_S = 0.75
#: Bursts of one length from which a rhythm is one.
_BURSTS = 3
_FAST_S = 0.35
#: The longest silence between two bursts of one.
_COUNTED_S = 0.8
#: A tone that does not end.
_ENDLESS_S = 3.0


@dataclass(frozen=True, slots=True)
class Signalled:
    """A signal, when its meaning was clear and where its sound began (seconds since the first frame)."""

    signal: Signal
    at_s: float
    began_s: float


class SignalDetector:
    """Takes 20 ms frames, gives each signal once it is certain."""

    def __init__(self) -> None:
        self._tones = ToneDetector()
        self._ended: list[Tone] = []
        self._waiting: Tone | None = None
        self._sounding: Tone | None = None
        self._told: set[tuple[Signal, float]] = set()

    @property
    def sounding(self) -> bool:
        """Whether a tone sounds now."""
        return self._sounding is not None

    @property
    def music(self) -> bool:
        """Whether notes sound, and have for a second."""
        return self._tones.music

    @property
    def now_s(self) -> float:
        """Seconds of frames taken so far."""
        return self._tones.now_s

    def toned(self, at_s: float) -> bool:
        """Whether a tone sounded at that second, within the last few tones."""
        tones = (*self._ended, self._sounding) if self._sounding is not None else self._ended
        return any(tone.begins_s <= at_s <= tone.ends_s + FRAME_S for tone in tones)

    @property
    def counting(self) -> bool:
        """Whether one sounds, or has so lately that it may be part of a rhythm."""
        last = self._ended[-1] if self._ended else None
        return self.sounding or (last is not None and self._tones.now_s - last.ends_s < _COUNTED_S)

    def process(self, pcm: bytes) -> Signalled | None:
        """Take one frame."""
        tone = self._tones.process(pcm)
        now = self._tones.now_s
        if tone is None:
            return self._quiet(now, rms_dbov(pcm))
        self._sounding = None if tone.over else tone
        if not tone.over:
            self._waiting = None
            signal = self._held(tone)
        else:
            self._ended = [*self._ended[-7:], tone]
            signal = self._rhythm()
            self._waiting = tone if signal is None and self._may_be_a_beep(tone) else None
        return self._tell(signal, tone.begins_s, now)

    def _tell(self, signal: Signal | None, began_s: float, now: float) -> Signalled | None:
        if signal is None or (signal, began_s) in self._told:
            return None
        self._told.add((signal, began_s))
        return Signalled(signal, now, began_s)

    def _quiet(self, now: float, dbov: float) -> Signalled | None:
        if self._sounding is not None and now - self._sounding.ends_s > 0.2:
            self._sounding = None
        waiting = self._waiting
        if waiting is not None and dbov > waiting.dbov - _BEEP_STANDS_DB:
            waiting = self._waiting = None  # it goes on in a voice
        if waiting is None or now - waiting.ends_s < _BEEP_AFTER_S:
            return None
        self._waiting = None
        return self._tell(Signal.BEEP, waiting.begins_s, now)

    def _held(self, tone: Tone) -> Signal | None:
        """What it is already while it sounds."""
        if tone.near(_ANSWERING_FAX_HZ, 0.015) and tone.seconds >= _FAX_S:
            return Signal.FAX
        exchange = any(tone.near(height) for height in (*_EXCHANGE, *_EXCHANGE_US))
        if exchange and tone.seconds >= _ENDLESS_S:
            return Signal.CONGESTION
        return Signal.RINGBACK if exchange and tone.seconds >= _RING_S else None

    def _rhythm(self) -> Signal | None:
        """What the tones that ended make together."""
        *_, last = self._ended
        if self._is_sit():
            return Signal.SIT
        if last.near(_CALLING_FAX_HZ) and any(
            tone.near(_CALLING_FAX_HZ) and abs(last.begins_s - tone.begins_s - _FAX_EVERY_S) < 0.3
            for tone in self._ended[:-1]
        ):
            return Signal.FAX
        burst = self._ended[-_BURSTS:]
        if len(burst) < _BURSTS or not any(last.near(height) for height in (*_EXCHANGE, _BUSY_US)):
            return None
        lengths = [tone.seconds for tone in burst]
        gaps = [after.begins_s - before.ends_s for before, after in pairwise(burst)]
        alike = all(tone.near(last.hertz) for tone in burst) and max(lengths) - min(lengths) <= 0.1
        regular = max(gaps) - min(gaps) <= 0.1 and min(gaps) >= 0.15 and max(gaps) <= 0.9
        if not (alike and regular and max(lengths) <= _RING_S):
            return None
        fast = last.near(_BUSY_US) and max(lengths) <= _FAST_S
        return Signal.CONGESTION if fast else Signal.BUSY

    def _is_sit(self) -> bool:
        three = self._ended[-3:]
        return (
            len(three) == len(_SIT)
            and all(
                len(tone.hertz) == 1
                and 0.97 * low <= tone.hertz[0] <= 1.03 * high
                and _SIT_LENGTHS_S[0] <= tone.seconds <= _SIT_LENGTHS_S[1]
                for tone, (low, high) in zip(three, _SIT, strict=True)
            )
            and all(after.begins_s - before.ends_s < 0.15 for before, after in pairwise(three))
        )

    def _may_be_a_beep(self, tone: Tone) -> bool:
        """Alone, steady, of a beep's length: neither the next of a rhythm or a melody nor a key nor a fax."""
        alone = len(tone.hertz) == 1 and _BEEP_HZ[0] <= tone.hertz[0] <= _BEEP_HZ[1]
        before = self._ended[-2] if len(self._ended) > 1 else None
        rhythm = before is not None and before.near(tone.hertz) and tone.begins_s - before.ends_s < 1.0
        note = before is not None and before.seconds >= _BEEP_S[0] and tone.begins_s - before.ends_s < _NEXT_NOTE_S
        rings = tone.seconds >= _RING_S and any(tone.near(height) for height in _EXCHANGE)
        stands = tone.rises_db >= _BEEP_STANDS_DB and tone.width <= _BEEP_WIDTH
        return alone and stands and _BEEP_S[0] <= tone.seconds <= _BEEP_S[1] and not (rhythm or note or rings)
