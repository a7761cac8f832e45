"""A child process that says when it is ready, answers to a heartbeat, and ends when told or when we end."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from voiceagent.base.errors import UnavailableError
from voiceagent.worker.lifeline import LEAVING

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ChildSpec:
    """How to run one of our processes. When ready it prints a JSON object on stdout, or `probe` gets through to it."""

    name: str
    arguments: Sequence[str]
    """Arguments of `python -m`, module first."""
    nice: int = 0
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_s: float = 60.0
    """Patience until the ready line."""
    stop_s: float = 15.0
    """Patience from SIGTERM to SIGKILL."""
    probe: Callable[[], Awaitable[bool]] | None = None
    """Asked again and again instead of waiting for a ready line."""
    group: str = ""
    """Children of one group are stopped at the same time."""
    heartbeat_s: float = 0.0
    """The child prints a line at least this often; 0: it need not. Silence means it is stuck."""
    on_line: Callable[[str], None] | None = None
    """Given every further line that is not empty."""


#: One model thread each, and no spinning: the cores belong to the calls (architecture page).
SHARED_ENVIRONMENT = {"OMP_NUM_THREADS": "1", "KMP_BLOCKTIME": "0", "PYTHONUNBUFFERED": "1"}


class Child:
    """One running process; `died` is set when it ended, `last_sign` is the loop time of its last line."""

    def __init__(self, spec: ChildSpec) -> None:
        self.spec = spec
        self.ready: dict[str, Any] = {}
        self.died = asyncio.Event()
        self.last_sign = 0.0
        self._leaving = False
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """Its process id."""
        return self._process.pid if self._process else None

    @property
    def returncode(self) -> int | None:
        """Its exit code once it ended (negative: the signal)."""
        return self._process.returncode if self._process else None

    async def start(self) -> dict[str, Any]:
        """Start it and wait until it is ready; returns its ready line. UnavailableError says why it is not."""
        spec = self.spec
        self._process = await asyncio.create_subprocess_exec(
            *_with_us(spec.nice),
            sys.executable,
            "-m",
            *spec.arguments,
            stdin=subprocess.PIPE,  # its end-of-file tells the child that we are gone
            stdout=subprocess.PIPE,
            env={**os.environ, **SHARED_ENVIRONMENT, **spec.environment},
            start_new_session=True,
        )
        try:
            self.ready = await asyncio.wait_for(self._ready(), spec.ready_s)
        except TimeoutError:
            await self.kill()
            raise UnavailableError(f"{spec.name} was not ready within {spec.ready_s:.0f} s", code="not_ready") from None
        except BaseException:
            await self.kill()  # nobody else knows of it yet
            raise
        self.last_sign = asyncio.get_running_loop().time()
        self._reader = asyncio.create_task(self._read(), name=f"{spec.name} lines")
        return self.ready

    async def _ready(self) -> dict[str, Any]:
        assert self._process is not None and self._process.stdout is not None
        if self.spec.probe is None:
            line = await self._process.stdout.readline()
            if line:
                return dict(json.loads(line))
            await self._process.wait()
        else:
            while self._process.returncode is None:
                if await self.spec.probe():
                    return {}
                await asyncio.sleep(0.1)
        raise UnavailableError(
            f"{self.spec.name} ended at its start with exit code {self.returncode}; its message is above",
            code="not_ready",
        )

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        try:
            while line := await self._process.stdout.readline():
                self.last_sign = asyncio.get_running_loop().time()
                if line.strip() == LEAVING.encode():
                    self._leaving = True
                elif line.strip() and self.spec.on_line is not None:
                    self.spec.on_line(line.decode())
        except Exception:
            log.exception("the lines of %s cannot be read any more", self.spec.name)
            await self.kill()
        finally:
            await self._process.wait()
            self.died.set()

    async def tell(self, message: Mapping[str, Any]) -> None:
        """Write it a JSON object as one line; it must be one that reads them (`until_parent_ends`)."""
        assert self._process is not None and self._process.stdin is not None
        self._process.stdin.write(json.dumps(message).encode() + b"\n")
        await self._process.stdin.drain()

    @property
    def stuck(self) -> bool:
        """Alive, but silent for three heartbeats; one that said that it is leaving is given `stop_s`."""
        if not self.spec.heartbeat_s or self.died.is_set():
            return False
        patience = self.spec.stop_s if self._leaving else 3 * self.spec.heartbeat_s
        return asyncio.get_running_loop().time() - self.last_sign > patience

    async def stop(self) -> None:
        """Ask it to end, then make it."""
        if self._process is None or self._process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            self._process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(self._process.wait(), self.spec.stop_s)
        except TimeoutError:
            log.error("%s did not end within %.0f s; killed", self.spec.name, self.spec.stop_s)
            await self.kill()

    async def kill(self) -> None:
        """End it now."""
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()


def _with_us(nice: int) -> list[str]:
    """A command prefix: a lower priority, and an end by the kernel's hand should we be killed."""
    # Each child is a session of its own, and the kernel weighs sessions, not the processes of different ones.
    weighed = '{ echo "$0" > /proc/self/autogroup; } 2>/dev/null; exec nice -n "$0" "$@"'
    prefix = ["sh", "-c", weighed, str(nice)] if nice else []
    setpriv = shutil.which("setpriv")
    return [*prefix, setpriv, "--pdeathsig", "TERM"] if setpriv else prefix
