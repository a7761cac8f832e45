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
