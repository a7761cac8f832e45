"""A running house for tests of faults: people are added as they are needed, and the journal says when what happened."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from tests.rehearsal.conftest import HERE
from voiceagent.audio import wav
from voiceagent.cases.seats import board
from voiceagent.journal.envelope import Event
from voiceagent.settings.paths import Paths
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.scenario import Barge, Step, load_scenario
from voiceagent.simulator.sip_driver import Evidence, gather
from voiceagent.telephony.ami import Channel

T = TypeVar("T")

#: Somebody who lifts the phone and never says a word.
MUTE = (Step(),)


def _pressed(key: str, after_ms: int = 1000) -> Step:
    return Step(key=key, barge=Barge(after_ms=after_ms))


#: A promise of the whole amount by keys alone, pressed as early as they count; the last key confirms the read-back.
AGREES_BY_KEYS = (
    Step(),
    Step(key="1"),
    _pressed("1503"),
    _pressed("1", 2500),  # not so soon that it could belong to the date before it
    _pressed("1"),
    _pressed("2"),
    Step(key="1"),
)
#: Whatever a test waits for comes within this, or never.
PATIENCE_S = 90.0


class House:
    """One rehearsal with three seats; every person in it is Marina with a document and a number of her own."""

    def __init__(self, home: Path, paths: Paths, seats: int = 3) -> None:
        self._marina = load_scenario(HERE.parent / "scenarios" / "pt-BR-by-keys.yaml").case
        at = datetime.fromisoformat("2026-11-18T10:00:00-03:00")
        self._numbers = [f"+55119555501{index:02d}" for index in range(40)]
        self._used = 0
        self.reports: list[dict[str, Any]] = []
        self.rehearsal = Rehearsal(
            RehearsalSettings(at=at, seats=seats), self._numbers, home, paths, lambda line: print(line, flush=True)
        )
        self.rehearsal.on_report = self.reports.append

    async def start(self) -> None:
        """Bring it up."""
        await self.rehearsal.__aenter__()

    async def stop(self) -> None:
        """Take it down."""
        await self.rehearsal.__aexit__()

    async def ring(self, *people: Sequence[Step]) -> list[str]:
        """Have new people called who do these steps; their numbers."""
        numbers = self._numbers[self._used : self._used + len(people)]
        cases = [
            replace(self._marina, document=f"123{index:04d}8909", phones=(number,))
            for index, number in enumerate(numbers, self._used)
        ]
        self._used += len(people)
        await self.rehearsal.plug_in(
            [
                PhonePlan(number=number, steps=tuple(steps), voice="pm_alex@pt-BR")
                for number, steps in zip(numbers, people, strict=True)
            ]
        )
        await asyncio.to_thread(self.rehearsal.enrol_cases, cases)
        return numbers

    async def until(self, what: str, found: Callable[[], T | None], within_s: float = PATIENCE_S) -> T:
        """The first answer of `found` (asked in a thread, again and again) that is not None."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within_s
        while True:
            answer = await asyncio.to_thread(found)
            if answer is not None:
                return answer
            assert loop.time() < deadline, f"{what} did not happen within {within_s:.0f} s"
            await asyncio.sleep(0.02)

    def call_of(self, number: str) -> dict[str, Any] | None:
        """The person's latest call."""
        return next((row for row in self.rehearsal.calls() if row["number"] == number), None)

    def evidence(self, number: str) -> Evidence:
        """Everything its call left."""
        call = self.call_of(number)
        assert call is not None
        return gather(self.rehearsal, call["id"])

    async def event(self, number: str, kind: str, **fields: Any) -> Event:
        """Wait for an event of the person's call, for example `turn.agent` with prompt="read_back_cash"."""

        def look() -> Event | None:
            call = self.call_of(number)
            if call is None:
                return None
            for event in gather(self.rehearsal, call["id"]).events:
                if event.type == kind and all(event.payload.get(name) == value for name, value in fields.items()):
                    return event
            return None

        return await self.until(f"{kind} {fields} of {number}", look)

    async def ended(self, number: str) -> Evidence:
        """Wait for the verdict on the person's call."""
        await self.event(number, "call.ended")
        return await asyncio.to_thread(self.evidence, number)

    async def step_done(self, number: str, step: int) -> None:
        """Wait until the person has begun that step."""
        await self.until(
            f"step {step} of {number}",
            lambda: True if any(r.get("step") == step and r["number"] == number for r in self.reports) else None,
        )

    async def channels(self, call: dict[str, Any] | None = None) -> list[Channel]:
        """The legs that Asterisk holds now, of one call or of all."""
        legs = await self.rehearsal.ami.channels()
        return [leg for leg in legs if call is None or leg.call_id == str(call["id"])]

    async def no_channel(self, call: dict[str, Any] | None = None, within_s: float = 10.0) -> None:
        """Wait until Asterisk holds no leg, of that call or at all."""
        deadline = asyncio.get_running_loop().time() + within_s
        while left := await self.channels(call):
            assert asyncio.get_running_loop().time() < deadline, left
            await asyncio.sleep(0.02)

    async def seats_idle(self) -> None:
        """Wait until every seat says that it is idle."""

        def look() -> bool | None:
            with self.rehearsal.records.db.read() as connection:
                states = [str(row["state"]) for row in board(connection)]
            return True if states and set(states) == {"idle"} else None

        await self.until("every seat idle", look)


def promise_is_whole(evidence: Evidence) -> bool:
    """Whether a promise was recorded; half a one fails the test."""
    detail = evidence.detail
    made = [event for event in evidence.events if event.type == "promise.made"]
    assert len(made) == len(detail["agreements"]) <= 1
    if not made:
        assert detail["promises"] == []
        return False
    assert len(detail["promises"]) == len(made[0].payload["instalments"])
    assert sum(row["amount_minor"] for row in detail["promises"]) == detail["agreements"][0]["total_minor"]
    return True


def readable_seconds(evidence: Evidence) -> float:
    """How much of the call the recording holds; it must be a whole WAV."""
    assert evidence.recording is not None
    data = evidence.recording.read_bytes()
    audio = wav.decode(data)
    assert audio.channels == 2 and audio.rate == 8000
    assert len(data) >= 44 + audio.samples.nbytes
    return audio.seconds


def alive(pid: int) -> bool:
    """Whether that process still runs (a zombie does not)."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def descendants(pid: int) -> set[int]:
    """Every process below that one."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    below = [pid]
    while below:
        children = parents.get(below.pop(), [])
        found.update(children)
        below += children
    return found - {os.getpid()}
