"""Guards callers, promised calls and debtors handed over, end to end: real Asterisk, SIP, speech and people's queue.

What must have happened is written with each story (simulator/stories); it is judged by journal and call records.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import pytest

from voiceagent.simulator.stories import stories_of
from voiceagent.simulator.storyteller import Storyteller

NAMES = ("calls_back", "calls_from_elsewhere", "at_six", "to_a_person", "to_nobody")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What became of every story, all told in one house."""
    home = Path(tmp_path_factory.mktemp("stories")) / "house"
    teller = Storyteller(
        NAMES, home, language="pt-BR", at="2026-11-18T10:00:00-03:00",
        progress=lambda line: print(line, file=sys.stderr, flush=True),
    )  # fmt: skip
    return asyncio.run(teller.run())


@pytest.mark.parametrize("name", NAMES)
def test_a_story_goes_as_written(name: str, told: dict[str, Any]) -> None:
    assert [problem for problem in told["problems"] if problem.startswith(name)] == []
    assert len([call for call in told["calls"] if call["persona"] == name]) == len(stories_of("pt-BR")[name].calls)


def test_nothing_else_was_wrong_and_nothing_is_left(told: dict[str, Any]) -> None:
    assert told["problems"] == [] and told["channels_left"] == 0


def test_who_takes_a_call_over_sees_what_it_is_about(told: dict[str, Any]) -> None:
    """The summary is kept for the screen; the note in the INVITE's header has nobody's name or words."""
    [call] = [call for call in told["calls"] if call["persona"] == "to_a_person"]
    [hand_over] = call["hand_over"]
    assert "Pediu para falar com uma pessoa." in hand_over["summary"]
    assert "Identidade NÃO confirmada" in hand_over["summary"]
    [headers] = told["people_saw"]
    assert headers["x-voiceagent-call"] == call["id"]
    assert headers["x-voiceagent-note"].startswith("reason:human+verified:no+protocol:")
