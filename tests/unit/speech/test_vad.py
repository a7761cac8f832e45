"""Guards voice activity detection: speech over noise is found, steady noise is not taken for speech."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.audio.format import FRAME_BYTES, FRAME_SAMPLES
from voiceagent.speech.vad import EnergyDetector, EnergyFloor, WebRtcDetector

RANDOM = np.random.default_rng(20)


def noise(rms: float, frames: int) -> list[bytes]:
    values = np.clip(RANDOM.normal(0, rms, frames * FRAME_SAMPLES), -32768, 32767).astype("<i2")
    return [values[at : at + FRAME_SAMPLES].tobytes() for at in range(0, values.size, FRAME_SAMPLES)]


def vowel(rms: float, frames: int) -> list[bytes]:
    """A voiced sound: pulses at 120 Hz through three formants."""
    count = frames * FRAME_SAMPLES
    pulses = np.zeros(count)
    pulses[:: 8000 // 120] = 1.0
    for centre, width in ((700, 90), (1200, 110), (2500, 160)):
        radius, angle = np.exp(-np.pi * width / 8000), 2 * np.pi * centre / 8000
        impulse = radius ** np.arange(400) * np.sin(angle * np.arange(400) + angle)
        pulses = np.convolve(pulses, impulse)[:count]
    values = np.clip(pulses * rms / np.sqrt(np.mean(pulses**2)), -32768, 32767).astype("<i2")
    return [values[at : at + FRAME_SAMPLES].tobytes() for at in range(0, values.size, FRAME_SAMPLES)]


def share(detector, frames: list[bytes]) -> float:
    return sum(detector.is_speech(frame) for frame in frames) / len(frames)


def test_digital_silence_and_hiss_are_not_speech():
    detector = WebRtcDetector()
    assert share(detector, [bytes(FRAME_BYTES)] * 100) == 0.0
    assert share(detector, noise(200, 100)) < 0.02


@pytest.mark.parametrize("hiss", [0, 20, 300])
def test_a_voice_over_hiss_is_found(hiss):
    detector = WebRtcDetector()
    share(detector, noise(hiss, 100))
    mixed = [
        (np.frombuffer(one, "<i2").astype(int) + np.frombuffer(other, "<i2"))
        .clip(-32768, 32767)
        .astype("<i2")
        .tobytes()
        for one, other in zip(vowel(3000, 40), noise(hiss, 40), strict=True)
    ]
    assert share(detector, mixed) > 0.85
    # webrtcvad holds on for some frames after speech; then it must let go.
    assert share(detector, noise(hiss, 60)[20:]) < 0.1


def test_the_floor_follows_the_noise_and_not_the_speech():
    floor = EnergyFloor()
    for frame in noise(100, 150):
        floor.above(frame)
    quiet = floor.floor_dbov
    assert -54 < quiet < -46
    for frame in vowel(4000, 150):
        floor.above(frame)
    assert floor.floor_dbov < quiet + 8, "three seconds of speech hardly lift it"
    for frame in noise(100, 20):
        floor.above(frame)
    assert abs(floor.floor_dbov - quiet) < 3


def test_steady_noise_that_grows_is_learnt():
    detector = EnergyDetector()
    share(detector, noise(30, 100))
    loud = noise(400, 500)
    assert detector.is_speech(loud[0]), "at first it stands out"
    assert share(detector, loud[:-50]) < 0.9
    assert share(detector, loud[-50:]) == 0.0, "after some seconds it is the line"


def test_loud_speech_from_the_first_frame_counts():
    assert share(EnergyDetector(), vowel(3000, 20)) > 0.9


def test_only_whole_frames_are_judged():
    with pytest.raises(ValueError, match="320 bytes"):
        WebRtcDetector().is_speech(bytes(100))
