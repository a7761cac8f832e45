"""Kill switches: no call begins on a trunk, or at all, until somebody turns them back; the journal says who and why."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.dialer import events
from voiceagent.dialer.limits import SLOWEST, require_shown
from voiceagent.dialer.tables import CampaignState, StopScope, campaign, dial_stop, trunk
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

#: As the dialplan takes it from the header.
_NAME = re.compile(r"[0-9A-Za-z_-]{1,64}")
MOST_CHANNELS = 100_000


@dataclass(frozen=True, slots=True)
class Trunk:
    """A way out, as Asterisk's endpoint is called, with what it bears."""

    name: str
    max_channels: int
    calls_per_second: float = 1.0
    caller_ids: tuple[str, ...] = ()


def stop(journal: Journal, scope: StopScope, name: str = "", *, reason: str, actor: str = "operator") -> None:
    """No call begins there any more, not even those leased a moment ago; calls that are up go on."""
    if not reason.strip():
        raise BadInputError("say why dialing stops: the reason is kept, and shown to whoever asks")
    with journal.transaction() as connection:
        _known(connection, journal, scope, name)
        said = events.DialingStopped(scope, name, reason.strip()[:255])
        journal.record([NewEvent("dialing", journal.tenant_id, said, actor)], connection)


def resume(journal: Journal, scope: StopScope, name: str = "", *, actor: str = "operator") -> None:
    """Turn it back. BadInputError when nothing was stopped there."""
    with journal.transaction() as connection:
        if not any(one.scope is scope and one.name == name for one in all_stops(connection, journal.tenant_id)):
            raise BadInputError("dialing is not stopped there: see voiceagent campaigns status")
        journal.record([NewEvent("dialing", journal.tenant_id, events.DialingResumed(scope, name), actor)], connection)


@dataclass(frozen=True, slots=True)
class Stop:
    """A switch that is off."""

    scope: StopScope
    name: str
    reason: str
    actor: str
    stopped_at: datetime


def all_stops(connection: sa.Connection, tenant_id: uuid.UUID) -> list[Stop]:
    """The switches that are off."""
    rows = connection.execute(sa.select(dial_stop).where(dial_stop.c.tenant_id == tenant_id))
    return [Stop(row.scope, row.name, row.reason, row.actor, row.stopped_at) for row in rows]


def check(
    connection: sa.Connection, tenant_id: uuid.UUID, campaign_id: uuid.UUID | None, trunk_name: str | None
) -> None:
    """Right before the INVITE. DeniedError (code stopped) when a switch is off or the campaign does not run."""
    for one in all_stops(connection, tenant_id):
        if one.scope is StopScope.ALL or one.name == trunk_name:
            raise DeniedError(f"dialing was stopped by {one.actor}: {one.reason}", code="stopped")
    if campaign_id is not None:
        state = connection.execute(sa.select(campaign.c.state).where(campaign.c.id == campaign_id)).scalar()
        if state is not CampaignState.RUNNING:
            raise DeniedError(f"the campaign is {state or 'gone'}", code="stopped")


def set_trunk(journal: Journal, told: Trunk, *, actor: str = "operator") -> None:
    """Make a trunk known, or change what it bears."""
    if not _NAME.fullmatch(told.name):
        raise BadInputError("a trunk is called as Asterisk's endpoint is: 1 to 64 letters, digits, _ or -")
    require_shown(told.caller_ids)
    if not 1 <= told.max_channels <= MOST_CHANNELS or not SLOWEST <= told.calls_per_second <= 1000:
        raise BadInputError(f"a trunk has 1 to {MOST_CHANNELS} channels, and {SLOWEST:g} to 1000 calls per second")
    said = events.TrunkSet(told.name, told.max_channels, told.calls_per_second, told.caller_ids)
    journal.record([NewEvent("dialing", journal.tenant_id, said, actor)])


def remove_trunk(journal: Journal, name: str, *, actor: str = "operator") -> None:
    """Forget a trunk. BadInputError when there is none of that name."""
    with journal.transaction() as connection:
        _known(connection, journal, StopScope.TRUNK, name)
        journal.record([NewEvent("dialing", journal.tenant_id, events.TrunkRemoved(name), actor)], connection)


def all_trunks(connection: sa.Connection, tenant_id: uuid.UUID) -> list[Trunk]:
    """By name."""
    rows = connection.execute(sa.select(trunk).where(trunk.c.tenant_id == tenant_id).order_by(trunk.c.name))
    return [Trunk(row.name, row.max_channels, row.calls_per_second, tuple(row.caller_ids)) for row in rows]


def find_trunk(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> Trunk | None:
    """By name."""
    return next((one for one in all_trunks(connection, tenant_id) if one.name == name), None)


def _known(connection: sa.Connection, journal: Journal, scope: StopScope, name: str) -> None:
    if scope is StopScope.TRUNK and find_trunk(connection, name, journal.tenant_id) is None:
        raise BadInputError(f"there is no trunk {name!r}: see voiceagent campaigns trunks")
