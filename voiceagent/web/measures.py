"""The KPIs of a span of days as the API says them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

import sqlalchemy as sa

from voiceagent.kpi.measures import Kpi
from voiceagent.kpi.report import Scope, report
from voiceagent.web import views
from voiceagent.web.store import Span


def measures_of(connection: sa.Connection, tenant_id: uuid.UUID, first: Span, last: Span) -> views.Measures:
    """From the first instant of `first` to the last of `last`."""
    (row,) = report(connection, Scope(start=first.since, end=last.until, tenant_id=tenant_id))
    return views.Measures(
        since=first.day,
        until=last.day,
        time_zone=first.zone.key,
        kpis=_views(row.kpis),
        money={currency: _views(kpis) for currency, kpis in row.money.items()},
    )


def _views(kpis: Mapping[str, Kpi]) -> dict[str, views.Measure]:
    return {
        name: views.Measure(value=kpi.value, numerator=kpi.numerator, denominator=kpi.denominator)
        for name, kpi in kpis.items()
    }
