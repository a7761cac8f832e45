"""Guards decisions against the law's text, country by country, through the same lines that `comply --batch` reads."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.unit.compliance.law_cases import ANDES, BRAZIL, CASES, CHILE, COLOMBIA, MEXICO, NOWHERE, UNITED_STATES
from voiceagent.cli.batch import answer
from voiceagent.cli.commands.comply import decided
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

RULES = load_rules(ROOT / "dialplans" / "jurisdictions")


#: Written by somebody who had read the rules' pages and not the engine: questions as lines, each with its answer.
EXAMINED = (Path(__file__).with_name("examined.jsonl")).read_text(encoding="utf-8").splitlines()


def comply(line: dict[str, Any], rules: RuleBook = RULES) -> dict[str, Any]:
    return answer(json.dumps(line), lambda read: decide(Request.from_json(read), rules).to_json())


@pytest.mark.parametrize("name", CASES)
def test_the_answer_is_the_laws(name: str) -> None:
    at, number, (rule, retry_at), more = CASES[name]
    line = {"id": name, "at": at, "channel": "voice", "purpose": "collection", "number": number, **more}
    said = comply(line)
    assert (said["id"], said["allow"]) == (name, not rule), said
    assert said["rules"][:1] == ([rule] if rule else []), said
    again = said["retry_at"] and datetime.fromisoformat(said["retry_at"])
    assert again == (retry_at and datetime.fromisoformat(retry_at)), said


@pytest.mark.parametrize("line", EXAMINED, ids=lambda line: str(json.loads(line)["id"]))
def test_the_examiners_lines_get_their_answers(line: str) -> None:
    asked = json.loads(line)
    expected = asked.pop("expected")
    said = answer(json.dumps(asked), lambda read: decided(read, RULES))
    again = [one and datetime.fromisoformat(one) for one in (said["retry_at"], expected["retry_at"])]
    assert (said["allow"], said["rules"]) == (expected["allow"], expected["rules"]), said
    assert again[0] == again[1], said


def test_a_question_that_is_not_understood_is_a_no_that_says_why() -> None:
    said = answer('{"id":1,"at":"soon","channel":"voice"}', lambda read: decided(read, RULES))
    assert (said["allow"], said["rules"], said["retry_at"]) == (False, ["fail_closed"], None)
    assert "field at" in said["error"]["message"]


def test_no_two_situations_are_named_alike() -> None:
    told = sum(len(table) for table in (BRAZIL, UNITED_STATES, MEXICO, COLOMBIA, CHILE, ANDES, NOWHERE))
    assert len(CASES) == told > 180
