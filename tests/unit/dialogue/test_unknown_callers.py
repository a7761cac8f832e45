"""Guards callers whose case is not found yet: whatever they say, no name is said to them, no number is marked."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import pytest

from tests.unit.dialogue.conftest import DIALPLANS, make_briefing, make_case
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import CallAnswered, Heard, MarkNumber, NoInput, Say, Understanding
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import INTENTS
from voiceagent.settings.dialplans import load_script

NOBODY = "Zacarias Quixabeira"


@pytest.mark.parametrize("language", ["pt-BR", "es", "en"])
def test_nothing_they_say_gets_a_name_out_of_us(language: str) -> None:
    script = load_script(DIALPLANS / "negotiation" / f"{language}.yaml")
    case = replace(make_case(), name=NOBODY, document="", birth_date=None, language=script.language)
    machine = Machine(script, replace(make_briefing(case), caller_known=False, return_number="1140028922"))
    start, _ = machine.step(machine.start(Entry.INBOUND), CallAnswered())
    assert start.node == "find_caller"
    events = [NoInput(), *(Heard(Understanding(intent, 1.0, text=intent)) for intent in sorted(INTENTS))]
    seen = set()
    for walk in product(events, repeat=2):
        state = start
        for event in walk:
            state, effects = machine.step(state, event)
            seen.add(state.node)
            said = " ".join(effect.text for effect in effects if isinstance(effect, Say))
            assert not set(NOBODY.split()) & set(said.replace(",", " ").replace("?", " ").replace(".", " ").split()), (
                walk,
                said,
            )
            wrong = [effect for effect in effects if isinstance(effect, MarkNumber)]
            assert not wrong, walk
        assert not state.verified
    assert {"human", "cease"} <= seen


@pytest.mark.parametrize("language", ["pt-BR", "es", "en"])
def test_digits_of_nobody_lead_to_people(language: str) -> None:
    script = load_script(DIALPLANS / "negotiation" / f"{language}.yaml")
    case = replace(make_case(), name=NOBODY, document="", birth_date=None, language=script.language)
    machine = Machine(script, replace(make_briefing(case), caller_known=False, return_number="1140028922"))
    state, _ = machine.step(machine.start(Entry.INBOUND), CallAnswered())
    for digits in ("12345678909", "123", "98765432100"):
        assert state.node == "find_caller"
        state, _ = machine.step(state, Heard(Understanding(None, 1.0, {"digits": digits}, text=digits)))
    assert state.node == "human"
