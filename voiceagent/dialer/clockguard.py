"""A clock that jumped makes every hour doubtful: then nobody is called, no upkeep is done, and people are told."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.base.clock import Clock, ManualClock
from voiceagent.base.errors import UnavailableError, VoiceagentError
from voiceagent.dialer.events import ClockTrusted
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.tables import event
from voiceagent.storage.database import Database

log = logging.getLogger(__name__)

#: More than this is no drift but a jump, or another machine's clock.
MOST = timedelta(seconds=60)
#: The database is asked so often; this process' own seconds are looked at each time.
ASK_EVERY_S = 1.0
#: The latest instant that anybody wrote down since people last said that the clock is right: not the last event's, or
#: what a program with a wrong clock writes itself would make that clock right.
#: `+ 0`: by the indexes of type and instant, never through the whole journal by its numbers.
_TRUSTED = sa.select(sa.func.coalesce(sa.func.max(event.c.seq + 0), 0)).where(event.c.type == ClockTrusted.TYPE)
_LATEST = (
    sa.select(event.c.at_utc)
    .where(event.c.seq + 0 > _TRUSTED.scalar_subquery())
    .order_by(event.c.at_utc.desc())
    .limit(sa.literal_column("1"))
)


class ClockGuard:
    """Compares a clock with what cannot jump: this process' own seconds, the latest event, the database's clock.

    `fault` is what was wrong at the last look; "" when nothing was.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began, self._ticks = clock.now(), clock.monotonic()
        self.fault = ""
        self._asked: float | None = None

    def check(self, connection: sa.Connection) -> None:
        """UnavailableError (code clock) while the clock is more than a minute off; said in the log once each time."""
        fault = self.doubt(connection)
        if fault and not self.fault:
            log.critical("the clock cannot be trusted: %s", fault)
        self.fault = fault
        if fault:
            raise UnavailableError(f"the clock cannot be trusted: {fault}", code="clock")

    def trusted(self, db: Database) -> bool:
        """The same, asked of a database: False while the clock is off; a database that does not answer says nothing."""
        try:
            with db.read() as connection:
                self.check(connection)
        except VoiceagentError as error:
            return error.code != "clock"
        return True

    def doubt(self, connection: sa.Connection) -> str:
        """What is wrong with the clock now; "" when nothing speaks against it. Says nothing to the log."""
        now = self._clock.now()
        jumped = now - self._began - timedelta(seconds=self._clock.monotonic() - self._ticks)
        if abs(jumped) > MOST:
            return f"it was set {_told(jumped)} while the program ran; set it right, or restart if it was wrong before"
        ticks = self._clock.monotonic()
        if not self.fault and self._asked is not None and ticks - self._asked < ASK_EVERY_S:
            return ""
        self._asked = ticks
        latest: datetime | None = connection.execute(_LATEST).scalar()
        if latest is not None and latest - now > MOST:
            return (
                f"something in the journal lies {_told(latest - now)} of it; set it right, or if it is right and was "
                "wrong then: voiceagent campaigns trust-clock"
            )
        theirs = self._database_now(connection)
        if theirs is not None and abs(theirs - now) > MOST:
            return f"it is {_told(now - theirs)} of the database server's; set one of them right"
        return ""

    def _database_now(self, connection: sa.Connection) -> datetime | None:
        """The database server's clock, moved as ours is (a rehearsal's); None where it is ours anyway."""
        if connection.dialect.name != "postgresql" or isinstance(self._clock, ManualClock):
            return None
        theirs: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
        offset: timedelta = getattr(self._clock, "offset", timedelta(0))
        return theirs + offset


def trust(journal: Journal, *, actor: str = "operator") -> datetime:
    """People looked at the clock and say that it is right: what the journal says of later instants was wrong.

    Returns that clock. UnavailableError where the database server's clock says otherwise.
    """
    guard = ClockGuard(journal.clock)
    with journal.transaction() as connection:
        now = journal.clock.now()
        journal.record([NewEvent("dialing", journal.tenant_id, ClockTrusted(now.isoformat()), actor)], connection)
        guard.check(connection)
    return now


def _told(by: timedelta) -> str:
    seconds = abs(by.total_seconds())
    return f"{seconds:.0f} s {'ahead' if by > timedelta(0) else 'behind'}"
