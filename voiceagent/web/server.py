"""Opens the database, listens, says where, and ends in order: what `voiceagent serve` runs."""

from __future__ import annotations

import asyncio
import errno
import logging
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import sqlalchemy as sa
from aiohttp import web

from voiceagent import cases, dialer
from voiceagent.base.clock import Clock, SystemClock
from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.compliance import RuleBook
from voiceagent.dialer.admission import admit, pending
from voiceagent.dialer.campaigns import all_campaigns
from voiceagent.dialer.clockguard import ClockGuard
from voiceagent.dialer.floor import Guards
from voiceagent.dialer.guarding import guards_of
from voiceagent.dialer.heartbeat import Silence
from voiceagent.dialer.measures import DialerCollector
from voiceagent.dialer.retrying import adopt
from voiceagent.dialer.watch import alarm_stale, brake_campaigns
from voiceagent.journal.journal import Journal
from voiceagent.kpi.exporter import BusinessCollector
from voiceagent.service.leader import Leadership
from voiceagent.service.retention import retire
from voiceagent.service.ticks import Service, Tick
from voiceagent.service.upkeep import break_promises, close_lost_attempts, close_silent_workers, expire_leases
from voiceagent.settings.config import load_settings
from voiceagent.settings.dialplans import load_retries, retries_path
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.storage.database import Database
from voiceagent.web.app import build_app
from voiceagent.web.audit import Audit
from voiceagent.web.auth import Gatekeeper
from voiceagent.web.context import Context

log = logging.getLogger(__name__)

#: How long open requests may take to end after a stop was asked for.
DRAIN_S = 5.0


@dataclass(frozen=True, slots=True)
class ServerSettings:
    """Where the server keeps things and listens. `port` 0: any free one."""

    home: Path
    recordings: Path
    database_url: str
    host: str = "127.0.0.1"
    port: int = 8080
    time_zone: str = "America/Sao_Paulo"
    keeps_house: bool = True
    """Whether the service's ticks run here. Not under a shifted clock: it would break promises before their time."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server can be reached."""

    url: str
    token: str

    @property
    def token_url(self) -> str:
        """Signs a browser in; the part after # never reaches a server or a log."""
        return f"{self.url}#token={self.token}"


async def serve(
    settings: ServerSettings,
    until: Callable[[], Awaitable[None]],
    on_listening: Callable[[Listening], None],
    clock: Clock | None = None,
) -> None:
    """Serve until `until()` returns. A database that is not there yet shows in /ready, not in an end of the program."""
    clock = clock or SystemClock()
    try:
        zone = ZoneInfo(settings.time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise BadInputError(f"{settings.time_zone!r} is no time zone: write one like America/Sao_Paulo") from error
    keeper = Gatekeeper.of_home(settings.home, clock)
    db = Database(settings.database_url)
    journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    context = Context(db, journal, clock, settings.recordings, zone, Audit(journal))
    business = BusinessCollector(db, clock, campaigns=lambda read: _campaign_names(read, journal.tenant_id))
    clock_guard = ClockGuard(clock)
    service, stop = build_service(journal, zone, settings.recordings, clock_guard), asyncio.Event()
    rules = load_rules(Paths.from_environment().dialplans / "jurisdictions")
    dialing = DialerCollector(db, clock, journal.tenant_id, _guards(), clock_guard=clock_guard, rules=rules)
    runner = web.AppRunner(build_app(context, keeper, service, [business, dialing]), access_log=None)
    await runner.setup()
    ticking: asyncio.Task[None] | None = None
    try:
        url = await _listen(runner, settings)
        on_listening(Listening(url, keeper.token))
        if settings.keeps_house:
            ticking = asyncio.create_task(service.run(stop), name="service ticks")
        await until()
        log.info("stopping")
    finally:
        stop.set()
        await runner.cleanup()
        if ticking is not None:
            await ticking
        await asyncio.to_thread(db.close)


def _guards() -> Guards:
    return guards_of(load_settings().guards.model_dump())


def _campaign_names(connection: sa.Connection, tenant_id: uuid.UUID) -> dict[uuid.UUID, str]:
    return {campaign.id: campaign.name for campaign in all_campaigns(connection, tenant_id)}


def build_service(journal: Journal, zone: ZoneInfo, recordings: Path, clock_guard: ClockGuard | None = None) -> Service:
    """The ticks of this program; none runs while `clock_guard` doubts the clock."""
    guard = clock_guard or ClockGuard(journal.clock)

    def rules() -> RuleBook:
        return load_rules(Paths.from_environment().dialplans / "jurisdictions")

    def weigh_newcomers() -> int:
        with journal.db.read() as connection:
            if not pending(connection, journal.tenant_id):
                return 0
        return admit(journal, rules(), guard_s=load_settings().dial.guard_s, limit=1000).weighed

    def follow_retries() -> int:
        return adopt(journal, load_retries(retries_path(Paths.from_environment().dialplans)), actor="service")

    silence = Silence(journal.clock)
    return Service(
        Leadership(journal.db, journal.clock),
        journal.clock,
        [
            Tick("lost_attempts", 15.0, lambda: close_lost_attempts(journal)),
            Tick("expired_leases", 10.0, lambda: expire_leases(journal)),
            Tick("silent_workers", 5.0, lambda: close_silent_workers(journal, silence)),
            Tick("campaign_brakes", 10.0, lambda: brake_campaigns(journal, _guards())),
            Tick("stale_cases", 300.0, lambda: alarm_stale(journal)),
            Tick("promise_life", 300.0, lambda: break_promises(journal, zone)),
            Tick("admission", 10.0, weigh_newcomers),
            Tick("retry_plan", 60.0, follow_retries),
            Tick("retention", 3600.0, lambda: retire(journal, rules, recordings), everywhere=True),
        ],
        trusted=lambda: guard.trusted(journal.db),
    )


async def _listen(runner: web.AppRunner, settings: ServerSettings) -> str:
    site = web.TCPSite(runner, settings.host, settings.port, shutdown_timeout=DRAIN_S)
    where = f"{settings.host}:{settings.port}"
    try:
        await site.start()
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UnavailableError(
                f"{where} is in use by another program: stop it, or choose another with --port", code="port_in_use"
            ) from error
        if isinstance(error, PermissionError):
            raise BadInputError(f"this user may not listen on {where}: choose a --port above 1023") from error
        raise BadInputError(f"cannot listen on {where}: {error.strerror or error}; choose another --host") from error
    host, port = runner.addresses[0][:2]
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"
