"""Guards the console's files: words in three languages for every code, nothing inline, nothing from elsewhere."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from voiceagent.audio.signals import Signal
from voiceagent.base.errors import MissingPartError, UnavailableError
from voiceagent.cases.kinds import AttemptStatus, HangupBy, Mode, PhoneStatus, PromiseStatus, SeatState
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialogue.answerers import AnsweredBy
from voiceagent.dialogue.script import INTENTS, SLOTS
from voiceagent.segments.fields import FIELDS, Type
from voiceagent.segments.grammar import FilterError, parse
from voiceagent.settings.paths import Paths
from voiceagent.storage.faults import OutdatedError
from voiceagent.web.pages import UI, load_pages

LANGUAGES = ("pt-BR", "es", "en")
SCRIPTS = sorted(UI.glob("*.js"))


def _words(language: str) -> dict[str, str]:
    words: dict[str, str] = json.loads((UI / "i18n" / f"{language}.json").read_text(encoding="utf-8"))
    return words


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_words(language: str) -> None:
    words = _words(language)
    kinds = {
        "disposition": Disposition, "seat": SeatState, "status": AttemptStatus, "promise": PromiseStatus,
        "mode": Mode, "hangup": HangupBy, "phone": PhoneStatus, "answerer": AnsweredBy, "evidence": Signal,
    }  # fmt: skip
    for prefix, kind in kinds.items():
        for member in kind:
            assert words[f"{prefix}.{member.value}"], (language, member)
    assert not [intent for intent in INTENTS if f"intent.{intent}" not in words]
    assert not [slot for slot in SLOTS - {"ambiguous"} | {"month", "week", "in_minutes"} if f"slot.{slot}" not in words]


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_filter_may_ask_is_told_in_the_language_of_the_page(language: str) -> None:
    words = _words(language)
    assert {name for name in words if name.startswith("field.")} == {f"field.{name}" for name in [*FIELDS, "x.NAME"]}
    assert {name for name in words if name.startswith("type.")} == {f"type.{kind.value}" for kind in Type}
    if language == "en":
        assert all(words[f"field.{name}"] == field.told for name, field in FIELDS.items())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_task_that_a_script_opens_has_words(language: str) -> None:
    scripts = (Paths.from_environment().dialplans / "negotiation").glob("*.yaml")
    opened = {kind for script in scripts for kind in re.findall(r"request: (\w+)", script.read_text(encoding="utf-8"))}
    assert "dispute" in opened
    assert not [kind for kind in opened | {"send_payment"} if f"request.{kind}" not in _words(language)]


def test_the_catalogues_have_the_same_keys_and_places_to_fill() -> None:
    first = _words("pt-BR")
    for language in LANGUAGES[1:]:
        other = _words(language)
        assert other.keys() == first.keys()
        for key, text in first.items():
            assert set(re.findall(r"\{\w+\}", other[key])) == set(re.findall(r"\{\w+\}", text)), (language, key)


#: Where the failures come from that somebody at the console can meet: what answers its requests, and what that asks.
REFUSING = (
    "web", "segments", "cases/calls.py", "cases/erasure.py", "cases/holds.py", "cases/portrait.py", "cases/reviews.py",
    "service/forgetting.py", "dialer/explain.py", "dialer/identify.py", "storage/faults.py", "journal/writer.py",
)  # fmt: skip
#: Of the API alone: the page never sends such a request. The last is told before the page is there.
NEVER_OF_THE_PAGE = {
    "bad_json",
    "bad_wish",
    "bad_span",
    "bad_flag",
    "bad_status",
    "bad_offset",
    "bad_callback",
    "port_in_use",
}


def _codes() -> set[str]:
    """Every code that these say, and those of the errors that have none of their own."""
    codes = {UnavailableError.code, MissingPartError.code, OutdatedError.code}
    for place in REFUSING:
        path = UI.parents[1] / place
        for file in sorted(path.glob("*.py")) if path.is_dir() else [path]:
            text = file.read_text(encoding="utf-8")
            codes |= set(re.findall(r"\bcode=\"(\w+)\"", text))
            codes |= set(re.findall(r"\b(?:ProblemError|problem)\(\s*\d+, \"(\w+)\"", text))
    return codes


@pytest.mark.parametrize("language", LANGUAGES)
def test_why_the_server_refused_is_told_in_the_language_of_the_page(language: str) -> None:
    codes = _codes()
    assert {"legal_hold", "retention", "bad_filter", "unknown_call", "internal", "database_locked"} <= codes
    words = _words(language)
    assert not [code for code in codes - NEVER_OF_THE_PAGE if f"problem.{code}" not in words]
    known = {key.removeprefix("problem.") for key in words if key.startswith("problem.") and key.count(".") == 1}
    assert known - codes == {"offline", "other"}, "words nobody says"


FILTERS = (
    "days_overdue > 30 x", "state = 'SP", "", "stat = SP", "days_overdue between 1 or 2", "(state = SP",
    "state in (SP RJ)", "state = SP or", "state not SP", "score is 3", "state in SP", "state =", "qqqqqqqq = 1",
    "state > 1", "state = 'a\0'", "score > x", "score", "state = SP;", "(" * 60 + "has_phone", "x" * 3000,
    "has_phone or " * 120 + "has_phone",
)  # fmt: skip


def test_every_fault_of_a_filter_is_told_with_all_it_is_about() -> None:
    told = set()
    for text in FILTERS:
        with pytest.raises(FilterError) as caught:
            parse(text)
        values = caught.value.values
        told.add(values["fault"])
        for language in LANGUAGES:
            words = _words(language)[f"problem.bad_filter.{values['fault']}"]
            assert set(re.findall(r"\{(\w+)\}", words)) <= values.keys(), (language, text)
    prefix = "problem.bad_filter."
    assert {key.removeprefix(prefix) for key in _words("en") if key.startswith(prefix)} == told


def test_portuguese_outcomes_are_those_of_the_trade() -> None:
    words = _words("pt-BR")
    assert {code: words[f"disposition.{code.value}"] for code in Disposition} == {
        code: meaning.label for code, meaning in MEANING.items()
    }


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_every_key_a_script_names_has_words(path: Any) -> None:
    words = _words("pt-BR")
    named = re.findall(r"\bt\(\s*\"([a-z_.]+)\"", path.read_text(encoding="utf-8"))
    assert not [key for key in named if key not in words]


@pytest.mark.parametrize("path", [*SCRIPTS, UI / "index.html", UI / "style.css"], ids=lambda path: path.name)
def test_nothing_inline_and_nothing_from_elsewhere(path: Any) -> None:
    text = path.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.search(r"https?://|//[a-z]+\.[a-z]", text)
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function", text)
    if path.suffix == ".html":
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|style=", text)


def test_pages_are_served_with_their_types_and_come_once(visit: Any) -> None:
    async def script(client: TestClient[Any, Any]) -> None:
        for name, page in load_pages().items():
            answer = await client.get(f"/ui/{name}")
            assert answer.status == 200 and answer.content_type == page.content_type
            again = await client.get(f"/ui/{name}", headers={"If-None-Match": answer.headers["ETag"]})
            assert again.status == 304
        for name in ("../app.py", "%2e%2e/app.py", "nothing.js", "i18n"):
            assert (await client.get(f"/ui/{name}")).status == 404

    visit(script)
