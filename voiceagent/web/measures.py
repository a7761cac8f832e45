"""The KPIs of a span of days as the API says them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa

from voiceagent.cases.kinds import Direction
from voiceagent.kpi.measures import Kpi
from voiceagent.kpi.report import Row, Scope, report
from voiceagent.web import views
from voiceagent.web.store import Span


def measures_of(connection: sa.Connection, tenant_id: uuid.UUID, first: Span, last: Span) -> views.Measures:
    """From the first instant of `first` to the last of `last`."""
    scope = Scope(start=first.since, end=last.until, tenant_id=tenant_id)
    (ours,) = report(connection, scope)
    (theirs,) = report(connection, replace(scope, direction=Direction.IN))
    return views.Measures(
        since=first.day,
        until=last.day,
        time_zone=first.zone.key,
        kpis=_views(ours.kpis),
        money=_money(ours),
        inbound=views.Side(kpis=_views(theirs.kpis), money=_money(theirs)),
    )


def _money(row: Row) -> dict[str, dict[str, views.Measure]]:
    return {currency: _views(kpis) for currency, kpis in row.money.items()}


def _views(kpis: Mapping[str, Kpi]) -> dict[str, views.Measure]:
    return {
        name: views.Measure(value=kpi.value, numerator=kpi.numerator, denominator=kpi.denominator)
        for name, kpi in kpis.items()
    }
