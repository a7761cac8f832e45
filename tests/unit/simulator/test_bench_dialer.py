"""Guards what `bench dialer` says of its targets, and that a measurement's processes end with it."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from argparse import Namespace
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

from voiceagent.base.errors import VoiceagentError
from voiceagent.cli.benches.dialer import _connections
from voiceagent.cli.commands import bench
from voiceagent.simulator.bench_dialer import MILLION, _at_once, met_of
from voiceagent.simulator.bench_import import _apart
from voiceagent.simulator.told_to_end import none_left


class Server:
    """A database server that counts no processor time, or is told to end while it is asked."""

    def __init__(self, ends: bool = False) -> None:
        self.ends = ends

    def processor_s(self) -> float:
        if self.ends:
            raise SystemExit(143)
        return 0.0


def asks(seconds: float, gate: Any, out: Any) -> None:
    """A worker that is given something at once, and then works for so long."""
    gate.wait()
    out.put((1, [0.001], 0.001))
    time.sleep(seconds)


def fails(seconds: float, gate: Any, out: Any) -> None:
    """A worker that the database refuses."""
    raise ConnectionError("too many clients")


def has_the_bench_end() -> dict[str, Any]:
    """A stage that would take long when the bench is told to end."""
    os.kill(os.getppid(), signal.SIGTERM)
    time.sleep(600.0)
    return {}


def scale(slower: float, *waiting: int) -> dict[str, Any]:
    return {"slower": slower, "by_waiting": {str(size): {} for size in waiting}}


@pytest.mark.parametrize(
    ("found", "reached"),
    [
        (scale(1.2, 10_000, MILLION), True),
        (scale(2.0, 10_000, MILLION), False),
        (scale(1.0, 10_000), None),
        (scale(1.2, 10_000, 100_000), None),
        (scale(2.1, 10_000, 100_000), False),
    ],
)
def test_fewer_than_a_million_say_nothing_of_a_million(found: dict[str, Any], reached: bool | None) -> None:
    report = {"procrastinate": None, "throughput": {"leases": {}}, "scale": found}
    assert met_of(report) == {"half_of_procrastinate": None, "scale": reached}


@pytest.mark.parametrize(("per_second", "reached"), [(50.0, True), (49.0, False)])
def test_leases_are_held_to_half_of_procrastinates_fetches(per_second: float, reached: bool) -> None:
    leases = {"1": {"per_second": 100.0}, "8": {"per_second": per_second}}
    fetches = {"1": {"per_second": 100.0}, "8": {"per_second": 100.0}}
    report = {"procrastinate": {"fetches": fetches}, "throughput": {"leases": leases}, "scale": scale(1.0, MILLION)}
    assert met_of(report)["half_of_procrastinate"] is reached


def test_every_worker_finds_a_connection() -> None:
    assert _connections(Namespace(workers=[1, 2, 4, 8])) == 60
    assert _connections(Namespace(workers=[1, 64])) >= 2 * 64 + 10


def test_a_worker_that_fails_is_told_and_not_waited_for() -> None:
    with pytest.raises(VoiceagentError, match="ended early"):
        _at_once(fails, (), 2, 0.1, Server())  # type: ignore[arg-type]


def test_a_bench_told_to_end_ends_its_workers() -> None:
    with pytest.raises(SystemExit):
        _at_once(asks, (), 1, 600.0, Server(ends=True))  # type: ignore[arg-type]
    assert not multiprocessing.active_children()


def test_what_a_pool_still_does_is_not_waited_for() -> None:
    context = multiprocessing.get_context("spawn")
    with pytest.raises(SystemExit), ProcessPoolExecutor(1, mp_context=context) as pool, none_left():
        pool.submit(time.sleep, 600.0)
        raise SystemExit(143)
    assert not multiprocessing.active_children()


@pytest.fixture
def handlers() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP)}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_bench_ends_in_order_when_it_is_told_to_or_its_terminal_closes(number: int, handlers: None) -> None:
    with pytest.raises(SystemExit) as ended:
        bench.run(Namespace(measure=lambda args: os.kill(os.getpid(), number)))
    assert ended.value.code == 128 + number


def test_a_stage_of_an_import_ends_with_the_bench(handlers: None) -> None:
    with pytest.raises(SystemExit):
        bench.run(Namespace(measure=lambda args: _apart(has_the_bench_end)))
    assert not multiprocessing.active_children()


def test_a_bench_that_was_begun_to_outlive_its_terminal_does(handlers: None) -> None:
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    assert bench.run(Namespace(measure=lambda args: os.kill(os.getpid(), signal.SIGHUP) or 0)) == 0
