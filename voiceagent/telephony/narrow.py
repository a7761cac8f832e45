"""Narrowing a UDP socket: the kernel drops what anybody but one peer sends, before the SIP library reads it."""

from __future__ import annotations

import contextlib
import os
import socket
from pathlib import Path


def hear_only(port: int, peer: tuple[str, int]) -> bool:
    """From now on this process' UDP socket at `port` takes packets from `peer` (IPv4 address, port) only.

    False when there is no such socket, or no /proc to find it by. Sending elsewhere goes on as before.
    """
    with contextlib.suppress(FileNotFoundError):
        for entry in list(Path("/proc/self/fd").iterdir()):
            try:
                copy = os.dup(int(entry.name))
            except OSError:
                continue  # it was the listing's own
            try:
                shared = socket.socket(fileno=copy)
            except OSError:
                os.close(copy)
                continue
            with shared:
                if (shared.family, shared.type) != (socket.AF_INET, socket.SOCK_DGRAM):
                    continue
                if shared.getsockname()[1] == port:
                    shared.connect(peer)
                    return True
    return False
