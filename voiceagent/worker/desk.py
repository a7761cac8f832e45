"""Where a worker's idle seats ask for work together: one question to the database for all of them."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

from voiceagent.base.errors import UnavailableError
from voiceagent.dialer.lease import Lease
from voiceagent.dialer.queue import Queue
from voiceagent.speech.protocol import Places

log = logging.getLogger(__name__)

#: Instants that come by themselves (a callback's, a retry's) are looked for so often where all else is told.
TOLD_POLL_S = 3.0


class Desk:
    """`next` for each idle seat; those that ask in the same moment share one transaction.

    `places` holds room for as many calls as it can before anybody is leased, and keeps that of those who were: a full
    disk, a dead speech process or a busy one must not use up debtors' attempts.
    `told`: whether we are told at once when somebody may be called; then nobody needs to ask as often.
    """

    def __init__(
        self,
        queue: Queue,
        places: Callable[[int], AbstractAsyncContextManager[Places]],
        *,
        told: Callable[[], bool] = lambda: False,
    ) -> None:
        self._queue, self._places, self._told = queue, places, told
        self._waiting: dict[str, asyncio.Future[Lease | None]] = {}
        self._asking: asyncio.Task[None] | None = None
        self._trouble = ""
        self.trouble = ""
        """Why nobody could be asked for the last time, as people read it; empty: nothing stood in the way."""

    def rest_s(self, poll_s: float) -> float:
        """How long a seat that got nothing rests before it asks again: `poll_s`, longer where it will be told."""
        return max(poll_s, TOLD_POLL_S) if self._told() and self._queue.nobody_due else poll_s

    async def next(self, seat: str) -> Lease | None:
        """A call for `seat`, or None when there is none now, or nobody can be asked (the log says why)."""
        answer: asyncio.Future[Lease | None] = asyncio.get_running_loop().create_future()
        self._waiting[seat] = answer
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(self._ask(), name="leases")
        return await answer

    async def _ask(self) -> None:
        while self._waiting:
            # Whoever became idle in this moment comes along.
            await asyncio.sleep(0)
            asked, self._waiting = self._waiting, {}
            leases: list[Lease] = []
            try:
                async with self._places(len(asked)) as places:
                    leases = await asyncio.to_thread(self._queue.lease_many, list(asked)[: places.room])
                    if leases:
                        await places.keep([str(lease.attempt_id) for lease in leases])
                self._trouble = self.trouble = ""
            except UnavailableError as error:
                # Once, not at every question for as long as it lasts.
                told = log.debug if error.code == self._trouble else log.error
                told("seats %s cannot ask for work: %s", ", ".join(asked), error)
                self._trouble, self.trouble = error.code, error.message
            except Exception:
                self.trouble = "asking failed, its log says how"
                log.exception("seats %s cannot ask for work", ", ".join(asked))
            given = {lease.seat: lease for lease in leases}
            for seat, answer in asked.items():
                if not answer.done():
                    answer.set_result(given.get(seat))
