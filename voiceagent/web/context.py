"""What every handler needs, in one place."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Concatenate, ParamSpec, TypeVar
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from aiohttp import web

from voiceagent.base.clock import Clock
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database
from voiceagent.web.audit import Audit
from voiceagent.web.store import Span

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Context:
    """One installation as the web sees it."""

    db: Database
    journal: Journal
    clock: Clock
    recordings: Path
    zone: ZoneInfo
    """Where the operation is: decides what "today" is on the board."""
    audit: Audit

    @property
    def tenant(self) -> uuid.UUID:
        """Whose rows are shown."""
        return self.journal.tenant_id

    @property
    def today(self) -> date:
        """The day it is where the operation is."""
        return self.clock.now().astimezone(self.zone).date()

    def span(self, day: date | None) -> Span:
        """A day; today when none is given."""
        return Span(day or self.today, self.zone)

    async def read(self, work: Callable[Concatenate[sa.Connection, P], R], *args: P.args, **kwargs: P.kwargs) -> R:
        """Run `work(connection, ...)` in a read transaction, off the event loop."""

        def run() -> R:
            with self.db.read() as connection:
                return work(connection, *args, **kwargs)

        return await asyncio.to_thread(run)


CONTEXT = web.AppKey("context", Context)
