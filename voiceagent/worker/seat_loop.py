"""A seat at work: makes the dialer's next call or takes the one that rings, closes it, and is idle again."""

from __future__ import annotations

import asyncio
import logging
import uuid
from datetime import timedelta

from voiceagent.base.clock import Clock
from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.cases.kinds import SeatState
from voiceagent.cases.promised import owing_only
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
from voiceagent.worker.door import Door
from voiceagent.worker.reception import Reception
from voiceagent.worker.record import CallKeys, CallRecord

log = logging.getLogger(__name__)

#: After a failed renewal of a lease.
_RENEW_AGAIN_S = 10.0

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
        reception: Reception | None = None,
    ) -> None:
        """`reception`: takes the calls that come in; without one nobody listens for them."""
        self.name, self._worker, self._phone, self._queue = name, worker, phone, queue
        self._shelf, self._writer, self._house, self._clock = shelf, writer, house, clock
        self._idle_poll_s = idle_poll_s
        # Seats of one worker share a desk: those that are idle together ask together.
        self._desk = desk or Desk(queue, house.places)
        self._draining, self._at_once, self._stirred = False, False, asyncio.Event()
        self._reception, self._door = reception, Door(phone, self._stirred)
        self._state: SeatState | None = None

    def drain(self, *, at_once: bool = False) -> None:
        """Take no further call; `at_once`: not even the one that is being leased now, there is no time left for it."""
        self._draining, self._at_once = True, self._at_once or at_once
        self._stirred.set()

    def stir(self) -> None:
        """Somebody may be called: a seat that rests asks at once."""
        self._stirred.set()

    async def run(self) -> None:
        """Work until drained."""
        pause = self._idle_poll_s
        self._house.reserve(self.name, False)  # whoever had this seat before may have died in a call
        listening = asyncio.create_task(self._door.run(), name="door") if self._reception is not None else None
        try:
            while not self._draining:
                if not self._phone.registered:
                    # A call now would reach nobody and use up an attempt.
                    self._show(SeatState.OFFLINE)
                    if await self._rest(self._idle_poll_s):
                        await self._take_call()
                    continue
                if self._house.paused(self.name):
                    self._show(SeatState.PAUSED)
                    self._stirred.clear()
                    await self._stirred_within(self._idle_poll_s)
                    continue
                self._show(SeatState.IDLE)
                self._stirred.clear()
                self._door.open()
                # A call that comes in while the question is out waits for the answer: a lease, once given, goes first.
                lease = await self._desk.next(self.name)
                line = self._door.shut()
                if line is not None and lease is None and self._reception is not None:
                    await self._reception.receive(self.name, self._phone, line, self._show)
                    pause = self._idle_poll_s
                    continue
                if line is not None:
                    await self._door.refuse(line)
                if lease is not None and await self._work(lease):
                    pause = self._idle_poll_s
                    continue
                # Nothing to do, or a call that could not even be dialled: what stood in its way is given time.
                nothing = lease is None
                pause = self._desk.rest_s(self._idle_poll_s) if nothing else min(pause * 2, LONGEST_PAUSE_S)
                if await self._rest(pause):
                    await self._take_call()
        finally:
            left = self._door.shut(for_good=True)
            if left is not None:
                await self._door.refuse(left)
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)
            self._show(SeatState.OFFLINE)

    async def _rest(self, pause: float) -> bool:
        """Wait out the pause; True when it was cut short."""
        self._door.open()
        return await self._stirred_within(pause)

    async def _stirred_within(self, seconds: float) -> bool:
        try:
            await asyncio.wait_for(self._stirred.wait(), seconds)
        except TimeoutError:
            return False
        return True

    async def _take_call(self) -> None:
        """The call that cut the pause short, if that was one."""
        line = self._door.shut()
        if line is not None and self._reception is not None:
            await self._reception.receive(self.name, self._phone, line, self._show)

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
        self._house.reserve(self.name, True)
        renewing = asyncio.create_task(self._renew(lease), name="lease")
        dialled, ended = False, CallEnded(Disposition.ERR.value)
        try:
            if not self._at_once:
                call = Call(await self._job(lease), self._phone, record, self._house)
                ended, dialled = await call.run(), call.dialled
                self._look_at_hours(lease, ended)
        except VoiceagentError as error:
            log.error("call %s: %s", lease.attempt_id, error)
        except Exception:
            log.exception("call %s", lease.attempt_id)
        finally:
            renewing.cancel()
        self._show(SeatState.WRAPUP, lease.attempt_id)
        await self._complete(lease, ended)
        self._house.reserve(self.name, False)
        return dialled

    async def _job(self, lease: Lease) -> Job:
        reminder = lease.purpose is Purpose.REMINDER
        promised = await asyncio.to_thread(self._shelf.promised, lease.case_id) if reminder else None
        return Job(
            call_id=lease.attempt_id,
            case=owing_only(lease.case, promised) if promised else lease.case,
            reminding=promised is not None,
            number=lease.number,
            caller_id=lease.caller_id,
            trunk=lease.trunk,
            zone=lease.zone,
            content=await asyncio.to_thread(self._shelf.take, lease.script, str(lease.case.language), lease.policy),
            permit=lambda: self._queue.recheck(lease),
            law=self._shelf.law(lease.case, lease.today),
            entry=Entry.CALLBACK if lease.purpose is Purpose.CALLBACK else Entry.OUTBOUND,
            first_contact=lease.first_contact,
            identity_tries_left=lease.identity_tries_left,
            open_offer=await asyncio.to_thread(self._shelf.left_open, lease.case_id, lease.today),
        )

    def _look_at_hours(self, lease: Lease, ended: CallEnded) -> None:
        """Nobody is hung up on in the middle of a talk because the hours end; people are told of it."""
        closed, over = lease.must_end_by, self._clock.now() - timedelta(seconds=ended.wrap_s)
        if closed is not None and over > closed:
            late_s = (over - closed).total_seconds()
            log.error("call %s ended %.0f s after the lawful hours: raise dial.guard_s", lease.attempt_id, late_s)
            self._house.past_window()

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
        regular = wait = self._queue.lease_s / 3
        while True:
            await asyncio.sleep(wait)
            try:
                await asyncio.to_thread(self._queue.renew, lease)
                wait = regular
            except Exception as error:
                # Others take it for lost at its end: not a third of its life is waited with the next try.
                wait = min(regular, _RENEW_AGAIN_S)
                log.warning("the lease of call %s could not be renewed: %s", lease.attempt_id, error)

    def _show(self, state: SeatState, attempt_id: uuid.UUID | None = None) -> None:
        if state is self._state:
            return
        self._state = state
        self._house.seat_shows(self.name, state)
        try:
            self._writer.note([seat_changed(self.name, self._worker, state, attempt_id=attempt_id)])
        except UnavailableError as error:
            log.error("the board does not show seat %s: %s", self.name, error)
