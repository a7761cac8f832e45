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


@pytest.mark.parametrize("kind", ["script", "policy", "retries"])
def test_the_published_schema_is_the_one_in_force(kind: str) -> None:
    published = json.loads((DOCS / f"{kind}.schema.json").read_text(encoding="utf-8"))
    assert published == json.loads(schema(kind)), f"write it anew: voiceagent script schema > docs/{kind}.schema.json"


@pytest.mark.parametrize("path", sorted((DOCS.parent / "dialplans").glob("[np]*/*.yaml")), ids=lambda path: path.stem)
def test_every_script_and_policy_tells_editors_its_schema(path: Path) -> None:
    first = path.read_text(encoding="utf-8").splitlines()[0]
    said = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert said is not None and (path.parent / said[1]).resolve().is_file()
