"""What a telephone line does to speech: rooms, bands, noise, levels, coding and lost packets. 8 kHz, -1..1."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.mulaw import through_mulaw
from voiceagent.speech.constrained.denoise import denoised
from voiceagent.speech.synthesis.shape import from_pcm, to_pcm

Samples = NDArray[np.float32]
_PACKET = SAMPLE_RATE // 50
#: Pieces of which a changed voice is laid out, and how far each may be sought: 30 ms, 8 ms.
_PIECE, _SHIFT = 3 * SAMPLE_RATE // 100, SAMPLE_RATE // 125


@dataclass(frozen=True, slots=True)
class Condition:
    """One line to measure on; None = not applied."""

    name: str
    snr_db: float | None = None
    noise: str = "white"
    loss: float = 0.0
    coded: bool = True


#: What the calibration listens on.
CONDITIONS = (
    Condition("clean"),
    Condition("snr15", 15.0, "white"),
    Condition("snr10", 10.0, "white"),
    Condition("loss3", loss=0.03),
)
#: What the bench measures on.
MEASURED = (
    Condition("clean", coded=False),
    Condition("g711"),
    Condition("snr15", 15.0),
    Condition("snr10", 10.0),
    Condition("loss1", loss=0.01),
    Condition("loss3", loss=0.03),
)


def through_line(clean: Samples, condition: Condition, chance: np.random.Generator) -> Samples:
    """Speech with some silence around it on a line of that condition, mu-law coded."""
    sound = pad(level(clean, -20.0), 0.3, 0.4)
    if condition.snr_db is not None:
        sound = sound + noise(condition.noise, sound.size, chance) * _gain(clean, sound, condition.snr_db)
    if condition.coded:
        sound = mu_law(sound)
    return lose_packets(sound, condition.loss, chance) if condition.loss else sound


def spoil(clean: Samples, babble: list[Samples], chance: np.random.Generator) -> Samples:
    """Speech as a random caller's line would carry it."""
    sound = change_speed(clean, chance.uniform(0.88, 1.14))
    if chance.random() < 0.25:
        sound = reverberate(sound, chance.uniform(0.08, 0.35), chance)
    sound = level(sound, chance.uniform(-30.0, -12.0))
    speech = sound
    sound = pad(sound, chance.uniform(0.03, 0.5), chance.uniform(0.05, 0.9))
    low = chance.uniform(150, 350) if chance.random() < 0.6 else 40.0
    high = chance.uniform(2800, 3700) if chance.random() < 0.6 else 3950.0
    sound = shape(sound, low, high, chance.uniform(-9.0, 6.0))
    if chance.random() < 0.4:
        sound = low_pass(sound, chance.uniform(0.3, 0.93))
    if chance.random() < 0.8:
        kind = chance.choice(["white", "pink", "babble", "hum"], p=[0.5, 0.25, 0.2, 0.05])
        made = mixed(babble, sound.size, chance) if kind == "babble" else noise(str(kind), sound.size, chance)
        snr = chance.uniform(6.0, 20.0) if chance.random() < 0.65 else chance.uniform(20.0, 38.0)
        sound = sound + made * _gain(speech, sound, snr)
    if chance.random() < 0.1:
        sound = np.clip(sound, -(peak := np.abs(sound).max() * chance.uniform(0.4, 0.9)), peak)
    if chance.random() < 0.8:
        sound = mu_law(np.clip(sound, -1.0, 1.0))
    if chance.random() < 0.25:
        sound = lose_packets(sound, chance.uniform(0.005, 0.05), chance)
    return np.asarray(np.clip(sound, -1.0, 1.0), np.float32)


def spoil_badly(clean: Samples, babble: list[Samples], chance: np.random.Generator) -> Samples:
    """As `spoil`, and worse: cut off at its ends as turns are, dark, soft, in white noise, some with it held down."""
    sound = change_speed(clean, chance.uniform(0.84, 1.19))
    if chance.random() < 0.3:
        begin, end = (int(chance.uniform(0.0, 0.04) * SAMPLE_RATE) for _ in range(2))
        sound = sound[begin : max(begin + _PACKET, sound.size - end)]
    if chance.random() < 0.2:
        sound = reverberate(sound, chance.uniform(0.08, 0.35), chance)
    sound = level(sound, chance.uniform(-38.0, -12.0))
    speech = sound
    # A turn may begin with its first sound.
    before, after = (0.0 if chance.random() < 0.15 else chance.uniform(0.03, longest) for longest in (0.5, 0.9))
    sound = pad(sound, before, after)
    low = chance.uniform(150, 350) if chance.random() < 0.5 else 40.0
    high = chance.uniform(2800, 3700) if chance.random() < 0.4 else 3950.0
    sound = shape(sound, low, high, chance.uniform(-9.0, 6.0))
    if chance.random() < 0.6:
        sound = low_pass(sound, chance.uniform(0.3, 0.93))
    noisy = chance.random() < 0.75
    if noisy:
        kind = chance.choice(["white", "pink", "babble", "hum"], p=[0.65, 0.15, 0.15, 0.05])
        made = mixed(babble, sound.size, chance) if kind == "babble" else noise(str(kind), sound.size, chance)
        sound = sound + made * _gain(speech, sound, chance.uniform(6.0, 30.0))
    if chance.random() < 0.8:
        sound = mu_law(np.clip(sound, -1.0, 1.0))
    if chance.random() < 0.25:
        sound = lose_packets(sound, chance.uniform(0.005, 0.04), chance)
    if noisy and chance.random() < 0.2:
        sound = denoised(np.asarray(sound, np.float32))
    return np.asarray(np.clip(sound, -1.0, 1.0), np.float32)


def spoil_and_mend(clean: Samples, babble: list[Samples], chance: np.random.Generator) -> Samples:
    """A noisy line with its noise held down again, mostly white on a dark voice: what a second hearing hears."""
    sound = level(change_speed(clean, chance.uniform(0.86, 1.16)), chance.uniform(-34.0, -12.0))
    speech = sound
    sound = pad(sound, chance.uniform(0.03, 0.5), chance.uniform(0.05, 0.9))
    if chance.random() < 0.6:
        sound = low_pass(sound, chance.uniform(0.3, 0.93))
    kind = str(chance.choice(["white", "pink", "hum"], p=[0.75, 0.2, 0.05]))
    sound = sound + noise(kind, sound.size, chance) * _gain(speech, sound, chance.uniform(6.0, 22.0))
    if chance.random() < 0.8:
        sound = mu_law(np.clip(sound, -1.0, 1.0))
    return denoised(np.asarray(np.clip(sound, -1.0, 1.0), np.float32))


def spoil_strangely(clean: Samples, babble: list[Samples], chance: np.random.Generator) -> Samples:
    """As `spoil_badly`, from another throat."""
    return spoil_badly(change_throat(clean, chance.uniform(0.78, 1.28)), babble, chance)


def active_power(sound: Samples) -> float:
    """Mean power where there is speech: 20 ms blocks within 30 dB of the loudest."""
    blocks = sound[: sound.size // _PACKET * _PACKET].reshape(-1, _PACKET)
    if not blocks.size:
        return 1e-9
    powers = np.mean(blocks.astype(np.float64) ** 2, axis=1)
    return float(powers[powers > powers.max() * 1e-3].mean()) if powers.max() > 0 else 1e-9


def level(sound: Samples, dbov: float) -> Samples:
    """Active speech at that level."""
    return (sound * np.float32(10 ** (dbov / 20) / np.sqrt(active_power(sound)))).astype(np.float32)


def pad(sound: Samples, before_s: float, after_s: float) -> Samples:
    """Silence around."""
    return np.pad(sound, (int(before_s * SAMPLE_RATE), int(after_s * SAMPLE_RATE))).astype(np.float32)


def change_speed(sound: Samples, factor: float) -> Samples:
    """Faster and higher, or slower and lower."""
    length = max(1, int(sound.size / factor))
    return np.asarray(np.interp(np.arange(length) * factor, np.arange(sound.size), sound), np.float32)


def change_throat(sound: Samples, factor: float) -> Samples:
    """As long as before, all its frequencies times the factor: a smaller speaker above 1, a larger one below.

    The sound is played faster, then laid out again in overlapping pieces, each where it continues the last one best.
    """
    played = change_speed(sound, factor)
    if played.size < 4 * _PIECE or abs(factor - 1.0) < 0.01:
        return sound
    step = _PIECE // 2
    fade = np.hanning(_PIECE + 1)[:-1].astype(np.float32)
    made = np.zeros(sound.size + 2 * _PIECE, np.float32)
    at = 0
    for begin in range(0, sound.size, step):
        wished = min(int(begin / factor), played.size - _PIECE)
        if begin:
            follows = played[at + step : at + step + _PIECE]
            low, high = max(0, wished - _SHIFT), min(played.size - _PIECE, wished + _SHIFT)
            near = np.lib.stride_tricks.sliding_window_view(played[low : high + _PIECE], follows.size)
            power = np.sqrt(np.einsum("ij,ij->i", near, near)) + 1e-6
            at = low + int(np.argmax(near @ follows / power))
            at = min(at, played.size - _PIECE)
        made[begin : begin + _PIECE] += played[at : at + _PIECE] * fade
    return made[: sound.size]


def reverberate(sound: Samples, seconds: float, chance: np.random.Generator) -> Samples:
    """A room whose echo falls by 60 dB in about three times `seconds`."""
    size = int(seconds * SAMPLE_RATE)
    echo = chance.standard_normal(size) * np.exp(-6.9 * np.arange(size) / size) * 0.15
    echo[0] = 1.0
    length = sound.size + size
    mixed_ = np.fft.irfft(np.fft.rfft(sound, length) * np.fft.rfft(echo, length), length)
    return np.asarray(mixed_[: sound.size + size // 2], np.float32)


def shape(sound: Samples, low: float, high: float, tilt_db: float) -> Samples:
    """Band edges in Hz and a tilt in dB over the band."""
    spectrum = np.fft.rfft(sound)
    hertz = np.fft.rfftfreq(sound.size, 1 / SAMPLE_RATE)
    gain = 1 / (1 + (low / np.maximum(hertz, 1.0)) ** 6) / (1 + (hertz / high) ** 12)
    gain *= 10 ** (tilt_db * (hertz / 4000 - 0.5) / 20)
    return np.asarray(np.fft.irfft(spectrum * gain, sound.size), np.float32)


def low_pass(sound: Samples, pole: float) -> Samples:
    """A one-pole low-pass: dark handsets."""
    spectrum = np.fft.rfft(sound)
    angle = np.linspace(0, np.pi, spectrum.size)
    return np.fft.irfft(spectrum * (1 - pole) / np.abs(1 - pole * np.exp(-1j * angle)), sound.size).astype(np.float32)


def noise(kind: str, size: int, chance: np.random.Generator) -> Samples:
    """Noise of unit power: white, pink or mains hum with hiss."""
    made = chance.standard_normal(size)
    if kind == "pink":
        spectrum = np.fft.rfft(made)
        made = np.fft.irfft(spectrum / np.sqrt(np.arange(1, spectrum.size + 1)), size)
    elif kind == "hum":
        time = np.arange(size) / SAMPLE_RATE
        made = 0.3 * made + sum(np.sin(2 * np.pi * 60 * k * time + chance.uniform(0, 6)) / k for k in range(1, 8))
    return np.asarray(made / np.sqrt(np.mean(made**2) + 1e-12), np.float32)


def mixed(voices: list[Samples], size: int, chance: np.random.Generator) -> Samples:
    """Other people talking, of unit power."""
    total = np.zeros(size, np.float32)
    for index in chance.integers(0, len(voices), int(chance.integers(3, 7))):
        voice = level(voices[index], -20.0)
        total += np.roll(np.resize(voice, size), int(chance.integers(0, size)))
    return np.asarray(total / np.sqrt(np.mean(total**2) + 1e-12), np.float32)


def mu_law(sound: Samples) -> Samples:
    """Through G.711 mu-law and back."""
    return from_pcm(through_mulaw(to_pcm(sound)))


def lose_packets(sound: Samples, share: float, chance: np.random.Generator) -> Samples:
    """Lost packets of 20 ms: the last one again, more quietly, as a softphone conceals them, then silence."""
    packets = sound[: sound.size // _PACKET * _PACKET].reshape(-1, _PACKET).copy()
    run = 0
    for index in range(1, len(packets)):
        # Losses come in pairs now and then.
        lost = chance.random() < (0.3 if run else share)
        run = run + 1 if lost else 0
        if lost:
            packets[index] = packets[index - 1] * (0.7 if run < 3 else 0.0)
    return packets.reshape(-1)


def _gain(speech: Samples, sound: Samples, snr_db: float) -> np.float32:
    """How loud unit noise must be for that distance from active speech."""
    power = active_power(sound if sound.any() else speech)
    return np.float32(np.sqrt(power) * 10 ** (-snr_db / 20))
