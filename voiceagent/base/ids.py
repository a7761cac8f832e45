"""UUIDv7 identifiers: unique without coordination and sorted by time, which keeps database indexes local."""

from __future__ import annotations

import secrets
import threading
import uuid
from datetime import datetime

_lock = threading.Lock()
_last_ms = 0
_counter = 0


def uuid7(at: datetime) -> uuid.UUID:
    """A new UUIDv7 (RFC 9562 §5.7) for the aware instant `at`, strictly increasing within this process.

    The 12 bits of rand_a count ids of the same millisecond (method 1 of §6.2); a clock that goes back keeps counting
    on from the newest millisecond seen, so order of creation is order of ids.
    """
    global _last_ms, _counter
    ms = int(at.timestamp() * 1000)
    with _lock:
        if ms > _last_ms:
            _last_ms, _counter = ms, secrets.randbits(8)
        else:
            _counter += 1
            if _counter > 0xFFF:
                _last_ms, _counter = _last_ms + 1, 0
        ms, counter = _last_ms, _counter
    value = (ms & (2**48 - 1)) << 80 | 0x7 << 76 | counter << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=value)
