"""Guards the verdict on a hand-over: the queue's word about this very call, what is kept, and doubt that is said."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import pytest

from voiceagent.audio.format import SILENCE
from voiceagent.base.clock import ManualClock
from voiceagent.base.money import Money
from voiceagent.calendars.opening import OpeningHours
from voiceagent.cases.handovers import HandOverBegan, HandOverEnded
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.offer import Offer, OfferKind, Reason
from voiceagent.dialogue.events import HandOver
from voiceagent.journal.envelope import NewEvent
from voiceagent.telephony.ami import Message
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.line import HungUp, HungUpBy
from voiceagent.telephony.ticks import VirtualTicks
from voiceagent.worker.handover import Handing, HumansQueue
from voiceagent.worker.record import CallKeys, CallRecord
from voiceagent.worker.summary import note_of, summary_of

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
CALL = str(uuid.uuid4())
HOURS = OpeningHours.read({"mon-fri": "09:00-18:00"}, "America/Sao_Paulo", "BR")


class Manager:
    """A manager connection that tells what a test puts into it."""

    def __init__(self) -> None:
        self.connected = True
        self.told: asyncio.Queue[Message] = asyncio.Queue()

    @asynccontextmanager
    async def events(self) -> AsyncIterator[asyncio.Queue[Message]]:
        yield self.told

    def tell(self, event: str, *, call: str = CALL, queue: str = "humans", **more: str) -> None:
        self.told.put_nowait({"Event": event, "Queue": queue, "ChanVariable": f"VOICEAGENT_CALL={call}", **more})


class Writer:
    """A JournalWriter that keeps what it is given."""

    def __init__(self) -> None:
        self.said: list[Any] = []

    def note(self, events: Sequence[NewEvent]) -> None:
        self.said += [event.payload for event in events]


class Silent:
    """Says nothing."""

    def ring(self, line: FakeLine) -> None:
        """Wait."""

    def tick(self, heard: bytes) -> bytes:
        return SILENCE


def handed(
    act: Callable[[Manager, FakeLine], None], longest_s: float = 30.0
) -> tuple[bool | None, FakeLine, list[Any]]:
    """What came of a hand-over in which `act` happened, the line afterwards, and what was kept."""
    clock, manager, writer = ManualClock(NOW), Manager(), Writer()

    async def scene() -> tuple[bool | None, FakeLine]:
        phone = FakePhone(VirtualTicks(clock), lambda number, call_id: Silent())
        line = await phone.dial("+5511955550100", call_id=CALL)
        kept: Any = writer
        record = CallRecord(kept, clock, CallKeys(uuid.UUID(CALL), None, None, None))
        ami: Any = manager
        people = HumansQueue(ami, "8001", "humans", HOURS, longest_s)
        line.transfer_status = 200
        act(manager, line)
        handing = Handing(people, line, record, clock, "pt-BR", "12345678")
        return await handing.take_over(HandOver("humans", "human", verified=True)), line

    outcome, line = asyncio.run(asyncio.wait_for(scene(), 30))
    return outcome, line, writer.said


def test_only_the_word_of_the_peoples_queue_about_this_call_counts() -> None:
    def act(manager: Manager, line: FakeLine) -> None:
        manager.tell("AgentConnect", call=str(uuid.uuid4()), MemberName="bruno")
        manager.tell("AgentConnect", queue="seats", MemberName="seat1")
        manager.tell("QueueCallerJoin")
        manager.tell("AgentConnect", MemberName="ana", RingTime="3")

    outcome, line, (began, ended) = handed(act)
    assert outcome is True and line.transfers == [("8001", "reason:human+verified:yes+protocol:12345678")]
    assert isinstance(began, HandOverBegan) and began.verified and began.reason == "human"
    assert isinstance(ended, HandOverEnded) and (ended.verdict, ended.taken_by) == ("taken", "ana")
    assert ended.hand_over_id == began.hand_over_id


def test_who_hangs_up_at_the_queue_is_gone() -> None:
    def act(manager: Manager, line: FakeLine) -> None:
        manager.tell("Hangup", queue="", Uniqueid="1.1")  # the seat's own leg, which ends with the transfer
        manager.tell("QueueCallerAbandon", HoldTime="9", Uniqueid="1.2")
        manager.tell("Hangup", queue="", Uniqueid="1.2")

    outcome, line, (_, ended) = handed(act)
    assert outcome is None and line.ended == HungUp(HungUpBy.FAR, 200, "normal")
    assert (ended.verdict, ended.detail) == ("left", "waited 9 s")


def test_whom_the_queue_sends_back_has_not_left() -> None:
    """Asterisk says QueueCallerAbandon when the queue's own patience is over, too, a moment before it calls us back."""

    def act(manager: Manager, line: FakeLine) -> None:
        manager.tell("QueueCallerAbandon", HoldTime="45", Uniqueid="1.2")
        asyncio.get_running_loop().call_later(0.05, line.far_back, "timeout")

    outcome, line, (_, ended) = handed(act)
    assert outcome is False and line.ended is None
    assert (ended.verdict, ended.detail) == ("nobody", "timeout")


def test_an_exchange_that_refuses_leaves_the_debtor_with_us() -> None:
    def act(manager: Manager, line: FakeLine) -> None:
        line.transfer_status = 404

    outcome, line, (_, ended) = handed(act)
    assert outcome is False and line.ended is None and (ended.verdict, ended.detail) == ("refused", "SIP 404")


def test_a_queue_that_says_nothing_is_not_believed_to_have_taken_anybody() -> None:
    outcome, line, (_, ended) = handed(lambda manager, line: None, longest_s=0.01)
    assert outcome is None and ended.verdict == "unknown" and line.ended is not None


@pytest.mark.parametrize(
    ("connected", "hour", "there"), [(True, 13, True), (False, 13, False), (True, 3, False), (True, 22, False)]
)
def test_people_are_there_when_they_work_and_their_queue_can_be_heard(connected: bool, hour: int, there: bool) -> None:
    manager: Any = Manager()
    manager.connected = connected
    people = HumansQueue(manager, "8001", "humans", HOURS, 30.0)
    assert people.there(NOW.replace(hour=hour)) is there


def test_a_person_reads_what_matters_and_the_network_no_name() -> None:
    first = Instalment(1, NOW.date(), Money(33334))
    offer = Offer(OfferKind.INSTALMENTS, Money(66668), Money(0), (first, first), Reason.AS_ASKED, None)
    wish = HandOver("humans", "human", verified=True, offer=offer, note="quero falar com a Ana sobre o boleto")
    shown = summary_of(wish, "pt-BR", "12345678")
    terms = f"2 × R$ 333,34, primeiro pagamento em {NOW:%d/%m/%Y}"
    for part in ("Pediu para falar", "Identidade confirmada", terms, "boleto", "12345678"):
        assert part in shown
    assert note_of(wish, "12345678") == "reason:human+verified:yes+protocol:12345678+offer:2x33334BRL"
    assert "NOT confirmed" in summary_of(HandOver("humans", "not_found"), "fr", "1")
