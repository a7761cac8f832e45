"""Business totals for Prometheus, asked of SQL at each scrape: they survive restarts, and money is exact."""

from __future__ import annotations

import importlib.metadata
import uuid
from collections.abc import Callable, Iterable, Mapping
from threading import Lock

import sqlalchemy as sa
from prometheus_client.metrics_core import Metric

from voiceagent.base.clock import Clock
from voiceagent.kpi import families
from voiceagent.kpi.families import Labeller
from voiceagent.storage.database import Database

Names = Callable[[sa.Connection], Mapping[uuid.UUID, str]]


class BusinessCollector:
    """Register it in a prometheus_client registry. Each scrape is one consistent read; call it off the event loop.

    `campaigns`: names by id for the `campaign` label (the id's text where unknown, '' without campaign). `keep_s`: two
    scrapes within it get the same answer, so that many readers cost the database one.
    """

    def __init__(self, db: Database, clock: Clock, *, campaigns: Names | None = None, keep_s: float = 5.0) -> None:
        self._db = db
        self._clock = clock
        self._campaigns = campaigns
        self._keep_s = keep_s
        self._kept: tuple[float, list[Metric]] | None = None
        self._lock = Lock()

    def describe(self) -> list[Metric]:
        """Nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All families. UnavailableError or OutdatedError when the database cannot answer."""
        with self._lock:
            now = self._clock.monotonic()
            if self._kept is None or now - self._kept[0] >= self._keep_s:
                self._kept = (now, self._ask())
            return list(self._kept[1])

    def _ask(self) -> list[Metric]:
        with self._db.read() as connection:
            names = self._campaigns(connection) if self._campaigns else {}
            labels = Labeller(connection, names)
            found = [metric for family in families.FAMILIES for metric in family(connection, labels)]
        return [*found, families.build_info(importlib.metadata.version("voiceagent"))]
