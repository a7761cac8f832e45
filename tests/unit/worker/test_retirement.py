"""Guards that workers of one machine retire one after the other, and that none waits for ever for its turn."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

from voiceagent.telephony.softphone import Softphone, SoftphoneSettings
from voiceagent.worker.retirement import Retirement

HOLDER = """
import fcntl, os, sys
held = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
fcntl.flock(held, fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def softphone(calls: int, share: int = 10) -> Softphone:
    """One that has made so many calls of so many."""
    phone = Softphone(SoftphoneSettings(retire_after_calls=share))
    phone.calls_made = calls
    return phone


def test_only_who_has_done_its_share_retires_and_says_so_once(tmp_path: Path) -> None:
    lock, phone = tmp_path / "retiring.lock", softphone(9)
    retirement = Retirement(lock, phone)
    assert not retirement.begins()
    phone.calls_made = 10
    assert [retirement.begins(), retirement.begins()] == [True, False]


def test_a_worker_waits_until_the_one_that_retires_is_gone(tmp_path: Path) -> None:
    """Gone however it went: the other one here is killed."""
    lock = tmp_path / "retiring.lock"
    other = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert other.stdout is not None and other.stdout.readline() == "held\n"
        retirement = Retirement(lock, softphone(10))
        before = len(list(Path("/proc/self/fd").iterdir()))
        assert not any(retirement.begins() for _ in range(5))
        assert len(list(Path("/proc/self/fd").iterdir())) == before, "asking costs no descriptor"
    finally:
        other.kill()
        other.communicate()
    assert retirement.begins()


def test_who_has_done_twice_its_share_waits_for_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "retiring.lock"
    first, second = Retirement(lock, softphone(10)), Retirement(lock, softphone(19))
    assert first.begins() and not second.begins()
    assert Retirement(lock, softphone(20)).begins()


def test_without_a_folder_for_the_lock_it_retires_all_the_same(tmp_path: Path) -> None:
    assert Retirement(tmp_path / "nowhere" / "retiring.lock", softphone(10)).begins()


def test_a_softphone_that_is_not_started_settles_nothing() -> None:
    """The collector is the owner thread's: without one there is nobody to ask."""

    async def ask() -> str:
        try:
            await Softphone().settle()
        except Exception as error:
            return str(error)
        return ""

    assert "closed" in asyncio.run(ask())
