"""Guards the measurement of understanding: its scores are right on sets made for it, and its report has its shape."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.base.languages import Language
from voiceagent.cli.main import main
from voiceagent.simulator.bench_understanding import Plan, measure, round_trips, speed
from voiceagent.simulator.understanding_sets import score_intents, score_slots


@pytest.fixture
def sets(tmp_path: Path) -> Path:
    """Two right intents and a wrong one; one slot right, one wrong, one left open as it must be, one rejected."""
    (tmp_path / "pt-BR.intents.test.txt").write_text(
        "# a set\nhuman | quero falar com um atendente\nhuman | me passa pra uma pessoa\n"
        "cease | quero falar com um atendente\n",
        encoding="utf-8",
    )
    (tmp_path / "pt-BR.slots.test.txt").write_text(
        "date | dia quinze | date=2026-12-15\ndate | dia quinze | date=2026-12-16\n"
        "date | quinta que vem | ?date\namount | sei lá | amount=5.00\n",
        encoding="utf-8",
    )
    return tmp_path


def test_intents_are_scored_by_macro_f1(sets: Path) -> None:
    score = score_intents(Language.PT_BR, sets)
    assert (score["n"], score["right"]) == (3, 2)
    # human: 2 right, 1 taken for it; cease: none right.
    assert score["macro_f1"] == pytest.approx((2 * 2 / (2 * 2 + 1) + 0) / 2, abs=1e-4)
    assert score["mistakes"] == ["quero falar com um atendente | cease, not human"]


def test_slots_are_right_wrong_or_rejected(sets: Path) -> None:
    score = score_slots(Language.PT_BR, sets)
    assert (score["right"], score["wrong"], score["rejected"]) == (2, 1, 1)
    assert score["wrong_rate"] == 0.25 and score["kinds"]["date"]["n"] == 3


def test_values_are_said_and_understood_back() -> None:
    trips = round_trips(Language.PT_BR, Plan(integers=50, amounts=50, days=10))
    assert {name: (trip["n"], trip["failed"]) for name, trip in trips.items()} == {
        "integers": (50, 0), "cents": (800, 0), "amounts": (50, 0), "dates": (20, 0)
    }  # fmt: skip


def test_a_step_is_timed_with_its_understanding(sets: Path) -> None:
    took = speed(Language.PT_BR, 20, sets)
    assert took["n"] == 20 and 0 < took["p50_ms"] <= took["p99_ms"]


def test_the_report_has_its_shape(sets: Path) -> None:
    small = Plan((Language.PT_BR,), integers=10, amounts=10, days=5, walks=10, steps=10, sets=sets, processes=1)
    report = measure(small)
    assert report["machine"]["cores"] >= 1 and report["met"] == {"pt-BR": False}
    measured = report["languages"]["pt-BR"]
    assert measured.keys() == {"step", "intents", "slots", "held_out", "round_trips", "walks"}
    assert measured["walks"]["n"] == 10 and measured["walks"]["faults"] == 0


def test_the_command_prints_one_document(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Plan] = []

    def measured(plan: Plan, progress: object) -> dict[str, object]:
        asked.append(plan)
        return {"met": {}}

    monkeypatch.setattr("voiceagent.simulator.bench_understanding.measure", measured)
    assert main(["bench", "understanding", "--json"]) == 0
    assert main(["bench", "understanding", "--json", "--full", "--language", "es"]) == 0
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == [{"met": {}}] * 2
    whole, full = asked
    assert (whole.integers, whole.amounts, whole.days, whole.walks) == (100_000, 20_000, 400, 10_000)
    assert whole.languages == tuple(Language) and (full.amounts, full.languages) == (500_000, (Language.ES,))


def test_a_missing_set_is_named(tmp_path: Path) -> None:
    with pytest.raises(UnavailableError, match=r"no set at .*en.intents.test.txt"):
        score_intents(Language.EN, tmp_path)


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        ("intents", "", "the set holds no line"),
        ("intents", "# a comment\n\n", "the set holds no line"),
        ("intents", "human | quero\nquero falar\n", r"txt:2: a line is `intent \| words`"),
        ("slots", "date | dia dez\n", r"txt:1: a line is `expect \| words \| slot=value"),
        ("slots", "date | dia dez | 2026-12-10\n", r"txt:1: .* or `-`"),
        ("slots", "date | dia dez | - | XX\n", "txt:1: .*regions .*BR"),
    ],
)
def test_a_line_that_is_none_is_named(sets: Path, kind: str, text: str, said: str) -> None:
    (sets / f"pt-BR.{kind}.test.txt").write_text(text, encoding="utf-8")
    score = score_slots if kind == "slots" else score_intents
    with pytest.raises(BadInputError, match=said):
        score(Language.PT_BR, sets)


def test_a_set_that_is_no_text_is_named(sets: Path) -> None:
    (sets / "pt-BR.intents.test.txt").write_bytes(b"human | \xff\n")
    with pytest.raises(BadInputError, match=r"pt-BR.intents.test.txt: it is not text"):
        score_intents(Language.PT_BR, sets)


def test_a_campaign_too_small_for_its_people_says_how_many_there_must_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "campaign", "--contacts", "16"]) == 2
    assert "at least 17 contacts" in capsys.readouterr().err


def test_an_unknown_language_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bench", "understanding", "--language", "fr"]) == 2
    assert "no language" in capsys.readouterr().err
