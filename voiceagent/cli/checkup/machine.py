"""The machine under the installation: home, disk, clock and ports."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import socket
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from voiceagent.cli.checkup.finding import Finding, Status

#: Stereo 16-bit at 8 kHz.
BYTES_PER_RECORDED_SECOND = 32_000
DISK_FAIL, DISK_WARN = 500_000_000, 5_000_000_000
#: Before the first version of this program no clock can be right.
EARLIEST = datetime(2026, 1, 1, tzinfo=UTC)
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)


def home(path: Path) -> Finding:
    """Where database and secrets are kept: ours to write, closed to others."""
    place = _existing(path)
    if not os.access(place, os.W_OK | os.X_OK):
        return Finding(
            "home", Status.FAIL, f"{place} may not be written", "chown it to this user, or set VOICEAGENT_HOME"
        )
    if path.exists() and path.stat().st_mode & 0o077:
        return Finding("home", Status.WARN, f"others may look into {path}", f"chmod 700 {path}")
    return Finding("home", Status.OK, str(path))


def disk(recordings: Path) -> Finding:
    """Room for recordings."""
    free = shutil.disk_usage(_existing(recordings)).free
    hours = free // BYTES_PER_RECORDED_SECOND // 3600
    detail = f"{free / 1e9:.1f} GB free for recordings: about {hours} hours of calls"
    mend = "free some space, or set VOICEAGENT_RECORDINGS to a larger disk"
    status = Status.FAIL if free < DISK_FAIL else Status.WARN if free < DISK_WARN else Status.OK
    return Finding("disk", status, detail, "" if status is Status.OK else mend, {"free_bytes": free})


def clock(now: datetime) -> Finding:
    """A plausible, disciplined clock and zone data: the law's hours depend on them."""
    local = now.astimezone(ZoneInfo("America/Sao_Paulo"))
    if now < EARLIEST:
        return Finding("clock", Status.FAIL, f"the clock says {now:%Y-%m-%d}", "set the clock and keep it by NTP")
    detail = f"{now:%Y-%m-%d %H:%M:%S} UTC, {local:%H:%M} in São Paulo"
    synchronised = _synchronised()
    if synchronised is False:
        return Finding("clock", Status.WARN, f"{detail}; not kept by NTP", "install chrony or systemd-timesyncd")
    return Finding("clock", Status.OK, f"{detail}{'; kept by NTP' if synchronised else ''}")


def ports(http: int) -> Finding:
    """The console's port is free, and UDP on loopback works at all."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagram:
        datagram.bind(("127.0.0.1", 0))
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            stream.bind(("127.0.0.1", http))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            mend = "nothing, if that is our own console; else start `voiceagent serve` with another --port"
            return Finding("ports", Status.WARN, f"port {http} is in use", mend)
    return Finding("ports", Status.OK, f"port {http} is free for the console; UDP works on loopback")


def _existing(path: Path) -> Path:
    return next(place for place in (path, *path.parents) if place.exists())


def _synchronised() -> bool | None:
    """Whether the kernel's clock is kept in step; None where it does not tell."""
    try:
        # struct timex with modes = 0 only asks; 512 bytes hold it on every platform.
        state = ctypes.CDLL(None, use_errno=True).adjtimex(ctypes.create_string_buffer(512))
    except (OSError, AttributeError):
        return None
    return None if state < 0 else state != _UNSYNCHRONISED
