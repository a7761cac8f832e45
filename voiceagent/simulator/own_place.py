"""A place of one's own on a machine: a directory that nobody else wipes, a port that nobody else has."""

from __future__ import annotations

import fcntl
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from voiceagent.base.errors import UnavailableError


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the home against a second rehearsal, which would wipe it; UnavailableError when somebody else has it."""
    home.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with home.with_name(f"{home.name}.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise UnavailableError(
                f"another rehearsal uses {home}: end it, or set VOICEAGENT_HOME to another directory", code="in_use"
            ) from None
        yield


def require_free(port: int) -> None:
    """UnavailableError `port_in_use` when another program listens there."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            raise UnavailableError(
                f"port {port} for the console is in use by another program: stop it, or choose another with --port",
                code="port_in_use",
            ) from None
