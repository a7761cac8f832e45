"""The measurement of seats: so many calls with audio both ways through a real Asterisk, none of them understood.

As many processes as the SIP library needs; telephones send back what they hear. Frames are counted where the media
thread of each process hands them over, in the middle of which everything else of a call goes on: recording and the
detection of speech.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from voiceagent.base.errors import UnavailableError, UsageError
from voiceagent.settings.paths import Paths
from voiceagent.simulator.gauges import IdleThread, ProcessorTime
from voiceagent.simulator.loaded_seats import LoadedSeat, LoadedSeats
from voiceagent.simulator.measured_on import machine
from voiceagent.simulator.plain_phones import PlainPhone, PlainPhones
from voiceagent.simulator.telephones import batched
from voiceagent.telephony.asterisk_program import AsteriskProgram
from voiceagent.telephony.asterisk_server import AsteriskPorts, AsteriskServer, PhoneAccount, SeatAccount
from voiceagent.telephony.capacity import library
from voiceagent.worker.children import Child, ChildSpec

#: Patience with everything behind the time that counts, seconds.
CLOSE_S = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured."""

    seats: int = 24
    seconds: float = 30.0
    per_process: int | None = None
    """None: what the SIP library holds, at most 25."""


def measure(plan: Plan, progress: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Hold the calls. UnavailableError when they could not all be held; UsageError for nonsense."""
    if min(plan.seats, plan.seconds, plan.per_process or 1) < 1:
        raise UsageError("--seats, --seconds and --per-process are at least 1")
    return asyncio.run(_measure(plan, Paths.from_environment(), progress))


async def _measure(plan: Plan, paths: Paths, progress: Callable[[str], None]) -> dict[str, Any]:
    size = plan.per_process or library().seats
    if size > library().calls:
        raise UsageError(f"--per-process is at most {library().calls}: that is what this SIP library holds")
    seats = [SeatAccount(f"seat{number}", f"{9000 + number}") for number in range(1, plan.seats + 1)]
    phones = [PhoneAccount(f"+5511955{number:06d}") for number in range(1, plan.seats + 1)]
    told: list[dict[str, Any]] = []
    async with AsyncExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="voiceagent-seats-")))
        server = AsteriskServer(
            AsteriskProgram.find(paths.asterisk),
            home / "asterisk",
            seats=seats,
            phones=phones,
            ports=AsteriskPorts.free(max(400, 8 * plan.seats)),
        )
        await stack.enter_async_context(server)
        plugged = PlainPhones(
            registrar=server.registrar,
            phones=tuple(PlainPhone(number=phone.number, password=phone.password) for phone in phones),
        ).write(home / "phones.json")
        far = Child(ChildSpec("telephones", ("voiceagent.simulator.plain_phones", str(plugged))))
        stack.push_async_callback(far.stop)
        await far.start()
        groups = list(batched(list(zip(seats, phones, strict=True)), size))
        children, start = [], home / "start"
        for number, group in enumerate(groups):
            file = LoadedSeats(
                registrar=server.registrar,
                seats=tuple(
                    LoadedSeat(user=seat.name, password=seat.password, number=phone.number) for seat, phone in group
                ),
                recordings=home / "recordings",
                start=start,
                lasts_s=plan.seconds,
            ).write(home / f"seats-{number}.json")
            spec = ChildSpec(
                f"seats-{number}",
                ("voiceagent.simulator.loaded_seats", str(file)),
                on_line=lambda line: told.append(json.loads(line)),
            )
            children.append(Child(spec))
            stack.push_async_callback(children[-1].stop)
        progress(f"{plan.seats} calls from {len(groups)} processes, {plan.seconds:.0f} s")
        await asyncio.gather(*(child.start() for child in children))
        start.touch()
        parts = {
            "seats": [child.pid for child in children if child.pid],
            "asterisk": [server.pid] if server.pid else [],
            "telephones": [far.pid] if far.pid else [],
        }
        with ProcessorTime(lambda: parts) as spent, IdleThread() as idle:
            await asyncio.sleep(plan.seconds)
        await asyncio.wait_for(asyncio.gather(*(child.died.wait() for child in children)), CLOSE_S)
        failed = [child.spec.name for child in children if child.returncode]
        if failed or len(told) != len(children):
            raise UnavailableError(f"{', '.join(failed) or 'a process'} did not hold its calls; its message is above")
    return _summed(plan, told) | {
        "processes": len(groups),
        "cores_busy": spent.cores(),
        "idle_thread_late_ms": idle.milliseconds(),
        "library": {"version": library().version, "calls_per_process": library().calls},
        "machine": machine(),
    }


def _summed(plan: Plan, told: list[dict[str, Any]]) -> dict[str, Any]:
    """All processes together; of the gaps between two frames of a call the worst process' percentiles."""
    frames, due = sum(each["frames"] for each in told), round(plan.seats * plan.seconds * 50)
    worst = [max(each["gaps_ms"][index] for each in told) for index in range(4)]
    return {
        "calls": sum(each["calls"] for each in told),
        "seconds": plan.seconds,
        "frames": {
            "due": due,
            "came": frames,
            "with_sound": sum(each["with_sound"] for each in told),
            "late": sum(each["late"] for each in told),
            "late_share": round(sum(each["late"] for each in told) / max(1, frames), 6),
        },
        "gap_ms": dict(zip(("median", "p99", "p99_9", "max"), worst, strict=True)),
        "playout_ran_dry": sum(each["ran_dry"] for each in told),
        "heard_not_taken": sum(each["not_taken"] for each in told),
        "beats_skipped": sum(each["beats_skipped"] for each in told),
    }
