"""Guards answers that come in pieces, and corrections said into what must be heard whole."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from tests.unit.agent.stage import AGREEMENT, EXPECT, Stage, say
from voiceagent.agent.turns import TurnSettings
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    Expect,
    Hangup,
    Heard,
    NoInput,
    Promise,
    Understanding,
)
from voiceagent.speech.protocol import Hypothesis

READ_BACK = "entao fica assim um pagamento de cem reais no dia dez. Posso confirmar?"


def asks(event: DialogueEvent) -> Sequence[Effect]:
    if isinstance(event, CallAnswered):
        return [say("que dia"), EXPECT]
    return [say("certo"), Hangup(Disposition.REF)] if isinstance(event, Heard) else []


def heard(stage: Stage) -> list[str]:
    return [event.understanding.text for event in stage.brain.events if isinstance(event, Heard)]


def test_who_thinks_aloud_and_goes_on_is_understood_as_a_whole() -> None:
    stage = Stage(asks, {3.4: lambda s: s.debtor_says("deixa eu ver"), 4.9: lambda s: s.debtor_says("dia quinze")})
    stage.brain.unreadable = ("deixa eu ver",)
    stage.run()
    assert heard(stage) == ["deixa eu ver dia quinze"]
    (turn,) = stage.record.debtor
    assert (turn.text, turn.result) == ("deixa eu ver dia quinze", "ok")
    assert turn.started_s < 3.5 and turn.ended_s > 5.4


def test_who_says_no_more_is_told_so_after_a_moment() -> None:
    stage = Stage(asks, {3.4: lambda s: s.debtor_says("deixa eu ver")})
    stage.brain.unreadable = ("deixa eu ver",)
    stage.run()
    assert heard(stage) == ["deixa eu ver"]
    (turn,) = stage.record.debtor
    settings = TurnSettings()
    assert turn.result == "no_match" and turn.latency_s is not None
    assert settings.unclear_s <= turn.latency_s - EXPECT.end_silence_s <= settings.unclear_s + 0.2


def test_what_went_before_does_not_spoil_a_clear_answer() -> None:
    stage = Stage(asks, {3.4: lambda s: s.debtor_says("ahn"), 4.6: lambda s: s.debtor_says("dia quinze")})
    stage.brain.unreadable = ("ahn", "ahn dia quinze")
    stage.run()
    assert heard(stage) == ["dia quinze"]
    assert [turn.result for turn in stage.record.debtor] == ["ignored", "ok"]


def test_a_hang_up_in_between_ends_the_call() -> None:
    stage = Stage(asks, {3.4: lambda s: s.debtor_says("deixa eu ver"), 5.0: lambda s: s.far.line.far_hangup()})
    stage.brain.unreadable = ("deixa eu ver",)
    assert stage.run().hung_up.by == "far"
    assert [turn.text for turn in stage.record.debtor] == ["deixa eu ver"]


def test_a_correction_inside_the_read_back_counts_and_a_yes_does_not() -> None:
    def reads_back(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(READ_BACK, barge_in=False), EXPECT]
        if isinstance(event, Heard):
            wanted = event.understanding.slots.get("date")
            return [say("dia vinte entao"), Hangup(Disposition.CB)] if wanted else [Promise(AGREEMENT)]
        return [Hangup(Disposition.SIL)]

    corrected = Stage(reads_back, {3.0: lambda s: s.debtor_says("nao dia vinte")})
    corrected.brain.slots = {"nao dia vinte": {"yes_no": False, "date": "2026-12-20"}}
    ended = corrected.run()
    assert ended.disposition is Disposition.CB and not ended.promised
    assert not corrected.record.agent[0].interrupted, "the read-back is still heard whole"
    agreed = Stage(reads_back, {3.0: lambda s: s.debtor_says("sim dia vinte")})
    agreed.brain.slots = {"sim dia vinte": {"yes_no": True, "date": "2026-12-20"}}
    assert agreed.run().disposition is Disposition.SIL and agreed.record.debtor[0].result == "ignored"


def test_who_said_yes_too_early_is_asked_again_soon() -> None:
    def reads_back(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(READ_BACK, barge_in=False), EXPECT]
        return [Hangup(Disposition.SIL)]

    early = Stage(reads_back, {3.0: lambda s: s.debtor_says("sim")})
    ended = [stage.run() and stage.clock.monotonic() for stage in (early, Stage(reads_back, {}))]
    assert EXPECT.no_input_s - TurnSettings().unheard_s - 0.5 < ended[1] - ended[0] < EXPECT.no_input_s


@pytest.mark.parametrize("confidence", [0.7, 0.95])
def test_a_greeting_on_lifting_the_phone_asks_for_nothing(confidence: float) -> None:
    def greets(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("ola quem fala"), Hangup(Disposition.HUP)]
        return [say("outra vez")] if isinstance(event, Heard) else []

    stage = Stage(greets, {0.3: lambda s: s.debtor_says("oi bom dia")})
    stage.brain.guesses = {"oi bom dia": confidence}
    stage.run()
    assert [turn.text for turn in stage.record.agent] == ["ola quem fala"] and not heard(stage)
    sure = Stage(greets, {0.3: lambda s: s.debtor_says("stop")})
    sure.run()
    assert heard(sure) == ["stop"]


def confirms(event: DialogueEvent) -> Sequence[Effect]:
    """A plain yes promises, whatever else holds a "nao" changes, the rest is asked again; silence ends the call."""
    asked = Expect(state="read back", kinds=("yes_no", "intent"), end_silence_s=0.6, no_input_s=3.0)
    if isinstance(event, CallAnswered):
        return [say("confirma"), asked]
    if isinstance(event, NoInput):
        return [Hangup(Disposition.SIL)]
    if isinstance(event, Heard) and "nao" in event.understanding.text:
        return [Hangup(Disposition.CB)]
    if isinstance(event, Heard) and event.understanding.intent == "yes":
        return [Promise(AGREEMENT), say("combinado esta registrado"), asked]
    return [say("confirma mesmo"), asked] if isinstance(event, Heard) else []


@pytest.mark.parametrize("pause_s", [0.34, 0.44, 0.56])
def test_a_yes_that_binds_is_given_the_whole_silence_to_go_on(pause_s: float) -> None:
    def goes_on(stage: Stage) -> None:
        stage.debtor_says("sim")
        stage.far.say(bytes(320 * round(pause_s / 0.02)))
        stage.debtor_says("mas nao")

    stage = Stage(confirms, {3.5: goes_on})
    assert not stage.run().promised and heard(stage) == ["sim mas nao"]


@pytest.mark.parametrize(("worse", "unsure"), [("low_confidence", "sim"), ("timeout", "ahn"), ("unavailable", "ahn")])
def test_half_a_sentence_consents_to_nothing(worse: str, unsure: str) -> None:
    """A half that nobody vouches for, or that was not heard at all, takes the consent from the other."""
    stage = Stage(confirms, {3.5: lambda s: s.debtor_says("sim"), 4.7: lambda s: s.debtor_says("ahn")})
    finish, understand = stage.ears.finish, stage.brain.understand

    async def heard_badly() -> Hypothesis:
        said = await finish()
        for _ in range(50 if unsure == "ahn" and said.text == "sim" else 0):  # "ahn" begins before "sim" is understood
            await asyncio.shield(stage.ticks.next())
        lost = "" if worse != "low_confidence" else said.text
        return replace(said, text=lost, reason=worse) if said.text == unsure else said

    def doubting(hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        sure = hypothesis.reason != "low_confidence" and "sim" in hypothesis.text
        return understand(hypothesis, expect, only_global=only_global) if sure else Understanding(text=hypothesis.text)

    stage.ears.finish, stage.brain.understand = heard_badly, doubting
    assert not stage.run().promised
