"""Guards calls that come in: callers are found and proved, a seat takes one call, promised ones are made."""

from __future__ import annotations

import asyncio
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
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
from voiceagent.dialer.tables import CampaignState, callback
from voiceagent.journal.audit import audit
from voiceagent.journal.catalogue import CallEnded, OfferedPayment, OfferLeftOpen
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.writer import JournalWriter
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.scenario import load_scenario
from voiceagent.simulator.tones import ToneBook, ToneService
from voiceagent.speech.protocol import Segmenter
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.vad import EnergyDetector
from voiceagent.storage.database import Database
from voiceagent.telephony.fake import FakeLine, FakePhone
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import VirtualTicks
from voiceagent.worker.call import House
from voiceagent.worker.content import ContentShelf
from voiceagent.worker.reception import Reception
from voiceagent.worker.record import CallKeys, CallRecord
from voiceagent.worker.seat_loop import SeatLoop

MARINA = load_scenario(ROOT / "tests" / "scenarios" / "pt-BR-by-keys.yaml").case
#: Hers, somebody else's too, and nobody's.
HERS, SHARED, NOBODYS = "+5511955550100", "+5511955550110", "+5511955550177"
MARINA_HERE = replace(MARINA, phones=(HERS, SHARED))
JOANA = replace(MARINA, name="Joana Prado", document="98765432100", phones=(SHARED,))
HANG_UP = "hang up"


class Caller:
    """Presses the next keys, or says the next words, whenever the agent has spoken and fallen silent."""

    def __init__(self, *keys: str, voice: ToneBook | None = None) -> None:
        self._keys, self._voice, self._saying = list(keys), voice, bytearray()
        self._spoke = self._quiet = 0.0
        self.line: FakeLine | None = None

    def ring(self, line: FakeLine) -> None:
        self.line = line
        line.far_answer()

    def tick(self, heard: bytes) -> bytes:
        if self._saying:
            frame = bytes(self._saying[: len(SILENCE)])
            del self._saying[: len(SILENCE)]
            self._spoke = 0.0
            return frame.ljust(len(SILENCE), b"\0")
        if rms_dbov(heard) > -50:
            self._spoke, self._quiet = self._spoke + FRAME_S, 0.0
        else:
            self._quiet += FRAME_S
        if self._keys and self._spoke > 0.3 and self._quiet > 1.0 and self.line is not None:
            self._spoke = 0.0
            keys = self._keys.pop(0)
            if keys == HANG_UP:
                self.line.far_hangup()
            elif self._voice is not None and keys.replace(" ", "").isalpha():
                self._saying += self._voice.speak(keys)
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
            running = seat.working = asyncio.create_task(seat.loop.run())
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


class Listening(House):
    """Tones are no voice: it is their loudness that begins a turn."""

    @contextmanager
    def segmenter(self) -> Iterator[Segmenter]:
        yield VadSegmenter(detector=EnergyDetector())


class Seat:
    """One seat at work on virtual time."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.callers: dict[str, Caller] = {}
        self.ticks = VirtualTicks(floor.clock)
        self.phone = FakePhone(self.ticks, lambda number, call_id: self.callers.setdefault(number, Caller()))
        self.writer = JournalWriter(floor.journal)
        self.working: asyncio.Task[None]
        self.recorder = Recorder(floor.recordings, min_free_bytes=0)
        self.recorder.start()
        self.speech = ToneService()
        house = Listening(self.speech, self.recorder, self.ticks, floor.clock, "Atende Mais", "Clara", "1140028922")
        shelf = ContentShelf(ROOT / "dialplans", floor.db, floor.clock)
        reception = Reception(floor.arrivals, shelf, self.writer, house, floor.clock)
        self.loop = SeatLoop(
            "seat1", "w1", self.phone, floor.queue, shelf, self.writer, house, floor.clock,
            idle_poll_s=0.01, reception=reception,
        )  # fmt: skip

    async def until(self, true: Callable[[], bool]) -> None:
        """Give way until that holds."""
        while not true():
            await asyncio.wait({self.working}, timeout=0.001)

    def call(self, number: str, *keys: str) -> FakeLine:
        """Somebody calls from `number` and presses keys when asked."""
        self.callers[number] = caller = Caller(*keys)
        caller.line = self.phone.far_calls(number, call_id=str(uuid.uuid4()))
        return caller.line

    async def over(self, line: FakeLine) -> None:
        """Wait for the end of a call and of its verdict."""
        rows = self.floor.rows
        await self.until(lambda: line.ended is not None and all(row.status == "ended" for row in rows(tables.attempt)))


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


def test_an_offer_left_open_is_taken_up_again_and_promised(floor: Floor) -> None:
    parts = tuple(
        OfferedPayment(n, date(2026, 11 + n, 15) if n < 2 else date(2027, n - 1, 15), 40000) for n in (1, 2, 3)
    )
    left = OfferLeftOpen(floor.marina.case_id, "instalments", 120000, 0, "BRL", parts, date(2026, 11, 30))
    floor.journal.record([NewEvent("case", floor.marina.case_id, left)])
    row, detail = one_call(floor, HERS, "123", "1503", "1", "15#", "1", "2", "1", "1")
    assert "proposta em aberto" in said(detail)
    assert row.disposition == "PTP"
    assert [one["amount_minor"] for one in detail["promises"]] == [40000] * 3


def test_who_calls_from_a_number_nobody_has_is_found_by_the_whole_document(floor: Floor) -> None:
    row, detail = one_call(floor, NOBODYS, "123#", "12345678909", "1503", HANG_UP)
    assert row.person_id == floor.marina.person_id and row.phone_id is None and row.number == NOBODYS
    assert row.right_party and "Aurora" in said(detail)
    tries = [(one.datum, one.matched, one.person_id) for one in floor.rows(tables.identity_try)]
    assert [(datum, matched) for datum, matched, _ in tries] == [
        ("document_first3", False),
        ("birth_day_month", True),
    ]
    assert "Marina" not in said(detail).partition("nascimento")[0]


def test_several_persons_with_one_number_are_told_apart_and_a_stranger_hears_nothing(floor: Floor) -> None:
    row, _ = one_call(floor, SHARED, "987#", "1503", HANG_UP)
    assert row.person_id == floor.joana.person_id and row.right_party and row.phone_id is not None


def test_a_hidden_caller_nobody_knows_is_left_to_people(floor: Floor) -> None:
    row, detail = one_call(floor, "anonymous", "11122233344", "11122233345", "11122233346", "1")
    assert (row.person_id, row.number, row.disposition) == (None, None, "CB")
    assert {one.kind for one in floor.rows(tables.request)} == {"human"}
    assert floor.rows(callback) == []
    assert not {"Marina", "Joana", "Aurora"} & set(said(detail).replace(",", " ").split())


def test_a_caller_nobody_knows_can_still_stop_the_calls(floor: Floor) -> None:
    arrival = floor.arrivals.begin(NOBODYS, "seat1")
    record = CallRecord(
        JournalWriter(floor.journal), floor.clock, CallKeys(arrival.attempt_id, None, None, None), caller=NOBODYS
    )
    asyncio.run(record.opt_out("person"))
    (stop,) = floor.rows(tables.opt_out)
    assert (stop.scope, stop.number) == ("number", NOBODYS)


def test_a_call_given_up_before_the_answer_is_returned_once(floor: Floor) -> None:
    async def script(seat: Seat) -> None:
        for _ in range(2):
            line = seat.call(HERS)
            line.far_hangup()
            await seat.over(line)
            await seat.until(lambda: bool(floor.rows(tables.attempt)))

    floor.play(script)
    assert {(row.disposition, row.t_answer) for row in floor.rows(tables.attempt)} == {("NA", None)}
    (planned,) = floor.rows(callback)
    assert (planned.origin, planned.case_id) == ("missed_inbound", floor.marina.case_id)
    assert planned.due_at >= floor.clock.now()


def test_who_talks_with_us_needs_no_callback_any_more(floor: Floor) -> None:
    (promised,) = floor.arrivals.missed(HERS)
    assert floor.arrivals.missed(HERS) == [promised]
    floor.clock.advance(60)
    row = one_last_call(floor, HERS, "123", "1503", HANG_UP)
    assert row.right_party
    assert [one.status for one in floor.rows(callback)] == ["cancelled"]


def test_who_keys_a_time_is_called_back_then_by_the_campaign(floor: Floor) -> None:
    floor.campaign(floor.marina)

    def ended(calls: int) -> bool:
        rows = floor.rows(tables.attempt)
        return len(rows) == calls and all(row.status == "ended" for row in rows)

    async def script(seat: Seat) -> None:
        asks = Caller("1", "1503", "quero falar com um atendente", "2", voice=seat.speech.book)
        seat.callers |= dict.fromkeys((HERS, SHARED), asks)
        await seat.until(lambda: ended(1))
        (promised,) = floor.rows(callback)
        assert (promised.origin, promised.status) == ("debtor_asked", "open")
        assert promised.due_at == datetime(2026, 11, 18, 17, 0, tzinfo=UTC), "the afternoon begins at two"
        seat.callers |= dict.fromkeys((HERS, SHARED), Caller("1", "1503", HANG_UP))
        floor.clock.advance((promised.due_at - floor.clock.now()).total_seconds() - 1)
        assert floor.queue.lease("seat2") is None
        floor.clock.advance(1)
        await seat.until(lambda: ended(2))

    floor.play(script)
    first, second = sorted(floor.rows(tables.attempt), key=lambda row: row.t_start)
    (kept,) = floor.rows(callback)
    purposes = {row.id: row.purpose for row in floor.rows(tables.compliance_decision)}
    assert (first.disposition, purposes[second.decision_id]) == ("CB", "callback")
    assert second.t_start - kept.due_at < timedelta(seconds=30) and second.number == first.number
    assert second.right_party and kept.status == "done" and second.campaign_id == first.campaign_id


def one_last_call(floor: Floor, number: str, *keys: str) -> sa.Row[Any]:
    async def script(seat: Seat) -> None:
        await seat.over(seat.call(number, *keys))

    floor.play(script)
    return max(floor.rows(tables.attempt), key=lambda row: row.t_start)


def test_while_a_seat_talks_everybody_else_hears_busy(floor: Floor) -> None:
    async def script(seat: Seat) -> tuple[FakeLine, FakeLine]:
        first = seat.call(HERS, "123", "1503", HANG_UP)
        await seat.until(lambda: first.answered_at is not None)
        second = seat.call(NOBODYS)
        await seat.until(lambda: second.ended is not None)
        assert first.ended is None
        await seat.over(first)
        return first, second

    _, second = floor.play(script)
    assert second.ended is not None and second.ended.sip_code == 486
    assert len(floor.rows(tables.attempt)) == 1


class Slow:
    """A queue whose answer waits until it is let go."""

    lease_s = 900.0

    def __init__(self, queue: Any) -> None:
        self._queue, self.asked, self.go = queue, threading.Event(), threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    def lease_many(self, seats: Sequence[str]) -> list[Lease]:
        self.asked.set()
        assert self.go.wait(30)
        leases: list[Lease] = self._queue.lease_many(seats)
        return leases


@pytest.mark.parametrize("work", [True, False])
def test_a_call_that_rings_while_a_lease_is_asked_for_waits_and_one_of_both_wins(floor: Floor, work: bool) -> None:
    if work:
        floor.campaign(floor.joana)
    floor.queue = slow = Slow(floor.queue)

    async def script(seat: Seat) -> FakeLine:
        await asyncio.to_thread(slow.asked.wait, 30)
        line = seat.call(HERS, "123", "1503", HANG_UP)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        assert line.ended is None and line.answered_at is None, "it rings until the question is answered"
        slow.go.set()
        await seat.until(lambda: line.ended is not None or line.answered_at is not None)
        if line.ended is None:
            await seat.over(line)
        for other in seat.phone.lines:
            if not other.incoming:
                other.far_hangup()
        return line

    line = floor.play(script)
    assert line.ended is not None
    attempts = floor.rows(tables.attempt)
    if work:
        assert line.ended.sip_code == 486
        assert [(row.direction, row.person_id, row.status) for row in attempts] == [
            ("out", floor.joana.person_id, "ended")
        ]
    else:
        assert [(row.direction, row.person_id, row.right_party) for row in attempts] == [
            ("in", floor.marina.person_id, True)
        ]


def test_who_is_being_rung_by_us_gets_through_and_must_be_found(floor: Floor) -> None:
    floor.campaign(floor.marina)
    (lease,) = floor.queue.lease_many(["seat9"])
    arrival = floor.arrivals.begin(HERS, "seat1")
    assert not arrival.known and [one.file.person_id for one in arrival.visitors] == [floor.marina.person_id]
    assert floor.arrivals.find(arrival, "12345678909", "document_first3") is None, "she is in another call"
    floor.queue.complete(lease, CallEnded("BUSY"))
    found = floor.arrivals.find(arrival, "12345678909", "document_first3")
    assert found is not None and found.file.person_id == floor.marina.person_id


def test_a_seat_that_cannot_hold_a_call_refuses_it_and_the_caller_is_called_back(floor: Floor) -> None:
    async def script(seat: Seat) -> FakeLine:
        seat.recorder.min_free_bytes = 10**18
        line = seat.call(HERS)
        await seat.until(lambda: bool(floor.rows(callback)))
        return line

    line = floor.play(script)
    assert line.ended is not None and line.ended.sip_code == 480
    (row,) = floor.rows(tables.attempt)
    assert (row.direction, row.disposition, row.status) == ("in", "NA", "ended")
