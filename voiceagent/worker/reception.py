"""Calls that come in, from the ring to the verdict: who may be calling, a conversation, a callback if missed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import uuid
from collections.abc import Callable
from dataclasses import replace

from voiceagent.base.clock import Clock
from voiceagent.base.errors import BadInputError, UnavailableError, VoiceagentError
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.calendars.zones import default_zone
from voiceagent.cases.kinds import SeatState
from voiceagent.debt.case import Case, Debt
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.arrivals import Arrival, Arrivals, Visitor
from voiceagent.dialogue.briefed import fit_for_a_call
from voiceagent.dialogue.entry import Entry
from voiceagent.dialogue.state import Briefing
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.writer import JournalWriter
from voiceagent.telephony.line import Phone, SeatLine
from voiceagent.worker.call import Call, House, Job, briefing_of
from voiceagent.worker.content import ContentShelf
from voiceagent.worker.door import GOING
from voiceagent.worker.record import CallKeys, CallRecord
from voiceagent.worker.seat_mode import LeadReader

log = logging.getLogger(__name__)

#: Between two tries to write a verdict that the database does not take.
RETRY_S = 0.5

Show = Callable[[SeatState, uuid.UUID | None], None]


class Reception:
    """Takes incoming calls for the seats of a worker; one call at a time per seat, the seat sees to that."""

    def __init__(
        self,
        arrivals: Arrivals,
        shelf: ContentShelf,
        writer: JournalWriter,
        house: House,
        clock: Clock,
        leads: LeadReader | None = None,
    ) -> None:
        """`leads`: seat mode; another dialer says in its INVITE whom it has called."""
        self._leads = leads
        self._arrivals, self._shelf, self._writer, self._house, self._clock = arrivals, shelf, writer, house, clock

    async def receive(self, seat: str, phone: Phone, line: SeatLine, show: Show) -> None:
        """Answer `line`, talk, close the attempt. Never raises: what goes wrong in a call becomes its verdict."""
        call_id = _uuid(line.call_id)
        try:
            async with self._house.places(1) as places:
                lead = self._leads.lead_of(line) if self._leads is not None else None
                arrival = await asyncio.to_thread(self._arrivals.begin, line.remote, seat, call_id=call_id, lead=lead)
                await places.keep([str(arrival.attempt_id)])
        except Exception as error:
            log.error("seat %s cannot take a call: %s", seat, error)
            with contextlib.suppress(UnavailableError):  # the softphone is going: that ends the line as well
                await phone.reject(line, GOING)
            await self._missed(line.remote, call_id)
            return
        show(SeatState.RINGING, arrival.attempt_id)
        ended = CallEnded(Disposition.ERR.value)
        try:
            ended = await self._converse(arrival, seat, phone, line, show)
        except VoiceagentError as error:
            log.error("call %s: %s", arrival.attempt_id, error)
        except Exception:
            log.exception("call %s", arrival.attempt_id)
        await line.hangup("error")  # harmless after a conversation; without one nobody is left ringing
        show(SeatState.WRAPUP, arrival.attempt_id)
        await self._complete(arrival, ended)

    async def _converse(self, arrival: Arrival, seat: str, phone: Phone, line: SeatLine, show: Show) -> CallEnded:
        visitor = arrival.visitors[0] if arrival.known else None
        job = await asyncio.to_thread(self._job, arrival, visitor)
        language = str(job.case.language)
        record = CallRecord(
            self._writer,
            self._clock,
            _keys(arrival, visitor, seat),
            on_state=lambda state: show(state, arrival.attempt_id),
            on_turn=lambda turn: self._house.turn_ended(turn, language),
            caller=arrival.number or "",
        )
        record.dialling()

        async def find(digits: str, datum: str) -> Briefing | None:
            try:
                found = await asyncio.to_thread(self._arrivals.find, arrival, digits, datum)
                if found is None:
                    return None
                record.keys = _keys(arrival, found, seat)
                if found.file.case.language is not job.case.language:
                    return None  # people call back, in the caller's language
                theirs = await asyncio.to_thread(self._job, arrival, found)
                briefing = briefing_of(theirs, self._house)
                fit_for_a_call(job.content.script, briefing, Entry.INBOUND)
            except (BadInputError, UnavailableError) as error:
                log.error("call %s: its caller cannot be attended to: %s", arrival.attempt_id, error)
                return None
            return briefing

        return await Call(job, phone, record, self._house, incoming=line, find=find).run()

    def _job(self, arrival: Arrival, visitor: Visitor | None) -> Job:
        """What to talk about with `visitor`; with nobody yet, a stand-in that says nothing of anyone. Blocks."""
        if visitor is None:
            return self._unknown(arrival)
        case = visitor.file.case
        return Job(
            call_id=arrival.attempt_id,
            case=case,
            number=arrival.number or "",
            caller_id=None,
            zone=visitor.zone,
            content=self._shelf.take(visitor.script, str(case.language), visitor.policy),
            permit=lambda: None,
            law=self._shelf.law(case, visitor.today),
            # The debtor was called, by another dialer: he is asked for by name, as in calls of our own.
            entry=Entry.OUTBOUND if arrival.led else Entry.INBOUND,
            first_contact=visitor.first_contact,
            identity_tries_left=visitor.identity_tries_left,
            open_offer=self._shelf.left_open(visitor.file.case_id, visitor.today),
        )

    def _unknown(self, arrival: Arrival) -> Job:
        manner = arrival.manner
        language = Language(manner.language)
        region = manner.region
        content = self._shelf.take(manner.script, str(language), manner.policy)
        zone = default_zone(region) or "UTC"
        today = self._clock.now().date()
        nothing = Debt(
            "",
            self._house.company,
            "",
            Money(100, content.policy.currency),
            Money(0, content.policy.currency),
            today,
        )
        nobody = Case(self._house.company, "", language, region, (nothing,))
        return Job(
            call_id=arrival.attempt_id,
            case=nobody,
            number=arrival.number or "",
            caller_id=None,
            zone=zone,
            content=content,
            permit=lambda: None,
            law=self._shelf.law(nobody, today),
            entry=Entry.INBOUND,
            caller_known=False,
        )

    async def _missed(self, caller: str, call_id: uuid.UUID | None) -> None:
        try:
            await asyncio.to_thread(self._arrivals.missed, caller, call_id=call_id)
        except Exception as error:
            log.error("a missed call could not be noted: %s", error)

    async def _complete(self, arrival: Arrival, ended: CallEnded) -> None:
        """Events of the call first, then the verdict; tried until the database takes it."""
        while True:
            try:
                await self._writer.flush()
                await asyncio.to_thread(self._arrivals.complete, arrival, ended)
                return
            except UnavailableError as error:
                log.error("the verdict of call %s waits for the database: %s", arrival.attempt_id, error)
                await asyncio.sleep(RETRY_S)
            except Exception:
                # Whoever clears up after this worker closes the attempt.
                log.exception("the verdict of call %s", arrival.attempt_id)
                return


def _keys(arrival: Arrival, visitor: Visitor | None, seat: str) -> CallKeys:
    nobody = CallKeys(arrival.attempt_id, None, None, None, None, f"seat {seat}")
    if visitor is None:
        return nobody
    file = visitor.file
    return replace(
        nobody,
        case_id=file.case_id,
        person_id=file.person_id,
        phone_id=visitor.phone_id,
        campaign_id=visitor.campaign_id,
    )


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
