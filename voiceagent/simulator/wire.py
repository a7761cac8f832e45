"""When a call's packets came: what a debtor hears of a sender that was late, whoever of those on the way was."""

from __future__ import annotations

import socket
import struct
from collections import deque
from dataclasses import dataclass
from typing import Any

from voiceagent.audio.format import FRAME_S, SAMPLE_RATE

#: A packet this long behind the one before it stands for what a worker counts as late, seconds.
GAP_S = 2 * FRAME_S
#: A telephone with a jitter buffer of this length misses a packet that comes so much after its time; one that makes
#: its buffer longer when it must would miss fewer.
BUFFER_S = 0.060
#: A packet's time is that of the promptest of so many, a second of them.
_PROMPTEST_OF = 50

#: Linux: have the kernel say when a datagram arrived, however late its reader is. Python's socket has no name for it.
_TIMESTAMPS = 35
_TIMESPEC = struct.Struct("qq")
_RTP = struct.Struct("!BBHI")


@dataclass(slots=True)
class Wire:
    """The arrivals of one call's packets, or of several calls added up."""

    packets: int = 0
    gaps: int = 0
    """Packets more than GAP_S behind the one before them."""
    missed: int = 0
    """Packets more than BUFFER_S after their time."""
    lost: int = 0
    """Packets that never came."""
    worst_s: float = 0.0
    """The most that one came after its time."""

    def add(self, other: Wire) -> None:
        """Add another one up."""
        self.packets, self.gaps = self.packets + other.packets, self.gaps + other.gaps
        self.missed, self.lost = self.missed + other.missed, self.lost + other.lost
        self.worst_s = max(self.worst_s, other.worst_s)

    def report(self) -> dict[str, Any]:
        """For a document."""
        return {
            "packets": self.packets,
            "gaps_over_40_ms": self.gaps,
            "missed_by_60_ms_buffer": self.missed,
            "lost": self.lost,
            "worst_ms": round(1000 * self.worst_s, 1),
        }


class Arrivals:
    """One call's packets as they come."""

    def __init__(self) -> None:
        self.wire = Wire()
        self._before = 0.0
        self._sequence: int | None = None
        self._stamp = self._played = 0
        self._source: bytes = b""
        self._offsets: deque[float] = deque(maxlen=_PROMPTEST_OF)

    def came(self, at_s: float, data: bytes) -> None:
        """A packet, and when; times of any one clock."""
        if len(data) < 12:
            return
        _, _, sequence, stamp = _RTP.unpack_from(data)
        wire = self.wire
        if data[8:12] != self._source:  # another sender: its own numbers, its own time
            self._source, self._sequence, self._stamp, self._played = data[8:12], None, stamp, 0
            self._offsets.clear()
        elif self._sequence is not None:
            skipped = (sequence - self._sequence - 1) & 0xFFFF
            if skipped >= 0x8000:
                return  # came again, or behind one that was sent later
            wire.lost += skipped
            wire.gaps += at_s - self._before > GAP_S
        wire.packets += 1
        self._before, self._sequence = at_s, sequence
        # A stamp begins anywhere and goes over its 32 bits: samples are counted from the sender's first packet.
        self._played += (stamp - self._stamp + 0x80000000) % 0x100000000 - 0x80000000
        self._stamp = stamp
        self._offsets.append(at_s - self._played / SAMPLE_RATE)
        behind = self._offsets[-1] - min(self._offsets)
        wire.missed += behind > BUFFER_S
        wire.worst_s = max(wire.worst_s, behind)


def timed(sock: socket.socket) -> None:
    """Have the kernel say when each datagram of this socket arrived."""
    sock.setsockopt(socket.SOL_SOCKET, _TIMESTAMPS, 1)


def receive(sock: socket.socket) -> tuple[bytes, tuple[str, int], float]:
    """The next datagram of a `timed` socket, who sent it, and when it arrived (seconds of the kernel's wall clock).

    BlockingIOError when there is none.
    """
    data, ancillary, _, address = sock.recvmsg(2048, socket.CMSG_SPACE(_TIMESPEC.size))
    for level, kind, told in ancillary:
        if level == socket.SOL_SOCKET and kind == _TIMESTAMPS:
            seconds, nanoseconds = _TIMESPEC.unpack(told[: _TIMESPEC.size])
            return data, address, seconds + nanoseconds / 1e9
    raise OSError("the kernel says nothing of when a datagram arrived")
