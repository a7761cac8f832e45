"""How events become the dialer's rows: callbacks, campaigns, trunks, switches. Enrolments are not projected."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime

import sqlalchemy as sa

from voiceagent.dialer import events, tables
from voiceagent.dialer.stir import stir
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, CampaignState
from voiceagent.journal import catalogue
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import Projection, for_each
from voiceagent.storage.upsert import upsert

#: What a person asked for goes before what we offered.
_PRIORITY = {CallbackOrigin.DEBTOR_ASKED: 10, CallbackOrigin.MISSED_INBOUND: 8, CallbackOrigin.DROPPED_CALL: 9}


def callback_requested(connection: sa.Connection, event: Event) -> None:
    """A promised call; an older open one of its case gives way, but one still to come not to what we only offer."""
    said = event.payload
    table = tables.callback
    origin = CallbackOrigin(said["origin"])
    status, closed_at = CallbackStatus.OPEN, None
    if said["case_id"] is not None:
        older = (table.c.case_id == said["case_id"]) & (table.c.status == CallbackStatus.OPEN)
        to_come = sa.select(table.c.id).where(older, table.c.due_at > event.at_utc).limit(1)
        if origin is CallbackOrigin.OFFERED and connection.execute(to_come).first() is not None:
            status, closed_at = CallbackStatus.CANCELLED, event.at_utc
        else:
            # It may be the call of this talk, whose lease would run out long after it.
            gone = {"status": CallbackStatus.CANCELLED, "closed_at": event.at_utc}
            connection.execute(sa.update(table).where(older).values(**gone, leased_until=None, leased_by=None))
    connection.execute(
        sa.insert(table).values(
            id=said["callback_id"],
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id if event.stream_type == "call" else None,
            due_at=datetime.fromisoformat(said["due_at"]),
            origin=origin,
            status=status,
            closed_at=closed_at,
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
    """Started, paused (by whom or which brake), finished."""
    said = event.payload
    values: dict[str, object] = {
        "state": CampaignState(said["state"]),
        "reason": said.get("reason") or None,
        "brake": said.get("brake"),
        "updated_at": event.at_utc,
    }
    if said["state"] == CampaignState.RUNNING:
        values["started_at"] = event.at_utc
    table = tables.campaign
    connection.execute(sa.update(table).where(table.c.id == said["campaign_id"]).values(**values))


def campaign_changed(connection: sa.Connection, event: Event) -> None:
    """Its bounds, hours, rank or words."""
    said, table = event.payload, tables.campaign
    names = ("caps", "window", "priority", "script", "policy")
    values = {name: said[name] for name in names if said.get(name) is not None}
    connection.execute(
        sa.update(table).where(table.c.id == said["campaign_id"]).values(**values, updated_at=event.at_utc)
    )


def dialing_stopped(connection: sa.Connection, event: Event) -> None:
    """A switch is off."""
    said = event.payload
    row = {
        "tenant_id": event.tenant_id,
        "scope": said["scope"],
        "name": said["name"],
        "reason": said["reason"],
        "actor": event.actor[:64],
        "stopped_at": event.at_utc,
    }
    upsert(connection, tables.dial_stop, [row], update=("reason", "actor", "stopped_at"))


def dialing_resumed(connection: sa.Connection, event: Event) -> None:
    """It is on again."""
    said, table = event.payload, tables.dial_stop
    connection.execute(
        sa.delete(table).where(
            table.c.tenant_id == event.tenant_id, table.c.scope == said["scope"], table.c.name == said["name"]
        )
    )


def trunk_set(connection: sa.Connection, event: Event) -> None:
    """A trunk, new or changed."""
    said = event.payload
    same = ("name", "max_channels", "calls_per_second", "caller_ids")
    row = {"tenant_id": event.tenant_id, "updated_at": event.at_utc} | {name: said[name] for name in same}
    upsert(connection, tables.trunk, [row], update=(*same[1:], "updated_at"))


def trunk_removed(connection: sa.Connection, event: Event) -> None:
    """A trunk, and what was said of it, go."""
    name = event.payload["name"]
    for table in (tables.trunk, tables.dial_stop):
        connection.execute(sa.delete(table).where(table.c.tenant_id == event.tenant_id, table.c.name == name))


def callback_closed(connection: sa.Connection, event: Event) -> None:
    """An open promise of a call is open no more."""
    said, table = event.payload, tables.callback
    connection.execute(
        sa.update(table)
        .where(table.c.id == said["callback_id"], table.c.status == CallbackStatus.OPEN)
        .values(status=CallbackStatus(said["status"]), closed_at=event.at_utc, leased_until=None, leased_by=None)
    )


def retries_adopted(connection: sa.Connection, event: Event) -> None:
    """A version of the retry plan."""
    said = event.payload
    row = {
        "tenant_id": event.tenant_id,
        "version": said["version"],
        "valid_from": date.fromisoformat(said["valid_from"]) if said["valid_from"] else None,
        "sha256": said["sha256"],
        "body": said["body"],
        "actor": event.actor[:64],
        "adopted_at": event.at_utc,
    }
    upsert(connection, tables.retry_plan, [row], update=("valid_from", "sha256", "body", "actor", "adopted_at"))


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


def _stirring(project: Callable[[sa.Connection, Event], None]) -> Callable[[sa.Connection, Event], None]:
    """The same, and idle seats ask at once whom it lets them call."""

    def both(connection: sa.Connection, event: Event) -> None:
        project(connection, event)
        stir(connection)

    return both


PROJECTIONS: tuple[Projection, ...] = (
    Projection(catalogue.CallbackRequested.TYPE, for_each(_stirring(callback_requested))),
    Projection(events.CampaignCreated.TYPE, for_each(campaign_created)),
    Projection(events.CampaignStateChanged.TYPE, for_each(_stirring(campaign_state))),
    Projection(events.CampaignModeChanged.TYPE, for_each(_stirring(campaign_mode))),
    Projection(events.CampaignChanged.TYPE, for_each(_stirring(campaign_changed))),
    Projection(events.DialingStopped.TYPE, for_each(_stirring(dialing_stopped))),
    Projection(events.DialingResumed.TYPE, for_each(_stirring(dialing_resumed))),
    Projection(events.TrunkSet.TYPE, for_each(_stirring(trunk_set))),
    Projection(events.TrunkRemoved.TYPE, for_each(_stirring(trunk_removed))),
    Projection(events.CallbackClosed.TYPE, for_each(_stirring(callback_closed))),
    Projection(events.RetriesAdopted.TYPE, for_each(retries_adopted)),
)
