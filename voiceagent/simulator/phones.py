"""Simulated debtors' telephones: a process with a softphone that registers numbers, answers them and plays personas.

Run as `python -m voiceagent.simulator.phones PLAN`; prints a ready line, then one JSON line per finished call, and ends
with its standard input. Voices are never the agent's.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from voiceagent.base.clock import SystemClock
from voiceagent.base.errors import VoiceagentError
from voiceagent.simulator.debtor_call import DebtorCall, DebtorReport
from voiceagent.simulator.persona import Debtor, Persona
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.lifeline import say_ready, until_parent_ends

log = logging.getLogger(__name__)


class PhonePlan(BaseModel):
    """One telephone and who answers it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: str
    password: str = Field(repr=False)
    persona: str
    facts: dict[str, str]
    seed: int
    voice: str


class PhonesPlan(BaseModel):
    """A process' telephones: at most as many as the SIP library can hold calls."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    registrar: str
    speech_socket: Path
    language: str
    today: str
    phones: tuple[PhonePlan, ...] = Field(min_length=1)


class SimulatedPhone:
    """Answers every call to one number as the same person."""

    def __init__(self, plan: PhonePlan, seat: Seat, speech: SpeechClient, ticks: RealTicks, common: PhonesPlan) -> None:
        self._plan, self._seat, self._speech, self._ticks, self._common = plan, seat, speech, ticks, common
        self._persona = Persona.load(plan.persona, common.language)
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
        plan, common = self._plan, self._common
        debtor = Debtor(self._persona, plan.facts, plan.seed + self.calls - 1)
        who = f"phone-{plan.number}"
        hearing = await self._speech.hearing(who, common.language)
        voice = await self._speech.voice(who, common.language, plan.voice)
        call = DebtorCall(line, debtor, VadSegmenter(), hearing, voice, self._ticks, SystemClock(), today=common.today)
        try:
            await call.prepare(debtor.first_answers())
            await self._seat.answer(line)
            return await call.run()
        finally:
            await voice.close()

    def _tell(self, report: DebtorReport) -> None:
        told = {"number": self._plan.number, "persona": self._plan.persona, **asdict(report)}
        print(json.dumps(told, ensure_ascii=False), flush=True)


async def serve(plan: PhonesPlan) -> None:
    """Register every telephone and answer until the parent ends."""
    softphone = Softphone(SoftphoneSettings(user_agent="simulated debtor"))
    await softphone.start()
    try:
        speech = SpeechClient(plan.speech_socket)
        ticks = RealTicks()
        phones = [
            SimulatedPhone(
                each, await softphone.add_account(each.number, each.password, plan.registrar), speech, ticks, plan
            )
            for each in plan.phones
        ]
        say_ready(phones=len(phones))
        answering = asyncio.gather(*(phone.run() for phone in phones))
        await until_parent_ends(answering)
    finally:
        await softphone.close()


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
