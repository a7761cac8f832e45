"""Guards whole calls that end with people, over a real Asterisk: the queue's verdict, the wait, the way back."""

from __future__ import annotations

import asyncio
import re
import shutil
import uuid
from pathlib import Path

import pytest

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.test_inbound import Place
from voiceagent.calendars.opening import OpeningHours
from voiceagent.cases import tables
from voiceagent.cases.handovers import hand_overs_of
from voiceagent.dialer.tables import callback
from voiceagent.settings.paths import ROOT
from voiceagent.simulator import tones
from voiceagent.telephony.ami import AmiClient
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.line import Answered
from voiceagent.telephony.seat import Seat
from voiceagent.worker.content import warm_understanding
from voiceagent.worker.handover import HumansQueue
from voiceagent.worker.members import QueueMembers
from voiceagent.worker.missed import watch_queue

ALWAYS = OpeningHours.read({"mon-sun": "00:00-23:59"}, "UTC")
#: A document that is nobody's: the caller ends with people.
STRANGER = ["999#"]


def strict_dialplans(folder: Path) -> Path:
    """The scripts, with one try to be found."""
    copy = Path(shutil.copytree(ROOT / "dialplans", folder / "dialplans"))
    script = copy / "negotiation" / "pt-BR.yaml"
    text = script.read_text(encoding="utf-8")
    once, count = re.subn(r"identify_tries: \d", "identify_tries: 1", text)
    assert count == 1
    script.write_text(once, encoding="utf-8")
    return copy


@pytest.mark.parametrize("there", [True, False])
def test_a_caller_nobody_finds_ends_with_people(
    loop: asyncio.Runner,
    seat: Seat,
    asterisk_server: AsteriskServer,
    telephones: Child,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    there: bool,
) -> None:
    """Somebody takes the call: it is theirs, and the seat is free. Nobody is there: a call is offered instead."""
    monkeypatch.setattr(tones, "PER_CHARACTER_S", 0.01)
    warm_understanding(ROOT / "dialplans")
    telephones.send({"do": "be", "number": phones.HUMAN, "how": "answer"})

    async def scenario() -> Place:
        place = Place(tmp_path)
        async with asterisk_server.ami() as ami:
            member = f"PJSIP/{phones.HUMAN}"
            await ami.action("QueuePause", Interface=member, Paused=str(not there).lower())
            people = HumansQueue(ami, asterisk_server.humans_number, "humans", ALWAYS, 30.0)
            async with place.seated(seat, strict_dialplans(tmp_path), people):
                keys = STRANGER if there else [*STRANGER, "2"]
                to = asterisk_server.queue_number
                telephones.send({"do": "call", "number": phones.DEBTOR, "to": to, "keys": keys})
                await place.until(lambda: [row.status for row in place.rows(tables.attempt)] == ["ended"])
                if there:
                    assert {one.endpoint for one in await ami.channels()} == {phones.DEBTOR, phones.HUMAN}
                    telephones.send({"do": "hang up", "number": phones.DEBTOR})
                await ami.action("QueuePause", Interface=member, Paused="false")
        return place

    place = loop.run(scenario())
    (row,) = place.rows(tables.attempt)
    with place.db.read() as connection:
        (kept,) = hand_overs_of(connection, row.id)
    assert kept["queue"] == "humans" and not kept["verified"] and "NÃO confirmada" in kept["summary"]
    assert row.hold_s == pytest.approx(kept["waited_s"], abs=0.2) and row.hold_s > 0
    if there:
        assert (row.disposition, kept["verdict"], kept["taken_by"]) == ("XFER", "taken", phones.HUMAN)
    else:
        assert (row.disposition, kept["verdict"], kept["detail"]) == ("CB", "nobody", "joinempty")
        assert {one.kind for one in place.rows(tables.request)} == {"human"}
    place.db.close()


def test_who_waits_for_people_while_his_seat_dies_is_called_back(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path
) -> None:
    """Nobody takes him, and the seat he would go back to does not know him any more."""

    async def scenario() -> tuple[Place, uuid.UUID]:
        place = Place(tmp_path)
        arrival = place.arrivals.begin(phones.DEBTOR, "seat1", call_id=uuid.uuid4())
        async with asterisk_server.ami() as ami:
            watching = asyncio.create_task(watch_queue(ami, place.arrivals))
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="true")
            line = await seat.dial(phones.TALKS, call_id=str(arrival.attempt_id))
            while not isinstance(await line.next_event(), Answered):
                pass
            sent = asyncio.create_task(line.transfer(asterisk_server.humans_number))
            await asyncio.sleep(0)  # the REFER is ordered now; what follows it is done before anything can come back
            await seat.softphone.call(seat.away.clear)
            await sent
            await place.until(lambda: bool(place.rows(callback)))
            await ami.action("QueuePause", Interface=f"PJSIP/{phones.HUMAN}", Paused="false")
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await line.hangup()
        return place, arrival.attempt_id

    place, attempt_id = loop.run(scenario())
    (planned,) = place.rows(callback)
    assert planned.origin == "dropped_call"
    assert place.arrivals.handed_back(attempt_id) is None, "a second word of the same call promises nothing"
    place.db.close()


def test_a_seat_that_is_reserved_is_no_longer_rung_by_the_queue(
    loop: asyncio.Runner, asterisk_server: AsteriskServer
) -> None:
    async def paused(ami: AmiClient) -> str:
        rows = await ami.list_action("QueueStatus", "QueueStatusComplete", Queue="seats")
        return next(row["Paused"] for row in rows if row.get("Name") == "seat2")

    async def scenario() -> None:
        async with asterisk_server.ami() as ami:
            members = QueueMembers(ami, "seats")
            members.reserve("seat2", True)
            await members.settle()
            assert await paused(ami) == "1"
            for reserved in (False, True, False):  # the last wish holds, however fast they come
                members.reserve("seat2", reserved)
            await members.settle()
            assert await paused(ami) == "0"
            members.reserve("seat9", True)  # no member of the queue: said in the log, and nothing else
            await members.settle()

    loop.run(scenario())
