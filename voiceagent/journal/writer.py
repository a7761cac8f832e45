"""The journal for asyncio programs: one thread writes, in order; `note` never waits, `commit` waits for the disk."""

from __future__ import annotations

import asyncio
import logging
import threading
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

import sqlalchemy as sa

from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.journal import tables
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.journal import Journal

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Batch:
    events: list[NewEvent]
    since: float
    waiting: Future[list[Event]] | None = None
    tried: bool = field(default=False)


class JournalWriter:
    """Events go to the database in the order they were handed over, batched; a locked database is tried again.

    `capacity`: events that may wait before `note` refuses; `patience_s`: how long a `commit` waits for a database that
    cannot be had, and `close` for what was noted; `retry_s`: the pause between tries. Events nobody waits for are kept
    and tried for as long as the program lives.
    """

    def __init__(
        self,
        journal: Journal,
        *,
        capacity: int = 10_000,
        patience_s: float = 15.0,
        retry_s: float = 0.1,
        on_failure: Callable[[Sequence[NewEvent], Exception], None] | None = None,
    ) -> None:
        self.journal = journal
        self.capacity = capacity
        self.patience_s = patience_s
        self.retry_s = retry_s
        self._on_failure = on_failure
        self._queue: deque[_Batch] = deque()
        self._changed = threading.Condition()
        self._waiting = 0
        self._closing = False
        self._give_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-writer", daemon=True)
        self._thread.start()

    @property
    def backlog(self) -> int:
        """Events not yet durable."""
        return self._waiting

    def note(self, events: Sequence[NewEvent]) -> None:
        """Queue events and return at once. UnavailableError when `capacity` is used up or the writer is closed."""
        self._put(_Batch(self.journal.stamped(events), self.journal.clock.monotonic()))

    async def commit(self, events: Sequence[NewEvent]) -> list[Event]:
        """Return when `events`, and everything noted before them, are durable.

        Raises UnavailableError when the database could not be had within `patience_s` (then none of `events` was
        written), or what recording raised.
        """
        waiting: Future[list[Event]] = Future()
        self._put(_Batch(self.journal.stamped(events), self.journal.clock.monotonic(), waiting))
        return await asyncio.wrap_future(waiting)

    async def flush(self) -> None:
        """Return when everything noted so far is durable (or UnavailableError, as `commit`)."""
        await self.commit([])

    def close(self) -> None:
        """Write what is queued and stop the thread; UnavailableError when some of it could not be written.

        Blocks up to `patience_s`: call it in a thread from an event loop.
        """
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(self.patience_s)
        self._give_up.set()
        self._thread.join()
        lost = list(self._queue)
        self._queue.clear()
        self._waiting = 0
        if lost:
            error = UnavailableError(
                f"{sum(len(batch.events) for batch in lost)} events could not be written before the end; "
                f"see the log, mend the database {self.journal.db}",
                code="journal_unwritten",
            )
            for batch in lost:
                self._failed(batch, error)
            raise error

    def _put(self, batch: _Batch) -> None:
        with self._changed:
            if self._closing:
                raise UnavailableError("the journal's writer is closed", code="journal_closed")
            if self._waiting + len(batch.events) > self.capacity:
                raise UnavailableError(
                    f"{self._waiting} events wait for the database {self.journal.db}: is it locked or down?",
                    code="journal_full",
                )
            self._waiting += len(batch.events)
            self._queue.append(batch)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    return
                batches = self._next()
            if not self._write(batches) and self._give_up.wait(self.retry_s):
                return

    def _next(self) -> list[_Batch]:
        """The batches of the next transaction: many when all is well, one when the last try failed."""
        if self._queue[0].tried:
            return [self._queue[0]]
        chosen: list[_Batch] = []
        size = 0
        for batch in self._queue:
            if chosen and (batch.tried or size + len(batch.events) > 500):
                break
            chosen.append(batch)
            size += len(batch.events)
        return chosen

    def _write(self, batches: list[_Batch]) -> bool:
        """Try one transaction; False asks for a pause before the next try."""
        try:
            recorded = self._record(batches)
        except UnavailableError as error:
            for batch in batches:
                batch.tried = True
            return self._drop_the_impatient(error)
        except Exception as error:
            if len(batches) > 1:
                # One of them is at fault: each gets a transaction of its own, so that it fails alone.
                for batch in batches:
                    batch.tried = True
                return True
            self._done(batches)
            self._failed(batches[0], error)
            return True
        self._done(batches)
        for batch in batches:
            if batch.waiting and batch.waiting.set_running_or_notify_cancel():
                batch.waiting.set_result([recorded[new.id] for new in batch.events if new.id in recorded])
        return True

    def _record(self, batches: list[_Batch]) -> dict[uuid.UUID, Event]:
        events = [event for batch in batches for event in batch.events]
        with self.journal.transaction() as connection:
            known: dict[uuid.UUID, Event] = {}
            if any(batch.tried for batch in batches):
                # The connection may have broken after the database had committed: those are not written twice.
                known = _known(connection, [event.id for event in events if event.id])
            fresh = [event for event in events if event.id not in known]
            return known | {event.id: event for event in self.journal.record(fresh, connection)}

    def _drop_the_impatient(self, error: UnavailableError) -> bool:
        now = self.journal.clock.monotonic()
        with self._changed:
            impatient = [
                b for b in self._queue if b.waiting and (now - b.since >= self.patience_s or self._give_up.is_set())
            ]
            for batch in impatient:
                self._queue.remove(batch)
                self._waiting -= len(batch.events)
        for batch in impatient:
            self._failed(batch, error)
        return False

    def _done(self, batches: list[_Batch]) -> None:
        with self._changed:
            for _ in batches:
                self._waiting -= len(self._queue.popleft().events)

    def _failed(self, batch: _Batch, error: Exception) -> None:
        what = ", ".join(f"{e.payload.TYPE} of {e.stream_type} {e.stream_id}" for e in batch.events) or "a flush"
        if batch.waiting is not None:
            log.warning("not recorded, its caller is told: %s (%s)", what, error)
            if batch.waiting.set_running_or_notify_cancel():
                batch.waiting.set_exception(error)
            return
        told = error.message if isinstance(error, VoiceagentError) else f"{type(error).__name__}: {error}"
        log.error("not recorded: %s (%s)", what, told)
        if self._on_failure is not None:
            self._on_failure(batch.events, error)


def _known(connection: sa.Connection, ids: list[uuid.UUID]) -> dict[uuid.UUID, Event]:
    table = tables.event
    rows = connection.execute(sa.select(table).where(table.c.id.in_(ids))).mappings()
    return {row["id"]: Event(**row) for row in rows}
