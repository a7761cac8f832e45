"""What was before a rehearsal begins: calls of earlier days, written down as if they had been made then."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from datetime import timedelta

import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.dialer.clockguard import ClockGuard
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.envelope import NewEvent, Payload
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths


class Past:
    """Days before the present of `journal`; `numbers` are those that may be called in a rehearsal."""

    def __init__(self, journal: Journal, paths: Paths, numbers: Sequence[str], *, days: int) -> None:
        clock = ManualClock(journal.clock.now() - timedelta(days=days))
        self.journal = Journal(journal.db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        rules = load_rules(paths.dialplans / "jurisdictions")
        self._queue = Queue(self.journal, rules, Gate(simulated=frozenset(numbers)))
        self._queue.clock_guard = _InThePast(clock)

    def call(self, case_id: uuid.UUID, said: Sequence[Payload], ended: CallEnded) -> None:
        """One call to the case, in which `said` happened. DeniedError when it could not have been made. Blocks."""
        lease = self._queue.lease_case("earlier", case_id)
        self.journal.record([NewEvent("call", lease.attempt_id, each) for each in said])
        self._queue.complete(lease, ended)


class _InThePast(ClockGuard):
    """Lets calls be written down that lie before the journal's newest event."""

    def check(self, connection: sa.Connection) -> None:
        """Nothing is wrong: the clock is set back on purpose."""
