"""Guards real recognition: pt-BR answers at 8 kHz through the in-call path, the choice among phrases, non-speech."""

from __future__ import annotations

import asyncio
import re

import numpy as np
import pytest

from tests.speech.conftest import PHRASES, VOICES
from voiceagent.audio.wav import encode
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.ears import Ears, load_recognisers
from voiceagent.speech.engines.whisper import Whisper
from voiceagent.speech.metrics import SpeechMetrics
from voiceagent.speech.offline import hear_answer, hear_turns, read_wav
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.recogniser import recognise_pcm
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.server import SpeechServer
from voiceagent.speech.synthesis.speaker import Speaker

pytestmark = pytest.mark.speech

OTHERS = ("Sim.", "Não.", "É engano.", "Ele não mora aqui.", "Me liga mais tarde.", "Quero pagar à vista.")
RANDOM = np.random.default_rng(5)


def plain(text: str) -> str:
    return " ".join(re.sub(r"[^\w\s]", " ", text.lower()).split())


def on_the_line(pcm: bytes) -> bytes:
    """The answer with a second of line noise around it."""
    samples = np.concatenate([np.zeros(8000), np.frombuffer(pcm, "<i2"), np.zeros(8000)])
    return (samples + RANDOM.normal(0, 12, samples.size)).clip(-32768, 32767).astype("<i2").tobytes()


@pytest.fixture(scope="module")
def engine(whisper_models) -> Whisper:
    return Whisper(whisper_models / "whisper-base")


@pytest.fixture(scope="module")
def heard(engine, answers, whisper_models, tmp_path_factory) -> dict[tuple[str, str], Hypothesis]:
    """Every answer as a call hears it: WAV, frames, segmenter, socket, server, engine."""
    folder = tmp_path_factory.mktemp("heard")

    async def listen() -> dict[tuple[str, str], Hypothesis]:
        metrics = SpeechMetrics()
        # No deadline of 1.5 s here: what is heard must not depend on how busy the machine is.
        ears = Ears({"pt-BR": engine}, metrics, deadline_s=30.0)
        server = SpeechServer(folder / "s.sock", ears, Speaker(folder), metrics)
        await server.start()
        try:
            hearing = await SpeechClient(folder / "s.sock", finish_s=30.0).hearing("call", "pt-BR")
            result = {}
            for key, pcm in answers.items():
                (folder / "answer.wav").write_bytes(encode(on_the_line(pcm)))
                context = HearingContext("pt-BR", ("intent",), PHRASES + OTHERS)
                result[key] = await hear_answer(hearing, VadSegmenter(), read_wav(folder / "answer.wav"), context)
            await hearing.close()
        finally:
            await server.stop()
        return result

    return asyncio.run(listen())


def test_free_decode_is_mostly_word_for_word(heard):
    exact = [key for key, hypothesis in heard.items() if plain(hypothesis.text) == plain(key[1])]
    assert len(exact) >= 7, {key: hypothesis.text for key, hypothesis in heard.items()}
    assert all(hypothesis.engine == "whisper" for hypothesis in heard.values())


def test_the_choice_among_ten_phrases_is_right(heard):
    chosen = {key: hypothesis.alternatives[0][0] for key, hypothesis in heard.items()}
    assert {key: phrase for key, phrase in chosen.items() if phrase != key[1]} == {}
    sure = [key for key, hypothesis in heard.items() if hypothesis.alternatives[0][1] > 0.5]
    assert len(sure) >= 7, {key: hypothesis.alternatives[:2] for key, hypothesis in heard.items()}


def test_a_phrase_that_was_not_said_stays_under_half(engine, answers):
    ear = engine.open("pt-BR")
    for (_, said), pcm in list(answers.items())[: len(PHRASES)]:
        absent = tuple(phrase for phrase in PHRASES + OTHERS if phrase != said)
        ranked = recognise_pcm(ear, on_the_line(pcm), HearingContext("pt-BR", phrases=absent)).alternatives
        assert ranked[0][1] < 0.5, (said, ranked[:2])


@pytest.mark.parametrize("name", ["silence", "hiss", "loud noise", "busy tone", "click"])
def test_what_is_not_speech_is_no_speech(engine, name):
    count = 16000
    sound = {
        "silence": np.zeros(count),
        "hiss": RANDOM.normal(0, 60, count),
        "loud noise": RANDOM.normal(0, 2000, count),
        "busy tone": 3000 * np.sin(2 * np.pi * 425 * np.arange(count) / 8000),
        "click": np.where(np.arange(count) == 8000, 20000, 0),
    }[name]
    context = HearingContext("pt-BR", ("yes_no",), ("Sim.", "Não."))
    heard = recognise_pcm(engine.open("pt-BR"), sound.astype("<i2").tobytes(), context)
    assert (heard.text, heard.alternatives, heard.reason) == ("", (), "no_speech")


def test_an_empty_turn_and_one_of_half_a_minute_end_too(engine, answers):
    ear = engine.open("pt-BR")
    assert recognise_pcm(ear, b"", HearingContext("pt-BR")).reason == "no_speech"
    long = answers[(VOICES[0], PHRASES[0])] * 20
    assert recognise_pcm(ear, long, HearingContext("pt-BR")).engine == "whisper"


def test_two_answers_in_one_recording_are_two_turns(engine, answers, tmp_path):
    class Direct:
        """The engine without a socket."""

        def __init__(self) -> None:
            self.ear = engine.open("pt-BR")

        async def begin(self, context: HearingContext) -> None:
            self.ear.begin(context)

        async def feed(self, pcm: bytes) -> None:
            self.ear.feed(pcm)

        async def finish(self) -> Hypothesis:
            return self.ear.finish()

        async def close(self) -> None:
            self.ear.close()

    one, two = answers[("pm_alex", PHRASES[0])], answers[("pm_alex", PHRASES[2])]
    turns = asyncio.run(
        hear_turns(Direct(), VadSegmenter(), on_the_line(one) + on_the_line(two), HearingContext("pt-BR"))
    )
    assert [plain(turn.hypothesis.text) for turn in turns] == [plain(PHRASES[0]), plain(PHRASES[2])]
    assert 0.6 < turns[0].start_s < 1.1
    assert turns[0].end_s < turns[1].start_s


def test_one_model_serves_all_three_languages(whisper_models):
    served = load_recognisers(whisper_models)
    whispers = {language: engine for language, engine in served.items() if engine.name == "whisper"}
    assert len({id(engine) for engine in whispers.values()}) <= 1
    assert set(served) == {"pt-BR", "es", "en"}
