"""The worker process: one softphone, its seats, one journal writer, one recorder; no model is loaded here."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from dataclasses import dataclass
from datetime import timedelta

from voiceagent import cases, dialer
from voiceagent.base.clock import Clock, OffsetClock, SystemClock
from voiceagent.base.errors import UnavailableError
from voiceagent.calendars.opening import OpeningHours
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.guarding import guards_of
from voiceagent.dialer.heartbeat import EVERY_S, Heartbeat
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.stir import CHANNEL
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.priority import come_first, start_behind
from voiceagent.storage.database import Database
from voiceagent.storage.notices import Listener
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf, warm_understanding
from voiceagent.worker.desk import Desk
from voiceagent.worker.handover import HumansQueue
from voiceagent.worker.lifeline import beat_forever, say_leaving, say_ready, until_parent_ends
from voiceagent.worker.members import QueueMembers, nobody_pauses, nobody_rings
from voiceagent.worker.metrics import WorkerMetrics
from voiceagent.worker.plan import WorkerPlan
from voiceagent.worker.reception import Reception
from voiceagent.worker.retirement import Retirement
from voiceagent.worker.seat_loop import SeatLoop
from voiceagent.worker.seat_mode import LeadReader, NoDesk

log = logging.getLogger(__name__)

#: How often the worker shows that its loop turns.
HEARTBEAT_S = 1.0


@dataclass(slots=True)
class Records:
    """The worker's hold on the database."""

    db: Database
    journal: Journal
    writer: JournalWriter


def open_records(url: str, clock: Clock) -> Records:
    """Open the database (it must be migrated) with every room's projections."""
    db = Database(url)
    db.require_current()
    journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    return Records(db, journal, JournalWriter(journal))


def clock_of(plan: WorkerPlan) -> Clock:
    """The machine's clock, or the one a rehearsal shifted."""
    if plan.clock_offset_s:
        return OffsetClock.by_offset(timedelta(seconds=plan.clock_offset_s))
    return SystemClock()


def open_manager(plan: WorkerPlan) -> AmiClient | None:
    """The worker's own connection to Asterisk's manager, made as soon as somebody answers there."""
    if plan.manager is None:
        return None
    host, _, port = plan.manager.address.rpartition(":")
    ami = AmiClient(host, int(port), plan.manager.user, plan.manager.secret)
    ami.start_soon()
    return ami


def people_of(plan: WorkerPlan, ami: AmiClient | None) -> HumansQueue | None:
    """To whom debtors are handed over; None where there is nobody, or nobody who says what became of them."""
    humans = plan.humans
    if humans is None or ami is None:
        return None
    hours = OpeningHours.read(humans.hours, humans.zone, humans.country)
    return HumansQueue(ami, humans.number, humans.queue, hours, humans.longest_s)


async def run_worker(plan: WorkerPlan) -> None:
    """Work until the parent ends us, or until the endpoint has done its share of calls."""
    await asyncio.to_thread(start_behind)
    clock = clock_of(plan)
    warm_understanding(plan.dialplans)
    records = await asyncio.to_thread(open_records, plan.database_url, clock)
    recorder = Recorder(plan.recordings, min_free_bytes=plan.min_free_bytes)
    softphone = Softphone(
        SoftphoneSettings(
            only_registrar=plan.only_registrar,
            address=plan.address,
            tls_authorities=plan.tls_authorities,
            retire_after_calls=plan.retire_after_calls,
            ring_timeout_s=plan.ring_s,
        )
    )
    ami: AmiClient | None = None
    try:
        recorder.start()
        recorder.check()
        await softphone.start()
        ticks = RealTicks()
        metrics = WorkerMetrics()
        metrics.watch(softphone, records.writer, ticks)
        ami = open_manager(plan)
        loops: list[SeatLoop] = []
        stirring = asyncio.get_running_loop()
        bell = Listener(records.db, CHANNEL, lambda: _stir(stirring, loops))
        members = QueueMembers(ami, plan.seats_queue, lambda: _all(loops)) if ami is not None else None
        desk, loops[:] = await _seats(plan, records, recorder, softphone, clock, ticks, metrics, ami, members, bell)
        bell.start()
        port = metrics.serve(plan.metrics_port)
        await softphone.settle()
        await asyncio.to_thread(come_first)
        say_ready(worker=plan.name, seats=[seat.user for seat in plan.seats], metrics_port=port)
        retirement = Retirement(plan.speech_socket.with_name("retiring.lock"), softphone)
        beating = asyncio.create_task(
            beat_forever(HEARTBEAT_S, lambda: _drain_when_retired(retirement, loops)), name="heartbeat"
        )
        living = [asyncio.create_task(_show_life(plan, records, clock, desk), name="life")]
        living += [asyncio.create_task(members.watch(), name="queue members")] if members is not None else []
        # Seats do not wait for figures.
        living += [asyncio.create_task(metrics.serve_later(plan.metrics_port), name="figures")] if port is None else []
        working = asyncio.gather(*(loop.run() for loop in loops))
        try:
            await until_parent_ends(asyncio.shield(working))
            say_leaving()
            for loop in loops:
                loop.drain(at_once=True)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(working), plan.drain_s)
        finally:
            for task in (beating, *living):
                task.cancel()
            await asyncio.to_thread(bell.close)
            await softphone.close()  # hangs up what is left, which ends its conversations
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(working, 5)
    finally:
        if ami is not None:
            await ami.close()
        await recorder.close()
        await asyncio.to_thread(records.writer.close)
        records.db.close()


async def _seats(
    plan: WorkerPlan,
    records: Records,
    recorder: Recorder,
    softphone: Softphone,
    clock: Clock,
    ticks: RealTicks,
    metrics: WorkerMetrics,
    ami: AmiClient | None,
    members: QueueMembers | None,
    bell: Listener,
) -> tuple[Desk, list[SeatLoop]]:
    if len(plan.seats) > softphone.max_calls:
        raise UnavailableError(
            f"{len(plan.seats)} seats in one worker, but this SIP library holds {softphone.max_calls} calls: "
            "give it fewer seats and start more workers"
        )
    house = House(
        SpeechClient(plan.speech_socket),
        recorder,
        ticks,
        clock,
        plan.company,
        plan.persona,
        plan.return_number,
        plan.company_address,
        metrics.line_ended,
        metrics.turn_ended,
        seat_shows=metrics.seat_shows,
        people=people_of(plan, ami),
        reserve=members.reserve if members is not None else nobody_rings,
        paused=members.paused if members is not None else nobody_pauses,
        past_window=metrics.past_window,
    )
    await asyncio.to_thread(house.confirmers.load, len(plan.seats))
    with house.segmenter():
        pass  # what the first one has imported is not imported in a call
    gate = Gate.of(plan.mode, simulated=plan.simulated_numbers, allowed=plan.allowed_numbers, trunk=plan.trunk)
    rules = load_rules(plan.dialplans / "jurisdictions")
    shelf = ContentShelf(plan.dialplans, records.db, clock)
    await asyncio.to_thread(shelf.stock, records.journal.tenant_id)
    queue = Queue(
        records.journal,
        rules,
        gate,
        worker=plan.name,
        guard_s=plan.guard_s,
        lease_s=plan.lease_s,
        caller_id=plan.caller_id or None,
        hashes=shelf.hashes,
        guards=guards_of(plan.guards),
    )
    desk = (
        Desk(queue, house.places, told=lambda: bell.listening)
        if plan.seat_mode is None
        else NoDesk(queue, house.places)
    )
    arrivals = Arrivals(records.journal, rules, worker=plan.name, mode=plan.mode, region=plan.region)
    leads = LeadReader(**plan.seat_mode.model_dump()) if plan.seat_mode is not None else None
    reception = Reception(arrivals, shelf, records.writer, house, clock, leads)
    loops = []
    for seat in plan.seats:
        phone = await softphone.add_account(seat.user, seat.password, plan.registrar)
        loops.append(
            SeatLoop(
                seat.user,
                plan.name,
                phone,
                queue,
                shelf,
                records.writer,
                house,
                clock,
                idle_poll_s=plan.idle_poll_s,
                desk=desk,
                reception=reception,
            )
        )
    return desk, loops


async def _show_life(plan: WorkerPlan, records: Records, clock: Clock, desk: Desk) -> None:
    """Beat in SQL until cancelled: whoever keeps house takes back what a silent worker holds."""
    heartbeat = Heartbeat(records.db, clock, plan.name, len(plan.seats))
    try:
        while True:
            try:
                await asyncio.to_thread(heartbeat.beat, desk.trouble)
            except UnavailableError as error:
                log.warning("no sign of life could be written: %s", error)
            await asyncio.sleep(EVERY_S)
    finally:
        with contextlib.suppress(UnavailableError):
            heartbeat.end()


def _stir(loop: asyncio.AbstractEventLoop, seats: list[SeatLoop]) -> None:
    """Told by another thread that somebody may be called."""
    with contextlib.suppress(RuntimeError):  # the loop is over, and so are its seats
        loop.call_soon_threadsafe(_all, seats)


def _all(seats: list[SeatLoop]) -> None:
    for seat in seats:
        seat.stir()


def _drain_when_retired(retirement: Retirement, loops: list[SeatLoop]) -> None:
    """An endpoint that has done its share takes no more calls; the supervisor starts its successor."""
    if retirement.begins():
        for loop in loops:
            loop.drain()
