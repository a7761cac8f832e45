"""What a worker process counts of itself, in Prometheus format on a loopback port of its own; business is SQL's."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable
from threading import Lock

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    start_http_server,
)
from prometheus_client.core import CounterMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from voiceagent.agent.ports import DebtorTurn
from voiceagent.cases.kinds import SeatState
from voiceagent.journal.writer import JournalWriter
from voiceagent.kpi.families import LATENCY_BUCKETS
from voiceagent.telephony.line import Line
from voiceagent.telephony.pj_line import PjLine
from voiceagent.telephony.softphone import Softphone
from voiceagent.telephony.ticks import RealTicks

log = logging.getLogger(__name__)

#: How often a port that was taken is tried again.
AGAIN_S = 5.0


class SeatSeconds(Collector):
    """How long the seats of this worker were in each state; `now` is a monotonic clock."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._spent = dict.fromkeys(SeatState, 0.0)
        self._since: dict[str, tuple[SeatState, float]] = {}
        self._lock = Lock()

    def shows(self, seat: str, state: SeatState) -> None:
        """`seat` is in `state` from now on."""
        with self._lock:
            at = self._now()
            if seat in self._since:
                before, since = self._since[seat]
                self._spent[before] += at - since
            self._since[seat] = (state, at)

    def collect(self) -> Iterable[Metric]:
        """All states, the present ones up to now; called from the thread that answers scrapes."""
        with self._lock:
            at, spent = self._now(), dict(self._spent)
            for state, since in self._since.values():
                spent[state] += at - since
        family = CounterMetricFamily("voiceagent_agent_state_seconds", "Time of seats in a state", labels=["state"])
        for state, seconds in spent.items():
            family.add_metric([state.value], seconds)
        yield family


class WorkerMetrics:
    """One worker's registry."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self._live = Gauge("voiceagent_worker_calls", "Calls that exist now, ringing or up.", registry=self.registry)
        self._limit = Gauge(
            "voiceagent_worker_calls_limit", "Calls the SIP library holds in this process.", registry=self.registry
        )
        self._backlog = Gauge(
            "voiceagent_worker_journal_backlog", "Events the database has not got yet.", registry=self.registry
        )
        self._skipped = Gauge(
            "voiceagent_worker_beats_skipped",
            "Beats of 20 ms that a busy loop missed.",
            registry=self.registry,
        )
        self.late_frames = Counter(
            "voiceagent_worker_late_frames", "Audio frames fetched more than 40 ms apart.", registry=self.registry
        )
        self.dropped_frames = Counter(
            "voiceagent_worker_dropped_frames", "Received frames nobody took within 2 s.", registry=self.registry
        )
        self._past_window = Counter(
            "voiceagent_worker_calls_past_window",
            "Outgoing calls that ended after the lawful hours they began in.",
            registry=self.registry,
        )

        self._seats = SeatSeconds(time.monotonic)
        self.registry.register(self._seats)
        self.turn_latency = Histogram(
            "voiceagent_turn_latency_seconds",
            "Parts of the time to an answer; the whole of it comes from SQL.",
            ["stage", "language"],
            buckets=LATENCY_BUCKETS,
            registry=self.registry,
        )

    def watch(self, softphone: Softphone, writer: JournalWriter, ticks: RealTicks) -> None:
        """Take the gauges' values from these, at each scrape."""
        self._live.set_function(lambda: softphone.live_calls)
        self._limit.set_function(lambda: softphone.max_calls)
        self._backlog.set_function(lambda: writer.backlog)
        self._skipped.set_function(lambda: ticks.skipped)

    def seat_shows(self, seat: str, state: SeatState) -> None:
        """A seat does something else from now on."""
        self._seats.shows(seat, state)

    def past_window(self) -> None:
        """A call ended after the lawful hours."""
        self._past_window.inc()

    def line_ended(self, line: Line) -> None:
        """Add what a line counted."""
        if isinstance(line, PjLine):
            self.late_frames.inc(line.wires.late)
            self.dropped_frames.inc(line.wires.heard.dropped)

    def turn_ended(self, turn: DebtorTurn, language: str) -> None:
        """Add what an answer's time went to."""
        for stage, seconds in turn.stages.items():
            self.turn_latency.labels(stage, language).observe(seconds)

    def serve(self, port: int, host: str = "127.0.0.1") -> int | None:
        """Answer /metrics on `port` (0: any free one) in a thread; returns the port, None when it cannot be had."""
        try:
            server, _ = start_http_server(port, addr=host, registry=self.registry)
        except OSError:
            return None
        return int(server.server_port)

    async def serve_later(
        self, port: int, pause: Callable[[], Awaitable[None]] = lambda: asyncio.sleep(AGAIN_S)
    ) -> None:
        """Answer /metrics on `port` once it is free: a worker whose supervisor was killed ends its calls first."""
        log.warning("port %d for the worker's figures cannot be had now; it is tried again until it is free", port)
        await pause()
        while await asyncio.to_thread(self.serve, port) is None:
            await pause()
