"""Guards barge-in as a whole, in small: what nobody says neither stops the agent nor opens a turn; people stop it.

`voiceagent bench noise` is the same for an hour and hundreds of interruptions, with better voices.
"""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from voiceagent.audio.wav import decode
from voiceagent.base.errors import MissingPartError, UsageError
from voiceagent.base.languages import Language
from voiceagent.dialogue.events import Say
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator import bench_noise
from voiceagent.simulator.bench_noise import (
    Interrupted,
    Noise,
    Plan,
    interrupt,
    measure,
    met_of,
    nobody,
    noises,
    people,
)
from voiceagent.simulator.interruptions import Interruption, interruptions
from voiceagent.simulator.line_sounds import Sound, band, coloured, cough
from voiceagent.simulator.talked_over import Echo, Far, loud_part, room, talk_over
from voiceagent.speech.engines.scripted import Scripted, ScriptedEar
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.silero import Confirmers
from voiceagent.speech.synthesis.shape import from_pcm, to_pcm, unit
from voiceagent.speech.training.damage import level

PROMPT = (
    "O valor da sua dívida hoje é de quatrocentos e cinquenta reais. Eu tenho autorização para oferecer um desconto "
    "de dez por cento no pagamento à vista. Ou então o parcelamento em até seis vezes sem juros."
)


@lru_cache
def spoken(text: str, voice: str) -> Sound:
    said = subprocess.run(["espeak-ng", "-v", voice, "--stdout", text], capture_output=True, check=True, timeout=30)
    recording = decode(said.stdout, "espeak-ng's answer")
    return from_pcm(unit(from_pcm(recording.channel(0)), recording.rate))


def prompts() -> list[tuple[Say, bytes]]:
    return [(Say("offer", 0, (SpokenPart(PROMPT),)), to_pcm(level(spoken(PROMPT, "pt-br+f2"), -20.0)))]


def test_nothing_that_nobody_says_stops_the_agent_or_opens_a_turn() -> None:
    voices = [
        spoken(text, voice) for text, voice in (("Bom dia a todos, vamos começar.", "pt-br+m3"), (PROMPT, "en+f3"))
    ]
    hello = spoken("Alô, quem é?", "pt-br+m1")
    found = asyncio.run(nobody(Plan(seconds=75.0), noises(voices), hello, prompts(), Language.PT_BR, Confirmers()))
    assert {kind: row for kind, row in found["kinds"].items() if row["false_stops"] or row["turns_opened"]} == {}
    assert found["all"]["agent_spoke_s"] > 30 and found["all"]["in_turns_s"] == 0


@pytest.mark.parametrize(
    ("language", "text", "voice", "index"),
    [
        ("pt-BR", "Não, espera aí, quem é?", "pt-br+m1", 0),
        ("pt-BR", "Eu já paguei essa conta.", "pt-br+f5", 2),
        ("es", "Espere, ¿quién habla?", "es-419+m3", 1),
        ("en", "Wait, who is this?", "en-us+m7", 2),
        ("en", "You have the wrong number.", "en-us+f1", 3),
    ],
)
def test_people_stop_it_over_its_own_echo(language: str, text: str, voice: str, index: int) -> None:
    said = Interruption("long", language, text, voice)
    trial = asyncio.run(interrupt(said, spoken(text, voice), index, Plan(), prompts(), Confirmers(), Scripted({})))
    assert trial.stop_s is not None and trial.stop_s < 1.0
    assert trial.false_stops == 0


class Wordless(Scripted):
    """A recogniser that hears that nobody speaks."""

    def open(self, language: str) -> WordlessEar:
        return WordlessEar({})


class WordlessEar(ScriptedEar):
    def finish(self) -> Hypothesis:
        return Hypothesis("", 0.0, reason="no_speech")

    def glance(self) -> Hypothesis:
        return self.finish()


@pytest.mark.parametrize("seed", range(4))
def test_after_a_cough_it_goes_on(seed: int) -> None:
    said = Interruption("cough", "pt-BR", "cough", "")
    sound = cough(np.random.default_rng(seed))
    trial = asyncio.run(interrupt(said, sound, seed, Plan(), prompts(), Confirmers(), Wordless({})))
    assert trial.went_on and trial.false_stops == 0


def test_the_far_side_plays_its_sound_when_it_is_told_to() -> None:
    """The bench's own clockwork: the sound begins so long after the agent's first word, and the call ends behind it."""
    far = Far(np.full(8000, 0.01, np.float32), into_s=1.0, after_s=0.5, echo=Echo(-20.0, 0.1), hiss_dbov=None)
    call = asyncio.run(talk_over(far, prompts(), Language.PT_BR, Confirmers()))
    began = call.agent[0].started_s
    assert call.began_s == pytest.approx(began + 1.0, abs=0.1)
    assert call.seconds == pytest.approx(call.began_s + 1.5, abs=0.1)
    assert call.stops == [], "the hang-up is no stop"
    assert call.turns == [] and not call.heard


def test_a_room_keeps_the_level_and_the_loud_part_is_where_the_sound_is() -> None:
    assert np.sum(np.square(room(np.random.default_rng(1)))) == pytest.approx(1.0)
    sound = np.concatenate([np.zeros(4000), np.full(8000, 0.2), np.zeros(4000)]).astype(np.float32)
    assert loud_part(sound) == (0.5, 1.5)


def trial(kind: str, stop_s: float | None, *, went_on: bool = False, early: int = 0) -> Interrupted:
    return Interrupted(Interruption(kind, "pt-BR", "texto", "voz"), -20.0, stop_s, early, went_on, ())


def test_the_table_counts_what_was_missed_and_what_went_on() -> None:
    trials: Sequence[Interrupted] = [
        *(trial("long", 0.3) for _ in range(3)),
        trial("short", None),
        trial("go_on", 0.4, went_on=True),
        trial("cough", None, went_on=True),
        trial("cough", 0.4, early=1),
    ]
    table = people(trials)
    assert (table["missed"]["count"], table["missed"]["n"]) == (1, 4)
    assert table["missed_by"]["kind"]["short"]["share"] == 1.0 and table["missed_by"]["kind"]["long"]["count"] == 0
    assert table["stop_s"] == {"n": 3, "p50": 0.3, "p95": 0.3}
    assert table["false_stops"] == 1
    assert table["go_on"]["cough"]["went_on"]["share"] == 0.5 and table["go_on"]["go_on"]["paused"]["share"] == 1.0
    assert sum("missed" in line for line in table["examples"]) == 1


def test_what_was_aimed_at_is_compared_with_what_was_measured() -> None:
    table = people([*(trial("long", 0.3) for _ in range(30)), trial("short", None)])
    assert met_of({}, table) == {"false_stops_before_people": True, "missed": False, "stop_p95_s": True}
    quiet = {"kinds": {"hum": {"seconds": 60.0}}, "all": {"false_stops": 0, "turns_opened": 6}}
    assert met_of(quiet, people([trial("long", 0.6, early=1)])) == {
        "false_stops": True, "turns_opened": False, "false_stops_before_people": False, "missed": True,
        "stop_p95_s": False,
    }  # fmt: skip


def test_noise_that_was_never_played_is_not_judged() -> None:
    hello = np.full(4000, 0.1, np.float32)
    wanted = [Noise("hum", coloured("hum"), (-30.0,)), Noise("band", band, (-30.0,), 0.1)]
    quiet = asyncio.run(nobody(Plan(seconds=3.0), wanted, hello, prompts(), Language.PT_BR, Confirmers()))
    assert quiet["kinds"]["hum"]["seconds"] > 0 and quiet["kinds"]["band"]["seconds"] == 0
    assert met_of(quiet, people([]))["false_stops"] is None
    harmful = quiet | {"all": quiet["all"] | {"false_stops": 1}}
    assert met_of(harmful, people([]))["false_stops"] is False


def test_there_are_enough_interruptions_to_say_something() -> None:
    said = [one for language in Language for one in interruptions(language.value) if one.kind in ("short", "long")]
    assert len(said) >= 300 and len(set(said)) == len(said)


def test_nonsense_is_refused(tmp_path) -> None:
    for plan in (Plan(languages=()), Plan(seconds=-1.0), Plan(seconds=float("nan")), Plan(every=0)):
        with pytest.raises(UsageError):
            measure(plan, tmp_path)


def test_a_bank_that_is_missing_is_told_before_anything_is_heard(tmp_path, monkeypatch) -> None:
    asked: list[Language] = []

    def prompts_of(models: Path, language: Language) -> list[tuple[Say, bytes]]:
        asked.append(language)
        if language is Language.EN:
            raise MissingPartError(f"the phrase bank lacks {language}")
        return prompts()

    def never(*_: object) -> None:
        raise AssertionError("work was done before")

    monkeypatch.setattr(bench_noise, "agent_prompts", prompts_of)
    monkeypatch.setattr(bench_noise, "render", never)
    with pytest.raises(MissingPartError, match="lacks en"):
        measure(Plan(languages=(Language.ES, Language.EN)), tmp_path)
    assert asked == [Language.ES, Language.EN]
