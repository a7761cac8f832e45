"""Guards how the bench of recognition judges: right, rejected, wrong, and words that answer nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.languages import Language
from voiceagent.cli.benches.speech import show
from voiceagent.simulator.bench_speech import (
    CHOICE,
    CHOICES,
    TARGETS,
    Trial,
    _context,
    asked,
    patiently,
    row_of,
    table_of,
    trial_of,
)
from voiceagent.simulator.measured_on import machine
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


def test_a_summary_says_which_target_is_missed(capsys):
    def trials(name: str, right: int, wrong: int) -> list[Trial]:
        judged = ["right"] * right + ["wrong"] * wrong + ["rejected"] * (100 - right - wrong)
        return [Trial("amount", name, each, 100.0, str(number), "heard", 0.5) for number, each in enumerate(judged)]

    lines = ("g711", "snr10", "loss1", "loss3")
    well = [t for n in ("clean", "snr15", *lines) for t in trials(n, 98, 0)]
    badly = [*trials("clean", 96, 2), *trials("snr15", 85, 2), *(t for n in lines for t in trials(n, 90, 0))]
    good, poor = (table_of(ours, trials("clean", 49, 0)) for ours in (well, badly))
    rows = [row_of("es", "rendered", good), row_of("es", "human", poor)]
    assert rows[0]["met"] == {"clean": True, "snr15": True, "wrong": True}
    assert rows[1]["met"] == {"clean": False, "snr15": True, "wrong": False}
    assert rows[0]["plain"]["right"]["clean"] == 2.0 and rows[0]["plain"]["right"]["snr15"] is None
    tables = {"languages": {"es": good}, "people": {"es": poor}}
    show({**tables, "summary": rows, "met": False, "targets": TARGETS, "machine": machine()}, rejected=True)
    told = capsys.readouterr().out
    assert "es, a person's recordings" in told and "rejected" in told
    assert "NOT met: clean, wrong" in told and "4 of 600" in told and "NOT all targets met" in told


@pytest.mark.parametrize(
    ("kind", "text", "asked"),
    [("digits", "meu cpf é cinco", (1, 1)), ("digits", "dois meia um", (3, 3)), ("date", "dia dez", None)],
)
def test_a_question_for_digits_names_how_many_as_those_of_the_scripts_do(kind, text, asked):
    context = _context(clip(kind, text), Language.PT_BR)
    assert (context.expect, context.digits) == ((kind,), asked)
