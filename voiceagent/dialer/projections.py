"""How events become the dialer's rows: callbacks and campaigns. Queues (enrolments, leases) are not projected."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa

from voiceagent.dialer import events, tables
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, CampaignState
from voiceagent.journal import catalogue
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each

#: What a person asked for goes before what we offered.
_PRIORITY = {CallbackOrigin.DEBTOR_ASKED: 10, CallbackOrigin.MISSED_INBOUND: 8, CallbackOrigin.DROPPED_CALL: 9}


def callback_requested(connection: sa.Connection, event: Event) -> None:
    """A promised call; an older open one of the same case gives way to it."""
    said = event.payload
    table = tables.callback
    if said["case_id"] is not None:
        connection.execute(
            sa.update(table)
            .where(table.c.case_id == said["case_id"], table.c.status == CallbackStatus.OPEN)
            .values(status=CallbackStatus.CANCELLED, closed_at=event.at_utc)
        )
    origin = CallbackOrigin(said["origin"])
    connection.execute(
        sa.insert(table).values(
            id=said["callback_id"],
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id if event.stream_type == "call" else None,
            due_at=datetime.fromisoformat(said["due_at"]),
            origin=origin,
            status=CallbackStatus.OPEN,
            priority=_PRIORITY.get(origin, 5),
            created_at=event.at_utc,
            **{name: said[name] for name in ("case_id", "person_id", "phone_id", "campaign_id")},
        )
    )


def campaign_created(connection: sa.Connection, event: Event) -> None:
    """A campaign in draft."""
    said = event.payload
    same = ("name", "mode", "script", "policy", "language", "region", "caller_id")
    connection.execute(
        sa.insert(tables.campaign).values(
            id=said["campaign_id"],
            tenant_id=event.tenant_id,
            state=CampaignState.DRAFT,
            caps={},
            window={},
            created_at=event.at_utc,
            updated_at=event.at_utc,
            **{name: said[name] for name in same},
        )
    )


def campaign_state(connection: sa.Connection, event: Event) -> None:
    """Started, paused, finished."""
    _update(connection, event, "state")


def campaign_mode(connection: sa.Connection, event: Event) -> None:
    """How far its calls may go."""
    _update(connection, event, "mode")


def _update(connection: sa.Connection, event: Event, column: str) -> None:
    table = tables.campaign
    connection.execute(
        sa.update(table)
        .where(table.c.id == event.payload["campaign_id"])
        .values({column: event.payload[column], "updated_at": event.at_utc})
    )


PROJECTIONS: tuple[Projection, ...] = (
    Projection(catalogue.CallbackRequested.TYPE, for_each(callback_requested)),
    Projection(events.CampaignCreated.TYPE, for_each(campaign_created)),
    Projection(events.CampaignStateChanged.TYPE, for_each(campaign_state)),
    Projection(events.CampaignModeChanged.TYPE, for_each(campaign_mode)),
)
