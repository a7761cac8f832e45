"""What watches campaigns from beside the calls: canary brakes, a pilot's end, and contacts that nobody plans for."""

from __future__ import annotations

import logging
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.cases import kinds, tables
from voiceagent.dialer.brakes import CallSeen
from voiceagent.dialer.campaigns import Campaign, running_campaigns, set_state
from voiceagent.dialer.floor import Guards, read_floor
from voiceagent.dialer.guarding import canary_of
from voiceagent.dialer.tables import (
    CallbackStatus,
    CampaignState,
    DialMode,
    EnrollmentState,
    Priority,
    callback,
    enrollment,
)
from voiceagent.journal.journal import Journal

log = logging.getLogger(__name__)

#: A running campaign's contact that has been due for so long without a call is nobody's any more.
OVERDUE = timedelta(days=3)
#: States of the script in which a promise is read back begin so.
READ_BACK = "read_back_"


def brake_campaigns(journal: Journal, guards: Guards) -> int:
    """Pause what goes wrong, with the calls that show it, and pilots that have made their calls; returns how many."""
    with journal.db.read() as connection:
        now = journal.clock.now()
        running = running_campaigns(connection, journal.tenant_id)
        seen = {
            one.id: calls_seen(connection, one, guards.canary.calls)
            for one in running
            if one.mode is not DialMode.REHEARSAL
        }
        floor = read_floor(connection, journal.tenant_id, now, guards=guards, campaigns=running)
    paused = 0
    left = {one.id: (one.pilot_left, one.used) for one in floor.campaigns}
    for one in running:
        tripped = canary_of(guards, one.limits)(seen[one.id]) if one.id in seen else None
        if tripped is not None:
            brake = {
                "brake": tripped.sign.value,
                "value": round(tripped.value, 4),
                "limit": tripped.limit,
                "calls": [str(call) for call in tripped.calls],
            }
            log.error("campaign %s paused itself: %s", one.name, tripped.told())
            set_state(journal, one.name, CampaignState.PAUSED, reason=tripped.told(), brake=brake, actor="brake")
            paused += 1
        elif left[one.id] == (0, 0):
            told = f"the pilot's {one.limits.pilot_calls} calls are made: look at them, then set the mode to live"
            set_state(journal, one.name, CampaignState.PAUSED, reason=told, actor="brake")
            paused += 1
    return paused


def calls_seen(connection: sa.Connection, one: Campaign, most: int) -> list[CallSeen]:
    """The latest ended calls of a campaign since it was last started, with how their talking went."""
    a, t = tables.attempt.c, tables.turn.c
    query = (
        sa.select(a.id, a.t_start, a.t_end, a.disposition, a.human, a.t_answer, a.talk_s)
        .where(a.campaign_id == one.id, a.disposition.is_not(None), a.direction == kinds.Direction.OUT)
        .order_by(a.t_start.desc())
        .limit(most)
    )
    if one.started_at is not None:
        query = query.where(a.t_start >= one.started_at)
    rows = connection.execute(query).all()
    spoke = t.result.in_(("ok", "no_match", "bargein"))
    back = t.state.startswith(READ_BACK, autoescape=True) & t.intent.in_(("yes", "no", "correction"))
    talk = {
        row.attempt_id: row
        for row in connection.execute(
            sa.select(
                t.attempt_id,
                _count(spoke).label("spoken"),
                _count(t.result == "no_match").label("missed"),
                _count(back).label("backs"),
                _count(back & (t.intent != "yes")).label("overturned"),
            )
            .where(t.attempt_id.in_([row.id for row in rows]), t.speaker == kinds.Speaker.DEBTOR)
            .group_by(t.attempt_id)
        )
    }
    found = []
    for row in rows:
        said = talk.get(row.id)
        found.append(
            CallSeen(
                row.id,
                row.t_end or row.t_start,
                row.disposition,
                human=row.human,
                answered=row.t_answer is not None,
                talk_s=row.talk_s,
                spoken=said.spoken if said else 0,
                not_understood=said.missed if said else 0,
                read_backs=said.backs if said else 0,
                overturned=said.overturned if said else 0,
            )
        )
    return found


def _count(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.coalesce(sa.func.sum(sa.case((condition, 1), else_=0)), 0)


@dataclass(frozen=True, slots=True)
class Stale:
    """A contact with nothing planned although its campaign runs; `why`: unplanned, overdue or lost_lease."""

    campaign: str
    case_id: uuid.UUID
    why: str
    since: datetime


def stale_cases(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime, limit: int = 100) -> list[Stale]:
    """Contacts that would be forgotten, the oldest first, at most `limit` of each kind."""
    e = enrollment.c
    waits = e.state.in_((EnrollmentState.READY, EnrollmentState.WAITING))
    leased, tiers = e.state == EnrollmentState.LEASED, e.priority.in_([tier.value for tier in Priority])
    c, long_ago = callback.c, now - OVERDUE
    until = sa.func.coalesce(c.closed_at, c.retry_at, c.due_at)
    # Whose promised call is still to come, or was until lately, is not called by the list.
    open_callback = sa.exists().where(c.case_id == e.case_id, until > now, c.status == CallbackStatus.OPEN)
    promised = sa.exists().where(c.case_id == e.case_id, until > long_ago)
    found = []
    for one in running_campaigns(connection, tenant_id):
        for why, since, where in (
            ("unplanned", e.updated_at, waits & e.next_at.is_(None) & ~open_callback),
            ("overdue", e.next_at, (e.next_at < long_ago) & ~promised),
            ("lost_lease", e.updated_at, leased & e.next_at.is_(None) & e.leased_until.is_(None)),
        ):
            # Every tier there is, so that `ix_enrollment_due` finds those instants, or that there is none.
            query = sa.select(e.case_id, since.label("since")).where(e.campaign_id == one.id, tiers, where)
            rows = connection.execute(query.order_by(since).limit(limit))
            found += [Stale(one.name, row.case_id, why, row.since) for row in rows]
    return found


def alarm_stale(journal: Journal) -> int:
    """Say in the log how many contacts are stale; returns it."""
    with journal.db.read() as connection:
        found = stale_cases(connection, journal.tenant_id, journal.clock.now())
    if found:
        log.error("%d contacts have nothing planned: see voiceagent campaigns check", len(found))
    return len(found)
