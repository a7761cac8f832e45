"""Guards calls that come in: who calls is found and proved, seats take one call at a time, missed calls are returned."""

from __future__ import annotations

import asyncio
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.audio.format import FRAME_S, SILENCE
from voiceagent.audio.levels import rms_dbov
from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.calls import call_detail
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.dialer.arrivals import Arrivals
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.tables import CampaignState
from voiceagent.journal.audit import audit
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.scenario import load_scenario
from voiceagent.simulator.tones import ToneService
from voiceagent.storage.database import Database
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import VirtualTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf
from voiceagent.worker.reception import Reception
from voiceagent.worker.seat_loop import SeatLoop

MARINA = load_scenario(ROOT / "tests" / "scenarios" / "pt-BR-by-keys.yaml").case
#: Hers, somebody else's too, and nobody's.
HERS, SHARED, NOBODYS = "+5511955550100", "+5511955550110", "+5511955550177"
MARINA_HERE = replace(MARINA, phones=(HERS, SHARED))
JOANA = replace(MARINA, name="Joana Prado", document="98765432100", phones=(SHARED,))
HANG_UP = "hang up"


class Caller:
    """Presses the next keys whenever the agent has spoken and fallen silent."""

    def __init__(self, *keys: str) -> None:
        self._keys = list(keys)
        self._spoke = self._quiet = 0.0
        self.line: FakeLine | None = None

    def ring(self, line: FakeLine) -> None:
        line.far_answer()

    def tick(self, heard: bytes) -> bytes:
        if rms_dbov(heard) > -50:
            self._spoke, self._quiet = self._spoke + FRAME_S, 0.0
        else:
            self._quiet += FRAME_S
        if self._keys and self._spoke > 0.3 and self._quiet > 1.0 and self.line is not None:
            self._spoke = 0.0
            keys = self._keys.pop(0)
            if keys == HANG_UP:
                self.line.far_hangup()
            else:
                self.line.far_press(keys)
        return SILENCE


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("inbound") / "template.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    return path


class Floor:
    """Seats with fake phones over a database of Marina and Joana."""

    def __init__(self, folder: Path, template: Path) -> None:
        shutil.copy(template, folder / "test.db")
        self.clock = ManualClock(datetime(2026, 11, 18, 13, 0, tzinfo=UTC))
        self.db = Database(f"sqlite:///{folder / 'test.db'}", busy_timeout_s=5.0)
        self.journal = Journal(self.db, self.clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        self.rules = load_rules(ROOT / "dialplans" / "jurisdictions")
        self.marina, self.joana = import_cases(self.journal, [MARINA_HERE, JOANA], source="test")
        self.arrivals = Arrivals(self.journal, self.rules, worker="w1", mode="rehearsal")
        self.queue: Any = NoWork()
        self.recordings = folder / "recordings"

    def campaign(self, taken: Taken) -> None:
        made = create_campaign(self.journal, "teste")
        with self.journal.transaction() as connection:
            enroll(self.journal, connection, made, [taken.case_id])
        set_state(self.journal, "teste", CampaignState.RUNNING)
        self.queue = Queue(self.journal, self.rules, Gate(), worker="w1")

    def play(self, script: Callable[[Seat], Any]) -> Any:
        """Run `script` beside one working seat; returns its result once the seat has been drained."""

        async def scene() -> Any:
            seat = Seat(self)
            running = asyncio.create_task(seat.loop.run())
            try:
                return await script(seat)
            finally:
                seat.loop.drain()
                await running
                await asyncio.to_thread(seat.writer.close)
                await seat.recorder.close()

        return asyncio.run(asyncio.wait_for(scene(), 60))

    def rows(self, table: sa.Table) -> Sequence[sa.Row[Any]]:
        with self.db.read() as connection:
            return connection.execute(sa.select(table)).all()

    def detail(self, row: sa.Row[Any]) -> dict[str, Any]:
        with self.db.read() as connection:
            return call_detail(connection, row.id)


class NoWork:
    """A queue without anybody to call."""

    lease_s = 900.0

    def lease_many(self, seats: Sequence[str]) -> list[Lease]:
        return []


class Seat:
    """One seat at work on virtual time."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.callers: dict[str, Caller] = {}
        self.ticks = VirtualTicks(floor.clock)
        self.phone = FakePhone(self.ticks, lambda number, call_id: self.callers.setdefault(number, Caller()))
        self.writer = JournalWriter(floor.journal)
        self.recorder = Recorder(floor.recordings, min_free_bytes=0)
        self.recorder.start()
        house = House(ToneService(), self.recorder, self.ticks, floor.clock, "Atende Mais", "Clara", "1140028922")
        shelf = ContentShelf(ROOT / "dialplans", floor.db, floor.clock)
        reception = Reception(floor.arrivals, shelf, self.writer, house, floor.clock)
        self.loop = SeatLoop(
            "seat1", "w1", self.phone, floor.queue, shelf, self.writer, house, floor.clock,
            idle_poll_s=0.01, reception=reception,
        )  # fmt: skip

    def call(self, number: str, *keys: str) -> FakeLine:
        """Somebody calls from `number` and presses keys when asked."""
        self.callers[number] = caller = Caller(*keys)
        caller.line = self.phone.far_calls(number, call_id=str(uuid.uuid4()))
        return caller.line

    async def over(self, line: FakeLine) -> None:
        """Wait for the end of a call and of its verdict."""
        while line.ended is None or any(row.status != "ended" for row in self.floor.rows(tables.attempt)):
            await asyncio.sleep(0.001)


@pytest.fixture
def floor(tmp_path: Path, template: Path) -> Iterator[Floor]:
    made = Floor(tmp_path, template)
    yield made
    made.db.close()


def one_call(floor: Floor, number: str, *keys: str) -> tuple[sa.Row[Any], dict[str, Any]]:
    async def script(seat: Seat) -> None:
        await seat.over(seat.call(number, *keys))

    floor.play(script)
    (row,) = floor.rows(tables.attempt)
    return row, floor.detail(row)


def said(detail: dict[str, Any]) -> str:
    return " ".join(str(turn["text"]) for turn in detail["turns"] if turn["speaker"] == "agent")


def test_a_known_number_is_recognised_and_proves_nothing(floor: Floor) -> None:
    row, detail = one_call(floor, HERS, "123", "1503", HANG_UP)
    assert (row.direction, row.person_id, row.case_id) == ("in", floor.marina.person_id, floor.marina.case_id)
    assert row.right_party and row.human and row.disposition == "CPC_NEG"
    assert row.t_answer is not None and row.talk_s > 5 and row.decision_id is None
    states = [turn["state"] for turn in detail["turns"] if turn["speaker"] == "debtor"]
    assert states[:2] == ["find_document", "ask_birth"]
    before = said(detail).partition("nascimento")[0]
    assert "assistente virtual" in before and "gravada" in before
    assert "Marina" not in before and "Aurora" not in before
    (recording,) = floor.rows(tables.recording)
    assert recording.seconds == pytest.approx(row.talk_s, abs=0.1)
    with floor.db.read() as connection:
        assert audit(connection) == []
