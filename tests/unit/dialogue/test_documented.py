"""Guards docs/writing-a-script.md and the published schema: what a script can use is what they say."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from voiceagent.dialogue.acts import ACTS
from voiceagent.dialogue.guards import GUARDS
from voiceagent.dialogue.script import Script, State
from voiceagent.dialogue.variables import VARIABLES
from voiceagent.settings.dialplans import schema

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGE = (DOCS / "writing-a-script.md").read_text(encoding="utf-8")
WORDS = set(re.findall(r"[a-z_0-9]+", PAGE))


@pytest.mark.parametrize(
    "names",
    [ACTS, GUARDS, VARIABLES, State.model_fields, Script.model_fields],
    ids=["actions", "guards", "variables", "state", "script"],
)
def test_everything_a_script_can_use_is_documented(names: dict[str, object]) -> None:
    assert set(names) - WORDS == set()


def test_the_published_schema_is_the_one_in_force() -> None:
    published = json.loads((DOCS / "script.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(schema()), "write it anew: voiceagent script schema > docs/script.schema.json"
