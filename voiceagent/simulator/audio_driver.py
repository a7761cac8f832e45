"""The audio driver: scenario files through the whole agent on a fake line, in virtual time, with tones for speech.

Everything between the line and the script is the product's own: segmenter, turn taking, playout, barge-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voiceagent.agent.answerer import Verdict
from voiceagent.agent.brain import ScriptBrain
from voiceagent.agent.conversation import Conversation
from voiceagent.agent.ports import AgentTurn, DebtorTurn
from voiceagent.audio.format import FRAME_S, SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.answerers import phrases_of
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.events import DialogueEvent, Effect
from voiceagent.settings.paths import Paths
from voiceagent.simulator.scenario import Answer, Loaded, Step, judge
from voiceagent.simulator.text_driver import machine_for
from voiceagent.simulator.tones import ToneService
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.vad import EnergyDetector
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.line import HungUp
from voiceagent.telephony.ticks import VirtualTicks

#: Seconds of the agent's silence after which the debtor takes its turn.
PATIENCE_S = 0.4
#: A scenario that lasts longer than this (virtual seconds) hangs.
LONGEST_S = 900.0


@dataclass(slots=True)
class AudioCall:
    """What a run brought: the agent's answers to the steps, its turns, and what the far side heard."""

    answers: list[Answer] = field(default_factory=list)
    agent: list[AgentTurn] = field(default_factory=list)
    debtor: list[DebtorTurn] = field(default_factory=list)
    heard: str = ""
    seconds: float = 0.0


class _Watched(ScriptBrain):
    """The script, with every effect filed under the step that caused it."""

    call: AudioCall

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        effects = super().step(event)
        answer = self.call.answers[-1]
        answer.state, answer.verified = self.state, self.verified
        answer.effects += effects
        return effects


class MemoryRecord:
    """The Record port, in memory."""

    def __init__(self) -> None:
        self.agent: list[AgentTurn] = []
        self.debtor: list[DebtorTurn] = []
        self.agreements: list[Agreement] = []

    def agent_turn(self, turn: AgentTurn) -> None:
        """Keep it."""
        self.agent.append(turn)

    def debtor_turn(self, turn: DebtorTurn) -> None:
        """Keep it."""
        self.debtor.append(turn)

    async def promise(self, agreement: Agreement, *, confirmed_by_turn: int, offset_s: float) -> None:
        """Keep it, durable at the next turn of the loop."""
        await asyncio.sleep(0)
        self.agreements.append(agreement)

    async def opt_out(self, scope: str) -> None:
        """Durable at the next turn of the loop, like what follows."""
        await asyncio.sleep(0)

    async def call_back(self, due_at: datetime, reason: str) -> None:
        """Durable."""
        await asyncio.sleep(0)

    async def open_request(self, kind: str, detail: str, *, channel: str | None = None, destination: str = "") -> None:
        """Durable."""
        await asyncio.sleep(0)

    def keep(self, on: bool) -> None:
        """Nothing is recorded."""

    def leave_offer(self, offer: Offer | None) -> None:
        """Nothing to keep."""

    def rung(self, state: str, step: str, *, silent: bool) -> None:
        """Nothing to keep."""

    async def mark_number(self, status: str) -> None:
        """Durable."""
        await asyncio.sleep(0)

    def ringing(self) -> None:
        """Nothing to keep of this and what follows."""

    def answered(self) -> None:
        """Nothing to keep."""

    def first_audio(self) -> None:
        """Nothing to keep."""

    def answered_by(self, verdict: Verdict) -> None:
        """Nothing to keep."""

    def verified(self, datum: str) -> None:
        """Nothing to keep."""

    def identity_failed(self, datum: str) -> None:
        """Nothing to keep."""

    def sensitive(self, begins: bool) -> None:
        """There is no recording to mark."""

    def hung_up(self, event: HungUp) -> None:
        """Nothing to keep."""


class _Record(MemoryRecord):
    """That, with each latency filed under the step it answers."""

    def __init__(self, call: AudioCall) -> None:
        super().__init__()
        self._call = call
        self.agent, self.debtor = call.agent, call.debtor

    def debtor_turn(self, turn: DebtorTurn) -> None:
        super().debtor_turn(turn)
        if turn.latency_s is not None:
            self._call.answers[-1].latency_ms = 1000 * turn.latency_s


class _Debtor:
    """The far side: does the scenario's steps, each when the agent has finished (or, barging in, when it has begun)."""

    def __init__(self, steps: Sequence[Step], service: ToneService, call: AudioCall) -> None:
        self._service, self._call = service, call
        first_acts = bool(steps) and steps[0].acts
        self._steps = list(steps if first_acts else steps[1:])
        self._pcm = bytearray()
        self.heard = bytearray()
        self._agent_spoke_s = 0.0
        self._agent_silent_s = 0.0
        self.line: FakeLine
        self._first = first_acts

    def ring(self, line: FakeLine) -> None:
        self.line = line
        line.far_answer()

    def tick(self, heard: bytes) -> bytes:
        self.heard += heard
        if heard == SILENCE:
            self._agent_silent_s += FRAME_S
        else:
            self._agent_spoke_s += FRAME_S
            self._agent_silent_s = 0.0
        if self._pcm:
            self._agent_spoke_s = 0.0  # what it says while we talk is no answer yet
        elif self._steps and self._time_for(self._steps[0]):
            self._do(self._steps.pop(0))
        if not self._pcm:
            return SILENCE
        frame = bytes(self._pcm[: len(SILENCE)])
        del self._pcm[: len(SILENCE)]
        return frame.ljust(len(SILENCE), b"\0")

    def _time_for(self, step: Step) -> bool:
        if self._agent_spoke_s == 0:
            return False
        if step.barge is not None:
            return self._agent_spoke_s * 1000 >= step.barge.after_ms
        return self._agent_silent_s >= PATIENCE_S

    def _do(self, step: Step) -> None:
        self._agent_spoke_s = 0.0
        if not self._first:
            self._call.answers.append(Answer(""))
        self._first = False
        if step.say is not None:
            self._pcm += self._service.book.speak(step.say)
        elif step.key is not None:
            self.line.far_press(step.key)
        elif step.hangup:
            self.line.far_hangup()
        elif step.speech_lost:
            self._service.ears.lost = True
            self._pcm += self._service.book.speak("alô, está me ouvindo?")


def run_scenario(loaded: Loaded, paths: Paths | None = None) -> list[str]:
    """Run a scenario as fake audio; everything that is not as it wants."""
    machine = machine_for(loaded, paths)
    return judge(loaded, machine.script, asyncio.run(play(loaded, machine)).answers)


async def play(loaded: Loaded, machine: Any) -> AudioCall:
    """One virtual call."""
    call = AudioCall(answers=[Answer("")])
    service = ToneService()
    clock = ManualClock(loaded.scenario.at)
    ticks = VirtualTicks(clock)
    far = _Debtor(loaded.scenario.steps, service, call)
    line = await FakePhone(ticks, lambda number, call_id: far).dial("+5511955550100", call_id="scenario")
    brain = _Watched(machine, loaded.scenario.entry)
    brain.call = call
    conversation = Conversation(
        line,
        brain,
        VadSegmenter(detector=EnergyDetector()),
        await service.hearing("scenario", brain.language),
        await service.voice("scenario", brain.language),
        _Record(call),
        ticks,
        clock,
        phrases=phrases_of(brain.language) if loaded.scenario.entry is Entry.OUTBOUND else None,
    )
    await conversation.prepare()
    await conversation.run()
    call.heard = service.book.hear(bytes(far.heard))
    call.seconds = clock.monotonic()
    return call
