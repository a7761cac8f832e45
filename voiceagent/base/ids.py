"""UUIDv7 identifiers: unique without coordination and sorted by time, which keeps database indexes local."""

from __future__ import annotations

import secrets
import threading
import uuid
from collections.abc import Iterator
from datetime import datetime
from itertools import count

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def uuid7(at: datetime) -> uuid.UUID:
    """A new UUIDv7 (RFC 9562 §5.7) for the aware instant `at`, strictly increasing within this process.

    The 12 bits of rand_a count ids of the same millisecond (method 1 of §6.2); a clock that goes back keeps counting
    on from the newest millisecond seen, so order of creation is order of ids.
    """
    return uuid.UUID(int=_values(at, 1)[0])


def uuid7_texts(at: datetime, number: int) -> list[str]:
    """`number` ids as `uuid7` makes them, in order, as text with hyphens: what tables of many rows are filled with."""
    texts = []
    for value in _values(at, number):
        plain = f"{value:032x}"
        texts.append(f"{plain[:8]}-{plain[8:12]}-{plain[12:16]}-{plain[16:20]}-{plain[20:]}")
    return texts


def uuid7_run(at: datetime) -> Iterator[str]:
    """Ids as text of which each is the one before plus one: whoever keeps the first need not keep the others.

    Endless for every purpose (2**47 of them); they sort as they are made, before whatever this process makes next.
    """
    first = _values(at, 1)[0] & ~(1 << 47)
    return counting_on(f"{uuid.UUID(int=first)}")


def counting_on(first: str) -> Iterator[str]:
    """The ids of a `uuid7_run` that began with `first`."""
    head, tail = first[:24], int(first[24:], 16)
    return (f"{head}{n:012x}" for n in count(tail))


def _values(at: datetime, number: int) -> list[int]:
    global _last_ms, _counter
    ms = int(at.timestamp() * 1000)
    chance = secrets.token_bytes(8 * number)
    values = []
    with _lock:
        if ms > _last_ms:
            # The first of a millisecond begins anywhere in the lower half, the next ones count on from it.
            _last_ms, _counter = ms, secrets.randbits(8) - 1
        for n in range(number):
            _counter += 1
            if _counter > 0xFFF:
                _last_ms, _counter = _last_ms + 1, 0
            head = (_last_ms & (2**48 - 1)) << 16 | 0x7 << 12 | _counter
            tail = int.from_bytes(chance[8 * n : 8 * n + 8], "big") & (2**62 - 1) | 1 << 63
            values.append(head << 64 | tail)
    return values
