"""The measurement of quick calls: hundreds in a row through real workers that are replaced again and again.

Every kind of telephone that does not talk, each with the disposition its calls must get. Nobody is recognised: the
speech process runs without a model and speaks with the system's own voice. What counts is that every attempt is closed
as what it was, by the attempt and by Asterisk's own record, and that nothing of it is left anywhere.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

from voiceagent.base.errors import UsageError
from voiceagent.cases.seats import board
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.settings.paths import Paths
from voiceagent.simulator.demo import instant
from voiceagent.simulator.gauges import held_by
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.plain_phones import PlainPhone, PlainPhones
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.sample import draw, people_of
from voiceagent.telephony.capacity import library
from voiceagent.worker.children import Child, ChildSpec
from voiceagent.worker.household import speech_spec

LANGUAGE = "pt-BR"
#: Calls whose telephones have numbers of their own.
MOST_CALLS = 10_000
#: What must be reached: calls filed as what they were not, by us or otherwise than by Asterisk; what is left of them.
TARGETS = {"wrong": 0, "differences_from_asterisk": 0, "channels_left": 0, "seats_not_idle": 0}
#: How long a telephone may ring here, and longer than that; seconds.
RING_S, FOR_EVER_S = 1.5, 600.0

#: Every way in which a call can be short, and what it must be filed as.
MANNERS: tuple[tuple[str, Mapping[str, Any], Disposition], ...] = (
    ("busy", {"status": 486}, Disposition.BUSY),
    ("busy everywhere", {"status": 600}, Disposition.BUSY),
    ("does not answer", {"rings_s": FOR_EVER_S}, Disposition.NA),
    ("switched off", {"status": 480}, Disposition.NA),
    ("declines", {"status": 603}, Disposition.NA),
    ("not in service", {"status": 404}, Disposition.DC),
    ("gone", {"status": 410}, Disposition.DC),
    ("congestion", {"status": 503}, Disposition.CONG),
    ("no common codec", {"status": 488}, Disposition.ERR),
    ("answers and hangs up", {"leaves_after_s": 0.0}, Disposition.HUP),
    ("answers and hangs up a moment later", {"leaves_after_s": 0.4}, Disposition.HUP),
)


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    calls: int = 500
    seats: int = 8
    retire_after: int = 60
    """Calls after which a worker is replaced."""
    at: str | None = None


class QuickRehearsal(Rehearsal):
    """A rehearsal whose telephones do not talk, and whose workers are replaced after so many calls."""

    def __init__(self, *given: Any, retire_after: int) -> None:
        super().__init__(*given)
        self.WORKER = MappingProxyType(
            {
                "retire_after_calls": retire_after,
                "ring_s": RING_S,
                "idle_poll_s": 0.1,
                # Calls like these would stop any campaign.
                "guards": {"trunk_failures": 1.0, "short_calls": 1.0, "short_stop": 1.0, "canary_calls": 10_000},
            }
        )

    def _require_speech(self) -> None:
        """None is needed."""

    def _speech(self) -> ChildSpec:
        answers = self.home / "run" / "answers.json"
        answers.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        answers.write_text("{}")
        more = ("--answers", str(answers), "--voice-engine", "pyttsx3", "--max-calls", "100")
        return speech_spec(self.speech_socket, self.paths.models, *more)


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Make the calls. UsageError for nonsense; UnavailableError when they do not end in time."""
    if not len(MANNERS) <= plan.calls <= MOST_CALLS or plan.seats < 1 or plan.retire_after < 1:
        raise UsageError(
            f"--calls is at least {len(MANNERS)}, one of each kind, and at most {MOST_CALLS}; --seats and "
            "--retire-after at least 1"
        )
    return asyncio.run(_measure(plan, Paths.from_environment(), progress))


def people(count: int, at: datetime) -> list[Case]:
    """So many invented people, each with a telephone of their own, all with the same debt."""
    someone = draw([Persona.load("silent", LANGUAGE)], today=at.date(), seed=1)[0].case
    return [
        replace(someone, document=f"123{index:04d}8909", phones=(f"+551195555{index:04d}",)) for index in range(count)
    ]


async def _measure(plan: Plan, paths: Paths, progress: Callable[[str], None]) -> dict[str, Any]:
    at = instant(plan.at, ZoneInfo(people_of(LANGUAGE).zone))
    cases = people(plan.calls, at)
    numbers = [number for case in cases for number in case.phones]
    settings = RehearsalSettings(at=at, seats=plan.seats, longest_s=120 + 2.0 * plan.calls)
    with tempfile.TemporaryDirectory(prefix="voiceagent-calls-") as folder:
        house = QuickRehearsal(
            settings, numbers, Path(folder) / "house", paths, progress, retire_after=plan.retire_after
        )
        async with house:
            far = await _plug_in(house, numbers)
            began = time.monotonic()
            await asyncio.to_thread(house.enrol_cases, cases)
            run = await house.until_called(plan.calls)
            lasted = time.monotonic() - began
            rows = await asyncio.to_thread(house.calls)
            report = _judged(rows, house.differences(rows))
            report |= {
                "restarts": {name: count for name, count in run.restarts.items() if name.startswith("worker")},
                "left": await _left(house),
            }
            await far.stop()
    return report | {
        "targets": TARGETS,
        "met": met_of(report),
        "seconds": round(lasted, 1),
        "calls_per_second": round(plan.calls / lasted, 2),
        "library": {"version": library().version, "calls_per_process": library().calls},
        "machine": machine(),
    }


def met_of(report: Mapping[str, Any]) -> dict[str, bool]:
    """Which of `TARGETS` are reached."""
    found = {
        "wrong": len(report["wrong"]),
        "differences_from_asterisk": len(report["differences_from_asterisk"]),
        "channels_left": report["left"]["channels"],
        "seats_not_idle": report["left"]["seats_not_idle"],
    }
    return {name: found[name] <= most for name, most in TARGETS.items()}


async def _plug_in(house: QuickRehearsal, numbers: Sequence[str]) -> Child:
    """All telephones, the manners in turn."""
    phones = tuple(
        PlainPhone(
            number=number,
            password=house.asterisk.phones[number].password,
            **MANNERS[index % len(MANNERS)][1],
        )
        for index, number in enumerate(numbers)
    )
    file = PlainPhones(registrar=house.asterisk.registrar, phones=phones).write(house.home / "run" / "plain.json")
    far = Child(ChildSpec("telephones", ("voiceagent.simulator.plain_phones", str(file))))
    house.keep(far)
    await far.start()
    return far


def _judged(rows: Sequence[Mapping[str, Any]], differences: list[str]) -> dict[str, Any]:
    """What each attempt was closed as, against what its telephone does."""
    seen: dict[str, Counter[str]] = {name: Counter() for name, _, _ in MANNERS}
    wrong = []
    for row in rows:
        name, _, wanted = MANNERS[int(row["number"][-4:]) % len(MANNERS)]
        seen[name][str(row["disposition"])] += 1
        if row["disposition"] != wanted.value:
            wrong.append(f"{row['number']} ({name}): {row['disposition']}, not {wanted.value}")
    return {
        "calls": len(rows),
        "wrong": wrong,
        "differences_from_asterisk": differences,
        "dispositions": {name: dict(counter) for name, counter in seen.items()},
    }


async def _left(house: QuickRehearsal) -> dict[str, Any]:
    """What is left of the calls: channels, seats that are not idle, and what each worker process holds."""
    channels = await house.channels_left()

    def states() -> list[str]:
        with house.records.db.read() as connection:
            return [str(row["state"]) for row in board(connection) if str(row["state"]) != "idle"]

    for _ in range(100):  # the last worker to retire may be on its way back
        if not (busy := await asyncio.to_thread(states)):
            break
        await asyncio.sleep(0.1)
    return {
        "channels": channels,
        "seats_not_idle": len(busy),
        "workers": [held_by(pid) for pid in house.parts()["worker"]],
    }
