"""Guards what `bench ears` measures: the engine that was asked for and no other, and nothing on nonsense."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.errors import MissingPartError, UsageError
from voiceagent.simulator.bench_ears import LANGUAGE, Plan, measure, only
from voiceagent.speech.recogniser import served_languages


@pytest.fixture
def models(tmp_path: Path) -> Path:
    for name in ("vosk-pt", "vosk-ko-test"):
        (tmp_path / name / "am").mkdir(parents=True)
        (tmp_path / name / "am" / "final.mdl").write_text(name)
    (tmp_path / "whisper-base").mkdir()
    (tmp_path / "whisper-base" / "model.bin").touch()
    return tmp_path


def test_whisper_is_measured_where_vosk_would_be_used(models: Path) -> None:
    assert served_languages(models)[LANGUAGE] == "vosk"
    with only(models, "whisper") as served:
        assert served_languages(served)[LANGUAGE] == "whisper"
    assert not served.exists() and (models / "vosk-pt" / "am" / "final.mdl").is_file(), "only the links are gone"


def test_vosk_is_measured_with_the_korean_model(models: Path) -> None:
    with only(models, "vosk") as served:
        assert served_languages(served)[LANGUAGE] == "vosk"
        assert (served / "vosk-pt" / "am" / "final.mdl").read_text() == "vosk-ko-test"


@pytest.mark.parametrize("engine", ["whisper", "vosk"])
def test_a_model_that_is_missing_is_named(tmp_path: Path, engine: str) -> None:
    with pytest.raises(MissingPartError, match=r"models install (whisper-base|vosk-ko-test)"), only(tmp_path, engine):
        raise AssertionError("nothing to measure with")


@pytest.mark.parametrize("plan", [Plan(()), Plan((0,)), Plan(seconds=0), Plan(engine="ear trumpet")])
def test_nonsense_is_refused_before_anything_starts(plan: Plan) -> None:
    with pytest.raises(UsageError):
        measure(plan)
