"""What a telephone line brings that is nobody speaking to us: noise, music, tones, throats and clicks. 8 kHz, -1..1."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.hold_music import melody
from voiceagent.simulator.answerer_clips import silence, sound_of, tone
from voiceagent.speech.training.damage import level, mixed, noise

Sound = NDArray[np.float32]
Maker = Callable[[np.random.Generator], Sound]
"""Some seconds of a sound; its level is set afterwards."""

_DIAL = ((425.0,), (350.0, 440.0))
_KEYS = ((697.0, 770.0, 852.0, 941.0), (1209.0, 1336.0, 1477.0))
_RINGING = ("[ringing]", "[ring]")
_STREET_S = 12.0
_BAR_S = 2.0


def lasting(make: Maker, seconds: float, dbov: float, chance: np.random.Generator) -> Sound:
    """So many seconds of it, its loud parts at that level, one piece after the other."""
    wanted, parts, size = round(seconds * SAMPLE_RATE), [], 0
    while size < wanted:
        part = make(chance)
        parts.append(part)
        size += part.size
    return level(np.concatenate(parts)[:wanted], dbov)


def coloured(kind: str) -> Maker:
    """White or pink noise, hum with hiss."""
    return lambda chance: noise(kind, 4 * SAMPLE_RATE, chance)


def babble(voices: Sequence[Sound]) -> Maker:
    """A room full of people who speak with each other."""
    return lambda chance: mixed(list(voices), 8 * SAMPLE_RATE, chance)


def street(chance: np.random.Generator) -> Sound:
    """Cars that pass, a motor, a horn now and then."""
    size = int(_STREET_S * SAMPLE_RATE)
    moments = np.arange(size) / SAMPLE_RATE
    made = 0.25 * noise("pink", size, chance)
    for _ in range(int(chance.integers(2, 5))):
        passing = np.exp(-(((moments - chance.uniform(0, _STREET_S)) / chance.uniform(0.8, 2.0)) ** 2))
        made += passing * noise("pink", size, chance) * chance.uniform(0.5, 1.0)
    hertz = chance.uniform(40, 90)
    motor = sum(np.sin(2 * np.pi * hertz * k * moments + chance.uniform(0, 6)) / k for k in range(1, 9))
    made += 0.15 * motor * (1 + 0.3 * np.sin(2 * np.pi * 0.4 * moments))
    if chance.random() < 0.5:
        horn = tone((405.0, 510.0), float(chance.uniform(0.2, 0.7)), 0.8)
        at = int(chance.integers(0, size - horn.size))
        made[at : at + horn.size] += horn
    return np.asarray(made, np.float32)


def waiting_melody(chance: np.random.Generator) -> Sound:
    """The exchange's own music on hold."""
    return np.asarray(melody(), np.float32)


def band(chance: np.random.Generator) -> Sound:
    """Two bars of chords, bass and drums."""
    size = int(2 * _BAR_S * SAMPLE_RATE)
    moments = np.arange(size) / SAMPLE_RATE
    beat = moments % 0.5
    made = np.zeros(size)
    for bar, root in enumerate(chance.choice([196.0, 220.0, 262.0, 294.0], size=2)):
        inside = (moments >= bar * _BAR_S) & (moments < (bar + 1) * _BAR_S)
        third = chance.choice([1.189, 1.26])
        strum = np.exp(-3 * beat) * inside
        for step in (1.0, third, 1.498, 2.0):
            made += strum * sum(np.sin(2 * np.pi * root * step * k * moments) / k**1.5 for k in range(1, 5))
        made += 1.5 * np.exp(-2 * beat) * inside * np.sin(np.pi * root * moments)
        lead = root * 2 * chance.choice([1.0, 1.122, 1.26, 1.498], size=8)
        pitch = np.repeat(lead, int(_BAR_S * SAMPLE_RATE / 8))
        phase = np.cumsum(pitch * (1 + 0.006 * np.sin(2 * np.pi * 5.5 * np.arange(pitch.size) / SAMPLE_RATE)))
        start = bar * int(_BAR_S * SAMPLE_RATE)
        made[start : start + pitch.size] += np.sin(2 * np.pi * phase / SAMPLE_RATE)
    drums = noise("white", size, chance) * np.exp(-40 * (moments % 0.25)) * ((moments % 1.0) >= 0.5)
    return np.asarray(made + 0.8 * drums + 2 * np.exp(-25 * beat) * np.sin(2 * np.pi * 60 * beat), np.float32)


def exchange_tones(chance: np.random.Generator) -> Sound:
    """A dial tone, busy, ringing, special information tones or a fax, and a second of nothing."""
    kind = int(chance.integers(0, 6))
    if kind == 0:
        made = tone(_DIAL[int(chance.integers(0, 2))], 4.0)
    else:
        marks = ("[busy]", "[busy_us]", _RINGING[int(chance.integers(0, 2))], "[sit]", "[fax]")
        made = sound_of(marks[kind - 1], chance)
    return np.concatenate([made, silence(1.0)])


def keys(chance: np.random.Generator) -> Sound:
    """A number dialled somewhere, its tones bleeding through."""
    low, high = _KEYS
    pressed = []
    for _ in range(int(chance.integers(4, 12))):
        pressed.append(tone((float(chance.choice(low)), float(chance.choice(high))), float(chance.uniform(0.06, 0.25))))
        pressed.append(silence(float(chance.uniform(0.05, 0.3))))
    return np.concatenate([*pressed, silence(1.5)])


def modem(chance: np.random.Generator) -> Sound:
    """A fax machine answers."""
    return sound_of("[modem]", chance)


def cough(chance: np.random.Generator) -> Sound:
    """One to three coughs: a burst, a tail of breath, sometimes a little voice in it."""
    made = []
    for _ in range(int(chance.integers(1, 4))):
        size = int(chance.uniform(0.18, 0.35) * SAMPLE_RATE)
        moments = np.arange(size) / SAMPLE_RATE
        envelope = np.minimum(moments / 0.006, 1.0) * np.exp(-moments / chance.uniform(0.05, 0.1))
        burst = _between(noise("white", size, chance), 300.0, chance.uniform(2000, 3400))
        voice = sum(np.sin(2 * np.pi * chance.uniform(90, 220) * k * moments) / k for k in range(1, 8))
        sound = burst + chance.uniform(0.0, 0.25) * voice * np.exp(-(((moments - 0.1) / 0.05) ** 2))
        made += [np.asarray(sound * envelope, np.float32), silence(float(chance.uniform(0.1, 0.35)))]
    return np.concatenate(made)


def breath(chance: np.random.Generator) -> Sound:
    """Somebody breathes at the microphone."""
    size = int(chance.uniform(0.6, 1.6) * SAMPLE_RATE)
    sound = _between(noise("pink", size, chance), 200.0, chance.uniform(1200, 3000)) * np.hanning(size)
    return np.concatenate([np.asarray(sound, np.float32), silence(float(chance.uniform(0.8, 2.0)))])


def clicks(chance: np.random.Generator) -> Sound:
    """Switches, a keyboard, crackle."""
    made = silence(float(chance.uniform(1.0, 3.0)))
    for _ in range(int(chance.integers(1, 14))):
        click = noise("white", 60, chance) * np.exp(-np.arange(60) / chance.uniform(4, 25)) * chance.uniform(0.2, 1.0)
        at = int(chance.integers(0, made.size - 60))
        made[at : at + 60] += click
    return np.asarray(made, np.float32)


def throats(chance: np.random.Generator) -> Sound:
    """Coughs with seconds between them."""
    return np.concatenate([cough(chance), silence(float(chance.uniform(1.5, 4.0)))])


def _between(sound: Sound, low: float, high: float) -> Sound:
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE)
    gain = 1 / (1 + (low / np.maximum(hertz, 1.0)) ** 4) / (1 + (hertz / high) ** 6)
    return np.asarray(np.fft.irfft(spectrum * gain, sound.size), np.float32)
