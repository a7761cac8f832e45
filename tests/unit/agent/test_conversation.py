"""Guards turn taking: who speaks when, what an answer counts for, and that the last word is played before the end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from voiceagent.agent.conversation import Conversation, Ended
from voiceagent.agent.ports import AgentTurn, DebtorTurn
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.base.money import Money
from voiceagent.debt.agreement import Agreement, Instalment
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
    Say,
    SpeechLost,
    Understanding,
)
from voiceagent.language.spoken import SpokenPart
from voiceagent.simulator.tones import ToneHearing, ToneService
from voiceagent.speech.protocol import Hypothesis
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.vad import EnergyDetector
from voiceagent.telephony.fake import FakePhone, ScriptedFarSide
from voiceagent.telephony.ticks import VirtualTicks

NOW = datetime(2026, 11, 25, 13, 0, tzinfo=UTC)
AGREEMENT = Agreement(Money(30000), Money(0), (Instalment(1, datetime(2026, 12, 10, tzinfo=UTC).date(), Money(30000)),))


def say(text: str, *, barge_in: bool = True) -> Say:
    return Say(text.split()[0], 0, (SpokenPart(text),), barge_in=barge_in)


class Script:
    """A Brain whose answers are given per event; words "stop" are global, everything else is an answer."""

    language, today = "pt-BR", "2026-11-25"

    def __init__(self, answers: Callable[[DialogueEvent], Sequence[Effect]]) -> None:
        self.answers = answers
        self.events: list[DialogueEvent] = []
        self.state = "start"

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        self.events.append(event)
        return self.answers(event)

    def foresee(self, event: DialogueEvent) -> Sequence[Effect]:
        return self.answers(event) if isinstance(event, Heard) else ()

    def personal_says(self) -> Sequence[Say]:
        return ()

    def understand(self, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        text = hypothesis.text
        if "stop" in text:
            return Understanding("cease", 1.0, text=text)
        return Understanding(None, 0.0, text=text) if only_global or not text else Understanding("yes", 1.0, text=text)


class Keeper:
    """A Record that keeps everything in memory."""

    def __init__(self) -> None:
        self.agent: list[AgentTurn] = []
        self.debtor: list[DebtorTurn] = []
        self.log: list[str] = []
        self.committing: Callable[[], Awaitable[None]] | None = None

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **kwargs: self.log.append(name)

    def agent_turn(self, turn: AgentTurn) -> None:
        self.agent.append(turn)

    def debtor_turn(self, turn: DebtorTurn) -> None:
        self.debtor.append(turn)

    async def promise(self, agreement: Agreement, *, confirmed_by_turn: int, offset_s: float) -> None:
        self.log.append("promise begun")
        if self.committing is not None:
            await self.committing()
        self.log.append("promise kept")

    async def opt_out(self, scope: str) -> None:
        self.log.append("opt_out")


class Stage:
    """One virtual call."""

    def __init__(
        self, answers: Callable[[DialogueEvent], Sequence[Effect]], steps: dict[float, Callable[[Stage], None]]
    ) -> None:
        self.service = ToneService()
        self.record = Keeper()
        self.brain = Script(answers)
        self.clock = ManualClock(NOW)
        self.ticks = VirtualTicks(self.clock)
        self.far = ScriptedFarSide(
            answer_after_s=0.1, steps={at: (lambda far, act=act: act(self)) for at, act in steps.items()}
        )
        self.unspeakable = ""
        self.phone = FakePhone(self.ticks, lambda number, call_id: self.far)

    @property
    def ears(self) -> ToneHearing:
        return self.service.ears

    def debtor_says(self, text: str) -> None:
        self.far.say(self.service.book.speak(text))

    async def play(self) -> Ended:
        line = await self.phone.dial("+5511955550100", call_id="1")
        voice = await self.service.voice("1", "pt-BR")
        render = voice.render

        async def rendering(parts: Sequence[SpokenPart]) -> bytes:
            if self.unspeakable and any(self.unspeakable in part.text for part in parts):
                raise UnavailableError("no voice")
            return await render(parts)

        voice.render = rendering  # type: ignore[method-assign]
        conversation = Conversation(
            line,
            self.brain,
            VadSegmenter(detector=EnergyDetector()),
            self.ears,
            voice,
            self.record,
            self.ticks,
            self.clock,
        )
        # The tick pump needs somebody waiting until the far side has picked up.
        running = asyncio.create_task(conversation.run())
        while not running.done() and line.answered_at is None:
            await self.ticks.next()
        return await running

    def run(self) -> Ended:
        return asyncio.run(asyncio.wait_for(self.play(), 30))


def heard_by_debtor(stage: Stage) -> str:
    return stage.service.book.hear(bytes(stage.far.heard))


EXPECT = Expect(state="q", kinds=("yes_no",), end_silence_s=0.35, no_input_s=3.0)


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
    assert [turn.result for turn in stage.record.debtor] == ["ok"]


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
    stage = Stage(lambda event: next(asked), {})
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


def test_latency_is_counted_from_the_end_of_speech_to_the_first_sample_of_the_answer() -> None:
    def answers(event: DialogueEvent) -> Sequence[Effect]:
        if isinstance(event, CallAnswered):
            return [say("pergunta"), EXPECT]
        return [say("resposta"), Hangup(Disposition.REF)] if isinstance(event, Heard) else []

    stage = Stage(answers, {3.4: lambda s: s.debtor_says("nao")})
    stage.run()
    (turn,) = stage.record.debtor
    assert turn.latency_s is not None
    assert EXPECT.end_silence_s <= turn.latency_s <= EXPECT.end_silence_s + 0.15


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
