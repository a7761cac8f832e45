"""Signs of life of workers, in SQL: what a silent one holds comes back, even when its supervisor died with it."""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.base.clock import Clock
from voiceagent.base.ids import uuid7
from voiceagent.cases import kinds, tables
from voiceagent.dialer.tables import worker
from voiceagent.storage.database import Database
from voiceagent.storage.schema import DEFAULT_TENANT
from voiceagent.storage.upsert import upsert

#: How often a worker says that it lives, and how long it must be silent, while we look, to be given up.
EVERY_S = 5.0
SILENT = timedelta(seconds=45)
#: A worker that showed no life for this long has no idle seats.
WORKER_SILENT = timedelta(seconds=30)


@dataclass(slots=True)
class Heartbeat:
    """One life of a worker. Synchronous: call it off the event loop."""

    db: Database
    clock: Clock
    name: str
    seats: int
    tenant_id: uuid.UUID = DEFAULT_TENANT
    _row: dict[str, object] = field(default_factory=dict)

    def beat(self, trouble: str = "") -> None:
        """Say so once more; `trouble`: why its seats ask for no calls."""
        now = self.clock.now()
        if not self._row:
            self._row = {
                "tenant_id": self.tenant_id,
                "name": self.name,
                "host": socket.gethostname()[:128],
                "pid": os.getpid(),
                "seats": self.seats,
                "life": uuid7(now),
                "beats": 0,
                "started_at": now,
            }
        beats = self._row["beats"]
        assert isinstance(beats, int)
        self._row |= {"beats": beats + 1, "beat_at": now, "trouble": trouble[:255] or None}
        with self.db.write() as connection:
            same = [name for name in self._row if name not in ("tenant_id", "name")]
            upsert(connection, worker, [self._row], update=same)

    def end(self) -> None:
        """An orderly end: nobody need wait for silence."""
        with self.db.write() as connection:
            connection.execute(
                sa.delete(worker).where(worker.c.tenant_id == self.tenant_id, worker.c.name == self.name)
            )


@dataclass(frozen=True, slots=True)
class Staff:
    """Who is at work."""

    workers: int
    """That showed life lately."""
    idle: int
    """Seats of theirs that could take a call."""
    troubles: Mapping[str, str]
    """By worker: why its seats ask for no calls."""

    def told(self) -> list[str]:
        """What keeps every seat from calling, line by line; nothing where seats ask."""
        if not self.workers:
            return ["no worker is at work: start voiceagent up"]
        if len(self.troubles) < self.workers:
            return []
        return [f"the seats of {name} ask for no calls: {why}" for name, why in sorted(self.troubles.items())]


def staff(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime) -> Staff:
    """The workers of now, their idle seats and what troubles them."""
    seat = tables.seat.c
    alive = connection.execute(
        sa.select(worker.c.name, worker.c.trouble).where(
            worker.c.tenant_id == tenant_id, worker.c.beat_at > now - WORKER_SILENT
        )
    ).all()
    idle = connection.execute(
        sa.select(sa.func.count()).where(
            seat.tenant_id == tenant_id,
            seat.state == kinds.SeatState.IDLE,
            seat.worker.in_([row.name for row in alive]),
        )
    ).scalar_one()
    return Staff(len(alive), idle, {row.name: row.trouble for row in alive if row.trouble})


def lives(connection: sa.Connection, name: str | None, tenant_id: uuid.UUID, now: datetime) -> bool:
    """Whether the worker said so within `SILENT`."""
    query = sa.select(worker.c.beat_at).where(worker.c.tenant_id == tenant_id, worker.c.name == name)
    beat_at = connection.execute(query).scalar()
    return beat_at is not None and abs(now - beat_at) < SILENT


@dataclass(slots=True)
class Silence:
    """Tells who has been silent for `SILENT` of our own watching: a database or a clock that was away blames nobody."""

    clock: Clock
    _seen: dict[str, tuple[uuid.UUID, int, float]] = field(default_factory=dict)
    _looked: float | None = None

    def silent(self, connection: sa.Connection, tenant_id: uuid.UUID) -> list[str]:
        """Workers that did not beat although we looked all the while; call it every few seconds."""
        ticks = self.clock.monotonic()
        if self._looked is not None and ticks - self._looked > SILENT.total_seconds() / 2:
            # We were away ourselves, or the database was: everybody gets the whole time again.
            self._seen.clear()
        self._looked = ticks
        found = []
        rows = connection.execute(
            sa.select(worker.c.name, worker.c.life, worker.c.beats).where(worker.c.tenant_id == tenant_id)
        ).all()
        for row in rows:
            known = self._seen.get(row.name)
            if known is None or known[:2] != (row.life, row.beats):
                self._seen[row.name] = (row.life, row.beats, ticks)
            elif ticks - known[2] >= SILENT.total_seconds():
                found.append(row.name)
        return found
