"""Guards calls that come in over a real Asterisk: its queue rings a free seat, keys get through, nobody is lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from tests.sip import phones
from tests.sip.conftest import Child
from voiceagent import cases, dialer
from voiceagent.base.clock import Clock, OffsetClock
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.tables import callback
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator import tones
from voiceagent.simulator.scenario import load_scenario
from voiceagent.storage.database import Database
from voiceagent.telephony.asterisk_server import AsteriskServer
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.seat import Seat
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf, warm_understanding
from voiceagent.worker.handover import HumansQueue
from voiceagent.worker.missed import watch_queue
from voiceagent.worker.reception import Reception
from voiceagent.worker.seat_loop import SeatLoop

PATIENCE_S = 60.0
MARINA = load_scenario(ROOT / "tests" / "scenarios" / "pt-BR-by-keys.yaml").case


class NoWork:
    """A queue without anybody to call."""

    lease_s = 900.0

    def lease_many(self, seats: Sequence[str]) -> list[Any]:
        return []


class Place:
    """The database of one test, with Marina in it, whose number is the simulated debtor's."""

    def __init__(self, folder: Path) -> None:
        self.clock: Clock = OffsetClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
        self.folder = folder
        self.db = Database(f"sqlite:///{folder / 'test.db'}")
        self.db.upgrade()
        self.journal = Journal(self.db, self.clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        import_cases(self.journal, [_with_number(phones.DEBTOR)], source="test")
        self.arrivals = Arrivals(
            self.journal, load_rules(ROOT / "dialplans" / "jurisdictions"), worker="w1", mode="rehearsal"
        )

    def rows(self, table: sa.Table) -> Sequence[sa.Row[Any]]:
        with self.db.read() as connection:
            return connection.execute(sa.select(table)).all()

    async def until(self, true: Callable[[], bool]) -> None:
        """Ask again and again."""
        ticks, deadline = RealTicks(), time.monotonic() + PATIENCE_S
        while not await asyncio.to_thread(true):
            assert time.monotonic() < deadline, self.rows(tables.attempt)
            await ticks.next()

    @asynccontextmanager
    async def seated(self, seat: Seat, dialplans: Path, people: HumansQueue | None = None) -> AsyncIterator[None]:
        """seat1 answers what the queue sends it, until the end of the block; then its calls are closed in order."""
        writer, recorder = JournalWriter(self.journal), Recorder(self.folder / "recordings", min_free_bytes=0)
        recorder.start()
        house = House(
            tones.ToneService(), recorder, RealTicks(), self.clock, "Atende Mais", "Clara", "1140028922", people=people
        )
        shelf = ContentShelf(dialplans, self.db, self.clock)
        queue: Any = NoWork()
        work = SeatLoop(
            "seat1", "w1", seat, queue, shelf, writer, house, self.clock,
            idle_poll_s=0.2, reception=Reception(self.arrivals, shelf, writer, house, self.clock),
        )  # fmt: skip
        working = asyncio.create_task(work.run())
        yield
        work.drain()
        await working
        await asyncio.to_thread(writer.close)
        await recorder.close()


def _with_number(number: str) -> Any:
    return replace(MARINA, phones=(number,))


def test_the_queue_rings_a_seat_and_its_caller_is_proved_by_keys(
    loop: asyncio.Runner,
    seat: Seat,
    asterisk_server: AsteriskServer,
    telephones: Child,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tones, "PER_CHARACTER_S", 0.01)  # prompts as short as they can be
    warm_understanding(ROOT / "dialplans")

    async def scenario() -> Place:
        place = Place(tmp_path)
        async with place.seated(seat, ROOT / "dialplans"):
            to = asterisk_server.queue_number
            telephones.send({"do": "call", "number": phones.DEBTOR, "to": to, "keys": ["123", "1503"]})
            await place.until(lambda: any(row.matched for row in place.rows(tables.identity_try)))
            await place.until(lambda: any(row.state == "probe" for row in place.rows(tables.turn)))
            telephones.send({"do": "hang up", "number": phones.DEBTOR})
            await place.until(lambda: all(row.status == "ended" for row in place.rows(tables.attempt)))
        return place

    place = loop.run(scenario())
    (row,) = place.rows(tables.attempt)
    assert (row.direction, row.number, row.seat) == ("in", phones.DEBTOR, "seat1")
    assert row.right_party and row.disposition == "CPC_NEG" and row.talk_s > 2
    assert row.id.__str__() in {one.call_id for one in asterisk_server.cdr()}
    place.db.close()


@pytest.mark.parametrize("keys", [["1"], []])
def test_who_waits_for_nobody_is_called_back(
    loop: asyncio.Runner, asterisk_server: AsteriskServer, telephones: Child, tmp_path: Path, keys: list[str]
) -> None:
    """No seat listens: by the key for a callback, or by giving up, the caller is promised a call, once."""

    async def scenario() -> Place:
        place = Place(tmp_path)
        async with asterisk_server.ami() as ami:
            watching = asyncio.create_task(watch_queue(ami, place.arrivals))
            telephones.send({"do": "call", "number": phones.DEBTOR, "to": asterisk_server.queue_number})
            async with ami.events() as events:
                while (await asyncio.wait_for(events.get(), PATIENCE_S)).get("Event") != "QueueCallerJoin":
                    pass
            telephones.send({"do": "press", "number": phones.DEBTOR, "keys": keys} if keys else _hang_up())
            await place.until(lambda: bool(place.rows(callback)))
            if keys:
                telephones.send(_hang_up())
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
        return place

    place = loop.run(scenario())
    (planned,) = place.rows(callback)
    (row,) = place.rows(tables.attempt)
    assert planned.origin == "missed_inbound" and planned.case_id == row.case_id is not None
    assert (row.direction, row.disposition, row.t_answer) == ("in", "NA", None)
    place.db.close()


def _hang_up() -> dict[str, str]:
    return {"do": "hang up", "number": phones.DEBTOR}
