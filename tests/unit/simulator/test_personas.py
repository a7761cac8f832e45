"""Guards what a debtor can rely on, over many people and many words: nobody is made to promise what they did not."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime

import pytest

from voiceagent.cli.main import main
from voiceagent.settings.paths import Paths
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.persona_driver import Played, by_audio, by_text
from voiceagent.simulator.sample import draw

AT = datetime.fromisoformat("2026-11-25T10:00:00-03:00")
CASTS = [(language, name) for language in ("pt-BR", "es", "en") for name in Persona.names(language)]


def play(driver: Callable[..., Played], language: str, name: str, people: int) -> list[Played]:
    """The persona as so many different people."""
    persona, paths = Persona.load(name, language), Paths.from_environment()
    return [driver(draw([persona], today=AT.date(), seed=seed)[0], AT, paths) for seed in range(people)]


def assert_honest(calls: list[Played]) -> None:
    assert not [(call.debtor.name, call.promise, call.expected) for call in calls if call.false_promise]
    assert not [(call.debtor.name, found) for call in calls for found in call.disclosed]
    astray = [(call.disposition, call.heard, call.said) for call in calls if not call.as_expected]
    assert len(astray) <= len(calls) // 10, astray


@pytest.mark.parametrize(("language", "name"), CASTS)
def test_as_text_everybody_gets_what_they_want_and_no_more(language: str, name: str) -> None:
    assert_honest(play(by_text, language, name, 12))


@pytest.mark.parametrize(("language", "name"), CASTS)
def test_as_audio_everybody_gets_what_they_want_and_no_more(language: str, name: str) -> None:
    assert_honest(play(by_audio, language, name, 2))


def test_both_drivers_bring_a_debtor_to_the_same_promise() -> None:
    debtor = draw([Persona.load("instalments", "pt-BR")], today=AT.date(), seed=3)[0]
    text, audio = (driver(debtor, AT, Paths.from_environment()) for driver in (by_text, by_audio))
    assert text.promise == audio.promise == text.expected
    assert text.promise is not None and text.promise.instalments == 3
    assert audio.seconds > 30


@pytest.mark.parametrize("driver", ["text", "audio"])
def test_the_command_prints_one_document(driver: str, capsys: pytest.CaptureFixture[str]) -> None:
    code = main(["simulate", "--persona", "wrong_person,promise_full", "--driver", driver, "--calls", "3", "--json",
                 "--at", "2026-11-25T10:00:00-03:00"])  # fmt: skip
    document = json.loads(capsys.readouterr().out)
    assert (code, document["problems"]) == (0, [])
    assert [call["persona"] for call in document["calls"]] == ["wrong_person", "promise_full", "wrong_person"]
    assert [call["disposition"] for call in document["calls"]] == ["WN", "PTP", "WN"]
    assert document["summary"] == {"calls": 3, "as_expected": 3, "promises": 1, "false_promises": 0, "disclosed": 0}
    assert document["calls"][1]["promise"] == document["calls"][1]["promise_expected"] is not None


def test_more_people_than_there_are_numbers_are_simulated_in_turn(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("voiceagent.simulator.sample.People.most", 2)
    assert main(["simulate", "--persona", "silent", "--calls", "5"]) == 0
    assert "silent                    5  SIL" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "complaint", "code"),
    [
        (["--persona", "nobody"], "no persona 'nobody'", 1),
        (["--all", "--concurrency", "2"], "--concurrency is for --driver sip", 2),
        (["--all", "--at", "tomorrow"], "--at: not an instant", 2),
        (["--persona", "silent,load_stops"], "load_stops: load personas make telephone calls", 2),
        (["--all", "--language", "fr"], "no personas for fr", 1),
    ],
)
def test_nonsense_is_refused_in_one_line(
    arguments: list[str], complaint: str, code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["simulate", *arguments]) == code
    said = capsys.readouterr()
    assert complaint in said.err and said.err.count("\n") == 1 and not said.out
