"""Guards the script checker: each kind of fault is found, with line and what to do; the shipped scripts pass."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from tests.unit.dialogue.conftest import DIALPLANS
from voiceagent.base.errors import BadInputError
from voiceagent.dialogue.checker import check
from voiceagent.dialogue.script import Script
from voiceagent.settings.dialplans import check_script, load_script

SCRIPTS = sorted((DIALPLANS / "negotiation").glob("*.yaml"))

SMALL = """
script: small
language: pt-BR
version: 1
start: greet
give_up: lost
speech_lost: lost
speech_lost_prompt: sorry
reprompt: [sorry]
prompts:
  sorry: {variants: [Desculpe. Tecle um para sim.], tells_keys: true}
  greet: Falo com {name}?
  identity: Que dia você nasceu?
  owe: Consta {total} com {creditor}.
  read: {variants: ["São {offer_total}. Confirma?"], reads_back: true}
  bye: Até logo.
states:
  greet:
    say: [greet]
    keys: {"1": confirm_self}
    "on":
      - {hear: confirm_self, go: verify}
  verify:
    say: [identity]
    expect: [birth_date]
    digits: 4
    "on":
      - {hear: date, do: [{check_identity: birth_day_month}], go: verified}
  verified:
    next:
      - {when: verified, say: owe, go: offer}
      - {go: lost}
  offer:
    do: [{quote: cash}]
    say: [owe]
    keys: {"1": accept}
    "on":
      - {hear: accept, do: [accept], go: read}
  read:
    say: [read]
    keys: {"1": "yes"}
    "on":
      - {hear: "yes", do: [confirm, promise], go: done}
  done: {say: [bye], end: PTP}
  lost: {say: [bye], end: CB}
"""


@pytest.fixture
def problems(tmp_path: Path) -> Callable[[str, str], list[str]]:
    """What the checker says of the small script after one replacement."""

    def run(old: str, new: str) -> list[str]:
        assert old in SMALL
        path = tmp_path / "small.yaml"
        path.write_text(SMALL.replace(old, new, 1), encoding="utf-8")
        try:
            return [text for finding, text in check_script(path) if finding.is_error]
        except BadInputError as error:
            return [error.message]

    return run


def test_the_small_script_is_sound(problems: Callable[[str, str], list[str]]) -> None:
    assert problems("Até logo.", "Tchau.") == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_shipped_scripts_are_sound(path: Path) -> None:
    assert [text for _, text in check_script(path)] == []


@pytest.mark.parametrize(
    ("old", "new", "line", "says"),
    [
        ("go: verify}", "go: nowhere}", 22, "no state 'nowhere'"),
        ("say: [greet]", "say: [hello]", 19, "no prompt 'hello'"),
        ("{name}?", "{nome}?", 12, "uses {nome}"),
        ("{name}?", "{name!r}?", 12, "nothing more inside the braces"),
        ("{name}?", "{name?", 12, "braces"),
        ("hear: confirm_self", "hear: confirm", 22, "no intent and no slot"),
        ("when: verified,", "when: trusted,", 31, "unknown guard 'trusted'"),
        ("when: verified,", "when: was told,", 31, "remember: told"),
        ("do: [{quote: cash}]", "do: [{quote: card}]", 34, "quote takes cash, instalments"),
        ("do: [{quote: cash}]", "do: [bargain]", 34, "unknown action 'bargain'"),
        ("do: [accept]", "do: [request]", 38, "request needs a word"),
        ("Falo com {name}?", "Falo com {name} sobre {creditor}?", 19, "before identity is proved"),
        ("when: verified, say: owe, go: offer", "say: owe, go: offer, when: not verified",
         31, "before identity is proved"),
        ("{hear: confirm_self, go: verify}", "{hear: confirm_self, go: offer}", 35, "before identity is proved"),
        ("do: [accept], go: read", "do: [], go: read", 40, "reads back what was not accepted"),
        ("do: [confirm, promise]", "do: [promise]", 43, "second yes"),
        ("say: [read]", "say: [owe]", 43, "confirm is reachable without a read-back"),
        ('hear: "yes", do: [confirm', 'hear: ["yes", "no"], do: [confirm', 43, "confirm must answer a yes"),
        ("hear: accept, do: [accept], go: read", "hear: accept, do: [accept, confirm, promise], go: done",
         38, "without a read-back"),
        ("do: [{quote: cash}]", "do: []", 38, "without an offer"),
        ("  done: {say: [bye], end: PTP}", "  done: {say: [bye], next: [{go: done}]}", 44, "circle"),
        ("give_up: lost", "give_up: greet", 6, "must end the call by itself"),
        ("  lost: {say: [bye], end: CB}", "  lost: {say: [bye], end: CB}\n  island: {end: CB}", 46, "never reached"),
        ("  greet: Falo", "  sorry: Perdão.\n  greet: Falo", 12, "written twice"),
        ("version: 1", "version: 1\ncolour: red", 5, "unknown key"),
        ("version: 1", "version: one", 4, "integer"),
        ("start: greet", "", 2, "start: missing"),
        ("end: PTP", "end: PAGO", 44, "Input should be"),
        ("end: PTP}", "end: PTP", 45, "correct the YAML"),
        ("    say: [identity]", "    end: CB", 23, "exactly one of"),
        ("{go: lost}", "{when: verified, go: lost}", 29, "always a way on"),
        ('    keys: {"1": accept}\n', "", 33, "listens and takes no keys"),
        ("tells_keys: true", "tells_keys: false", 18, "does not tell the keys"),
        ("    digits: 4\n", "    digits: 4\n    digits_from: 5\n", 27, "must not be more than `digits`"),
        ('{"1": accept}', '{"1": by_card}', 36, "no intent, no cue"),
        ('{"1": accept}', '{"1": morning}', 36, "nothing in `on` hears 'period'"),
        ("prompts:", "cues: {accept: [aceito]}\nprompts:", 10, "is an intent or slot already"),
        ("hear: confirm_self", "hear: by_card", 22, "no intent and no slot"),
        ("do: [accept], go: read", "do: [accept, {deliver: text}], go: read", 38, "deliver is reachable before"),
        ("done: {say: [bye]", "done: {do: [{quote: cash}], say: [bye]", 44, "reachable after the promise"),
        ("Até logo.", "Até logo, " + "muito obrigada, " * 20, 16, "s to say and 12 s is the most"),
        ("reprompt: [sorry]", "reprompt: [sorry]\nmisheard: what", 10, "no prompt 'what'"),
    ],
)  # fmt: skip
def test_each_fault_is_found_at_its_line(
    problems: Callable[[str, str], list[str]], old: str, new: str, line: int, says: str
) -> None:
    found = problems(old, new)
    assert any(says in text for text in found), found
    assert any(says in text and f"small.yaml:{line}:" in text for text in found), found


def test_a_conversation_that_could_take_too_long_is_found(tmp_path: Path) -> None:
    """Forty questions of nine seconds each, one after the other."""
    question = "Esta é uma das perguntas que fazemos, e ela é comprida, mas ainda cabe em doze segundos: está bem? "
    asking = "".join(
        f'  {name}: {{say: [long], keys: {{"1": "yes"}}, "on": [{{hear: "yes", go: {after}}}]}}\n'
        for name, after in pairwise([*(f"ask{n}" for n in range(40)), "verify"])
    )
    text = SMALL.replace("go: verify}", "go: ask0}").replace("prompts:\n", f"prompts:\n  long: {question!r}\n")
    path = tmp_path / "small.yaml"
    path.write_text(text.replace("states:\n", "states:\n" + asking), encoding="utf-8")
    found = [text for finding, text in check_script(path) if finding.is_error]
    assert any("a conversation from here can take" in text and "6 min is the most" in text for text in found), found


def test_an_unsound_script_is_not_loaded(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SMALL.replace("Falo com {name}?", "Você deve {total}, {name}?"), encoding="utf-8")
    with pytest.raises(BadInputError, match="before identity is proved"):
        load_script(path)


def test_taking_the_identity_check_away_anywhere_is_found(script: Script) -> None:
    """Mutation: whichever way to the debt is opened without proof, the checker sees it."""
    data = script.model_dump()
    data["states"]["greet"]["on"][0]["go"] = "opened"
    assert any("before identity" in finding.message for finding in check(Script.model_validate(data)))


def test_every_prompt_about_the_debt_moved_to_the_greeting_is_found(script: Script) -> None:
    from voiceagent.dialogue.prompts import discloses

    secret = [name for name, prompt in script.prompts.items() if discloses(prompt)]
    assert len(secret) > 30
    for name in secret:
        data = script.model_dump()
        data["states"]["greet"]["say"] = (name,)
        assert any("before identity" in finding.message for finding in check(Script.model_validate(data))), name


@pytest.fixture
def three(tmp_path: Path) -> Path:
    """A folder with the shipped script in every language."""
    for path in SCRIPTS:
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def test_a_language_that_lacks_a_prompt_or_a_state_is_found(three: Path) -> None:
    spanish = three / "es.yaml"
    text = spanish.read_text(encoding="utf-8")
    spanish.write_text(text.replace("  change_day:", "  cambio:").replace("[change_day", "[cambio").replace(
        "go: change_day", "go: cambio"), encoding="utf-8")  # fmt: skip
    found = [text for finding, text in check_script(spanish) if finding.is_error]
    assert any("pt-BR.yaml has 'change_day' and this file has not" in text for text in found)
    found = [text for finding, text in check_script(three / "en.yaml") if finding.is_error]
    assert any("es.yaml has 'cambio'" in text for text in found)


def test_a_prompt_that_says_less_in_one_language_is_found(three: Path) -> None:
    english = three / "en.yaml"
    english.write_text(
        english.read_text(encoding="utf-8").replace("One payment of {offer_total}.", "One payment."), encoding="utf-8"
    )
    found = [text for finding, text in check_script(english) if finding.is_error]
    assert any("offer_cash_short" in text and "{offer_total} in only one of" in text for text in found)


def test_a_missing_language_is_found(three: Path) -> None:
    (three / "es.yaml").unlink()
    found = [text for finding, text in check_script(three / "en.yaml") if finding.is_error]
    assert [text for text in found if "there is no es.yaml beside it" in text]
