"""Guards the real Vosk engine with a Korean model: API, warm-up, grammar, threads. Says nothing of pt, es or en."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.base.errors import MissingPartError
from voiceagent.speech.engines.vosk import Vosk
from voiceagent.speech.protocol import HearingContext
from voiceagent.speech.recogniser import recognise_pcm

pytestmark = pytest.mark.speech

SILENCE = bytes(16000)


@pytest.fixture(scope="module")
def engine(korean_vosk) -> Vosk:
    return Vosk(korean_vosk, "ko")


def voiced(seconds: float) -> bytes:
    """A sound with the rhythm and pitch of speech, in no language."""
    time = np.arange(int(8000 * seconds)) / 8000
    pitch = 2 * np.pi * np.cumsum(120 + 20 * np.sin(2 * np.pi * 2 * time)) / 8000
    glottal = sum(np.sin(number * pitch) / number for number in range(1, 20))
    return (2500 * glottal * np.abs(np.sin(2 * np.pi * 1.7 * time))).astype("<i2").tobytes()


def test_the_vocabulary_is_asked_before_a_grammar_is_trusted(engine):
    assert engine.knows("네")
    assert not engine.knows("parcelar")
    assert engine.knows("[unk]") is False
    assert engine.has_grammar is False, "without [unk] noise would be forced into the grammar"


def test_one_recogniser_serves_turn_after_turn(engine):
    ear = engine.open("ko")
    assert ear.streams
    context = HearingContext("ko")
    for _ in range(2):
        assert recognise_pcm(ear, SILENCE, context).reason == "no_speech"
        assert recognise_pcm(ear, SILENCE + voiced(1.5) + SILENCE, context).engine == "vosk"
    ear.close()


def test_what_was_not_finished_is_forgotten(engine):
    ear = engine.open("ko")
    ear.begin(HearingContext("ko"))
    ear.feed(voiced(1.5))
    assert recognise_pcm(ear, SILENCE, HearingContext("ko")).text == ""


def test_a_grammar_holds_and_is_lifted_again(engine, monkeypatch):
    monkeypatch.setattr(engine, "has_grammar", True)
    ear = engine.open("ko")
    choices = ("네", "아니요")
    held = recognise_pcm(ear, SILENCE + voiced(1.0) + SILENCE, HearingContext("ko", ("yes_no",), choices))
    assert set(held.text.split()) <= set(choices)
    free = recognise_pcm(ear, SILENCE + voiced(2.0) + SILENCE, HearingContext("ko"))
    assert set(free.text.split()) - set(choices), "freely, such a sound is other words"


def test_calls_recognise_in_threads_at_the_same_time(engine):
    from concurrent.futures import ThreadPoolExecutor

    def call(number: int) -> str:
        ear = engine.open("ko")
        return recognise_pcm(ear, SILENCE + voiced(1.0 + number / 2) + SILENCE, HearingContext("ko")).engine

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(call, range(2))) == ["vosk"] * 2


def test_another_language_and_an_empty_directory_are_refused(engine, tmp_path):
    with pytest.raises(MissingPartError):
        engine.open("pt-BR")
    with pytest.raises(MissingPartError, match="holds no Vosk model"):
        Vosk(tmp_path, "pt-BR")
