"""Guards how the bench of recognition judges: right, rejected, wrong, and words that answer nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.languages import Language
from voiceagent.simulator.bench_speech import CHOICE, CHOICES, Trial, asked, patiently, table_of, trial_of
from voiceagent.simulator.recorded_answers import OTHER
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.training.clips import Clip


def clip(kind: str, text: str, number: int = 0) -> Clip:
    return Clip(kind, text, text, "recorded:x", 1.0, Path(f"{number:08x}-{kind}.pcm"))


def verdict(said: Clip, heard: str, reason: str = "", alternatives: tuple[tuple[str, float], ...] = ()) -> str:
    hypothesis = Hypothesis(heard, 0.9, alternatives, reason=reason)
    return trial_of(said, "clean", Language.ES, hypothesis, patiently).verdict


@pytest.mark.parametrize(
    ("heard", "reason", "expected"),
    [
        ("doscientos treinta pesos", "", "right"),
        ("pues doscientos treinta", "", "right"),
        ("doscientos cuarenta pesos", "", "wrong"),
        ("doscientos cuarenta pesos", "low_confidence", "rejected"),
        ("", "no_speech", "rejected"),
    ],
)
def test_an_answer_is_judged_by_what_a_call_would_understand(heard, reason, expected):
    assert verdict(clip("amount", "doscientos treinta pesos"), heard, reason) == expected


def test_a_choice_must_lead_clearly():
    said = clip(CHOICE, CHOICES["es"][0])
    other = CHOICES["es"][1]
    assert verdict(said, "algo", alternatives=((said.text, 0.8), (other, 0.1))) == "right"
    assert verdict(said, "algo", alternatives=((other, 0.8), (said.text, 0.1))) == "wrong"
    assert verdict(said, "algo", alternatives=((other, 0.4), (said.text, 0.3))) == "rejected"


def test_words_that_answer_nothing_must_give_nothing_under_whatever_is_asked():
    prompts = [clip(OTHER, "transfer", number) for number in range(12)]
    assert {"amount", "date", "digits", "yes_no"} <= {asked(prompt) for prompt in prompts}
    for prompt in prompts:
        assert verdict(prompt, "su mensaje es muy corto") == "right"
    amount = next(prompt for prompt in prompts if asked(prompt) == "amount")
    assert verdict(amount, "cien pesos") == "wrong"


def test_words_that_answer_nothing_count_as_wrong_but_not_among_the_answers():
    def trial(kind: str, judged: str) -> Trial:
        return Trial(kind, "clean", judged, 100.0, "said", "heard", 0.5)

    ours = [trial("amount", "right"), trial("amount", "rejected"), trial(OTHER, "wrong"), trial(OTHER, "right")]
    plain = [Trial("amount", "clean", "right", 800.0, "said", "heard", 1.5)]
    table = table_of(ours, plain)
    assert table["all"]["clean"] == {"n": 2, "right": 0.5, "rejected": 0.5, "wrong": 0.0}
    assert table["kinds"][OTHER]["clean"]["wrong"] == 0.5
    assert (table["wrong_of_all"]["count"], table["wrong_of_all"]["n"]) == (1, 4)
    assert table["latency"]["ratio"] == 8.0
    assert table["compared"]["clean"]["ratio"] == 0.5
    assert len(table["rejected"]) == len(table["wrong"]) == 1
