"""Python's cyclic collector, on the one thread where it may destroy what the SIP library made."""

from __future__ import annotations

import gc
import time

#: Seconds between full collections while calls live, and while none does; the young are looked at every second.
SWEEP_S, SWEEP_IDLE_S, YOUNG_S = 60.0, 10.0, 1.0


class Collector:
    """From `take_over` to `give_back` nobody else collects; all of it on the library's owner thread."""

    def __init__(self) -> None:
        self._swept = self._looked = 0.0

    def take_over(self) -> None:
        """Collection may run in any thread, and there destroys what only this one may: so it runs here only."""
        gc.disable()
        gc.freeze()
        self._swept = self._looked = time.monotonic()

    def settle(self) -> None:
        """What exists by now stays. A full collection stops every thread: 12 ms with all that a worker has loaded."""
        gc.collect()
        gc.freeze()

    def look(self, now: float, calls: int) -> None:
        """Collect if it is time to; `calls` live."""
        if now - self._swept > (SWEEP_S if calls else SWEEP_IDLE_S):
            gc.collect()
            self._swept = self._looked = now
        elif now - self._looked > YOUNG_S:
            gc.collect(1)
            self._looked = now

    def give_back(self) -> None:
        """The library is down."""
        gc.unfreeze()
        gc.enable()
