"""Guards completeness: every language's script has the same prompts and the same conversation."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.dialogue.conftest import DIALPLANS
from voiceagent.dialogue.prompts import discloses, variables_of
from voiceagent.dialogue.script import Script
from voiceagent.settings.dialplans import load_script

REFERENCE = "pt-BR"
OTHERS = sorted(path for path in (DIALPLANS / "negotiation").glob("*.yaml") if path.stem != REFERENCE)


def shape(script: Script) -> dict[str, object]:
    """The conversation without its words: what may differ by language is left out."""
    data = script.model_dump(mode="json", exclude={"prompts", "language", "version", "serves", "legal"})
    for state in data["states"].values():
        state.pop("phrases")
        state.pop("digits")
        state.pop("digits_from")
    data["cues"] = sorted(data["cues"])
    text = repr(data)
    for datum in ("document_first3", "document_last4", "document_last2"):
        text = text.replace(datum, "document")
    return {"shape": text}


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_every_language_has_the_same_conversation(script: Script, path: Path) -> None:
    other = load_script(path)
    assert other.language == path.stem
    assert other.prompts.keys() == script.prompts.keys()
    assert other.states.keys() == script.states.keys()
    assert shape(other) == shape(script)


@pytest.mark.parametrize("path", OTHERS, ids=lambda path: path.stem)
def test_every_prompt_says_as_much_in_every_language(script: Script, path: Path) -> None:
    other = load_script(path)
    assert other.legal.keys() == script.legal.keys()
    for name, prompt in script.prompts.items():
        assert other.prompts[name].asks_reason == prompt.asks_reason, name
        assert variables_of(other.prompts[name]) == variables_of(prompt), name
        assert discloses(other.prompts[name]) == discloses(prompt), name
        assert other.prompts[name].reads_back == prompt.reads_back, name
        assert other.prompts[name].barge_in == prompt.barge_in, name
        assert other.prompts[name].tells_keys == prompt.tells_keys, name
        assert len(other.prompts[name].variants) == len(prompt.variants), name
