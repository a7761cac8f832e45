"""Guards decisions against the law's text, country by country, through the same lines that `comply --batch` reads."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from tests.unit.compliance.law_cases import ANDES, BRAZIL, CASES, CHILE, COLOMBIA, MEXICO, NOWHERE, UNITED_STATES
from voiceagent.cli.batch import answer
from voiceagent.compliance import Request, RuleBook, decide
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT

RULES = load_rules(ROOT / "dialplans" / "jurisdictions")


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


def test_no_two_situations_are_named_alike() -> None:
    told = sum(len(table) for table in (BRAZIL, UNITED_STATES, MEXICO, COLOMBIA, CHILE, ANDES, NOWHERE))
    assert len(CASES) == told > 180
