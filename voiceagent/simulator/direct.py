"""Debtors at the other end of a wire instead of a telephone network: real speech in real time, without SIP."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

from voiceagent.base.clock import ManualClock, SystemClock
from voiceagent.base.errors import VoiceagentError
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.simulator.debtor_call import DebtorCall
from voiceagent.simulator.debtor_voice import DebtorVoice
from voiceagent.simulator.persona import Debtor, Persona
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import COMPANY
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.line import FrameTap, HungUp, HungUpBy, LineEvent
from voiceagent.telephony.playout import Heard, Playout
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import RealTicks, VirtualTicks
from voiceagent.worker.call import House
from voiceagent.worker.children import Child
from voiceagent.worker.content import ContentShelf, warm_understanding
from voiceagent.worker.seat_loop import SeatLoop


class PacedTicks(VirtualTicks):
    """Virtual ticks that happen every 20 ms of real time, whoever waits."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self._beats = RealTicks()

    def _pump(self) -> None:
        """Nobody pushes time here: `run` does."""

    async def run(self) -> None:
        """Beat for as long as this runs."""
        while True:
            await self._beats.next()
            self._tick()


class Wire:
    """The debtor's end of a FakeLine, as a Line: what it plays is what the agent hears."""

    def __init__(self, agent_end: FakeLine) -> None:
        self._agent_end = agent_end
        self._playout, self._heard = Playout(), Heard()
        self._ended = asyncio.Event()
        self.call_id, self.remote = agent_end.call_id, "agent"

    def tick(self, heard: bytes) -> bytes:
        """One frame each way."""
        self._heard.put(heard)
        return self._playout.fetch()

    def over(self) -> None:
        """The agent's end is down."""
        self._ended.set()

    async def next_event(self) -> LineEvent:
        """Only the end is worth telling a debtor."""
        await self._ended.wait()
        return HungUp(HungUpBy.FAR, 200, "normal")

    def hear(self) -> bytes:
        """What the agent played."""
        return self._heard.take()

    def room(self) -> int:
        """Bytes that `play` takes now."""
        return self._playout.room()

    def play(self, pcm: bytes, generation: int | None = None) -> int:
        """Speak."""
        return self._playout.play(pcm, generation)

    def played(self) -> int:
        """Bytes the agent's end has fetched."""
        return self._playout.played

    @property
    def generation(self) -> int:
        """Raised by every flush."""
        return self._playout.generation

    def flush(self) -> None:
        """Drop what is queued."""
        self._playout.flush()

    def duck(self, decibels: float) -> None:
        """Speak lower."""
        self._playout.duck(decibels)

    def record(self, tap: FrameTap) -> None:
        """Debtors record nothing."""

    def send_dtmf(self, digits: str) -> None:
        """Press keys."""
        self._agent_end.far_press(digits)

    async def hangup(self, reason: str = "normal") -> None:
        """Hang up."""
        self._agent_end.far_hangup()
        self._ended.set()


class WiredDebtor:
    """A FarSide that is a whole simulated person; lifts after a moment's ringing, once its words are rendered."""

    def __init__(
        self,
        plan: PhonePlan,
        persona: Persona,
        speech: SpeechClient,
        ticks: PacedTicks,
        today: str,
        report: Callable[[dict[str, Any]], None],
    ) -> None:
        self._plan, self._persona, self._speech = plan, persona, speech
        self._ticks, self._today, self._report = ticks, today, report
        self._wire: Wire
        self._task: asyncio.Task[None]

    def ring(self, line: FakeLine) -> None:
        """Begin to live."""
        self._wire = Wire(line)
        self._task = asyncio.create_task(self._live(line), name=f"debtor {self._plan.number}")

    def tick(self, heard: bytes) -> bytes:
        """One frame each way."""
        return self._wire.tick(heard)

    async def _live(self, line: FakeLine) -> None:
        plan, persona = self._plan, self._persona
        who = f"debtor-{plan.number}"
        try:
            hearing = await self._speech.hearing(who, persona.language)
            voice = await self._speech.voice(who, persona.language, plan.voice)
        except VoiceagentError:
            line.far_reject(480)
            return
        debtor, own = Debtor(persona, plan.facts, plan.seed, plan.days), DebtorVoice(voice, persona.manners)
        call = DebtorCall(
            self._wire, debtor, VadSegmenter(), hearing, own, self._ticks, SystemClock(), today=self._today
        )
        await asyncio.gather(call.prepare(debtor.first_answers()), asyncio.sleep(plan.ring_s))
        line.far_answer()
        self._ticks.add(look := lambda: self._wire.over() if line.ended is not None else None)
        told = await call.run()
        self._ticks.remove(look)
        await voice.close()
        self._report({"number": plan.number, "persona": persona.name, **asdict(told)})


class WiredRehearsal(Rehearsal):
    """A rehearsal without Asterisk: the seats are in this process and each number is a wire to a debtor."""

    EXCHANGE, SIP = "wires instead of telephones", "none"

    def _prepare_exchange(self) -> None:
        self._ticks = PacedTicks(ManualClock(self.clock.now()))
        self._plans: dict[str, PhonePlan] = {}

    async def _start_exchange(self) -> None:
        beating = asyncio.create_task(self._ticks.run(), name="beats")
        self._stack.push_async_callback(_cancelled, beating)

    async def _start_workers(self) -> None:
        warm_understanding(self.paths.dialplans)
        recorder = Recorder(self.recordings)
        recorder.start()
        self._stack.push_async_callback(recorder.close)
        gate = Gate.of("rehearsal", simulated=self._numbers)
        rules = load_rules(self.paths.dialplans / "jurisdictions")
        house = House(SpeechClient(self.speech_socket), recorder, self._ticks, self.clock, COMPANY, "Clara", "")
        shelf = ContentShelf(self.paths.dialplans, self.records.db, self.clock)
        phone = FakePhone(self._ticks, lambda number, call_id: self._debtor(number), max_calls=len(self.seat_names))
        for name in self.seat_names:
            queue = Queue(self.records.journal, rules, gate, worker="here", hashes=shelf.hashes)
            loop = SeatLoop(name, "here", phone, queue, shelf, self.records.writer, house, self.clock, idle_poll_s=0.5)
            working = asyncio.create_task(loop.run(), name=name)
            self._stack.push_async_callback(_drained, loop, working)

    def _debtor(self, number: str) -> WiredDebtor:
        plan = self._plans[number]
        persona = Persona.load(plan.persona, self.settings.language)
        speech, today = SpeechClient(self.speech_socket), self.settings.at.date().isoformat()
        return WiredDebtor(plan, persona, speech, self._ticks, today, lambda told: self._reported(json.dumps(told)))

    async def plug_in(self, phones: Sequence[PhonePlan]) -> list[Child]:
        """Put somebody at the end of each number's wire; nothing of it is a process."""
        self._plans |= {phone.number: phone for phone in phones}
        return []

    def parts(self, phones: Sequence[Child] = ()) -> dict[str, list[int]]:
        """Seats and debtors are in this very process."""
        children = self.supervisor.pids
        return {"speech": [children["speech"]] if "speech" in children else []}

    async def channels_left(self) -> int:
        """There is no exchange to keep any."""
        return 0

    def differences(self, rows: Sequence[dict[str, Any]]) -> list[str]:
        """There is no exchange to disagree."""
        return []

    async def _collect(self, answered: list[dict[str, Any]]) -> None:
        for _ in range(500):  # ten seconds of beats: a debtor's report comes a moment after its call
            if {row["number"] for row in answered} <= set(self.run.reports):
                break
            await self._ticks.next()
        self.run.restarts = self.supervisor.restarts


async def _drained(loop: SeatLoop, working: asyncio.Task[None]) -> None:
    loop.drain()
    await working


async def _cancelled(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
