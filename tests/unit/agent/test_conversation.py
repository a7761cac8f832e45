"""Guards turn taking: who speaks when, what an answer counts for, and that the last word is played before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest

from tests.unit.agent.stage import AGREEMENT, EXPECT, Stage, heard_by_debtor, say
from voiceagent.agent.patience import PatienceSettings
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Effect,
    Expect,
    FarHungUp,
    Hangup,
    Heard,
    Keyed,
    NoInput,
    OptOut,
    Promise,
    SpeechLost,
)
from voiceagent.speech.protocol import Hypothesis


def test_the_debtor_speaks_first_and_is_then_greeted() -> None:
    stage = Stage(
        lambda event: [say("ola quem fala"), Hangup(Disposition.HUP)] if isinstance(event, CallAnswered) else [],
        {0.3: lambda s: s.debtor_says("alo")},
    )
    ended = stage.run()
    assert ended.disposition is Disposition.HUP and ended.answered
    assert heard_by_debtor(stage) == "ola quem fala"
    greeting = stage.record.agent[0]
    assert 0.3 + 0.4 + 0.5 <= greeting.started_s <= 2.0, "after the alô and its silence, before patience is over"


def test_who_says_nothing_is_greeted_after_two_seconds() -> None:
    stage = Stage(lambda event: [say("ola"), Hangup(Disposition.SIL)] if isinstance(event, CallAnswered) else [], {})
    stage.run()
    assert 2.0 <= stage.record.agent[0].started_s <= 2.2


def test_the_last_word_is_played_before_the_line_goes_down() -> None:
    stage = Stage(
        lambda event: (
            [say("uma frase bem comprida de despedida"), Hangup(Disposition.PTP)]
            if isinstance(event, CallAnswered)
            else []
        ),
        {},
    )
    stage.run()
    turn = stage.record.agent[-1]
    assert turn.played_s == turn.total_s and not turn.interrupted
    assert heard_by_debtor(stage) == "uma frase bem comprida de despedida"


def test_speaking_over_a_prompt_stops_it_and_counts_as_the_answer() -> None:
    long = "uma pergunta muito comprida " * 4

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(long), EXPECT]
        return [say("certo"), Hangup(Disposition.PTP)] if isinstance(event, Heard) else []

    stage = Stage(answers, {3.5: lambda s: s.debtor_says("quero pagar agora mesmo")})
    stage.run()
    first, second = stage.record.agent
    assert first.interrupted and 1.5 < first.played_s < 3.0 < first.total_s
    assert second.text == "certo"
    assert [turn.result for turn in stage.record.debtor] == ["bargein"]


def test_a_prompt_that_may_not_be_interrupted_is_said_whole_and_an_early_yes_does_not_count() -> None:
    legal = "isto e o que ficou combinado e tem de ser ouvido ate o fim por quem concorda com isso"

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(legal, barge_in=False), EXPECT]
        if isinstance(event, Heard):
            return [say("certo"), Hangup(Disposition.PTP)]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else []

    stage = Stage(answers, {3.0: lambda s: s.debtor_says("sim sim")})
    ended = stage.run()
    assert not stage.record.agent[0].interrupted
    assert stage.record.debtor[0].result == "ignored"
    assert ended.disposition is Disposition.SIL, "the early yes must not have been taken for the answer"


def test_a_key_pressed_inside_a_protected_prompt_consents_to_nothing() -> None:
    legal = "isto e o que ficou combinado e tem de ser ouvido ate o fim por quem concorda com isso"

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(legal, barge_in=False), EXPECT]
        return [Hangup(Disposition.PTP)] if isinstance(event, Keyed) else []

    early, late = 3.0, 2.0 + 0.06 * len(legal) + 1.0
    stage = Stage(answers, {early: lambda s: s.far.line.far_press("1"), late: lambda s: s.far.line.far_press("1")})
    stage.run()
    keyed = [event for event in stage.brain.events if isinstance(event, Keyed)]
    assert [turn.result for turn in stage.record.debtor] == ["ignored", "dtmf"] and len(keyed) == 1
    assert not stage.record.agent[0].interrupted


def test_stop_calling_acts_even_inside_a_protected_prompt() -> None:
    legal = "isto tem de ser ouvido ate o fim " * 3

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say(legal, barge_in=False), EXPECT]
        return [OptOut(), say("entendido"), Hangup(Disposition.CEASE)] if isinstance(event, Heard) else []

    stage = Stage(answers, {3.0: lambda s: s.debtor_says("stop")})
    ended = stage.run()
    assert ended.disposition is Disposition.CEASE and "opt_out" in stage.record.log


def test_silence_is_counted_only_while_listening() -> None:
    asked = iter([[say("pergunta"), EXPECT], [say("de novo"), EXPECT], [Hangup(Disposition.SIL)]])
    stage = Stage(lambda event: () if isinstance(event, SpeechLost) else next(asked), {})
    stage.run()
    assert [type(event) for event in stage.brain.events] == [CallAnswered, NoInput, NoInput]
    first, second = stage.record.agent
    gap = round(second.started_s - (first.started_s + first.total_s), 3)
    assert EXPECT.no_input_s <= gap <= EXPECT.no_input_s + 0.2


def test_an_answer_to_an_older_question_is_not_an_answer_to_the_new_one() -> None:
    second_question = Expect(state="q2", kinds=("yes_no",), no_input_s=2.0)

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta um"), EXPECT]
        if isinstance(event, Heard):
            return [say("pergunta dois"), second_question]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else []

    # Two answers in one breath, with a pause that ends the first turn: the second began before question two was put.
    stage = Stage(answers, {3.5: lambda s: (s.debtor_says("sim"), s.far.say(bytes(320 * 19)), s.debtor_says("isso"))})
    stage.ears.finish = _slow(stage)  # type: ignore[method-assign]
    ended = stage.run()
    assert ended.disposition is Disposition.SIL
    assert sum(isinstance(event, Heard) for event in stage.brain.events) == 1


def _slow(stage: Stage) -> Callable[[], Awaitable[Hypothesis]]:
    """A recogniser that takes half a virtual second, so that a new turn begins before the last one is understood."""
    finish = stage.ears.finish

    async def late() -> Hypothesis:
        hypothesis = await finish()
        for _ in range(25):
            await asyncio.shield(stage.ticks.next())
        return hypothesis

    return late


@pytest.mark.parametrize("moment", ["before", "during", "after"])
def test_a_hang_up_around_the_commit_never_leaves_half_a_promise(moment: str) -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("confirma"), EXPECT]
        if isinstance(event, Heard):
            return [Promise(AGREEMENT), say("combinado e obrigada"), Hangup(Disposition.PTP)]
        done = "promise kept" in stage.record.log
        return [Hangup(Disposition.PTP if done else Disposition.CPC_NEG)] if isinstance(event, FarHungUp) else []

    steps: dict[float, Callable[[Stage], None]] = {3.4: lambda s: s.debtor_says("sim")}
    if moment == "before":
        steps[3.5] = lambda s: s.far.line.far_hangup()
    if moment == "after":
        steps[6.0] = lambda s: s.far.line.far_hangup()
    stage = Stage(answers, steps)
    if moment == "during":

        async def hang_up_then_commit() -> None:
            stage.far.line.far_hangup()
            for _ in range(3):
                await asyncio.sleep(0)

        stage.record.committing = hang_up_then_commit
    ended = stage.run()
    begun, kept = stage.record.log.count("promise begun"), stage.record.log.count("promise kept")
    assert begun == kept == (0 if moment == "before" else 1)
    assert ended.promised is (kept == 1)
    assert ended.disposition is (Disposition.CPC_NEG if moment == "before" else Disposition.PTP)


def test_a_dead_recogniser_is_told_to_the_script_once() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        if isinstance(event, SpeechLost):
            return [say("use o teclado"), Expect(state="q", kinds=(), keys=1)]
        return [Hangup(Disposition.CB)] if isinstance(event, Keyed) else []

    stage = Stage(
        answers,
        {
            3.2: lambda s: (setattr(s.ears, "lost", True), s.debtor_says("sim senhora")),
            6.0: lambda s: s.far.line.far_press("1"),
        },
    )
    ended = stage.run()
    assert ended.disposition is Disposition.CB
    assert [type(event) for event in stage.brain.events] == [CallAnswered, SpeechLost, Keyed]


def test_identity_answers_leave_no_words() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("nascimento"), Expect(state="id", kinds=("date",), sensitive=True)]
        return [Hangup(Disposition.CB)] if isinstance(event, Heard) else []

    stage = Stage(answers, {3.4: lambda s: s.debtor_says("quinze de marco")})
    stage.run()
    (turn,) = stage.record.debtor
    assert turn.sensitive and turn.text == "" and turn.slots == {}


def test_the_rest_of_an_identity_answer_leaves_no_words_either() -> None:
    """Asked for three digits, people say eleven, in groups: what comes after the answer was taken is no other's."""
    secret = Expect(state="identify", kinds=("digits",), sensitive=True, end_silence_s=0.4)

    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("cpf"), secret]
        if isinstance(event, NoInput):
            return [Hangup(Disposition.SIL)]
        return [say("obrigada senhora consta um valor em aberto"), EXPECT] if isinstance(event, Heard) else []

    def in_groups(stage: Stage) -> None:
        stage.debtor_says("529")
        stage.far.say(bytes(320 * 25))
        stage.debtor_says("982 247 25")

    stage = Stage(answers, {3.0: in_groups})
    stage.run()
    first, rest = stage.record.debtor[:2]
    assert (first.text, rest.text) == ("", "") and first.sensitive and rest.sensitive and rest.result == "ignored"
    assert len([event for event in stage.brain.events if isinstance(event, Heard)]) == 1, "and answers nothing"


def test_latency_is_counted_from_the_end_of_speech_to_the_first_sample_of_the_answer() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        return [say("resposta"), Hangup(Disposition.REF)] if isinstance(event, Heard) else []

    stage = Stage(answers, {3.4: lambda s: s.debtor_says("nao")})
    stage.run()
    (turn,) = stage.record.debtor
    assert turn.latency_s is not None
    least = PatienceSettings().complete_least_s
    assert least <= turn.latency_s <= least + 0.15


def test_a_yes_before_a_read_back_that_waits_its_turn_does_not_count() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("esse dia nao da mais certo fica outro"), say("entao fica assim certo", barge_in=False), EXPECT]
        if isinstance(event, Heard):
            return [Promise(AGREEMENT), Hangup(Disposition.PTP)]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else []

    stage = Stage(answers, {2.6: lambda s: s.debtor_says("sim")})
    ended = stage.run()
    assert not ended.promised and stage.record.debtor[0].result == "ignored"
    assert "entao fica assim certo" in heard_by_debtor(stage)


def test_what_could_not_be_spoken_is_not_taken_for_heard() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        if isinstance(event, Heard):
            return [say("impronunciavel"), Expect(state="q2", kinds=("yes_no",), keys=1)]
        if isinstance(event, SpeechLost):
            return [say("problema tecnico"), Hangup(Disposition.CB)]
        return [Promise(AGREEMENT)]

    stage = Stage(answers, {3.4: lambda s: s.debtor_says("sim senhora"), 5.2: lambda s: s.far.line.far_press("1")})
    stage.unspeakable = "impronunciavel"
    ended = stage.run()
    assert ended.disposition is Disposition.CB and not ended.promised
    assert [event for event in stage.brain.events if isinstance(event, SpeechLost)] == [SpeechLost(voice=True)]
    assert "problema tecnico" in heard_by_debtor(stage)


def test_what_a_state_says_when_the_voice_is_lost_was_kept_when_the_state_was_reached() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        promised = any(isinstance(before, Heard) for before in stage.brain.events)
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        if isinstance(event, Heard):
            return [say("mais uma coisa"), EXPECT]
        if isinstance(event, SpeechLost):
            return [say("seu acordo vale" if promised else "ligo depois"), Hangup(Disposition.PTP)]
        return [say("ainda esta ai"), EXPECT]

    stage = Stage(
        answers,
        {3.4: lambda s: s.debtor_says("sim senhora"), 6.0: lambda s: setattr(s, "unspeakable", "a")},
    )
    stage.run()
    assert [type(event) for event in stage.brain.events] == [CallAnswered, Heard, NoInput, SpeechLost]
    assert "seu acordo vale" in heard_by_debtor(stage)


def test_an_apology_that_cannot_be_spoken_keeps_none_of_the_others_away(caplog: pytest.LogCaptureFixture) -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        if isinstance(event, SpeechLost):
            first = () if lost else [say("impronunciavel")]
            return [*first, say("problema tecnico"), Hangup(Disposition.CB)]
        return [say("impronunciavel"), EXPECT]

    lost: list[bool] = []
    stage = Stage(answers, {3.0: lambda s: (lost.append(True), setattr(s, "unspeakable", "i"))})
    stage.unspeakable = "impronunciavel"
    stage.run()
    assert "problema tecnico" in heard_by_debtor(stage)
    assert "impronunciavel is not kept" in caplog.text


def test_stop_calling_and_hanging_up_at_once_still_stops_the_calls() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        if isinstance(event, Heard):
            return [OptOut(), say("entendido"), Hangup(Disposition.CEASE)]
        return [Hangup(Disposition.HUP)] if isinstance(event, FarHungUp) else []

    stage = Stage(answers, {3.4: lambda s: s.debtor_says("stop"), 3.8: lambda s: s.far.line.far_hangup()})
    ended = stage.run()
    assert "opt_out" in stage.record.log and ended.disposition is Disposition.CEASE


def test_a_yes_that_goes_on_is_taken_as_a_whole() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("confirma"), EXPECT]
        if isinstance(event, Heard):
            if "dia vinte" in event.understanding.text:
                return [say("dia vinte entao"), Hangup(Disposition.CB)]
            return [Promise(AGREEMENT), Hangup(Disposition.PTP)]
        return []

    goes_on = lambda s: (s.debtor_says("sim"), s.far.say(bytes(320 * 19)), s.debtor_says("dia vinte"))  # noqa: E731
    stage = Stage(answers, {3.5: goes_on})
    stage.ears.finish = _slow(stage)  # type: ignore[method-assign]
    ended = stage.run()
    assert not ended.promised and ended.disposition is Disposition.CB


def test_more_keys_than_were_asked_for_belong_to_the_same_answer() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("nascimento"), Expect(state="id", kinds=("date",), sensitive=True, keys=4)]
        if isinstance(event, Keyed):
            return [say("obrigada e agora"), Expect(state="q", kinds=("yes_no",), no_input_s=2.0)]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else []

    keys = {3.4 + 0.2 * n: (lambda s, digit=digit: s.far.line.far_press(digit)) for n, digit in enumerate("15031985")}
    stage = Stage(answers, keys)
    stage.run()
    assert [event for event in stage.brain.events if isinstance(event, Keyed)] == [Keyed("1503")]
    assert all(turn.text == "" for turn in stage.record.debtor)


def test_a_key_before_the_greeting_answers_nothing() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("ola"), EXPECT]
        return [Hangup(Disposition.SIL)] if isinstance(event, NoInput) else [Hangup(Disposition.PTP)]

    stage = Stage(answers, {0.5: lambda s: s.far.line.far_press("1")})
    assert stage.run().disposition is Disposition.SIL


def test_the_line_is_recorded_down_when_it_goes_down() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("uma frase que nao chega ao fim porque desligam", barge_in=False), EXPECT]
        return [Hangup(Disposition.HUP)] if isinstance(event, FarHungUp) else []

    stage = Stage(answers, {3.0: lambda s: s.far.line.far_hangup()})
    stage.run()
    assert stage.record.log.count("hung_up") == 1
    (turn,) = stage.record.agent
    assert turn.interrupted and 0.5 < turn.played_s < 1.5, "what was begun is noted with what was heard of it"
