"""Guards the table of who answers: what is counted as a mistake, its interval, and whose wait is told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from voiceagent.base.languages import Language
from voiceagent.cli.main import main
from voiceagent.simulator import bench_amd
from voiceagent.simulator.answerer_clips import Answerer, answerers
from voiceagent.simulator.bench_amd import Trial, share, tables


def trial(
    kind: str, verdict: str, *, waited: float | None = None, text: str = "Alô?", talked: float = 0.0, ended: float = 9.0
) -> Trial:
    who = Answerer(kind, "pt-BR", text)
    return Trial(who, "clean", verdict, "", 1.0, 1.5, waited, "", 0.2, talked, ended or None, "alô")


def test_mistakes_are_counted_on_both_sides_and_silence_on_neither() -> None:
    report = tables(
        [
            trial("human_short", "human", waited=0.6),
            trial("human_after", "human", waited=1.2),
            trial("human_long", "voicemail", waited=2.0, text="Oi, tia."),
            trial("ivr", "ivr"),
            trial("ivr", "human", text="Tecle um."),
            trial("voicemail", "screening", text="Deixe o recado. [beep]"),
            trial("silence", "silence"),
        ]
    )
    people, machines = report["people_called_machines"], report["machines_called_people"]
    assert (people["count"], people["n"]) == (1, 3) and (machines["count"], machines["n"]) == (1, 3)
    assert report["confusion"]["ivr"] == {"ivr": 1, "human": 1}
    known = report["machines_known"]
    assert (known["ivr"]["count"], known["ivr"]["n"], known["voicemail"]["count"]) == (1, 2, 1)
    assert sorted("Oi, tia." in one for one in report["mistakes"]) == [False, True]
    assert report["first_word_within_1s"]["count"] == 1 and report["first_word_after_hello_s"]["n"] == 2
    assert report["first_word_after_a_sentence_s"]["max"] == 2.0 and report["said_after_the_beep_s"]["n"] == 1


def test_a_person_who_is_never_greeted_is_not_greeted_in_time() -> None:
    never = replace(trial("human_short", "voicemail"), first_word_s=None)
    report = tables([trial("human_short", "human", waited=0.6), never, trial("human_long", "human", waited=2.0)])
    soon, nobody = report["first_word_within_1s"], report["never_greeted"]
    assert (soon["count"], soon["n"]) == (1, 2) and (nobody["count"], nobody["n"]) == (1, 3)


def test_a_report_says_what_was_left_out_and_what_is_old(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(bench_amd, "answerers", lambda language, development: [])
    monkeypatch.setattr(bench_amd, "render_all", lambda found, models: None)
    monkeypatch.setattr(bench_amd, "load_recogniser", lambda models, language: None)
    monkeypatch.setattr(bench_amd, "TONES", {})
    amd = ["bench", "amd", "--language", "es", "--models", str(tmp_path)]
    assert main([*amd, "--lines", "2", "--every", "3", "--development", "--kept"]) == 0
    assert main(amd) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1] == "NOT all targets met: people_called_machines 0.01 not judged", "nobody answered"
    told, plain = (each for each in lines if each.startswith("es: "))
    assert told == (
        "es: texts the rules were tried on, each on 2 of 4 lines, one of every 3 answers alone, with what earlier runs "
        "recognised"
    )
    assert plain == "es: texts no rule was tried on, each on 1 of 4 lines"


def test_what_was_said_to_a_machine_is_told_and_who_ended_the_calls_it_was_known_late_in() -> None:
    report = tables(
        [
            trial("late", "voicemail", talked=3.0, ended=2.5),
            trial("late", "ivr", talked=5.0, ended=0.0),
            trial("late", "screening", talked=5.0),
            trial("late", "human", talked=8.0, ended=0.0),
            trial("voicemail", "voicemail"),
            trial("human_short", "human", talked=7.0),
        ]
    )
    assert report["said_to_a_machine_s"] == {"n": 5, "median": 5.0, "p95": 8.0, "max": 8.0}
    late = report["known_too_late"]
    assert (late["ended_by_the_agent"]["count"], late["ended_by_the_agent"]["n"]) == (1, 2)
    assert late["hung_up_after_s"]["max"] == 1.5


@pytest.mark.parametrize(
    ("count", "of", "low", "high"), [(0, 60, 0.0, 0.0602), (3, 300, 0.0034, 0.029), (60, 60, 0.9398, 1.0)]
)
def test_intervals_are_wilsons(count: int, of: int, low: float, high: float) -> None:
    found = share(count, of)
    assert found["low"] == pytest.approx(low, abs=2e-4) and found["high"] == pytest.approx(high, abs=2e-4)


@pytest.mark.parametrize("language", [language.value for language in Language])
def test_there_are_enough_texts_and_none_is_among_those_the_rules_were_tried_on(language: str) -> None:
    held, tried = answerers(language), answerers(language, development=True)
    assert not {one.text for one in held} & {one.text for one in tried}
    people = {one.text for one in held if one.human}
    assert len(people) >= 40 and len({one.text for one in held} - people) >= 50
    assert sum(one.human for one in held) >= 60
