"""The measurement of endurance: calls one after the other for an hour, and what every process holds meanwhile.

Telephones lift the receiver, send back what they hear and hang up after a while, so the agent is interrupted all the
time, by itself. Nobody is recognised; everything else is a call: the dialer, SIP, sound both ways, voice activity,
recordings, the journal, the workers' successors.
"""

from __future__ import annotations

import asyncio
import json
import math
import tempfile
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from prometheus_client.parser import text_string_to_metric_families

from voiceagent.audio.format import FRAME_S
from voiceagent.base.errors import UnavailableError, UsageError
from voiceagent.settings.paths import Paths
from voiceagent.simulator.bench_calls import LANGUAGE, MOST_CALLS, QuickRehearsal, people
from voiceagent.simulator.demo import instant
from voiceagent.simulator.footprint import Footprints
from voiceagent.simulator.gauges import IdleThread, ProcessorTime
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.plain_phones import PlainPhone, PlainPhones
from voiceagent.simulator.rehearsal_plan import RehearsalSettings
from voiceagent.simulator.sample import people_of
from voiceagent.telephony.capacity import library
from voiceagent.worker.children import Child, ChildSpec

#: Half of what two cores carry.
CALLS = 12
#: What must be reached: frames more than 40 ms behind the one before, as a share, on a machine that does nothing else;
#: processes that grew; channels left at the end; calls nobody lifted.
TARGETS = {"late_share": 0.001, "leaks": 0, "channels_left": 0, "unanswered": 0}
#: Between a hang-up and the next ring.
_BETWEEN_S = 2.0
_LATE = "voiceagent_worker_late_frames"
_EVERY_S = 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    calls: int = CALLS
    """At once."""
    seconds: float = 3600.0
    talk_s: float = 18.0
    """How long each lasts."""
    retire_after: int = 100
    """Calls after which a worker is replaced, as in the house."""


class _Late:
    """Frames that came late, as the workers count them when a call ends; those of a worker's last second may miss."""

    def __init__(self, house: QuickRehearsal) -> None:
        self._house = house
        self._of: dict[int, float] = {}

    async def run(self) -> None:
        """Ask every worker once a second."""
        while True:
            await asyncio.to_thread(self.ask)
            await asyncio.sleep(_EVERY_S)

    def ask(self) -> None:
        """One question to each. Blocks."""
        for name, pid in self._house.supervisor.pids.items():
            port = self._house.supervisor.child(name).ready.get("metrics_port") if name.startswith("worker") else None
            if port:
                self._of[pid] = _counted(int(port), self._of.get(pid, 0.0))

    @property
    def frames(self) -> int:
        """So far."""
        return round(sum(self._of.values()))


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Make the calls. UsageError for nonsense; UnavailableError when they do not end in time."""
    # Written so that what is no number at all is refused, too.
    if plan.calls < 1 or not 1 <= plan.talk_s < math.inf or not 0 < plan.seconds < math.inf:
        raise UsageError("at least one call at once, of a second, for some time")
    if _people(plan) > MOST_CALLS:
        raise UsageError(f"that would be {_people(plan)} calls: at most {MOST_CALLS}, of which each has a number")
    return asyncio.run(_measure(plan, Paths.from_environment(), progress))


def _people(plan: Plan) -> int:
    return max(plan.calls, round(plan.calls * plan.seconds / (plan.talk_s + _BETWEEN_S)))


async def _measure(plan: Plan, paths: Paths, progress: Callable[[str], None]) -> dict[str, Any]:
    at = instant(None, ZoneInfo(people_of(LANGUAGE).zone))
    cases = people(_people(plan), at)
    numbers = [number for case in cases for number in case.phones]
    settings = RehearsalSettings(at=at, seats=plan.calls, longest_s=300 + 3 * plan.seconds)
    with tempfile.TemporaryDirectory(prefix="voiceagent-loop-") as folder:
        house = QuickRehearsal(
            settings, numbers, Path(folder) / "house", paths, progress, retire_after=plan.retire_after
        )
        async with house:
            told: list[str] = []
            far = await _plug_in(house, numbers, plan.talk_s, told.append)
            prints, late = Footprints(house.parts), _Late(house)
            progress(f"{len(cases)} calls, {plan.calls} at once, for about {plan.seconds / 60:.0f} minutes")
            await asyncio.to_thread(house.enrol_cases, cases)
            began = time.monotonic()
            with ProcessorTime(house.parts) as used, IdleThread() as idle:
                watching = [asyncio.create_task(prints.run()), asyncio.create_task(late.run())]
                run = await house.until_called(len(cases))
                await asyncio.to_thread(late.ask)
            for task in watching:
                task.cancel()
            await asyncio.gather(*watching, return_exceptions=True)
            lasted = time.monotonic() - began
            rows = await asyncio.to_thread(house.calls)
            left = await house.channels_left()
            await far.stop()
            await far.died.wait()
    if not told:
        raise UnavailableError("the telephones ended without a word; their message is above")
    heard = json.loads(told[-1])["heard"]
    frames = round(sum(_talked_s(row) for row in rows) / FRAME_S)
    report: dict[str, Any] = {
        "calls": len(rows),
        "at_once": plan.calls,
        "answered": sum(row["t_answer"] is not None for row in rows),
        "seconds": round(lasted, 1),
        "frames": frames,
        "late_frames": late.frames,
        "late_share": round(late.frames / max(1, frames), 6),
        "heard": heard,
        "held": prints.report(),
        "leaks": prints.leaks(),
        "channels_left": left,
        "restarts": {name: count for name, count in run.restarts.items() if count},
        "cores": used.cores(),
        "idle_thread_late_ms": idle.milliseconds() | {"over_20": round(idle.share_over(20.0), 6)},
        "library": {"version": library().version, "calls_per_process": library().calls},
        "machine": machine(),
    }
    return report | {"targets": TARGETS, "met": met_of(report)}


def met_of(report: Mapping[str, Any]) -> dict[str, bool]:
    """Which of `TARGETS` are reached."""
    found = {
        "late_share": report["late_share"],
        "leaks": len(report["leaks"]),
        "channels_left": report["channels_left"],
        "unanswered": report["calls"] - report["answered"],
    }
    return {name: bool(found[name] <= most) for name, most in TARGETS.items()}


async def _plug_in(
    house: QuickRehearsal, numbers: Sequence[str], talk_s: float, on_line: Callable[[str], None]
) -> Child:
    phones = tuple(
        PlainPhone(number=number, password=house.asterisk.phones[number].password, leaves_after_s=talk_s)
        for number in numbers
    )
    file = PlainPhones(registrar=house.asterisk.registrar, phones=phones).write(house.home / "run" / "plain.json")
    far = Child(ChildSpec("telephones", ("voiceagent.simulator.plain_phones", str(file)), on_line=on_line))
    house.keep(far)
    await far.start()
    return far


def _talked_s(row: Mapping[str, Any]) -> float:
    if row["t_answer"] is None or row["t_end"] is None:
        return 0.0
    return float((row["t_end"] - row["t_answer"]).total_seconds())


def _counted(port: int, before: float) -> float:
    """The worker's count; what it was before where it does not answer, because it is being replaced."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=2) as answer:
            text = answer.read().decode()
    except OSError:
        return before
    families = {family.name: family for family in text_string_to_metric_families(text)}
    found = families.get(_LATE)
    return before if found is None else max(before, sum(s.value for s in found.samples if s.name == f"{_LATE}_total"))
