"""Guards the script's side of handing a debtor over: only while people are there, once in a call, never into a void."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.unit.dialogue.conftest import DIALPLANS, Talk, make_briefing, make_case
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import (
    CallAnswered,
    CallBack,
    FarHungUp,
    HandedOver,
    HandOver,
    Hangup,
    NoInput,
    OpenRequest,
    SpeechLost,
)
from voiceagent.dialogue.machine import Machine
from voiceagent.dialogue.script import Script
from voiceagent.settings.dialplans import load_script


def begun(script: Script, *, there: bool = True, entry: Entry = Entry.OUTBOUND, known: bool = True) -> Talk:
    briefing = replace(make_briefing(make_case()), people_there=there, caller_known=known)
    # The debtor lives in one country, whatever the language.
    machine = Machine(script.model_copy(update={"serves": ()}), briefing)
    talk = Talk(machine, machine.start(entry))
    talk.event(CallAnswered())
    return talk


@pytest.mark.parametrize("language", ["pt-BR", "es", "en"])
def test_who_asks_for_a_person_is_handed_over_with_what_is_known(language: str) -> None:
    talk = begun(load_script(DIALPLANS / "negotiation" / f"{language}.yaml"))
    talk.verify()
    talk.hear("willing_to_pay")
    offer = talk.state.offer
    talk.hear("human", text="quero falar com um atendente")
    assert talk.types() == ["Say", "HandOver"] and talk.prompts() == ["transfer"]
    assert talk.effects[-1] == HandOver("humans", "human", True, offer, None, "quero falar com um atendente")
    talk.event(HandedOver(True))
    assert talk.effects == (Hangup(Disposition.XFER),)


def test_nobody_takes_him_and_a_call_is_offered_once(script: Script) -> None:
    talk = begun(script)
    talk.hear("human")
    talk.event(HandedOver(False))
    assert OpenRequest("human", "…") in talk.effects and talk.prompts() == ["human"]
    talk.hear("human")
    assert talk.state.ended is Disposition.CB and not any(isinstance(e, HandOver) for e in talk.effects)
    assert any(isinstance(e, CallBack) and e.reason == "human" for e in talk.effects)


def test_who_hangs_up_on_hold_is_called_back(script: Script) -> None:
    talk = begun(script)
    talk.hear("human")
    talk.event(FarHungUp())
    assert talk.types() == ["OpenRequest", "CallBack", "Hangup"] and talk.state.ended is Disposition.CB


@pytest.mark.parametrize("event", [NoInput(), SpeechLost(), SpeechLost(voice=True)])
def test_on_hold_nothing_else_counts(script: Script, event: NoInput | SpeechLost) -> None:
    talk = begun(script)
    talk.hear("human")
    before = talk.state
    talk.event(event)
    assert not talk.effects and talk.state == before


def test_outside_their_hours_a_call_is_promised_and_a_task_opened(script: Script) -> None:
    talk = begun(script, there=False)
    talk.hear("human")
    assert talk.prompts() == ["human"] and OpenRequest("human") in talk.effects


def test_a_promise_survives_the_handing_over(script: Script) -> None:
    talk = begun(script)
    talk.verify()
    talk.hear("willing_to_pay")
    talk.hear("accept")
    talk.hear(date="2026-11-25")
    talk.hear("yes")
    talk.hear("human")
    [wish] = [effect for effect in talk.effects if isinstance(effect, HandOver)]
    assert wish.promised is not None
    talk.event(HandedOver(True))
    assert talk.state.ended is Disposition.PTP


def test_a_caller_nobody_knows_is_handed_over_without_a_word_of_anybody(script: Script) -> None:
    talk = begun(script, entry=Entry.INBOUND, known=False)
    for _ in range(3):
        talk.hear(digits="00000000000")
    [wish] = [effect for effect in talk.effects if isinstance(effect, HandOver)]
    assert not wish.verified and wish.offer is None


def test_news_of_a_handing_over_that_never_was_changes_nothing(script: Script) -> None:
    talk = begun(script)
    before = talk.state
    talk.event(HandedOver(True))
    assert not talk.effects and talk.state == before
