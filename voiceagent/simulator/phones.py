"""Simulated debtors' telephones: a process with a softphone that registers numbers, answers them and plays personas.

Run as `python -m voiceagent.simulator.phones PLAN`; prints a ready line, then JSON lines: one per step that a scripted
debtor has done ({"number", "step"}) and one per finished call (a DebtorReport). It ends with its standard input. Voices
are never the agent's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

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
            line = await self._seat.incoming()
            self.calls += 1
            try:
                report = await self._take(line)
            except VoiceagentError as error:
                log.error("telephone %s: %s", self._plan.number, error)
                await line.hangup("error")
                continue
            self._tell(report)

    async def _take(self, line: Any) -> DebtorReport:
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

    async def _as(self, persona: Persona, line: Any, voice: Voice) -> DebtorReport:
        plan, common = self._plan, self._common
        debtor = Debtor(persona, plan.facts, plan.seed + self.calls - 1, plan.days)
        hearing = await self._speech.hearing(f"phone-{plan.number}", common.language)
        own = DebtorVoice(voice, persona.manners)
        call = DebtorCall(line, debtor, VadSegmenter(), hearing, own, self._ticks, SystemClock(), today=common.today)
        await asyncio.gather(call.prepare(debtor.first_answers()), asyncio.sleep(plan.ring_s))
        await self._seat.answer(line)
        return await call.run()

    async def _by_script(self, line: Any, voice: Voice) -> DebtorReport:
        plan = self._plan
        call = ScriptedCall(line, plan.steps, self._ticks, SystemClock(), hello=plan.hello, on_step=self._did)
        await call.prepare(voice)
        await asyncio.sleep(plan.ring_s)
        await self._seat.answer(line)
        return await call.run()

    def _did(self, step: int) -> None:
        print(json.dumps({"number": self._plan.number, "step": step}), flush=True)

    def _tell(self, report: DebtorReport) -> None:
        told = {"number": self._plan.number, "persona": self._plan.persona, **asdict(report)}
        print(json.dumps(told, ensure_ascii=False), flush=True)


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
        say_ready(phones=len(phones))
        answering = asyncio.gather(*(phone.run() for phone in phones))
        await until_parent_ends(answering)
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
