"""Guards callers from seats whose process died without a word: the queue passes them over within seconds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any

from tests.sip import phones
from tests.sip.conftest import Child
from tests.sip.test_inbound import Place
from voiceagent.telephony.ami import AmiClient, Message
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.seat import Seat
from voiceagent.worker.household import clean_up_after, worker_spec
from voiceagent.worker.members import QueueMembers
from voiceagent.worker.plan import ManagerPlan, SeatPlan, WorkerPlan

PATIENCE_S = 20.0
#: qualify_frequency and qualify_timeout of a seat, and what Asterisk and this machine take for it.
FOUND_OUT_S = 4 + 2 + 6
#: The queue gives a member that does not answer this long (queues.conf), and rings the next a second later.
PASSED_OVER_S = 8 + 1 + 6


@contextmanager
def dying(server: AsteriskServer) -> Iterator[Child]:
    """seat2 in a process of its own, registered."""
    account = server.seats["seat2"]
    child = Child("tests.sip.idle_seat", registrar=server.registrar, user="seat2", password=account.password)
    try:
        assert child.read() == {"ready": True}
        yield child
    finally:
        child.kill()


async def told(events: asyncio.Queue[Message], name: str, **fields: str) -> Message:
    """The next event of that name with those fields."""
    while True:
        message = await asyncio.wait_for(events.get(), PATIENCE_S)
        if message.get("Event") == name and fields.items() <= message.items():
            return message


@asynccontextmanager
async def left_alone(ami: AmiClient, seat: str) -> AsyncIterator[None]:
    """For the block the queue does not ring this seat."""
    members = QueueMembers(ami, "seats")
    members.reserve(seat, True)
    await members.settle()
    yield
    members.reserve(seat, False)
    await members.settle()


async def _rung_until_taken(events: asyncio.Queue[Message], seat: Seat) -> tuple[list[str], float]:
    """Whom the queue rings until the living seat has the call, and when that is, on the loop's clock."""
    line = await asyncio.wait_for(seat.incoming(), PATIENCE_S)
    await seat.answer(line)
    taken, rung = asyncio.get_running_loop().time(), []
    while (message := await asyncio.wait_for(events.get(), PATIENCE_S)).get("Event") != "AgentConnect":
        if message.get("Event") == "AgentCalled":
            rung.append(message["MemberName"])
    await line.hangup()
    return rung, taken


def _call(telephones: Child, server: AsteriskServer) -> None:
    telephones.send({"do": "call", "number": phones.DEBTOR, "to": server.queue_number})


def _over(telephones: Child) -> None:
    telephones.wait_for(lambda m: m.get("number") == phones.DEBTOR and "over" in m)


def test_who_calls_a_moment_after_a_seat_died_is_taken_by_the_next_one(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child
) -> None:
    """Nobody tells the exchange: it rings the dead seat once, gives up, and has found out by then."""

    async def scenario(child: Child) -> tuple[list[str], float]:
        clock = asyncio.get_running_loop().time
        async with asterisk_server.ami() as ami, ami.events() as events:
            async with left_alone(ami, "seat1"):
                child.kill()
                died = clock()
                _call(telephones, asterisk_server)
                assert (await told(events, "AgentCalled"))["MemberName"] == "seat2"
            async with ami.events() as later:
                gone = await told(events, "ContactStatus", AOR="seat2", ContactStatus="Unreachable")
                assert gone and clock() - died < FOUND_OUT_S
                rung, taken = await _rung_until_taken(later, seat)
        return rung, taken - died

    with dying(asterisk_server) as child:
        rung, taken_after = loop.run(scenario(child))
    assert rung == ["seat1"] and taken_after < PASSED_OVER_S
    _over(telephones)


def test_the_supervisor_takes_a_dead_workers_seats_out_of_the_queue_at_once(
    loop: asyncio.Runner, seat: Seat, asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path
) -> None:
    """Whom the dead seat rings is with the living one as soon as the death was cleared up after."""
    manager = ManagerPlan(
        address=f"127.0.0.1:{asterisk_server.ports.ami}", user=asterisk_server.ami_user,
        secret=asterisk_server.ami_secret,
    )  # fmt: skip

    async def scenario(child: Child, place: Place) -> Any:
        plan = WorkerPlan(
            name="worker-9", registrar=asterisk_server.registrar, seats=(SeatPlan(user="seat2", password="x"),),
            database_url=str(place.db.url), speech_socket=tmp_path / "none", recordings=tmp_path, dialplans=tmp_path,
            company="Atende Mais", manager=manager,
        )  # fmt: skip
        async with asterisk_server.ami() as ami, ami.events() as events:
            async with left_alone(ami, "seat1"):
                _call(telephones, asterisk_server)
                await asyncio.to_thread(child.wait_for, lambda m: "ringing" in m)
            child.kill()
            died = asyncio.get_running_loop().time()
            await clean_up_after(plan, ami, place.journal)(worker_spec(plan, tmp_path / "plan.json"))
            paused = await told(events, "QueueMemberPause", MemberName="seat2", Paused="1")
            rung, taken = await _rung_until_taken(events, seat)
            async with left_alone(ami, "seat2"):
                pass  # as its successor does at its start
        return paused, rung, taken - died

    place = Place(tmp_path)
    with dying(asterisk_server) as child:
        paused, rung, taken_after = loop.run(scenario(child, place))
    assert paused["PausedReason"] == "its worker is gone"
    assert rung == ["seat1"] and taken_after < 8 + 1, "no patience of the queue was waited for"
    _over(telephones)
    place.db.close()
