"""From rehearsal over a pilot to live: what a campaign must have shown before real people are called in numbers."""

from __future__ import annotations

import uuid

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import kinds, tables
from voiceagent.dialer.events import CampaignStateChanged
from voiceagent.journal.journal import read_events


def require_pilot(connection: sa.Connection, campaign_id: uuid.UUID, name: str, *, calls: int, braked: bool) -> None:
    """BadInputError, saying what is missing, unless `calls` pilot calls have ended and no brake holds the campaign.

    Calls before a brake was pulled show that it was right to pull it: they count no more.
    """
    if braked:
        raise BadInputError(
            f"campaign {name} has paused itself: look at its calls (voiceagent campaigns status), start it again as a "
            "pilot, then set it live"
        )
    a = tables.attempt.c
    query = sa.select(sa.func.count()).where(
        a.campaign_id == campaign_id,
        a.mode == kinds.Mode.PILOT,
        a.direction == kinds.Direction.OUT,
        a.disposition.is_not(None),
    )
    for event in read_events(connection, stream=("campaign", campaign_id), limit=100_000):
        if event.type == CampaignStateChanged.TYPE and event.payload.get("brake"):
            query = query.where(a.t_start > event.at_utc)
    made = connection.execute(query).scalar_one()
    if made < calls:
        raise BadInputError(
            f"campaign {name} has made {made} of its pilot's {calls} calls: make them in mode pilot first, or say that "
            "it goes live without them (--without-pilot)"
        )
