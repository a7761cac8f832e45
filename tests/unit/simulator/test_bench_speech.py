"""Guards how the bench of recognition judges: right, rejected, wrong, and words that answer nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voiceagent.base.errors import UnavailableError
from voiceagent.base.languages import Language
from voiceagent.cli.benches.speech import show
from voiceagent.simulator import bench_speech
from voiceagent.simulator.bench_speech import (
    CHOICE,
    CHOICES,
    TARGETS,
    Plan,
    Trial,
    _context,
    asked,
    measure,
    met_of,
    patiently,
    row_of,
    table_of,
    trial_of,
)
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.recorded_answers import OTHER
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.training.clips import Clip
from voiceagent.speech.training.damage import MEASURED

LINES = tuple(condition.name for condition in MEASURED)


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
    assert poor["wrong_by_line"]["clean"]["count"] == 2 and poor["wrong_by_line"]["loss1"]["count"] == 0
    rows = [row_of("es", "rendered", good), row_of("es", "human", poor)]
    assert rows[0]["met"] == {"clean": True, "snr15": True, "wrong": True}
    assert rows[1]["met"] == {"clean": False, "snr15": True, "wrong": False}
    assert rows[0]["plain"]["right"]["clean"] == 2.0 and rows[0]["plain"]["right"]["snr15"] is None
    tables = {"languages": {"es": good}, "people": {"es": poor}}
    told = {"summary": rows, "left_out": [], "met": met_of(rows, []), "targets": TARGETS, "machine": machine()}
    show(tables | told, rejected=True)
    told = capsys.readouterr().out
    assert "es, a person's recordings" in told and "rejected" in told
    assert "NOT met: clean, wrong" in told and "4 of 600" in told and "NOT all targets met" in told


def test_two_wrong_answers_on_one_line_are_not_hidden_by_the_other_lines():
    ours = [Trial("amount", name, "right", 100.0, str(n), "heard", 0.5) for name in LINES for n in range(100)]
    ours[:2] = [replace(each, verdict="wrong") for each in ours[:2]]
    table = table_of(ours, [])
    assert table["wrong_of_all"]["share"] < TARGETS["wrong_on_each_line"]
    assert row_of("es", "rendered", table)["met"] == {"clean": True, "snr15": True, "wrong": False}


def test_the_plain_way_is_compared_on_the_same_answers_alone():
    ours = [Trial("amount", "clean", "right", 100.0, "cem", "cem", 0.5)]
    ours += [Trial("amount", "snr10", "right", 1.0, "cem", "cem", 0.5) for _ in range(8)]
    ours += [Trial("amount", "clean", "right", 1.0, "dez", "dez", 0.5) for _ in range(8)]
    latency = table_of(ours, [Trial("amount", "clean", "right", 800.0, "cem", "cem", 1.5)])["latency"]
    assert latency["ratio"] == 8.0 and latency["here_ms"]["n"] == 1 and latency["here_on_all_lines_ms"]["n"] == 17
    assert table_of(ours, [])["latency"]["ratio"] is None


def test_people_who_could_not_be_had_are_told_and_nothing_is_called_met_without_them(tmp_path, monkeypatch, capsys):
    def nobody(*_: object) -> list[Clip]:
        raise UnavailableError("no network")

    async def heard(whisper, language, clips, plain_every, report):
        return [Trial("amount", name, "right", 100.0, "cem", "cem", 0.5) for name in LINES], []

    for name, stand_in in {
        "Whisper": lambda path: None,
        "clips_of": lambda language, count: [clip("amount", "cem")],
        "render": lambda *_: None,
        "recorded_clips": nobody,
        "_hear_all": heard,
    }.items():
        monkeypatch.setattr(bench_speech, name, stand_in)
    report = measure(Plan((Language.ES,)), tmp_path, lambda line: None)
    assert report["left_out"] == [{"language": "es", "recordings": "human", "why": "no network"}]
    assert report["met"] is None and all(report["summary"][0]["met"].values())
    show(report, rejected=False)
    told = capsys.readouterr().out
    assert "NOT heard: es human: no network" in told and "all targets met, by those that were heard" in told
    assert measure(Plan((Language.ES,), recordings=("rendered",)), tmp_path, lambda line: None)["met"] is True
    with pytest.raises(UnavailableError):
        measure(Plan((Language.ES,), recordings=("human",)), tmp_path, lambda line: None)


@pytest.mark.parametrize(
    ("kind", "text", "asked"),
    [("digits", "meu cpf é cinco", (1, 1)), ("digits", "dois meia um", (3, 3)), ("date", "dia dez", None)],
)
def test_a_question_for_digits_names_how_many_as_those_of_the_scripts_do(kind, text, asked):
    context = _context(clip(kind, text), Language.PT_BR)
    assert (context.expect, context.digits) == ((kind,), asked)
