"""Stories: debtors whom one call is not enough for, or who call themselves; `stories/<language>.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, ValidationError, model_validator

from voiceagent.base.errors import BadInputError
from voiceagent.debt.disposition import Disposition
from voiceagent.settings.yamltext import build, read_yaml
from voiceagent.simulator.scenario import Step

STORIES = Path(__file__).parent / "stories"


class People(StrEnum):
    """What the people of the shop do while a story is told."""

    NONE = "none"
    ANSWER = "answer"
    RING = "ring"
    """Their telephones ring, and nobody comes."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class StoryCall(_Strict):
    """One call of a story."""

    steps: tuple[dict[str, Any], ...] = Field(min_length=1)
    """As `scenario.Step`, with {facts} in the words and keys."""
    hello: str = ""
    """Said on lifting the phone."""
    wanted: tuple[str, ...]
    """What the journal must hold of the call: an event's type, or `type:word` (story_verdict.WORDS)."""
    ends: tuple[Disposition, ...] = Field(min_length=1)
    """How it may end."""
    due: str | None = None
    """For when, on the debtor's clock (HH:MM), the callback is that it promises."""

    def acts(self, facts: Mapping[str, str]) -> tuple[Step, ...]:
        """The steps of a debtor with these facts; BadInputError when one is no step."""

        def filled(value: Any) -> Any:
            return re.sub(r"\{(\w+)\}", lambda match: facts[match[1]], value) if isinstance(value, str) else value

        try:
            acts = [Step.model_validate({key: filled(value) for key, value in each.items()}) for each in self.steps]
        except (ValidationError, KeyError) as error:
            raise BadInputError(f"a story's step: {error}") from None
        return tuple(acts)


class Story(_Strict):
    """One debtor, and the calls that are made."""

    about: str
    begins: Literal["called", "calls"] = "called"
    elsewhere: bool = False
    """It calls from a number that nobody has."""
    left_open: int = Field(default=0, ge=0)
    """Instalments of the offer that an earlier call left open; 0: none did."""
    people: People = People.NONE
    calls: tuple[StoryCall, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sound(self) -> Story:
        if self.elsewhere and self.begins != "calls":
            raise ValueError("elsewhere: only who calls can call from elsewhere")
        if any(call.due is None for call in self.calls[:-1]):
            raise ValueError("every call but the last promises the next one: say for when it is due")
        return self


class Book(RootModel[dict[str, Story]]):
    """A language's stories, by name."""


@lru_cache
def stories_of(language: str) -> dict[str, Story]:
    """By name, in the file's order; empty where a language has none. BadInputError for a file that is not sound."""
    path = STORIES / f"{language}.yaml"
    return build(Book, read_yaml(path)).root if path.is_file() else {}
