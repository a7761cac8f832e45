"""What machines ask: is it alive, is it ready, how is it doing (Prometheus text on /metrics)."""

from __future__ import annotations

import asyncio
import importlib.metadata
import logging
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from aiohttp import web
from prometheus_client import CollectorRegistry, GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from voiceagent.base.errors import VoiceagentError
from voiceagent.service.ticks import Service
from voiceagent.web.context import CONTEXT, Context
from voiceagent.web.live import Live
from voiceagent.web.problems import problem

log = logging.getLogger(__name__)

#: How long a probe waits for the database.
READY_WITHIN_S = 3.0

REGISTRY = web.AppKey("registry", CollectorRegistry)


class ConsoleCollector(Collector):
    """The server's process and what it depends on, asked afresh at every scrape."""

    def __init__(self, context: Context, live: Live, service: Service | None) -> None:
        self._context, self._live, self._service = context, live, service

    def describe(self) -> list[Metric]:
        """Nothing is collected at registration: the database may be down then."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The figures now."""
        build = GaugeMetricFamily("voiceagent_build_info", "Version that runs", labels=["version", "revision"])
        build.add_metric([importlib.metadata.version("voiceagent"), os.environ.get("VOICEAGENT_REVISION", "")], 1)
        yield build
        yield GaugeMetricFamily("voiceagent_database_up", "1 while the database answers", value=self._database_up())
        yield GaugeMetricFamily("voiceagent_console_streams", "Live views open in browsers", value=self._live.watchers)
        free = _free_bytes(self._context.recordings)
        if free is not None:
            yield GaugeMetricFamily("voiceagent_recordings_free_bytes", "Room for recordings on their disk", value=free)
        if self._service is not None:
            yield from self._ticks(self._service)

    def _ticks(self, service: Service) -> Iterable[Metric]:
        yield GaugeMetricFamily("voiceagent_service_leader", "1 while this program runs the ticks", value=service.leads)
        runs = CounterMetricFamily("voiceagent_service_tick_runs", "Runs of a tick", labels=["tick"])
        failures = CounterMetricFamily("voiceagent_service_tick_failures", "Runs that failed", labels=["tick"])
        changes = CounterMetricFamily("voiceagent_service_tick_changes", "Things a tick put right", labels=["tick"])
        for name, count in service.counts.items():
            runs.add_metric([name], count.runs)
            failures.add_metric([name], count.failures)
            changes.add_metric([name], count.changed)
        yield from (runs, failures, changes)

    def _database_up(self) -> int:
        try:
            self._context.db.require_current()
        except VoiceagentError:
            return 0
        return 1


class Cautious(Collector):
    """A collector that needs the database: while that cannot be had, its figures are absent, the others are not."""

    def __init__(self, inner: Collector, without: frozenset[str]) -> None:
        self._inner, self._without = inner, without

    def describe(self) -> list[Metric]:
        """Nothing is collected at registration."""
        return []

    def collect(self) -> Iterable[Metric]:
        """The inner figures, all or none, but for those told by others."""
        try:
            return [metric for metric in self._inner.collect() if metric.name not in self._without]
        except VoiceagentError as error:
            log.warning("business figures: %s", error)
            return []


def build_registry(
    context: Context, live: Live, service: Service | None, business: Iterable[Collector]
) -> CollectorRegistry:
    """Everything /metrics of `serve` shows; `business`: collectors that read the database."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    PlatformCollector(registry=registry)
    GCCollector(registry=registry)
    registry.register(ConsoleCollector(context, live, service))
    for collector in business:
        # The build is known without the database too, so it is told by ours.
        registry.register(Cautious(collector, frozenset({"voiceagent_build_info"})))
    return registry


async def alive(request: web.Request) -> web.Response:
    """GET /live: the loop turns."""
    return web.json_response({"status": "live"})


async def ready(request: web.Request) -> web.Response:
    """GET /ready: 503 with the reason while the database cannot be used."""
    check = asyncio.to_thread(request.app[CONTEXT].db.require_current)
    try:
        await asyncio.wait_for(check, READY_WITHIN_S)
    except VoiceagentError as error:
        return problem(503, error.code, error.message)
    except TimeoutError:
        return problem(503, "unavailable", f"the database did not answer within {READY_WITHIN_S:.0f} s")
    return web.json_response({"status": "ready"})


async def metrics(request: web.Request) -> web.Response:
    """GET /metrics, in the format the scraper asks for."""
    encode, content_type = choose_encoder(request.headers.get("Accept", ""))
    body = await asyncio.to_thread(encode, request.app[REGISTRY])
    return web.Response(body=body, headers={"Content-Type": content_type})


def _free_bytes(directory: Path) -> int | None:
    for place in (directory, *directory.parents):
        if place.is_dir():
            return shutil.disk_usage(place).free
    return None
