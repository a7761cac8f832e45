"""A measurement that is told to end, or fails, ends its processes with it: they would work on, or wait, for nobody."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def none_left() -> Iterator[None]:
    """Where the block is left by an exception, this process' children are ended at once."""
    try:
        yield
    except BaseException:
        # Killed: one of a pool takes a polite word for a failure of what it does, and goes on with the next.
        for child in multiprocessing.active_children():
            child.kill()
            child.join()
        raise
