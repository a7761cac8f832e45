"""The child's side of supervision: the ready line, heartbeats, and the end that comes with the parent's."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

#: The last line of a child that ends by itself: closing takes its time on a busy machine, and has no heartbeat.
LEAVING = json.dumps({"leaving": True})


def say_leaving() -> None:
    """Print it."""
    print(LEAVING, flush=True)


def say_ready(**facts: Any) -> None:
    """Print the ready line."""
    print(json.dumps({"ready": True, **facts}), flush=True)


async def beat_forever(every_s: float, each: Callable[[], None] = lambda: None) -> None:
    """Print an empty line that often, and call `each`: a loop that cannot do it is stuck."""
    while True:
        await asyncio.sleep(every_s)
        each()
        print("", flush=True)


async def until_told() -> None:
    """Return on SIGTERM or SIGINT."""
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()


async def until_parent_ends(
    work: Awaitable[Any] | None = None, told: Callable[[str], None] = lambda line: None
) -> None:
    """Return on SIGTERM, SIGINT, the end of standard input, or the end of `work` (whose error is raised).

    `told`: given every line that the parent writes (`Child.tell`).
    """
    loop = asyncio.get_running_loop()
    reader = asyncio.StreamReader()
    transport = None
    with contextlib.suppress(ValueError, OSError):  # standard input may be a plain file, which cannot be watched
        transport, _ = await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    tasks = [asyncio.ensure_future(until_told())]
    if transport is not None:
        tasks.append(asyncio.ensure_future(_end_of(reader, told)))
    working = asyncio.ensure_future(work) if work is not None else None
    if working is not None:
        tasks.append(working)
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        if working is not None and working.done():
            working.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if transport is not None:
            transport.close()


async def _end_of(reader: asyncio.StreamReader, told: Callable[[str], None]) -> None:
    while line := await reader.readline():
        told(line.decode())
