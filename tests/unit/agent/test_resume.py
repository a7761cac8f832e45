"""Guards false interruptions: what was cut off for nothing is said again from a full sentence, and nothing else is."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pytest

from tests.unit.agent.stage import AGREEMENT, EXPECT, Stage, say
from voiceagent.agent.mouth import MOST_RESUMES
from voiceagent.agent.turns import TurnSettings
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import CallAnswered, DialogueEvent, Effect, Hangup, Heard, Keyed, NoInput, Promise

FIRST = "Consta um valor em aberto com o banco."
OFFER = "Posso dividir em tres parcelas de cem reais. Fica bom assim ou prefere outra forma?"


def asks(event: DialogueEvent) -> Sequence[Effect]:
    """An offer in two sentences after a statement; an answer or silence ends the call."""
    if isinstance(event, CallAnswered):
        return [say(FIRST), say(OFFER), EXPECT]
    if isinstance(event, NoInput):
        return [Hangup(Disposition.SIL)]
    return [say("certo"), Hangup(Disposition.REF)] if isinstance(event, Heard | Keyed) else []


def cough(seconds: float = 0.5) -> bytes:
    """Noise without words, as loud as speech."""
    noise = np.random.default_rng(5).normal(0, 3000, int(8000 * seconds))
    return bytes(np.clip(noise, -32768, 32767).astype("<i2").tobytes())


def coughs(stage: Stage) -> None:
    stage.far.say(cough())


def answers(stage: Stage, kind: type) -> list[DialogueEvent]:
    return [event for event in stage.brain.events if isinstance(event, kind)]


# The greeting comes at 2.0 s; FIRST lasts 2.28 s, the offer's first sentence 2.64 s, its second 2.34 s.


def test_after_a_cough_the_sentence_begins_again() -> None:
    stage = Stage(asks, {5.5: coughs})
    stage.run()
    first, cut, again = stage.record.agent
    assert (first.text, first.interrupted) == (FIRST, False)
    assert cut.interrupted and cut.text.startswith("Posso dividir em") and cut.text.endswith("…")
    assert (again.text, again.interrupted) == (OFFER, False)
    assert [turn.result for turn in stage.record.debtor][:1] == ["ignored"] and not answers(stage, Heard)
    silence = again.started_s - (5.5 + 0.5)
    assert TurnSettings().resume_after_s <= silence <= TurnSettings().resume_after_s + 0.2


def test_it_goes_on_from_the_sentence_that_was_cut_not_from_the_first() -> None:
    stage = Stage(asks, {8.2: coughs})
    stage.run()
    cut, again = stage.record.agent[1:]
    whole = "Posso dividir em tres parcelas de cem reais."
    assert cut.text.startswith(f"{whole} Fica") and cut.text.endswith("…")
    assert again.text == "Fica bom assim ou prefere outra forma?"
    assert again.total_s < cut.total_s


def test_what_waited_behind_the_cut_prompt_is_said_too() -> None:
    stage = Stage(asks, {2.8: coughs})
    stage.run()
    assert [turn.text for turn in stage.record.agent][1:] == [FIRST, OFFER]


def test_the_second_cough_still_gets_the_sentence_and_a_third_does_not() -> None:
    steps = {5.5 + 3.3 * n: coughs for n in range(MOST_RESUMES + 1)}
    stage = Stage(asks, steps)
    stage.run()
    assert sum(turn.interrupted for turn in stage.record.agent) == MOST_RESUMES + 1
    assert len(stage.record.agent) == 1 + MOST_RESUMES + 1, "the third time silence is waited for instead"
    assert answers(stage, NoInput)


@pytest.mark.parametrize("words", ["uhum", "ta", "???", "o q e o"])
def test_a_backchannel_is_no_answer_and_the_agent_goes_on_at_once(words: str) -> None:
    # The stage's script takes any word for a yes, except those it cannot read.
    stage = Stage(asks, {5.5: lambda s: s.debtor_says(words)})
    stage.brain.unreadable = ("???", "o q e o")
    stage.run()
    assert not answers(stage, Heard)
    again = stage.record.agent[2]
    assert again.text == OFFER and again.started_s - (5.5 + 0.4) < 0.7


def test_the_same_words_at_the_end_of_the_question_are_the_answer() -> None:
    stage = Stage(asks, {8.6: lambda s: s.debtor_says("uhum")})
    stage.run()
    assert len(answers(stage, Heard)) == 1 and stage.record.agent[-1].text == "certo"


def test_whoever_says_more_over_the_agent_is_answered() -> None:
    stage = Stage(asks, {5.5: lambda s: s.debtor_says("quero pagar tudo agora mesmo")})
    stage.run()
    assert len(answers(stage, Heard)) == 1
    assert [turn.text for turn in stage.record.agent][2:] == ["certo"]


def test_a_key_after_a_cough_is_the_answer_and_nothing_is_taken_up() -> None:
    stage = Stage(asks, {5.5: coughs, 6.6: lambda s: s.far.line.far_press("1")})
    stage.run()
    assert len(answers(stage, Keyed)) == 1
    assert [turn.text for turn in stage.record.agent][2:] == ["certo"]


def test_who_coughs_and_then_speaks_is_heard_out() -> None:
    stage = Stage(asks, {5.5: coughs, 7.2: lambda s: s.debtor_says("nao quero isso de jeito nenhum")})
    stage.run()
    assert len(answers(stage, Heard)) == 1
    assert [turn.text for turn in stage.record.agent][2:] == ["certo"]


@pytest.mark.parametrize("disturb", [coughs, lambda s: s.debtor_says("uhum")])
def test_nothing_interrupts_while_a_prompt_waits_that_must_be_heard_whole(disturb: Callable[[Stage], None]) -> None:
    def reads_back(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(FIRST), say("Entao fica assim. Posso confirmar?", barge_in=False), EXPECT]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else [Promise(AGREEMENT)]

    stage = Stage(reads_back, {2.6: disturb})
    stage.run()
    assert [(turn.text, turn.interrupted) for turn in stage.record.agent] == [
        (FIRST, False),
        ("Entao fica assim. Posso confirmar?", False),
    ]


def test_a_hang_up_in_mid_sentence_leaves_the_words_that_were_heard() -> None:
    stage = Stage(asks, {3.2: lambda s: s.far.line.far_hangup()})
    stage.run()
    (turn,) = stage.record.agent
    assert turn.interrupted and turn.text == "Consta um valor em …"
