"""Guards the handing over of a debtor to people over a real Asterisk: who has the call when, what the queue says."""

from __future__ import annotations

import asyncio
import time
import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.signals import noise, share
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.clock import SystemClock
from voiceagent.calendars.opening import OpeningHours
from voiceagent.cases.handovers import HandOverEnded
from voiceagent.dialogue.events import HandOver
from voiceagent.telephony.ami import Message
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.asterisk_tree import HUMAN_PATIENCE_S
from voiceagent.telephony.line import Answered, HungUp, HungUpBy
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.handover import Handing, HumansQueue
from voiceagent.worker.record import CallKeys, CallRecord

PATIENCE_S = 60.0
HEARD_DBOV = -40.0
NOTE = "reason:asked+verified:yes"
ALWAYS = OpeningHours.read({"mon-sun": "00:00-23:59"}, "UTC")


async def answered(seat: Seat) -> PjLine:
    """A call to the debtor who talks, up; he is heard: the exchange refuses a REFER before it has joined the two."""
    line = await seat.dial(phones.TALKS, call_id=str(uuid.uuid4()))
    while not isinstance(await asyncio.wait_for(line.next_event(), PATIENCE_S), Answered):
        pass
    ticks, deadline = RealTicks(), time.monotonic() + PATIENCE_S
    while rms_dbov(line.hear()) < HEARD_DBOV:
        assert time.monotonic() < deadline, "the debtor says nothing"
        await ticks.next()
    return line


async def records_of(server: AsteriskServer, call_id: str, count: int) -> list[str]:
    """With whom the exchange's records of that call were, once there are so many; each is written at its end."""
    ticks, deadline = RealTicks(), time.monotonic() + PATIENCE_S
    while len(own := [row for row in server.cdr() if row.call_id == call_id]) < count:
        assert time.monotonic() < deadline, server.cdr_path.read_text()
        await ticks.next()
    return [row.far_channel.partition("/")[2].rpartition("-")[0] for row in own]


async def told(events: asyncio.Queue[Message], name: str) -> Message:
    while (message := await asyncio.wait_for(events.get(), PATIENCE_S)).get("Event") != name:
        pass
    return message


def test_nobody_answers_and_the_seat_has_the_debtor_back(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path
) -> None:
    """The same line speaks and hears again, and the recording has one timeline over all of it."""
    telephones.send({"do": "be", "number": phones.HUMAN, "how": "ring"})
    # Long enough that the moment in which the exchange joins the two again is little of it.
    said = noise(3, 2.0)

    async def scenario() -> float:
        recorder, clock = Recorder(tmp_path, min_free_bytes=0), asyncio.get_running_loop().time
        recorder.start()
        tape = recorder.begin("call")
        line, begun = await answered(seat), clock()
        line.record(tape)
        assert await line.transfer(asterisk_server.humans_number, NOTE) == 200
        ringing = await asyncio.to_thread(telephones.wait_for, lambda m: "ringing" in m)
        assert ringing["headers"] == {"x-voiceagent-call": line.call_id, "x-voiceagent-note": NOTE}
        async with asterisk_server.ami() as ami:
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="true")
            await asyncio.to_thread(telephones.send, {"do": "hang up", "number": phones.HUMAN})
            assert await asyncio.wait_for(line.back(), PATIENCE_S) == "leaveempty"
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="false")
        await asyncio.sleep(0.2)
        line.play(said)
        ticks = RealTicks()
        while line.played() < len(said):
            await ticks.next()
        await asyncio.sleep(0.3)
        spent = clock() - begun
        await line.hangup()
        assert line.ended == HungUp(HungUpBy.NEAR, 200, "normal", line.ended.q850 if line.ended else None)
        closed = await recorder.close() or await tape.close()
        return abs(closed.seconds - spent)

    assert loop.run(scenario()) < 0.5
    over = telephones.wait_for(lambda m: m.get("number") == phones.TALKS and "over" in m)
    assert share(said, Path(over["heard"]).read_bytes()) > 0.8


def test_when_the_queues_patience_is_over_the_debtor_has_not_left(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    """Asterisk tells it as an abandonment, too; the verdict is that nobody came, and the line goes on."""
    telephones.send({"do": "be", "number": phones.HUMAN, "how": "ring"})

    async def scenario() -> tuple[bool | None, HandOverEnded]:
        kept: list[Any] = []
        writer: Any = SimpleNamespace(note=lambda events: kept.extend(event.payload for event in events))
        async with asterisk_server.ami() as ami:
            await ami.action("Setvar", Variable="HUMAN_PATIENCE", Value="1")
            try:
                line = await answered(seat)
                people = HumansQueue(ami, asterisk_server.humans_number, "humans", ALWAYS, 30.0)
                record = CallRecord(writer, SystemClock(), CallKeys(uuid.UUID(line.call_id), None, None, None))
                handing = Handing(people, line, record, SystemClock(), "pt-BR", "1")
                taken = await handing.take_over(HandOver("humans", "human", verified=False))
                await asyncio.to_thread(telephones.wait_for, lambda m: "ringing" in m)
                assert line.ended is None
                await line.hangup()
                legs = await records_of(asterisk_server, line.call_id, 3)
                assert legs == [phones.TALKS, phones.HUMAN, "seat1"], "rang in vain, and back"
            finally:
                await ami.action("Setvar", Variable="HUMAN_PATIENCE", Value=str(HUMAN_PATIENCE_S))
        return taken, kept[-1]

    taken, ended = loop.run(scenario())
    assert taken is False and (ended.verdict, ended.detail) == ("nobody", "timeout")


def test_no_person_is_there_and_the_debtor_is_back_at_once(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    """The exchange calls back before it has said that it took the debtor."""

    async def scenario() -> None:
        async with asterisk_server.ami() as ami:
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="true")
            line = await answered(seat)
            assert await line.transfer(asterisk_server.humans_number) == 200
            assert await asyncio.wait_for(line.back(), PATIENCE_S) == "joinempty"
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="false")
            assert line.ended is None and seat.away == {}
            await line.hangup()

    loop.run(scenario())


def test_a_person_takes_the_debtor_and_the_queue_says_so(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    telephones.send({"do": "be", "number": phones.HUMAN, "how": "answer"})

    async def scenario() -> None:
        async with asterisk_server.ami() as ami, ami.events() as events:
            line = await answered(seat)
            assert await line.transfer(asterisk_server.humans_number, NOTE) == 200
            taken = await told(events, "AgentConnect")
            assert taken["Queue"] == "humans" and f"VOICEAGENT_CALL={line.call_id}" in taken["ChanVariable"]
            await line.hangup("handed over")
            assert await line.next_event() == HungUp(HungUpBy.NEAR, 200, "handed over")
            # Our leg is gone; the debtor and the person talk on until one of them hangs up.
            assert {channel.endpoint for channel in await ami.channels()} == {phones.TALKS, phones.HUMAN}
            telephones.send({"do": "hang up", "number": phones.HUMAN})
            await asyncio.to_thread(telephones.wait_for, lambda m: m.get("number") == phones.TALKS and "over" in m)
            assert await records_of(asterisk_server, line.call_id, 2) == [phones.TALKS, phones.HUMAN]

    loop.run(scenario())


def test_who_hangs_up_while_waiting_is_told_by_the_queue(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    telephones.send({"do": "be", "number": phones.HUMAN, "how": "ring"})

    async def scenario() -> None:
        async with asterisk_server.ami() as ami, ami.events() as events:
            line = await answered(seat)
            assert await line.transfer(asterisk_server.humans_number) == 200
            await asyncio.to_thread(telephones.wait_for, lambda m: "ringing" in m)
            telephones.send({"do": "hang up", "number": phones.TALKS})
            left = await told(events, "QueueCallerAbandon")
            assert left["Queue"] == "humans" and f"VOICEAGENT_CALL={line.call_id}" in left["ChanVariable"]
            line.given_up()
            assert await line.next_event() == HungUp(HungUpBy.FAR, 200, "normal")

    loop.run(scenario())


def test_a_transfer_that_the_exchange_refuses_leaves_the_call_as_it_was(
    loop: asyncio.Runner, seat: Seat, telephones: Child
) -> None:
    async def scenario() -> None:
        line = await answered(seat)
        assert await line.transfer("nobody") == 404
        assert line.ended is None and seat.away == {}
        await line.hangup()
        assert await line.transfer("8001") == 0

    loop.run(scenario())
