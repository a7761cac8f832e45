"""Who has the processor first: whoever a caller waits for sooner."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

_AUTOGROUP = Path("/proc/self/autogroup")
_THREADS = Path("/proc/self/task")

#: Of a process whose work is sound: what it does takes 20 ms of every second, and must be done in time.
FIRST = -10
#: Of a process that is starting beside others which talk.
STARTING = 10
#: Without privileges the kernel moves one session every tenth of a second, and refuses the others.
_AGAIN_S, _TIMES = 0.12, 10


def give_way(niceness: int) -> None:
    """Have at least that niceness.

    Where the kernel shares the processor among sessions first, a niceness counts only within its session: a process
    that leads one of its own has its session give way as well.
    """
    niceness = max(niceness, os.getpriority(os.PRIO_PROCESS, 0))
    os.setpriority(os.PRIO_PROCESS, 0, niceness)
    if os.getsid(0) == os.getpid():
        with contextlib.suppress(OSError):
            _AUTOGROUP.write_text(str(niceness), encoding="ascii")


def start_behind() -> None:
    """Leave the processor to who is there already; until `come_first`. For a process that leads a session."""
    _weigh(STARTING)


def come_first() -> bool:
    """Go before everything else, all threads of this process; False where that takes a privilege it has not.

    Then it is as any other: no longer behind either.
    """
    if _weigh(FIRST):
        for thread in _THREADS.iterdir():
            with contextlib.suppress(OSError):
                os.setpriority(os.PRIO_PROCESS, int(thread.name), FIRST)
        return True
    _weigh(0)
    return False


def _weigh(niceness: int) -> bool:
    """Have the session that we lead share the processor like a process of that niceness."""
    if os.getsid(0) != os.getpid():
        return False
    for _ in range(_TIMES):
        try:
            _AUTOGROUP.write_text(str(niceness), encoding="ascii")
            return True
        except BlockingIOError:
            time.sleep(_AGAIN_S)
        except OSError:
            return False
    return False
