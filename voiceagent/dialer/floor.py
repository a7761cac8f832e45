"""The floor as it is now, read for the pacing: seats, trunks, running campaigns, what stands still."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.brakes import SHORT_S, Breaker, CallSeen, Canary, ShortCalls
from voiceagent.dialer.campaigns import RUNNING, Campaign, running_campaigns
from voiceagent.dialer.heartbeat import WORKER_SILENT
from voiceagent.dialer.pacing import CONGESTION_MEMORY, UNNAMED, CampaignNow, Floor, Held, TrunkNow, rate_window
from voiceagent.dialer.tables import DialMode, StopScope, dial_stop, trunk, worker
from voiceagent.journal.journal import HEAD
from voiceagent.storage.question import Bundle, Question

_a = tables.attempt.c
#: Said with a literal, so that both databases use the small partial indexes of live calls.
_LIVE = sa.literal_column("attempt.status") != sa.literal_column("'ended'")
#: All calls of a day are counted for the share of short ones: too dear for every look at the weather.
_COUNT_EVERY = timedelta(minutes=1)
_COUNTED_QUICKLY = 10_000
#: What the exchange's own way bears, as far as we know.
_BOUNDLESS = 1_000_000


@dataclass(frozen=True, slots=True)
class Guards:
    """What stops dialing by itself, and the seats that outgoing calls leave alone."""

    breaker: Breaker = field(default_factory=Breaker)
    short_calls: ShortCalls = field(default_factory=ShortCalls)
    canary: Canary = field(default_factory=Canary)
    kept_for_inbound: int = 0


@dataclass(frozen=True, slots=True)
class Weather:
    """What changes slowly and is dear to ask: outcomes on trunks, the day's short calls."""

    at: datetime
    calls: dict[str, list[CallSeen]]
    congestions: dict[str, list[datetime]]
    short: Held | None
    short_until: datetime
    """Until then the day's short calls are not counted again."""


def read_weather(
    connection: sa.Connection, tenant_id: uuid.UUID, now: datetime, guards: Guards, *, before: Weather | None = None
) -> Weather:
    """The last hour's failures by trunk, and whether the day had too many short calls (`before` may still say it)."""
    # Without trunks nobody reads a whole hour's calls to find that none went over one.
    lately = _ON_TRUNKS if _TRUNKS(connection, tenant=tenant_id) else _ON_THE_UNNAMED
    rows = lately(connection, tenant=tenant_id, since=now - CONGESTION_MEMORY)
    calls: dict[str, list[CallSeen]] = {}
    congestions: dict[str, list[datetime]] = {}
    for row in rows:
        at = row.t_end or row.t_start
        seen = CallSeen(row.id, at, row.disposition, answered=row.t_answer is not None)
        calls.setdefault(row.trunk or UNNAMED, []).append(seen)
        if row.disposition is Disposition.CONG:
            congestions.setdefault(row.trunk or UNNAMED, []).append(at)
    if before is not None and before.at <= now < before.short_until:
        return Weather(now, calls, congestions, before.short, before.short_until)
    short, counted = short_calls(connection, tenant_id, now)
    # Of many calls those of some minutes hardly move the share, and many take long to count.
    until = now + _COUNT_EVERY * max(1, counted // _COUNTED_QUICKLY)
    return Weather(now, calls, congestions, guards.short_calls(short, counted), until)


def short_calls(
    connection: sa.Connection, tenant_id: uuid.UUID, now: datetime, *, back: timedelta = timedelta(days=1)
) -> tuple[int, int]:
    """Short calls and all calls sent from `now - back` on that have ended."""
    [row] = _SHORT(connection, tenant=tenant_id, since=now - back)
    return int(row.short), int(row.n)


def read_floor(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    now: datetime,
    *,
    asking: Sequence[str] = (),
    guards: Guards,
    weather: Weather | None = None,
    campaigns: Sequence[Campaign] | None = None,
) -> Floor:
    """Exact where it must be: live calls and calls per second are counted now; `weather` may be some seconds old."""
    weather = weather or read_weather(connection, tenant_id, now, guards)
    running = running_campaigns(connection, tenant_id) if campaigns is None else campaigns
    live: Counter[uuid.UUID | None] = Counter()
    used: Counter[str | None] = Counter()
    for row in _LIVE_CALLS(connection, tenant=tenant_id):
        live[row.campaign_id] += row.n
        used[row.trunk] += row.n if row.direction is kinds.Direction.OUT else 0
    stops = {(row.scope, row.name): row for row in _STOPS(connection, tenant=tenant_id)}
    everything = stops.get((StopScope.ALL, ""))
    held = (
        Held("stopped", detail=everything.reason, mend="voiceagent campaigns resume --all")
        if everything
        else weather.short
    )
    return Floor(
        now=now,
        idle_seats=_idle_seats(connection, tenant_id, now, asking) if guards.kept_for_inbound else len(asking),
        kept_for_inbound=guards.kept_for_inbound,
        trunks=_trunks(connection, tenant_id, now, used, stops, weather, guards),
        campaigns=tuple(
            CampaignNow(
                one.id,
                one.name,
                one.limits,
                one.hours,
                one.priority,
                live[one.id],
                one.started_at,
                _pilot_left(connection, one),
            )
            for one in running
        ),
        held=held,
    )


_LIVE_CALLS = Question(
    sa.select(_a.campaign_id, _a.trunk, _a.direction, sa.func.count().label("n"))
    .where(_a.tenant_id == sa.bindparam("tenant"), _LIVE)
    .group_by(_a.campaign_id, _a.trunk, _a.direction)
)
_STOPS = Question(
    sa.select(dial_stop.c.scope, dial_stop.c.name, dial_stop.c.reason).where(
        dial_stop.c.tenant_id == sa.bindparam("tenant")
    )
)
_TRUNKS = Question(sa.select(trunk).where(trunk.c.tenant_id == sa.bindparam("tenant")).order_by(trunk.c.name))
_STARTS = Question(
    sa.select(_a.t_start).where(
        _a.tenant_id == sa.bindparam("tenant"), _a.t_start > sa.bindparam("since"), _a.trunk == sa.bindparam("trunk")
    )
)


def _lately(over: sa.ColumnElement[bool], most: int) -> Question:
    return Question(
        sa.select(_a.id, _a.t_start, _a.t_end, _a.trunk, _a.disposition, _a.t_answer)
        .where(
            _a.tenant_id == sa.bindparam("tenant"),
            _a.t_start > sa.bindparam("since"),
            over,
            _a.disposition.is_not(None),
        )
        .order_by(_a.t_start.desc())
        .limit(most)
    )


_ON_TRUNKS = _lately(_a.trunk.is_not(None), 2000)
#: Its circuit breaker looks at the latest; it has no channels that congestion could halve.
_ON_THE_UNNAMED = _lately(_a.trunk.is_(None) & (_a.direction == kinds.Direction.OUT), 100)
_SHORT = Question(
    sa.select(
        sa.func.coalesce(
            sa.func.sum(sa.case((sa.or_(_a.t_answer.is_(None), _a.talk_s <= SHORT_S), 1), else_=0)), 0
        ).label("short"),
        sa.func.count().label("n"),
    ).where(
        _a.tenant_id == sa.bindparam("tenant"),
        _a.t_start > sa.bindparam("since"),
        _a.direction == kinds.Direction.OUT,
        _a.disposition.is_not(None),
    )
)

#: All of this module's questions that are asked in every round, with the journal's head.
FLOOR = Bundle(HEAD, RUNNING, _LIVE_CALLS, _STOPS, _TRUNKS)


def _trunks(
    connection: sa.Connection,
    tenant_id: uuid.UUID,
    now: datetime,
    used: Counter[str | None],
    stops: dict[tuple[StopScope, str], Any],
    weather: Weather,
    guards: Guards,
) -> tuple[TrunkNow, ...]:
    found = []
    for row in _TRUNKS(connection, tenant=tenant_id):
        since = now - rate_window(row.calls_per_second)
        starts = _STARTS(connection, tenant=tenant_id, since=since, trunk=row.name)
        stop = stops.get((StopScope.TRUNK, row.name))
        mend = f"voiceagent campaigns resume --trunk {row.name}"
        lately = weather.calls.get(row.name, ())
        held = Held("trunk_stopped", detail=stop.reason, mend=mend) if stop else None
        found.append(
            TrunkNow(
                row.name,
                row.max_channels,
                row.calls_per_second,
                used[row.name],
                tuple(one.t_start for one in starts),
                tuple(weather.congestions.get(row.name, ())),
                held or guards.breaker(lately, now),
                tuple(row.caller_ids),
                guards.breaker.trying(lately, now),
            )
        )
    if not found:
        lately = weather.calls.get(UNNAMED, ())
        held, trying = guards.breaker(lately, now), guards.breaker.trying(lately, now)
        found.append(TrunkNow(UNNAMED, _BOUNDLESS, _BOUNDLESS, used[None], held=held, trying=trying))
    return tuple(found)


def _idle_seats(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime, asking: Sequence[str]) -> int:
    seat = tables.seat.c
    idle = connection.execute(
        sa.select(seat.name)
        .join(worker, sa.and_(worker.c.tenant_id == seat.tenant_id, worker.c.name == seat.worker))
        .where(seat.tenant_id == tenant_id, seat.state == kinds.SeatState.IDLE, worker.c.beat_at > now - WORKER_SILENT)
    ).scalars()
    return len({*idle, *asking})


def _pilot_left(connection: sa.Connection, campaign: Campaign) -> int | None:
    """Of the calls a pilot may make since it was started."""
    if campaign.mode is not DialMode.PILOT:
        return None
    query = sa.select(sa.func.count()).where(
        _a.campaign_id == campaign.id, _a.mode == kinds.Mode.PILOT, _a.direction == kinds.Direction.OUT
    )
    if campaign.started_at is not None:
        query = query.where(_a.t_start >= campaign.started_at)
    return max(0, campaign.limits.pilot_calls - int(connection.execute(query).scalar_one()))
