"""Guards the order flag > environment > file > default, and errors that name file and line, variable or flag."""

from __future__ import annotations

from pathlib import Path

import pytest

from voiceagent.base.errors import BadInputError
from voiceagent.settings.config import load_settings
from voiceagent.settings.paths import Paths


@pytest.fixture
def env(tmp_path: Path) -> dict[str, str]:
    return {"VOICEAGENT_HOME": str(tmp_path)}


def test_default_is_rehearsal(env: dict[str, str]) -> None:
    settings = load_settings(environ=env)
    assert settings.dial.mode == "rehearsal" and settings.log.mask and settings.dial.allow == ()


def test_precedence(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("dial:\n  mode: pilot\n  guard_s: 60\n  allow: ['+5511955550100']\n")
    assert load_settings(environ=env).dial.mode == "pilot"
    env["VOICEAGENT_DIAL__MODE"] = "live"
    settings = load_settings(environ=env)
    assert settings.dial.mode == "live" and settings.dial.guard_s == 60 and settings.dial.allow == ("+5511955550100",)
    assert load_settings(environ=env, flags={"dial.mode": "rehearsal"}).dial.mode == "rehearsal"
    assert load_settings(environ=env, flags={"dial.mode": None}).dial.mode == "live"


def test_a_list_in_the_environment(env: dict[str, str]) -> None:
    env["VOICEAGENT_DIAL__ALLOW"] = "+5511955550100, +5511955550101"
    assert load_settings(environ=env).dial.allow == ("+5511955550100", "+5511955550101")


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("dial:\n  mode: loud\n", "config.yaml:2"),
        ("dial:\n  mod: live\n", "config.yaml:2"),
        ("dial:\n  allow: ['11 9']\n", "config.yaml:2"),
        ("dial: [\n", "config.yaml:"),
        ("- dial\n", "config.yaml:1"),
    ],
)
def test_a_bad_file_is_named_with_its_line(env: dict[str, str], tmp_path: Path, text: str, where: str) -> None:
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(BadInputError, match=where):
        load_settings(environ=env)


def test_a_bad_variable_and_a_bad_flag_are_named(env: dict[str, str]) -> None:
    with pytest.raises(BadInputError, match="--dial-mode"):
        load_settings(environ=env, flags={"dial.mode": "loud"})
    env["VOICEAGENT_DIAL__GUARD_S"] = "soon"
    with pytest.raises(BadInputError, match="VOICEAGENT_DIAL__GUARD_S"):
        load_settings(environ=env)


def test_a_file_that_was_named_must_be_there(env: dict[str, str], tmp_path: Path) -> None:
    env["VOICEAGENT_CONFIG"] = str(tmp_path / "other.yaml")
    with pytest.raises(BadInputError, match=r"other\.yaml"):
        load_settings(environ=env)


def test_an_empty_file_says_nothing(env: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "config.yaml").write_text("# nothing yet\n")
    assert load_settings(Paths.from_environment(env), environ=env).dial.mode == "rehearsal"
