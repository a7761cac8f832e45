"""One leader among many programs: a row in the database that must be renewed, with a fencing number that grows."""

from __future__ import annotations

import os
import secrets
import socket
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from voiceagent.base.clock import Clock
from voiceagent.dialer.tables import lease
from voiceagent.storage.database import Database


def _holder() -> str:
    return f"{socket.gethostname()[:64]}:{os.getpid()}:{secrets.token_hex(4)}"


@dataclass(slots=True)
class Leadership:
    """The lease `name`, held by this program or not. Synchronous: call it off the event loop."""

    db: Database
    clock: Clock
    name: str = "service"
    lasts: timedelta = timedelta(seconds=15)
    """A leader that died is replaced after this; a living one renews at a third of it."""
    holder: str = field(default_factory=_holder)
    fencing: int | None = None
    """The number of our reign; None while another leads."""

    def hold(self) -> bool:
        """Take or renew the lease; whether we lead until `lasts` from now."""
        now = self.clock.now()
        row = {"holder": self.holder, "until": now + self.lasts}
        try:
            with self.db.write() as connection:
                found = connection.execute(sa.select(lease).where(lease.c.name == self.name).with_for_update()).first()
                if found is None:
                    connection.execute(sa.insert(lease).values(name=self.name, fencing=1, **row))
                    self.fencing = 1
                elif found.holder == self.holder or found.until <= now:
                    self.fencing = found.fencing + (found.holder != self.holder)
                    connection.execute(
                        sa.update(lease).where(lease.c.name == self.name).values(fencing=self.fencing, **row)
                    )
                else:
                    self.fencing = None
        except IntegrityError:
            # Two programs found no row at once; the other one inserted it.
            self.fencing = None
        return self.fencing is not None

    def release(self) -> None:
        """Let the next one lead at once."""
        if self.fencing is None:
            return
        self.fencing = None
        with self.db.write() as connection:
            connection.execute(
                sa.update(lease)
                .where(lease.c.name == self.name, lease.c.holder == self.holder)
                .values(until=self.clock.now())
            )
