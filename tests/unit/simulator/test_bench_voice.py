"""Guards the voice bench's judgement: clicks, clipping and loudness are found where they are, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from voiceagent.audio.levels import gain
from voiceagent.base.languages import Language
from voiceagent.dialogue.events import Say
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.bench_voice import Spoken, conversations, met_of, sound, varied
from voiceagent.speech.synthesis.shape import join_at, to_pcm, unit

RATE = 24000


def word(hertz: float, seconds: float = 0.5) -> np.ndarray:
    time = np.arange(int(seconds * RATE)) / RATE
    return (0.2 * np.sin(2 * np.pi * hertz * time)).astype(np.float32)


def spoken(*units: tuple[str, bytes]) -> Spoken:
    pcm, joins = join_at(units)
    say = Say("p", 0, tuple(SpokenPart(text) for text, _ in units))
    return Spoken(say, pcm, joins, rendered=0)


@pytest.fixture
def good() -> Spoken:
    return spoken(("Bom dia,", unit(word(180), RATE)), ("Maria.", unit(word(220), RATE)))


def test_units_joined_as_they_should_be_have_no_clicks(good: Spoken) -> None:
    found = sound([good])
    assert found["joins"]["n"] == 4
    assert found["joins"]["clicks"] == 0
    assert found["clipped_samples"] == 0


def test_a_unit_cut_in_the_middle_of_a_vowel_clicks(good: Spoken) -> None:
    cut = to_pcm(word(180)[: RATE // 4 + 33])
    found = sound([good, spoken(("Bom dia,", cut), ("Maria.", unit(word(220), RATE)))])
    assert found["joins"]["clicks"] >= 1
    assert found["joins"]["loudest_step_dbov"] > -30


def test_a_prompt_louder_than_the_others_is_found(good: Spoken) -> None:
    loud = Spoken(good.say, gain(good.pcm, 4.0), good.joins, 0)
    assert sound([good, good, loud])["level_dbov"]["furthest_db"] == pytest.approx(4.0, abs=0.2)


@pytest.mark.parametrize(
    ("median", "furthest_db", "most_s", "met"),
    [(-21.3, 0.6, 1.3, True), (-24.0, 0.6, 1.3, False), (-21.3, 2.1, 1.3, False), (-21.3, 0.6, 3.1, False)],
)
def test_prompts_that_are_all_too_quiet_or_one_call_that_takes_long_miss_the_target(
    median: float, furthest_db: float, most_s: float, met: bool
) -> None:
    level = {"median": median, "nominal": -20.0, "furthest_db": furthest_db}
    found = {"word_error_rate": 0.09, "level_dbov": level, "clipped_samples": 0, "joins": {"clicks": 0}}
    assert met_of(found | {"synthesis_cpu_s": {"median": 0.8, "max": most_s}}) is met


def test_clipping_is_counted(good: Spoken) -> None:
    assert sound([Spoken(good.say, gain(good.pcm, 30.0), good.joins, 0)])["clipped_samples"] > 100


def test_what_is_listened_to_is_varied() -> None:
    calls = conversations(Language.PT_BR, 40)
    kinds = {(say.prompt, say.variant) for call in calls for say in call}
    chosen = varied(calls, len(kinds))
    assert {(say.prompt, say.variant) for say in chosen} == kinds
    assert len(varied(calls, 5)) == 5
