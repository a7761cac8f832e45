"""Guards the house when its parts die in the middle of calls: nothing is lost, nothing is half, the next call works."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rehearsal.house import (
    AGREES_BY_KEYS,
    MUTE,
    House,
    alive,
    descendants,
    promise_is_whole,
    readable_seconds,
)
from voiceagent.settings.paths import ROOT, Paths
from voiceagent.simulator.scenario import Step
from voiceagent.storage.database import Database


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.fixture(scope="module")
def house(loop: asyncio.Runner, tmp_path_factory: pytest.TempPathFactory, paths: Paths) -> Iterator[House]:
    """One house for every fault: each test leaves it working, which the next one proves."""
    house = House(tmp_path_factory.mktemp("faults") / "house", paths)
    loop.run(house.start())
    yield house
    loop.run(house.stop())


def worker_pid(house: House) -> int:
    pid = house.rehearsal.supervisor.child("worker-1").pid
    assert pid is not None
    return pid


async def successor(house: House, name: str, dead: int) -> None:
    """Wait until the supervisor has another one running, ready."""

    def look() -> bool | None:
        child = house.rehearsal.supervisor.child(name)
        return True if child.pid not in (None, dead) and child.last_sign > 0 else None

    await house.until(f"a successor of {name}", look)


async def works(house: House) -> None:
    """The next call is leased, dialled, greeted, and closed when the debtor hangs up."""
    (number,) = await house.ring(MUTE)
    await house.event(number, "call.first_audio")
    assert await house.rehearsal.ami.hang_up_calls_of(number) == 1
    evidence = await house.ended(number)
    assert evidence.detail["disposition"] == "HUP" and readable_seconds(evidence) > 1.0


async def hears(house: House) -> None:
    """The next call understands what is said."""
    (number,) = await house.ring((Step(), Step(say="Não, é engano.")))
    assert (await house.ended(number)).detail["disposition"] == "WN"


def test_a_killed_worker_leaves_no_channel_and_the_next_call_works(loop: asyncio.Runner, house: House) -> None:
    async def play() -> None:
        (agreed,) = await house.ring(AGREES_BY_KEYS)
        await house.event(agreed, "identity.verified")
        (talking,) = await house.ring(MUTE)
        await house.event(talking, "call.first_audio")
        await house.event(agreed, "promise.made")
        calls = [await asyncio.to_thread(house.call_of, number) for number in (agreed, talking)]
        assert all([await house.channels(call) for call in calls])
        pid = worker_pid(house)
        os.kill(pid, signal.SIGKILL)
        died = time.monotonic()
        await house.no_channel()
        gone_after = time.monotonic() - died
        assert gone_after < 2.0
        print(f"channels were gone {gone_after:.2f} s after the worker's death", file=sys.stderr)
        kept, lost = [await house.ended(number) for number in (agreed, talking)]
        assert (kept.detail["disposition"], lost.detail["disposition"]) == ("PTP", "ERR")
        assert promise_is_whole(kept) and not promise_is_whole(lost)
        for evidence in (kept, lost):
            up = evidence.detail["t_end"] - evidence.detail["t_answer"]
            assert readable_seconds(evidence) > 1.0
            assert abs(evidence.detail["talk_s"] - up.total_seconds()) < 0.1
        await successor(house, "worker-1", pid)
        await house.seats_idle()
        await works(house)

    loop.run(play())


def test_a_killed_speech_process_ends_no_call_in_silence_and_the_next_call_works(
    loop: asyncio.Runner, house: House
) -> None:
    async def play() -> None:
        numbers = await house.ring((Step(), Step(say="Não, não sou eu."), Step(key="2"), Step(key="2")), AGREES_BY_KEYS)
        for number in numbers:
            await house.event(number, "call.first_audio")
        child = house.rehearsal.supervisor.child("speech")
        assert child.pid is not None
        os.kill(child.pid, signal.SIGKILL)
        spoke, pressed = [await house.ended(number) for number in numbers]
        for evidence in (spoke, pressed):
            assert evidence.detail["disposition"] in ("WN", "CB", "HUP", "PTP"), evidence.detail
            assert abs(readable_seconds(evidence) - evidence.detail["talk_s"]) <= 0.1
        assert not promise_is_whole(spoke)
        assert promise_is_whole(pressed) is (pressed.detail["disposition"] == "PTP")
        prompts = [turn["prompt"] for turn in spoke.detail["turns"] if turn["speaker"] == "agent"]
        print(f"after the speech process' death: {prompts[1:]}, {spoke.detail['disposition']}", file=sys.stderr)
        assert "hearing_lost" in prompts or spoke.detail["disposition"] == "WN", "it apologised, or was back in time"
        await successor(house, "speech", child.pid)
        await house.seats_idle()
        await hears(house)

    loop.run(play())


def test_a_hang_up_before_during_or_after_the_commit_leaves_a_whole_promise_or_none(
    loop: asyncio.Runner, house: House
) -> None:
    async def hung_up(number: str) -> None:
        assert await house.rehearsal.ami.hang_up_calls_of(number) == 1

    async def play() -> None:
        last = len(AGREES_BY_KEYS) - 1
        before, during, after = await house.ring(AGREES_BY_KEYS[:-1], AGREES_BY_KEYS, AGREES_BY_KEYS)

        async def hang_up_before() -> None:
            await house.event(before, "turn.agent", state="read_back_cash")
            await hung_up(before)

        async def hang_up_during() -> None:
            await house.event(during, "turn.agent", state="read_back_cash")
            call = await asyncio.to_thread(house.call_of, during)
            lock = sqlite3.connect(house.rehearsal.home / "voiceagent.db", isolation_level=None)
            try:
                lock.execute("BEGIN IMMEDIATE")
                await house.step_done(during, last)
                await asyncio.sleep(1.0)  # the key arrives, and the promise it confirms waits for the lock
                await hung_up(during)
                await house.no_channel(call)
            finally:
                lock.close()

        async def hang_up_after() -> None:
            await house.event(after, "promise.made")
            await hung_up(after)

        await asyncio.gather(hang_up_before(), hang_up_during(), hang_up_after())
        dispositions = {}
        for name, number in (("before", before), ("during", during), ("after", after)):
            evidence = await house.ended(number)
            promised = promise_is_whole(evidence)
            dispositions[name] = evidence.detail["disposition"], promised
            assert (evidence.detail["disposition"] == "PTP") is promised
            assert [e.payload["by"] for e in evidence.events if e.type == "call.hung_up"] == ["far"]
        print(f"hung up around the commit: {dispositions}", file=sys.stderr)
        assert not dispositions["before"][1] and dispositions["after"][1]
        await house.seats_idle()

    loop.run(play())


def test_a_worker_told_to_end_closes_its_calls_in_order(loop: asyncio.Runner, house: House) -> None:
    async def play() -> None:
        (number,) = await house.ring(MUTE)
        await house.event(number, "call.first_audio")
        pid, child = worker_pid(house), house.rehearsal.supervisor.child("worker-1")
        os.kill(pid, signal.SIGTERM)
        told = time.monotonic()
        evidence = await house.ended(number)
        await asyncio.wait_for(child.died.wait(), 25)
        print(f"the worker ended {time.monotonic() - told:.1f} s after SIGTERM", file=sys.stderr)
        assert child.returncode == 0
        assert not promise_is_whole(evidence)
        assert evidence.detail["disposition"] != "PTP" and evidence.detail["recordings"][0]["closed_at"] is not None
        assert abs(readable_seconds(evidence) - evidence.detail["talk_s"]) <= 0.1
        await house.no_channel()
        await successor(house, "worker-1", pid)
        await house.seats_idle()
        await works(house)

    loop.run(play())


def test_nothing_outlives_a_killed_demo(tmp_path: Path) -> None:
    demo = subprocess.Popen(
        [sys.executable, "-m", "voiceagent.cli.main", "demo", "--calls", "2", "--port", "0"],
        cwd=ROOT,
        env={**os.environ, "VOICEAGENT_HOME": str(tmp_path)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        database = tmp_path / "demo" / "voiceagent.db"
        deadline = time.monotonic() + 90
        while not _somebody_answered(database):
            assert demo.poll() is None and time.monotonic() < deadline
            time.sleep(0.1)
        children = descendants(demo.pid)
        assert len(children) >= 5, "Asterisk, speech, worker, telephones, console"
    finally:
        demo.kill()
        demo.wait()
    deadline = time.monotonic() + 20
    while left := [pid for pid in children if alive(pid)]:
        assert time.monotonic() < deadline, [Path(f"/proc/{pid}/cmdline").read_text() for pid in left]
        time.sleep(0.05)


def _somebody_answered(database: Path) -> bool:
    if not database.exists():
        return False
    db = Database(f"sqlite:///{database}")
    try:
        with db.read() as connection:
            found = connection.exec_driver_sql("SELECT count(*) FROM attempt WHERE t_answer IS NOT NULL").scalar_one()
        return bool(found)
    except Exception:
        return False  # its tables are being made
    finally:
        db.close()
