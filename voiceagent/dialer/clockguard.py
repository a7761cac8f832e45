"""A clock that jumped makes every hour doubtful: then nobody is called, and people are told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.base.clock import Clock, ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.journal.tables import event

log = logging.getLogger(__name__)

#: More than this is no drift but a jump, or another machine's clock.
MOST = timedelta(seconds=60)
#: The database is asked so often; this process' own seconds are looked at each time.
ASK_EVERY_S = 1.0
_NEWEST = sa.select(event.c.at_utc).order_by(event.c.seq.desc()).limit(1)


class ClockGuard:
    """Compares a clock with what cannot jump: this process' own seconds, the newest event, the database's clock."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began, self._ticks = clock.now(), clock.monotonic()
        self._alarmed = ""
        self._asked: float | None = None

    def check(self, connection: sa.Connection) -> None:
        """UnavailableError (code clock) while the clock is more than a minute off; said in the log once each time."""
        fault = self._fault(connection)
        if fault and not self._alarmed:
            log.critical("nobody is called: %s", fault)
        self._alarmed = fault
        if fault:
            raise UnavailableError(f"nobody is called: {fault}; set the clock right, then restart", code="clock")

    def _fault(self, connection: sa.Connection) -> str:
        now = self._clock.now()
        jumped = now - self._began - timedelta(seconds=self._clock.monotonic() - self._ticks)
        if abs(jumped) > MOST:
            return f"the clock was set {_told(jumped)} while the program ran"
        ticks = self._clock.monotonic()
        if not self._alarmed and self._asked is not None and ticks - self._asked < ASK_EVERY_S:
            return ""
        self._asked = ticks
        newest: datetime | None = connection.execute(_NEWEST).scalar()
        if newest is not None and newest - now > MOST:
            return f"the journal's newest event lies {_told(newest - now)} of this clock"
        theirs = self._database_now(connection)
        if theirs is not None and abs(theirs - now) > MOST:
            return f"this clock is {_told(now - theirs)} of the database server's"
        return ""

    def _database_now(self, connection: sa.Connection) -> datetime | None:
        """The database server's clock, moved as ours is (a rehearsal's); None where it is ours anyway."""
        if connection.dialect.name != "postgresql" or isinstance(self._clock, ManualClock):
            return None
        theirs: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        offset: timedelta = getattr(self._clock, "offset", timedelta(0))
        return theirs + offset


def _told(by: timedelta) -> str:
    seconds = abs(by.total_seconds())
    return f"{seconds:.0f} s {'ahead' if by > timedelta(0) else 'behind'}"
