"""Simulated debtors' telephones: a process with a softphone that registers numbers, answers them and plays personas.

Run as `python -m voiceagent.simulator.phones PLAN`; prints a ready line, then JSON lines: one per step that a
scripted debtor has done ({"number", "step"}) and one per finished call (a DebtorReport). A line
{"call": NUMBER, "to": EXTENSION} has one of them call. It ends with its standard input. Voices are never the agent's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
import uuid
from collections.abc import Awaitable
from dataclasses import asdict
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from voiceagent.base.clock import SystemClock
from voiceagent.base.errors import VoiceagentError
from voiceagent.simulator.debtor_call import DebtorCall, DebtorReport
from voiceagent.simulator.debtor_voice import DebtorVoice
from voiceagent.simulator.persona import Debtor, Persona
from voiceagent.simulator.scenario import Step
from voiceagent.simulator.scripted_call import ScriptedCall
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.protocol import Voice
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.telephony.line import Answered, HungUp
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.lifeline import say_ready, until_parent_ends

log = logging.getLogger(__name__)


class PhonePlan(BaseModel):
    """One telephone and who answers it: a persona, or somebody who does what is written."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    password: str = Field(default="", repr=False)
    persona: str = ""
    facts: dict[str, str] = {}
    days: tuple[int, ...] = ()
    """Days of the month the persona may hear read back."""
    seed: int = 0
    steps: tuple[Step, ...] = ()
    """What is done where there is no persona."""
    later_steps: tuple[Step, ...] = ()
    """The same in every call but the first, where that is something else."""
    hello: str = ""
    """What is said on lifting the phone where there is no persona."""
    ring_s: float = 0.0
    """How long it rings before it is answered."""
    voice: str

    @model_validator(mode="after")
    def _somebody(self) -> Self:
        if bool(self.persona) == bool(self.steps):
            raise ValueError("a telephone is answered by a persona or by steps")
        return self


class PhonesPlan(BaseModel):
    """A process' telephones: at most as many as the SIP library can hold calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registrar: str
    speech_socket: Path
    language: str
    today: str
    phones: tuple[PhonePlan, ...] = Field(min_length=1)
    tapes: Path | None = None
    """Where each telephone records what it says (left) and hears (right), as NUMBER.wav without the plus."""

    def write(self, path: Path) -> Path:
        """Write it for the process' eyes only: it holds SIP passwords."""
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(self.model_dump_json())
        return path


class SimulatedPhone:
    """Answers every call to one number as the same person."""

    def __init__(
        self,
        plan: PhonePlan,
        seat: Seat,
        speech: SpeechClient,
        ticks: RealTicks,
        common: PhonesPlan,
        recorder: Recorder | None,
    ) -> None:
        self._plan, self._seat, self._speech, self._ticks, self._common = plan, seat, speech, ticks, common
        self._recorder = recorder
        self._persona = Persona.load(plan.persona, common.language) if plan.persona else None
        self.calls = 0

    async def run(self) -> None:
        """Wait for calls, one after the other."""
        while True:
            await self._live(await self._seat.incoming())

    async def call(self, to: str) -> None:
        """Call somebody, and talk."""
        await self._live(await self._seat.dial(to, call_id=str(uuid.uuid4())))

    async def _live(self, line: PjLine) -> None:
        self.calls += 1
        try:
            report = await self._take(line)
        except VoiceagentError as error:
            log.error("telephone %s: %s", self._plan.number, error)
            await line.hangup("error")
            return
        self._tell(report, line)

    async def _begin(self, line: PjLine, preparing: Awaitable[None]) -> None:
        """Have the call up, or over: lifted after some rings, or answered by whom we call."""
        if not line.incoming:
            up = asyncio.create_task(_answered(line), name="answered")
            await asyncio.gather(preparing, up)
            return
        over = asyncio.create_task(line.over(), name="given up")
        await asyncio.gather(preparing, asyncio.wait({over}, timeout=self._plan.ring_s))
        over.cancel()
        if line.ended is None:
            await self._seat.answer(line)

    async def _take(self, line: PjLine) -> DebtorReport:
        who = f"phone-{self._plan.number}"
        voice = await self._speech.voice(who, self._common.language, self._plan.voice)
        tape = None if self._recorder is None else self._recorder.begin(self._plan.number.lstrip("+"))
        if tape is not None:
            line.record(tape)
        try:
            return await (
                self._by_script(line, voice) if self._persona is None else self._as(self._persona, line, voice)
            )
        finally:
            await voice.close()
            if tape is not None:
                await tape.close()

    async def _as(self, persona: Persona, line: PjLine, voice: Voice) -> DebtorReport:
        plan, common = self._plan, self._common
        debtor = Debtor(persona, plan.facts, plan.seed + self.calls - 1, plan.days)
        hearing = await self._speech.hearing(f"phone-{plan.number}", common.language)
        own = DebtorVoice(voice, persona.manners)
        call = DebtorCall(line, debtor, VadSegmenter(), hearing, own, self._ticks, SystemClock(), today=common.today)
        await self._begin(line, call.prepare(debtor.first_answers()))
        return await call.run()

    async def _by_script(self, line: PjLine, voice: Voice) -> DebtorReport:
        plan = self._plan
        steps = plan.later_steps if plan.later_steps and self.calls > 1 else plan.steps
        # Who calls is spoken to first.
        hello = plan.hello if line.incoming else ""
        call = ScriptedCall(line, steps, self._ticks, SystemClock(), hello=hello, on_step=self._did)
        await self._begin(line, call.prepare(voice))
        return await call.run()

    def _did(self, step: int) -> None:
        print(json.dumps({"number": self._plan.number, "step": step}), flush=True)

    def _tell(self, report: DebtorReport, line: PjLine) -> None:
        told = {"number": self._plan.number, "persona": self._plan.persona, "headers": dict(line.headers)}
        told |= asdict(report)
        print(json.dumps(told, ensure_ascii=False), flush=True)


async def _answered(line: PjLine) -> None:
    """Wait until our call is up or over."""
    while not isinstance(await line.next_event(), (Answered, HungUp)):
        pass


async def serve(plan: PhonesPlan) -> None:
    """Register every telephone and answer until the parent ends."""
    softphone = Softphone(SoftphoneSettings(user_agent="simulated debtor"))
    recorder = None if plan.tapes is None else Recorder(plan.tapes)
    await softphone.start()
    try:
        if recorder is not None:
            recorder.start()
        speech = SpeechClient(plan.speech_socket)
        ticks = RealTicks()
        phones = [
            SimulatedPhone(
                each,
                await softphone.add_account(each.number, each.password, plan.registrar),
                speech,
                ticks,
                plan,
                recorder,
            )
            for each in plan.phones
        ]
        by_number = {each.number: phone for each, phone in zip(plan.phones, phones, strict=True)}
        calling: set[asyncio.Task[None]] = set()

        def told(line: str) -> None:
            order = json.loads(line)
            calling.add(task := asyncio.create_task(by_number[order["call"]].call(order["to"]), name="calling"))
            task.add_done_callback(calling.discard)

        say_ready(phones=len(phones))
        answering = asyncio.gather(*(phone.run() for phone in phones))
        await until_parent_ends(answering, told)
    finally:
        await softphone.close()
        if recorder is not None:
            await recorder.close()


def main() -> int:
    """Entry point of the process."""
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="phones: %(message)s")
    plan = PhonesPlan.model_validate_json(Path(sys.argv[1]).read_text(encoding="utf-8"))
    try:
        asyncio.run(serve(plan))
    except VoiceagentError as error:
        print(f"voiceagent: {error.message}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
