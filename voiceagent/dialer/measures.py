"""The dialer's own figures for Prometheus, asked of SQL: the hopper, trunks, workers, short calls, stale contacts."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

import sqlalchemy as sa
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from voiceagent.base.clock import Clock
from voiceagent.compliance import RuleBook
from voiceagent.dialer.campaigns import all_campaigns, running_campaigns
from voiceagent.dialer.clockguard import ClockGuard
from voiceagent.dialer.floor import Guards, read_floor, short_calls
from voiceagent.dialer.heartbeat import staff
from voiceagent.dialer.pacing import UNNAMED, Allotment
from voiceagent.dialer.tables import CallbackStatus, CampaignState, EnrollmentState, Priority, callback, enrollment
from voiceagent.dialer.watch import stale_cases
from voiceagent.storage.database import Database

#: A month of calls is counted anew so often, and not at every scrape.
_MONTH_EVERY = timedelta(minutes=5)
#: Parameters of the law that bound how often somebody is contacted.
_CAPS = frozenset({"dials_per_day", "dials_per_week", "contacts_per_day", "after_conversation"})


class DialerCollector:
    """Register it beside the business figures. Each scrape is one consistent read; call it off the event loop."""

    def __init__(
        self,
        db: Database,
        clock: Clock,
        tenant_id: uuid.UUID,
        guards: Guards | None = None,
        *,
        clock_guard: ClockGuard | None = None,
        rules: RuleBook | None = None,
    ) -> None:
        """`rules`: tell contacts that wait for lawful hours and those at a cap from the others that wait."""
        self._db, self._clock, self._tenant_id = db, clock, tenant_id
        self._guards, self._clock_guard = guards or Guards(), clock_guard or ClockGuard(clock)
        self._status = _statuses(rules) if rules else {}
        self._month: tuple[datetime, int] | None = None

    def describe(self) -> list[Metric]:
        """Nothing, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterable[Metric]:
        """All families."""
        trusted = self._clock_guard.trusted(self._db)
        with self._db.read() as connection:
            return [
                GaugeMetricFamily("voiceagent_clock_trusted", "0 while the clock is doubtful", value=trusted),
                *self._families(connection),
            ]

    def _families(self, connection: sa.Connection) -> Iterable[Metric]:
        now, tenant = self._clock.now(), self._tenant_id
        campaigns = running_campaigns(connection, tenant)
        floor = read_floor(connection, tenant, now, guards=self._guards, campaigns=campaigns)
        hopper = GaugeMetricFamily("voiceagent_hopper_items", "Contacts that wait", labels=["campaign", "status"])
        e = enrollment.c
        due = sa.case((e.next_at <= now, "ready"), else_=sa.func.coalesce(e.reason, ""))
        status = sa.case((e.state == EnrollmentState.LEASED, "leased"), else_=due)
        names = {one.id: one.name for one in campaigns}
        counted: Counter[tuple[str, str]] = Counter()
        rows = connection.execute(
            sa.select(e.campaign_id, status.label("status"), sa.func.count().label("n"))
            .where(
                e.campaign_id.in_(names),
                sa.or_(e.next_at.is_not(None), e.state == EnrollmentState.LEASED),
            )
            .group_by(e.campaign_id, status)
        )
        for row in rows:
            told = row.status if row.status in ("ready", "leased") else self._status.get(row.status, "waiting")
            counted[names[row.campaign_id], told] += row.n
        for name, number in _held_for_promised(connection, names, now):
            counted[name, "ready"] -= number
            counted[name, "waiting"] += number
        for labels, number in sorted(counted.items()):
            hopper.add_metric(labels, number)
        yield hopper
        used = GaugeMetricFamily("voiceagent_channels_in_use", "Calls on a trunk", labels=["trunk"])
        limit = GaugeMetricFamily("voiceagent_channels_limit", "Calls a trunk may bear now", labels=["trunk"])
        for trunk in floor.trunks:
            if trunk.name == UNNAMED:
                continue
            used.add_metric([trunk.name], trunk.used)
            limit.add_metric([trunk.name], 0 if trunk.held else trunk.channels(now))
        yield from (used, limit)
        held = GaugeMetricFamily(
            "voiceagent_campaign_held", "1 while a campaign stands still", labels=["campaign", "why"]
        )
        for name, why in Allotment(floor).held().items():
            if why.reason != "no_seat":
                held.add_metric([name, why.reason], 1)
        yield held
        braked = GaugeMetricFamily(
            "voiceagent_campaign_braked",
            "1 while a campaign stands still by a brake of its own",
            labels=["campaign", "brake"],
        )
        for one in all_campaigns(connection, tenant):
            if one.brake is not None and one.state is CampaignState.PAUSED:
                braked.add_metric([one.name, str(one.brake.get("brake"))], 1)
        yield braked
        short, calls = short_calls(connection, tenant, now)
        share = self._guards.short_calls.share(short, calls)
        yield GaugeMetricFamily("voiceagent_short_call_ratio", "Short calls of the last 24 hours, 0 to 1", value=share)
        month = self._short_month(connection, now)
        yield GaugeMetricFamily("voiceagent_short_calls_30d", "Short calls of the last 30 days", value=month)
        alarmed = bool(self._guards.short_calls.alarm_told(short, calls, month))
        yield GaugeMetricFamily(
            "voiceagent_short_calls_alarm", "1 while there are more short calls than the settings bear", value=alarmed
        )
        stale = GaugeMetricFamily("voiceagent_stale_cases", "Contacts with nothing planned", labels=["why"])
        found = stale_cases(connection, tenant, now)
        for why_stale in ("unplanned", "overdue", "lost_lease"):
            stale.add_metric([why_stale], sum(one.why == why_stale for one in found))
        yield stale
        late = connection.execute(
            sa.select(sa.func.count()).where(
                callback.c.tenant_id == tenant, callback.c.status == CallbackStatus.OPEN, callback.c.due_at <= now
            )
        ).scalar_one()
        yield GaugeMetricFamily("voiceagent_callbacks_due", "Promised calls whose instant has come", value=late)
        working = staff(connection, tenant, now)
        yield GaugeMetricFamily("voiceagent_workers_alive", "Workers that showed life lately", value=working.workers)
        yield GaugeMetricFamily(
            "voiceagent_workers_troubled", "Of these, workers whose seats ask for no calls", value=len(working.troubles)
        )

    def _short_month(self, connection: sa.Connection, now: datetime) -> int:
        """Short calls of 30 days, as of some minutes ago."""
        if self._month is None or abs(now - self._month[0]) >= _MONTH_EVERY:
            self._month = now, short_calls(connection, self._tenant_id, now, back=timedelta(days=30))[0]
        return self._month[1]


def _statuses(rules: RuleBook) -> dict[str, str]:
    """By a rule's name: waiting_window or capped."""
    return {
        term.rule: "waiting_window" if name == "window" else "capped"
        for jurisdiction in rules.jurisdictions.values()
        for name, terms in jurisdiction.terms.items()
        if name == "window" or name in _CAPS
        for term in terms
    }


def _held_for_promised(
    connection: sa.Connection, names: Mapping[uuid.UUID, str], now: datetime
) -> list[tuple[str, int]]:
    """By campaign's name, the contacts whose turn has come and who wait for a call they were promised."""
    e, c = enrollment.c, callback.c
    # From the promised calls, of which there are few: named here, the campaigns would have everybody in them asked of.
    rows = connection.execute(
        sa.select(e.campaign_id, sa.func.count(e.id.distinct()).label("n"))
        .join(callback, c.case_id == e.case_id)
        .where(
            c.status == CallbackStatus.OPEN,
            sa.func.coalesce(c.retry_at, c.due_at) > now,
            e.next_at <= now,
            e.priority < sa.literal_column(str(Priority.REMINDER.value)),
        )
        .group_by(e.campaign_id)
    )
    return [(names[row.campaign_id], row.n) for row in rows if row.campaign_id in names]
