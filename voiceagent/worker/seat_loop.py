"""A seat at work: asks the dialer for the next call, makes it, closes it, asks again; its state is on the board."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid

from voiceagent.base.clock import Clock
from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.cases.kinds import SeatState
from voiceagent.cases.seats import seat_changed
from voiceagent.compliance import Purpose
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialogue.entry import Entry
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.writer import JournalWriter
from voiceagent.telephony.line import Phone
from voiceagent.worker.call import Call, House, Job
from voiceagent.worker.content import ContentShelf
from voiceagent.worker.desk import Desk
from voiceagent.worker.record import CallKeys, CallRecord

log = logging.getLogger(__name__)

#: Longest pause after calls that could not be dialled.
LONGEST_PAUSE_S = 30.0


class SeatLoop:
    """One seat of a worker; `drain` lets the present call end and takes no other."""

    def __init__(
        self,
        name: str,
        worker: str,
        phone: Phone,
        queue: Queue,
        shelf: ContentShelf,
        writer: JournalWriter,
        house: House,
        clock: Clock,
        *,
        idle_poll_s: float,
        desk: Desk | None = None,
    ) -> None:
        self.name, self._worker, self._phone, self._queue = name, worker, phone, queue
        self._shelf, self._writer, self._house, self._clock = shelf, writer, house, clock
        self._idle_poll_s = idle_poll_s
        # Seats of one worker share a desk: those that are idle together ask together.
        self._desk = desk or Desk(queue, house.ready)
        self._draining = asyncio.Event()
        self._state: SeatState | None = None

    def drain(self) -> None:
        """Take no further call."""
        self._draining.set()

    async def run(self) -> None:
        """Work until drained."""
        pause = self._idle_poll_s
        try:
            while not self._draining.is_set():
                self._show(SeatState.IDLE)
                lease = await self._desk.next(self.name)
                if lease is not None and await self._work(lease):
                    pause = self._idle_poll_s
                    continue
                # Nothing to do, or a call that could not even be dialled: what stood in its way is given time.
                pause = self._idle_poll_s if lease is None else min(pause * 2, LONGEST_PAUSE_S)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._draining.wait(), pause)
        finally:
            self._show(SeatState.OFFLINE)

    async def _work(self, lease: Lease) -> bool:
        """Make the leased call; the attempt is closed and the enrolment moved on whatever happens.

        False when it was never dialled.
        """
        keys = CallKeys(
            lease.attempt_id, lease.case_id, lease.person_id, lease.phone_id, lease.campaign_id, f"seat {self.name}"
        )
        language = str(lease.case.language)
        record = CallRecord(
            self._writer,
            self._clock,
            keys,
            on_state=lambda state: self._show(state, lease.attempt_id),
            on_turn=lambda turn: self._house.turn_ended(turn, language),
        )
        self._show(SeatState.DIALING, lease.attempt_id)
        renewing = asyncio.create_task(self._renew(lease), name="lease")
        dialled, ended = False, CallEnded(Disposition.ERR.value)
        try:
            if not self._draining.is_set():
                call = Call(await self._job(lease), self._phone, record, self._house)
                ended, dialled = await call.run(), call.dialled
        except VoiceagentError as error:
            log.error("call %s: %s", lease.attempt_id, error)
        except Exception:
            log.exception("call %s", lease.attempt_id)
        finally:
            renewing.cancel()
        self._show(SeatState.WRAPUP, lease.attempt_id)
        await self._complete(lease, ended)
        return dialled

    async def _job(self, lease: Lease) -> Job:
        return Job(
            call_id=lease.attempt_id,
            case=lease.case,
            number=lease.number,
            caller_id=lease.caller_id,
            zone=lease.zone,
            content=await asyncio.to_thread(self._shelf.take, lease.script, str(lease.case.language), lease.policy),
            permit=lambda: self._queue.recheck(lease),
            law=self._shelf.law(lease.case, lease.today),
            entry=Entry.CALLBACK if lease.purpose is Purpose.CALLBACK else Entry.OUTBOUND,
            first_contact=lease.first_contact,
            identity_tries_left=lease.identity_tries_left,
            open_offer=await asyncio.to_thread(self._shelf.left_open, lease.case_id, lease.today),
        )

    async def _complete(self, lease: Lease, ended: CallEnded) -> None:
        """Events of the call first, then the verdict that closes it; tried until the database takes it."""
        while True:
            try:
                await self._writer.flush()
                await asyncio.to_thread(self._queue.complete, lease, ended)
                return
            except UnavailableError as error:
                log.error("the verdict of call %s waits for the database: %s", lease.attempt_id, error)
                await asyncio.sleep(self._idle_poll_s)
            except Exception:
                # The lease runs out by itself, and its attempt is closed then.
                log.exception("the verdict of call %s", lease.attempt_id)
                return

    async def _renew(self, lease: Lease) -> None:
        while True:
            await asyncio.sleep(self._queue.lease_s / 3)
            try:
                await asyncio.to_thread(self._queue.renew, lease)
            except Exception as error:
                log.warning("the lease of call %s could not be renewed: %s", lease.attempt_id, error)

    def _show(self, state: SeatState, attempt_id: uuid.UUID | None = None) -> None:
        if state is self._state:
            return
        self._state = state
        try:
            self._writer.note([seat_changed(self.name, self._worker, state, attempt_id=attempt_id)])
        except UnavailableError as error:
            log.error("the board does not show seat %s: %s", self.name, error)
