"""A stage for conversations: a script given per event, a record in memory, a debtor on a fake line in virtual time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from voiceagent.agent.conversation import Conversation, Ended
from voiceagent.agent.ports import AgentTurn, DebtorTurn, People
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.base.money import Money
from voiceagent.debt.agreement import Agreement, Instalment
from voiceagent.dialogue.events import DialogueEvent, Effect, Expect, Heard, Say, SpeechLost, Understanding
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
        self.unreadable: tuple[str, ...] = ()
        """Words that mean nothing."""
        self.slots: dict[str, dict[str, Any]] = {}
        """Words that say values."""
        self.guesses: dict[str, float] = {}
        """Words that may mean a global intent, and how surely."""

    async def consult(self, event: DialogueEvent) -> None:
        """Everything is known."""

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        self.events.append(event)
        return self.answers(event)

    def foresee(self, event: DialogueEvent) -> Sequence[Effect]:
        return self.answers(event) if isinstance(event, (Heard, SpeechLost)) else ()

    def complete(self, understanding: Understanding, expect: Expect) -> bool | None:
        if understanding.text.endswith(" e"):
            return False
        return True if understanding.intent is not None else None

    def personal_says(self) -> Sequence[Say]:
        return ()

    def understand(self, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        text = hypothesis.text
        if "stop" in text:
            return Understanding("cease", 1.0, text=text)
        if text in self.guesses:
            return Understanding("repeat_slower", self.guesses[text], text=text)
        if text in self.slots and not only_global:
            return Understanding(None, 1.0, dict(self.slots[text]), text=text)
        lost = only_global or not text or text in self.unreadable
        return Understanding(None, 0.0, text=text) if lost else Understanding("yes", 1.0, text=text)


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
        self.people: People | None = None
        """Who takes calls over."""
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
            people=self.people,
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
