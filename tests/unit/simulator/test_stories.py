"""Guards stories as data: every one can be told, its words are filled in, and its record is judged for what it is."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from voiceagent.base.errors import BadInputError, UsageError
from voiceagent.base.languages import Language
from voiceagent.simulator.stories import Story, StoryCall, stories_of
from voiceagent.simulator.story_verdict import QUEUED_S, against_cdr
from voiceagent.simulator.storyteller import Storyteller
from voiceagent.telephony.cdr import CdrDisposition, CdrRow

AT = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
FACTS = {name: "1" for name in ("digits", "birth", "birth_keys", "day", "hour", "document")}


@pytest.mark.parametrize("language", [str(language) for language in Language])
def test_every_story_of_every_language_can_be_told(language: str) -> None:
    stories = stories_of(language)
    assert set(stories) == set(stories_of("pt-BR"))
    for name, story in stories.items():
        for call in story.calls:
            assert call.acts(FACTS), name
    Storyteller(list(stories), Path("never"), language=language)


def test_words_and_keys_are_the_debtors_own() -> None:
    call = StoryCall(steps=({"say": "São {digits}."}, {"key": "{birth_keys}"}), wanted=(), ends=("CB",))
    said, pressed = call.acts({"digits": "um, dois", "birth_keys": "1503"})
    assert (said.say, pressed.key) == ("São um, dois.", "1503")


@pytest.mark.parametrize("step", [{"say": "{nothing}"}, {"key": "abc"}, {"sing": "la"}])
def test_a_step_that_is_none_is_named(step: dict[str, str]) -> None:
    call = StoryCall(steps=(step,), wanted=(), ends=("CB",))
    with pytest.raises(BadInputError, match="a story's step"):
        call.acts(FACTS)


@pytest.mark.parametrize("change", [{"elsewhere": True}, {"calls": 2}])
def test_a_story_that_cannot_be_is_refused(change: dict[str, Any]) -> None:
    call = {"steps": [{"key": "1"}], "wanted": [], "ends": ["CB"]}
    told = {"about": "x", "calls": [call], **change}
    if change.get("calls") == 2:
        told["calls"] = [call, call]
    with pytest.raises(ValidationError):
        Story.model_validate(told)


def test_a_story_nobody_knows_is_named_and_none_is_told_twice() -> None:
    with pytest.raises(BadInputError, match="no story 'nonsense' in pt-BR: one of calls_back, "):
        Storyteller(["nonsense"], Path("never"), language="pt-BR")
    with pytest.raises(UsageError, match="once"):
        Storyteller(["at_six", "at_six"], Path("never"), language="pt-BR")


def test_a_call_that_left_an_offer_open_yesterday_is_none_of_the_story() -> None:
    teller = Storyteller(["calls_back"], Path("never"), language="es", at="2026-11-18T10:00:00-06:00")
    [role] = teller._roles
    yesterday, now = (
        {"number": role.debtor.number, "t_start": teller._at + timedelta(hours=hours), "status": "ended"}
        for hours in (-24, 0)
    )
    assert teller._told([yesterday], role) == [], "else the story would be over before it begins"
    assert teller._told([yesterday, now], role) == [now]


def _row(direction: str, seconds: float) -> dict[str, Any]:
    return {"id": uuid.UUID(int=7), "direction": direction, "t_answer": AT, "t_end": AT + timedelta(seconds=seconds)}


def _cdr(seconds: float, disposition: CdrDisposition = CdrDisposition.ANSWERED) -> CdrRow:
    end = AT + timedelta(seconds=seconds)
    return CdrRow(str(uuid.UUID(int=7)), "1", "2", "a", "b", AT, AT, end, seconds, seconds, disposition, "x")


@pytest.mark.parametrize(
    ("direction", "handed", "theirs", "wrong"),
    [
        ("out", False, 10.5, False),
        ("out", False, 12.0, True),
        ("out", True, 12.0, False),
        ("in", False, 12.0, False),
        ("in", False, 8.0, True),
        ("in", False, 11.0 + QUEUED_S, True),
    ],
)
def test_a_record_counts_the_queue_and_what_follows_a_hand_over(
    direction: str, handed: bool, theirs: float, wrong: bool
) -> None:
    assert bool(against_cdr(_row(direction, 10.0), [_cdr(theirs)], handed=handed)) is wrong


def test_who_waited_in_vain_for_people_has_a_record_of_that_too() -> None:
    own = [_cdr(4.0), _cdr(3.0, CdrDisposition.NO_ANSWER), _cdr(3.5)]
    assert against_cdr(_row("out", 10.0), own, handed=True) == []
    assert against_cdr(_row("out", 10.0), own[:2], handed=True)


def test_a_call_the_exchange_does_not_know_is_told() -> None:
    for direction, handed in (("out", False), ("in", False), ("out", True)):
        assert against_cdr(_row(direction, 10.0), [], handed=handed)
        assert against_cdr(_row(direction, 10.0), [_cdr(0.0, CdrDisposition.NO_ANSWER)], handed=handed)
