"""Guards the sounds of a line: each tone is called what it is, on poor lines too, and a voice is never a tone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceagent.audio import tones
from voiceagent.audio.format import FRAME_S, FRAME_SAMPLES, SAMPLE_RATE
from voiceagent.audio.frames import pad, split
from voiceagent.audio.mulaw import through_mulaw
from voiceagent.audio.signals import Signal, SignalDetector
from voiceagent.audio.tones import ToneDetector

Sound = list[tuple[tuple[float, ...], float]]

BEEP: Sound = [((1000.0,), 0.4), ((), 1.0)]
BUSY: Sound = [((425.0,), 0.25), ((), 0.25)] * 8
BUSY_US: Sound = [((480.0, 620.0), 0.5), ((), 0.5)] * 5
FAST_US: Sound = [((480.0, 620.0), 0.25), ((), 0.25)] * 6
SIT: Sound = [((950.0,), 0.33), ((1400.0,), 0.33), ((1777.0,), 0.33), ((), 0.5)]
CALLING_FAX: Sound = [((1100.0,), 0.5), ((), 3.0)] * 2 + [((1100.0,), 0.5)]
ANSWERING_FAX: Sound = [((2100.0,), 3.0)]
RINGBACK: Sound = [((425.0,), 1.0), ((), 4.0)]
RINGBACK_US: Sound = [((440.0, 480.0), 2.0), ((), 4.0)]
ENDLESS: Sound = [((425.0,), 4.0)]


def pcm(sound: Sound, *, snr_db: float | None = None, level: float = 0.15) -> bytes:
    """Tones and silences after 0.4 s of nothing, mu-law coded; noise so far under the tones."""
    parts = [np.zeros(int(0.4 * SAMPLE_RATE))]
    for hertz, seconds in sound:
        moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
        waves = [np.sin(2 * np.pi * one * moments) for one in hertz]
        parts.append(level * np.sum(waves, axis=0) / max(1, len(waves)) if waves else np.zeros(moments.size))
    wave = np.concatenate(parts)
    if snr_db is not None:
        wave = wave + np.random.default_rng(5).normal(0, level / np.sqrt(2) * 10 ** (-snr_db / 20), wave.size)
    return through_mulaw(pad((wave * 32767).astype("<i2").tobytes()))


def signals(audio: bytes) -> list[Signal]:
    detector = SignalDetector()
    return [found.signal for frame in split(audio) if (found := detector.process(frame)) is not None]


@pytest.mark.parametrize("snr_db", [None, 10.0])
@pytest.mark.parametrize(
    ("sound", "last"),
    [
        (BEEP, Signal.BEEP),
        (BUSY, Signal.BUSY),
        (BUSY_US, Signal.BUSY),
        (FAST_US, Signal.CONGESTION),
        (SIT, Signal.SIT),
        (CALLING_FAX, Signal.FAX),
        (ANSWERING_FAX, Signal.FAX),
        (RINGBACK, Signal.RINGBACK),
        (RINGBACK_US, Signal.RINGBACK),
        (ENDLESS, Signal.CONGESTION),
    ],
)
def test_each_sound_is_called_what_it_is(sound: Sound, last: Signal, snr_db: float | None) -> None:
    assert signals(pcm(sound, snr_db=snr_db))[-1:] == [last]


def test_a_beep_is_known_soon_after_its_end() -> None:
    detector, at = SignalDetector(), 0
    for index, frame in enumerate(split(pcm(BEEP))):
        if detector.process(frame) is not None:
            at = index + 1
    assert 0.8 < at * FRAME_S < 1.1


def test_a_quiet_line_noise_and_two_tones_side_by_side_signal_nothing() -> None:
    hiss = np.random.default_rng(3).normal(0, 1500, 5 * SAMPLE_RATE).astype("<i2").tobytes()
    assert signals(bytes(80_000)) == signals(hiss) == signals(pcm([((1000.0, 1050.0), 0.6), ((), 1.0)])) == []


def test_the_last_note_of_a_melody_is_no_beep() -> None:
    moments = np.arange(int(0.6 * SAMPLE_RATE)) / SAMPLE_RATE
    dying = np.exp(-3 * moments)
    notes = np.concatenate([dying * np.sin(2 * np.pi * hertz * moments) for hertz in (262, 330, 523, 440, 392)])
    assert Signal.BEEP not in signals(through_mulaw(pad((3000 * notes).astype("<i2").tobytes() + bytes(SAMPLE_RATE))))
    chime: Sound = [((523.0,), 0.4), ((784.0,), 0.4), ((), 1.0)]
    assert signals(pcm(chime)) == []


@pytest.mark.parametrize("snr_db", [None, 10.0])
def test_music_sounds_while_notes_do_and_noise_is_none(snr_db: float | None) -> None:
    chords: Sound = [((hertz, 1.5 * hertz, 2.0 * hertz), 0.3) for hertz in (262.0, 330.0, 392.0, 294.0, 440.0)]
    detector = SignalDetector()
    heard = []
    for frame in split(pcm([*chords, ((), 2.0)], snr_db=snr_db)):
        detector.process(frame)
        heard.append((round(detector.now_s, 2), detector.music))
    assert not any(music for at, music in heard if at < 0.8 or at > 2.5) and dict(heard)[1.8]


def test_a_tone_is_known_where_it_sounded() -> None:
    detector = SignalDetector()
    for frame in split(pcm(BEEP)):
        detector.process(frame)
    assert detector.toned(0.6) and not detector.toned(0.3) and not detector.toned(1.0)


def test_a_voice_that_glides_is_no_beep() -> None:
    moments = np.arange(2 * SAMPLE_RATE) / SAMPLE_RATE
    gliding = np.sin(2 * np.pi * (700 * moments + 60 * moments**2))
    vowel = sum(np.sin(2 * np.pi * 210 * n * moments) / n for n in range(1, 12))
    for wave in (gliding, vowel / 3):
        assert signals(pad((8000 * wave).astype("<i2").tobytes()) + bytes(16_000)) == []


def test_a_tone_has_its_height_and_length() -> None:
    detector = ToneDetector()
    tones = [tone for frame in split(pcm([((1234.0,), 0.5), ((), 0.3)])) if (tone := detector.process(frame))]
    assert tones[-1].over and tones[-1].near((1234.0,), 0.005) and abs(tones[-1].seconds - 0.5) < 0.05
    assert abs(tones[-1].begins_s - 0.4) < 0.05


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.floats(-70, -25), st.sampled_from([0.0, 120.0, 425.0, 1000.0, 3900.0])), max_size=12))
def test_what_is_passed_over_for_its_quiet_would_have_told_nothing(pieces: list[tuple[float, float]]) -> None:
    """Frames at levels around that of the quietest tone, with every window looked into and as calls do it."""
    chance, moments = np.random.default_rng(3), np.arange(6 * FRAME_SAMPLES) / SAMPLE_RATE
    waves = [
        10 ** (dbov / 20) * (np.sin(2 * np.pi * hertz * moments) if hertz else chance.normal(0, 1, moments.size))
        for dbov, hertz in pieces
    ]
    heard = (np.concatenate([*waves, np.zeros(4 * FRAME_SAMPLES)]) * 32767).astype("<i2").tobytes()

    def told() -> list[tuple[object, bool]]:
        detector = ToneDetector()
        return [(detector.process(frame), detector.music) for frame in split(heard)]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tones, "_may_sound", lambda window: True)
        all_of_it = told()
    assert told() == all_of_it
