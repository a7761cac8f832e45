"""Guards a seat around its calls: no attempt is used up while none can be held, late ends of calls are counted."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from voiceagent.base.clock import ManualClock, SystemClock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases.kinds import SeatState
from voiceagent.journal.catalogue import CallEnded
from voiceagent.simulator.tones import ToneService
from voiceagent.speech.protocol import Places
from voiceagent.telephony.recorder import Recorder
from voiceagent.telephony.ticks import RealTicks
from voiceagent.worker import seat_loop
from voiceagent.worker.call import House
from voiceagent.worker.desk import Desk
from voiceagent.worker.metrics import SeatSeconds, WorkerMetrics
from voiceagent.worker.seat_loop import SeatLoop


class Asked:
    """A queue that counts the questions, and has nothing to do."""

    def __init__(self) -> None:
        self.times = 0

    def lease_many(self, seats: list[str]) -> list[Any]:
        self.times += 1
        return []


class Mute(ToneService):
    """A speech service whose process is gone."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0

    @asynccontextmanager
    async def places(self, wanted: int) -> AsyncIterator[Places]:
        self.asked += 1
        raise UnavailableError("no speech process answers")
        yield


def leases(house: House, enough: Any, phone: Any = None) -> int:
    """How often the seat asked for work until `enough` was true of its queue."""

    async def play() -> int:
        queue: Any = Asked()
        nothing: Any = SimpleNamespace(note=lambda events: None)
        seat: Any = phone or SimpleNamespace(registered=True)
        loop = SeatLoop("seat1", "worker-1", seat, queue, nothing, nothing, house, SystemClock(), idle_poll_s=0.001)
        running = asyncio.create_task(loop.run())
        while not enough(queue):
            await asyncio.wait({running}, timeout=0.001)
        loop.drain()
        await running
        return int(queue.times)

    return asyncio.run(play())


def house(tmp_path: Path, speech: ToneService, needed: int = 0) -> House:
    recorder = Recorder(tmp_path, min_free_bytes=needed)
    return House(speech, recorder, RealTicks(), SystemClock(), "Atende Mais", "Clara", "")


def test_an_idle_seat_asks_for_work(tmp_path: Path) -> None:
    assert leases(house(tmp_path, ToneService()), lambda queue: queue.times >= 3) >= 3


def test_a_dead_speech_process_uses_up_no_attempt(tmp_path: Path) -> None:
    speech = Mute()
    assert leases(house(tmp_path, speech), lambda queue: speech.asked >= 5) == 0


class Nearly(ToneService):
    """A speech service with room for two more calls."""

    @asynccontextmanager
    async def places(self, wanted: int) -> AsyncIterator[Places]:
        yield Places(2)


def test_no_more_calls_are_asked_for_than_the_speech_process_has_room_for(tmp_path: Path) -> None:
    asked: list[list[str]] = []

    def lease_many(seats: list[str]) -> list[Any]:
        asked.append(seats)
        return []

    async def play() -> list[Any]:
        queue: Any = SimpleNamespace(lease_many=lease_many)
        desk = Desk(queue, house(tmp_path, Nearly()).places)
        return await asyncio.gather(*(desk.next(f"seat{n}") for n in range(5)))

    assert asyncio.run(play()) == [None] * 5, "whoever was not asked for gets nothing, and is not left waiting"
    assert [len(seats) for seats in asked] == [2]


def test_a_desk_says_why_its_seats_ask_for_nothing_until_they_do_again(tmp_path: Path) -> None:
    async def play() -> list[str]:
        queue: Any = SimpleNamespace(lease_many=lambda seats: [])
        said, speech = [], ToneService()
        desk = Desk(queue, lambda wanted: speech.places(wanted))
        for service in (Mute(), ToneService()):
            speech = service
            await desk.next("seat1")
            said.append(desk.trouble)
        return said

    assert asyncio.run(play()) == ["no speech process answers", ""]


def test_a_full_disk_uses_up_no_attempt(tmp_path: Path) -> None:
    full = house(tmp_path, ToneService(), needed=10**18)
    looked = 0
    check = full.recorder.check

    def counted() -> None:
        nonlocal looked
        looked += 1
        check()

    full.recorder.check = counted  # type: ignore[method-assign]
    assert leases(full, lambda queue: looked >= 5) == 0


@pytest.mark.parametrize(("wrap_s", "counted"), [(5.0, 0), (1.0, 1)])
def test_a_call_that_outlasts_the_lawful_hours_is_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrap_s: float, counted: int
) -> None:
    """The window closed three seconds ago; the line went down before, or after."""
    metrics, clock = WorkerMetrics(), ManualClock(datetime(2026, 11, 18, 23, 0, 3, tzinfo=UTC))
    verdicts: list[CallEnded] = []

    class Talked:
        dialled = True

        def __init__(self, *_: object) -> None:
            pass

        async def run(self) -> CallEnded:
            return CallEnded("CPC_NEG", human=True, talk_s=300.0, wrap_s=wrap_s)

    async def job(lease: object) -> None:
        return None

    async def play() -> None:
        lease: Any = SimpleNamespace(
            **dict.fromkeys(("attempt_id", "case_id", "person_id", "phone_id", "campaign_id"), uuid.uuid4()),
            case=SimpleNamespace(language="pt-BR"),
            must_end_by=clock.now() - timedelta(seconds=3),
        )
        queue: Any = SimpleNamespace(lease_s=900.0, complete=lambda lease, ended: verdicts.append(ended))

        async def flush() -> None:
            return None

        writer: Any = SimpleNamespace(note=lambda events: None, flush=flush)
        phone, shelf, rooms = SimpleNamespace(), SimpleNamespace(), house(tmp_path, ToneService())
        rooms = replace(rooms, past_window=metrics.past_window)
        seat: Any = SeatLoop("seat1", "w1", phone, queue, shelf, writer, rooms, clock, idle_poll_s=1)  # type: ignore[arg-type]
        seat._job = job
        assert await seat._work(lease)

    monkeypatch.setattr(seat_loop, "Call", Talked)
    asyncio.run(play())
    assert len(verdicts) == 1
    assert metrics.registry.get_sample_value("voiceagent_worker_calls_past_window_total") == counted


class Gone:
    """A phone that the exchange does not know, until it has been looked at often enough."""

    def __init__(self, looks: int = 10**9) -> None:
        self.looked, self._looks = 0, looks

    @property
    def registered(self) -> bool:
        self.looked += 1
        return self.looked > self._looks


def test_a_seat_the_exchange_does_not_know_uses_up_no_attempt(tmp_path: Path) -> None:
    phone = Gone()
    assert leases(house(tmp_path, ToneService()), lambda queue: phone.looked >= 5, phone) == 0


def test_a_seat_that_is_registered_again_asks_for_work_again(tmp_path: Path) -> None:
    phone = Gone(looks=5)
    assert leases(house(tmp_path, ToneService()), lambda queue: queue.times >= 2, phone) >= 2
    assert phone.looked > 5


def test_the_time_of_seats_is_counted_by_what_they_did() -> None:
    now = 100.0
    seats = SeatSeconds(lambda: now)

    def spent() -> dict[str, float]:
        (family,) = seats.collect()
        return {sample.labels["state"]: sample.value for sample in family.samples if sample.value}

    seats.shows("seat1", SeatState.IDLE)
    seats.shows("seat2", SeatState.TALKING)
    now += 10
    assert spent() == {"idle": 10, "talking": 10}, "also of a seat that has done one thing all the time"
    seats.shows("seat1", SeatState.DIALING)
    now += 5
    assert spent() == {"idle": 10, "talking": 15, "dialing": 5}
