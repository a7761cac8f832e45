"""Frames: cutting and joining PCM in steps of 20 ms."""

from __future__ import annotations

from collections.abc import Iterator

from voiceagent.audio.format import FRAME_BYTES


def split(pcm: bytes) -> Iterator[bytes]:
    """The whole frames of `pcm`, in order; what is left over at the end is not given."""
    for start in range(0, len(pcm) - FRAME_BYTES + 1, FRAME_BYTES):
        yield pcm[start : start + FRAME_BYTES]


def pad(pcm: bytes) -> bytes:
    """`pcm` with silence appended up to a whole frame."""
    return pcm + bytes(-len(pcm) % FRAME_BYTES)


class Framer:
    """Pieces of any length in, whole frames out; the remainder waits for the next piece."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, pcm: bytes) -> bytes:
        """The whole frames available now, joined."""
        joined = self._rest + pcm
        whole = len(joined) - len(joined) % FRAME_BYTES
        self._rest = joined[whole:]
        return joined[:whole]

    def finish(self) -> bytes:
        """The remainder padded to a frame, or nothing; the framer is empty afterwards."""
        rest, self._rest = self._rest, b""
        return pad(rest)
