"""Pure tones on a line: where one or two sines sound alone, since when and how high. Frames are the time."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from voiceagent.audio.format import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE
from voiceagent.audio.levels import FLOOR_DBOV, rms_dbov, samples

#: Looked at in windows of two frames; a bin is half as wide as a frame's.
_WINDOW = np.hanning(2 * FRAME_SAMPLES)
_BIN_HZ = SAMPLE_RATE / (2 * FRAME_SAMPLES)
#: Of a windowed sine, the bins beside its peak that hold its energy.
_SPREAD = 2
#: Share of a window's energy in one sine, in two, and in the weaker of these.
_ALONE, _TOGETHER, _SECOND = 0.72, 0.8, 0.12
#: Nothing under this level (dBov) is a tone, nor anything outside these heights (Hz).
_QUIET_DBOV = -48.0
_LOWEST_HZ, _HIGHEST_HZ = 300.0, 3000.0
#: Nothing outside of this is looked at: hum, and what no line carries. A voice has its pitch inside.
_BAND_HZ = (150.0, 3500.0)
#: How far from its middle a window of a tone may be, in Hz: a voice never holds its pitch so still.
_STEADY_HZ = 12.0
#: Windows that may fail inside a tone (a lost packet, a click).
_HOLES = 2
_SHORTEST_FRAMES = 4
#: Frames, the present one among them, in which a tone must have come up.
_BEFORE = 6

#: Music holds this share of a window's energy in so few bins, in most of the windows of a second; noise does not.
_PEAKS, _IN_PEAKS = 12, 0.75
_MUSIC_FRAMES, _MOSTLY = 50, 0.6

#: Energy of a full-scale square wave in one window, for levels.
_FULL = 32768.0**2 * float(np.sum(_WINDOW**2)) * _WINDOW.size / 2
_QUIET = _FULL * 10 ** (_QUIET_DBOV / 10)
#: What `_heard` gives for a quiet window.
_NOTHING: tuple[tuple[float, ...], float, bool] = ((), 0.0, False)


@dataclass(frozen=True, slots=True)
class Tone:
    """One or two sines that sounded alone; seconds since the detector's first frame."""

    hertz: tuple[float, ...]
    begins_s: float
    seconds: float
    over: bool
    """False while it still sounds."""
    dbov: float = 0.0
    """Its level."""
    width: float = 0.0
    """Of its peak, in bins squared: 0.3 to 0.6 for one sine, more for two that are too near to be told apart."""
    rises_db: float = 0.0
    """How far it stands above what came just before it."""

    @property
    def ends_s(self) -> float:
        """Where it ended, or has come to."""
        return self.begins_s + self.seconds

    def near(self, hertz: tuple[float, ...], within: float = 0.03) -> bool:
        """Whether it has these heights, each within that share."""
        return len(hertz) == len(self.hertz) and all(
            abs(mine - other) <= within * other for mine, other in zip(self.hertz, hertz, strict=True)
        )


class ToneDetector:
    """Takes 20 ms frames, gives the tone that has just ended or, ten times a second, goes on."""

    def __init__(self) -> None:
        self._before = np.zeros(FRAME_SAMPLES)
        self._frames = 0
        self._hertz: tuple[float, ...] = ()
        self._began = 0
        self._last = 0
        self._seen: list[tuple[float, ...]] = []
        self._widths: list[float] = []
        self._levels: deque[float] = deque([FLOOR_DBOV] * _BEFORE, maxlen=_BEFORE)
        self._level = self._rise = 0.0
        self._tuneful: deque[bool] = deque(maxlen=_MUSIC_FRAMES)

    @property
    def music(self) -> bool:
        """Whether most of the last second held notes: music or tones, or a voice."""
        return sum(self._tuneful) >= _MOSTLY * _MUSIC_FRAMES

    @property
    def now_s(self) -> float:
        """Seconds of frames taken so far."""
        return self._frames * FRAME_S

    def process(self, pcm: bytes) -> Tone | None:
        """Take one frame."""
        frame = samples(pcm).astype(np.float64)
        window = np.concatenate([self._before, frame]) * _WINDOW
        self._before = frame
        hertz, width, tuneful = _heard(window) if _may_sound(window) else _NOTHING
        self._tuneful.append(tuneful)
        self._levels.append(rms_dbov(pcm))
        self._frames += 1
        if self._seen and self._continues(hertz):
            self._seen.append(hertz)
            self._widths.append(width)
            self._last = self._frames
            lasted = self._last - self._began
            return self._tone(over=False) if lasted >= _SHORTEST_FRAMES and lasted % 5 == 0 else None
        if self._seen and self._frames - self._last <= _HOLES:
            return None
        ended = self._tone(over=True) if self._last - self._began >= _SHORTEST_FRAMES else None
        self._seen, self._widths = ([hertz], [width]) if hertz else ([], [])
        self._began, self._last = self._frames - 1, self._frames
        self._level, self._rise = self._levels[-1], self._levels[-1] - min(self._levels)
        return ended

    def _continues(self, hertz: tuple[float, ...]) -> bool:
        known = self._middle()
        return len(known) == len(hertz) and all(
            abs(one - other) <= _STEADY_HZ for one, other in zip(known, hertz, strict=True)
        )

    def _middle(self) -> tuple[float, ...]:
        """The heights of the tone so far: a voice that glides leaves them soon."""
        return tuple(sorted(heights)[len(heights) // 2] for heights in zip(*self._seen, strict=True))

    def _tone(self, *, over: bool) -> Tone:
        hertz = self._middle()
        began_s, lasted_s = round(self._began * FRAME_S, 3), round((self._last - self._began) * FRAME_S, 3)
        return Tone(hertz, began_s, lasted_s, over, self._level, float(np.median(self._widths)), self._rise)


def _may_sound(window: npt.NDArray[np.float64]) -> bool:
    """Whether all that a (shaped) window holds would be loud enough in the band: most of a call is silence."""
    return float(np.dot(window, window)) * window.size / 2 > _QUIET


def _heard(window: npt.NDArray[np.float64]) -> tuple[tuple[float, ...], float, bool]:
    """The sines of a window and the width of the first, as `_sines` gives them, and whether it holds notes."""
    power, total = _power(window)
    tuneful = total > _QUIET and float(np.partition(power, -_PEAKS)[-_PEAKS:].sum()) > _IN_PEAKS * total
    return *_sines(power, total), tuneful


def _power(window: npt.NDArray[np.float64]) -> tuple[npt.NDArray[np.float64], float]:
    """What each bin of the band holds, and all together."""
    power = np.abs(np.fft.rfft(window)) ** 2
    power[: int(_BAND_HZ[0] / _BIN_HZ)] = power[int(_BAND_HZ[1] / _BIN_HZ) :] = 0.0
    return power, float(power.sum())


def _sines(power: npt.NDArray[np.float64], total: float) -> tuple[tuple[float, ...], float]:
    """The one or two sines that hold nearly all of the window, none when it is no tone; the width of the first.

    `power` is used up.
    """
    nothing = _NOTHING[:2]
    if total <= _QUIET:
        return nothing
    first, share, width = _strongest(power, total)
    if share >= _ALONE:
        return ((first,), width) if _LOWEST_HZ <= first <= _HIGHEST_HZ else nothing
    second, lesser, _ = _strongest(power, total)
    if lesser < _SECOND or share + lesser < _TOGETHER:
        return nothing
    low, high = sorted((first, second))
    return ((low, high), width) if low >= _LOWEST_HZ and high <= _HIGHEST_HZ else nothing


def _strongest(power: npt.NDArray[np.float64], total: float) -> tuple[float, float, float]:
    """Height in Hz, share and width (bins squared) of the strongest sine, which is taken out of `power`."""
    peak = int(np.argmax(power))
    low, high = max(0, peak - _SPREAD), min(power.size, peak + _SPREAD + 1)
    around = power[low:high]
    energy = max(float(around.sum()), 1e-9)
    bins = np.arange(low, high)
    middle = float(np.sum(bins * around)) / energy
    width = float(np.sum((bins - middle) ** 2 * around)) / energy
    power[low:high] = 0.0
    return middle * _BIN_HZ, energy / total, width
