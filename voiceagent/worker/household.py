"""The processes of one machine: how each is started, and what is cleared up when one dies."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path

from voiceagent.base.errors import UnavailableError
from voiceagent.dialer.aftermath import close_lost
from voiceagent.journal.journal import Journal
from voiceagent.speech.client import SpeechClient
from voiceagent.telephony.ami import AmiClient, AmiError
from voiceagent.worker.children import ChildSpec
from voiceagent.worker.main import HEARTBEAT_S
from voiceagent.worker.members import GONE, pause, paused_by_people
from voiceagent.worker.plan import WorkerPlan

#: Patience with a worker that ends, beyond that with its calls: its endpoint, and a database that may be locked.
STOP_S = 25.0

log = logging.getLogger(__name__)

_CLI = "voiceagent.cli.main"


def speech_spec(socket: Path, models: Path, *more: str) -> ChildSpec:
    """The speech process, with these further arguments; ready when it answers what it can recognise."""

    async def answers() -> bool:
        try:
            await SpeechClient(socket).info()
        except UnavailableError:
            return False
        return True

    arguments = (_CLI, "speech", "--socket", str(socket), "--models", str(models), *more)
    return ChildSpec("speech", arguments, ready_s=90, probe=answers)


def worker_spec(plan: WorkerPlan, file: Path) -> ChildSpec:
    """A seat host; its plan is written to `file`."""
    plan.write(file)
    return ChildSpec(
        plan.name,
        (_CLI, "worker", "--plan", str(file)),
        heartbeat_s=HEARTBEAT_S,
        stop_s=plan.drain_s + STOP_S,
        group="workers",
    )


def serve_spec(port: int, environment: dict[str, str], *, clock_offset_s: float = 0.0) -> ChildSpec:
    """API and console; a rehearsal's clock offset moves what it calls today."""
    shifted = ("--clock-offset", str(clock_offset_s)) if clock_offset_s else ()
    arguments = (_CLI, "serve", "--port", str(port), "--json-ready", *shifted)
    return ChildSpec("serve", arguments, environment=environment, nice=2)


def second_look_spec(environment: dict[str, str]) -> ChildSpec:
    """Hears promises again after their calls, behind everything else."""
    return ChildSpec("second look", (_CLI, "second-look", "--watch"), environment=environment, nice=19)


def clean_up_after(plan: WorkerPlan, ami: AmiClient | None, journal: Journal) -> Callable[[ChildSpec], Awaitable[None]]:
    """What a dead worker leaves: channels in Asterisk, hung up at once, and open attempts, closed as what is known.

    Its seats are paused in their queue until its successor, at its start, takes that back; only where it can.
    """

    async def clean_up(spec: ChildSpec) -> None:
        if ami is not None:
            try:
                if plan.manager is not None:
                    await _ring_no_more(ami, plan)
                for seat in plan.seats:
                    count = await ami.hang_up_calls_of(seat.user)
                    if count:
                        log.warning("%d channels of dead seat %s hung up", count, seat.user)
            except UnavailableError as error:
                log.error("channels of %s stay until Asterisk ends them: %s", spec.name, error)
        for call_id in await asyncio.to_thread(close_lost, journal, worker=plan.name):
            log.warning("attempt %s of dead %s closed", call_id, spec.name)

    return clean_up


async def _ring_no_more(ami: AmiClient, plan: WorkerPlan) -> None:
    resting = await paused_by_people(ami, plan.seats_queue)
    for seat in plan.seats:
        if seat.user in resting:
            continue
        try:
            await pause(ami, plan.seats_queue, seat.user, GONE)
        except AmiError as error:
            # Without the queue's help Asterisk finds out by itself, a few seconds later.
            log.warning("dead seat %s in queue %s: %s", seat.user, plan.seats_queue, error)
