"""Campaigns: which cases are called with which script, and how far those calls may go."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7, uuid7_texts
from voiceagent.base.languages import Language
from voiceagent.debt.identity import UNVERIFIABLE
from voiceagent.dialer import events
from voiceagent.dialer.golive import require_pilot
from voiceagent.dialer.limits import Hours, Limits, require_shown
from voiceagent.dialer.retrying import require_named
from voiceagent.dialer.stir import stir
from voiceagent.dialer.tables import (
    UNWEIGHED,
    CallbackStatus,
    CampaignState,
    DialMode,
    EnrollmentState,
    Priority,
    callback,
    campaign,
    enrollment,
    list_entry,
    trunk,
)
from voiceagent.dialer.withdrawing import withdraw
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.bulk import among, insert_many
from voiceagent.storage.question import Question
from voiceagent.storage.types import instant_text

#: Why a case left a campaign that another list may bring it back to.
LIST_UNDONE = "list_undone"
#: Why its promised calls are not made.
FINISHED = "the campaign was finished"
_NOT_FOR_GOOD = (LIST_UNDONE, "nothing_owed", UNVERIFIABLE, "no_number")
#: To both sides of 0.
HIGHEST_RANK = 1_000_000
#: Rows of a list that join in one transaction.
_PIECE = 2000
_JOINED = (
    "id", "tenant_id", "campaign_id", "case_id", "state", "reason", "next_at", "priority", "created_at", "updated_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign as the dialer needs it."""

    id: uuid.UUID
    name: str
    mode: DialMode
    state: CampaignState
    script: str
    policy: str
    language: Language
    caller_id: str | None
    limits: Limits
    hours: Hours | None = None
    """None: whenever the law allows."""
    priority: int = 0
    """Campaigns of a higher one get their calls first."""
    started_at: datetime | None = None
    reason: str = ""
    """Why it is paused."""
    brake: dict[str, Any] | None = None


def create_campaign(
    journal: Journal,
    name: str,
    *,
    script: str = "negotiation",
    policy: str = "demo-br",
    language: Language = Language.PT_BR,
    region: str | None = None,
    caller_id: str | None = None,
    retries: str = "",
    actor: str = "operator",
    connection: sa.Connection | None = None,
) -> uuid.UUID:
    """A new campaign in draft and rehearsal. BadInputError when the name is taken or empty.

    `retries`: ladders of its own, which the retry plan must have under this name.
    """
    name = name.strip()
    if not name or len(name) > 128:
        raise BadInputError("a campaign needs a name of at most 128 characters")
    if caller_id is not None:
        require_shown([caller_id])
    if connection is None:
        with journal.transaction() as own:
            return create_campaign(
                journal, name, script=script, policy=policy, language=language, region=region, caller_id=caller_id,
                retries=retries, actor=actor, connection=own,
            )  # fmt: skip
    if find_campaign(connection, name, journal.tenant_id) is not None:
        raise BadInputError(f"there is a campaign {name!r} already: choose another name")
    campaign_id = uuid7(journal.clock.now())
    created = events.CampaignCreated(
        campaign_id, name, DialMode.REHEARSAL, script, policy, language, region or language.default_region, caller_id
    )
    said: list[NewEvent] = [NewEvent("campaign", campaign_id, created, actor)]
    if retries:
        require_named(connection, retries, journal.tenant_id, journal.clock.now())
        plan = events.CampaignChanged(campaign_id, caps=Limits(retries=retries).to_json())
        said.append(NewEvent("campaign", campaign_id, plan, actor))
    journal.record(said, connection)
    return campaign_id


_BY_ID = Question(sa.select(campaign).where(campaign.c.id == sa.bindparam("key")))


def find_campaign(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> Campaign | None:
    """By name."""
    row = connection.execute(
        sa.select(campaign).where(campaign.c.tenant_id == tenant_id, campaign.c.name == name)
    ).first()
    return None if row is None else _campaign(row)


def load_campaign(connection: sa.Connection, campaign_id: uuid.UUID) -> Campaign:
    """By id; BadInputError when there is none."""
    found = _BY_ID(connection, key=campaign_id)
    if not found:
        raise BadInputError(f"there is no campaign {campaign_id}")
    return _campaign(found[0])


def all_campaigns(connection: sa.Connection, tenant_id: uuid.UUID) -> list[Campaign]:
    """In order of their names."""
    rows = connection.execute(sa.select(campaign).where(campaign.c.tenant_id == tenant_id).order_by(campaign.c.name))
    return [_campaign(row) for row in rows]


RUNNING = Question(
    sa.select(campaign).where(campaign.c.tenant_id == sa.bindparam("tenant"), campaign.c.state == CampaignState.RUNNING)
)


def running_campaigns(connection: sa.Connection, tenant_id: uuid.UUID) -> list[Campaign]:
    """Those that hand out calls."""
    return [_campaign(row) for row in RUNNING(connection, tenant=tenant_id)]


def require_campaign(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> Campaign:
    """By name; BadInputError says what to do when there is none."""
    found = find_campaign(connection, name, tenant_id)
    if found is None:
        raise BadInputError(f"there is no campaign {name!r}: see voiceagent campaigns list")
    return found


def _unfinished(connection: sa.Connection, name: str, tenant_id: uuid.UUID) -> Campaign:
    found = require_campaign(connection, name, tenant_id)
    if found.state is CampaignState.FINISHED:
        raise BadInputError(f"the campaign {name!r} is finished for good: create another one")
    return found


def _require_trunks(connection: sa.Connection, wanted: Sequence[str], tenant_id: uuid.UUID) -> None:
    """A campaign that may only use trunks nobody knows would never call anybody."""
    known = set(connection.execute(sa.select(trunk.c.name).where(trunk.c.tenant_id == tenant_id)).scalars())
    for name in wanted:
        if name not in known:
            raise BadInputError(f"there is no trunk {name!r}: first voiceagent campaigns trunks --set {name}")


def set_state(
    journal: Journal,
    name: str,
    state: CampaignState,
    *,
    reason: str = "",
    brake: dict[str, Any] | None = None,
    actor: str = "operator",
) -> int:
    """Start, pause or finish; calls that run go on, those only leased are not dialled any more.

    Returns how many promised calls end with a campaign that is finished: nobody may call in its name any more.
    """
    withdrawn: list[uuid.UUID] = []
    with journal.transaction() as connection:
        over = state is CampaignState.FINISHED
        found = (require_campaign if over else _unfinished)(connection, name, journal.tenant_id)
        if found.state is not state:
            changed = events.CampaignStateChanged(found.id, state, reason.strip()[:255], brake)
            journal.record([NewEvent("campaign", found.id, changed, actor)], connection)
            if over:
                waits = sa.select(callback.c.id).where(
                    callback.c.campaign_id == found.id,
                    callback.c.status == CallbackStatus.OPEN,
                    callback.c.leased_until.is_(None),
                )
                withdrawn = list(connection.execute(waits.order_by(callback.c.id)).scalars())
                withdraw(journal, connection, withdrawn, FINISHED, actor=actor)
    return len(withdrawn)


def change_campaign(
    journal: Journal,
    name: str,
    *,
    limits: Callable[[Limits], Limits] | None = None,
    hours: Hours | None = None,
    any_hours: bool = False,
    priority: int | None = None,
    script: str | None = None,
    policy: str | None = None,
    actor: str = "operator",
) -> Campaign:
    """Change what a campaign may do at most, when, and with which words, at once; returns it as it is now.

    `limits` gives the new ones from the old. `any_hours`: whenever the law allows.
    """
    with journal.transaction() as connection:
        found = _unfinished(connection, name, journal.tenant_id)
        bounds = limits(found.limits) if limits else found.limits
        if limits:
            bounds.require_sensible()
        require_shown(bounds.caller_ids if bounds.caller_ids != found.limits.caller_ids else ())
        _require_trunks(connection, bounds.trunks if bounds.trunks != found.limits.trunks else (), journal.tenant_id)
        if priority is not None and abs(priority) > HIGHEST_RANK:
            raise BadInputError(f"a rank lies between -{HIGHEST_RANK} and {HIGHEST_RANK}")
        if bounds.retries and bounds.retries != found.limits.retries:
            require_named(connection, bounds.retries, journal.tenant_id, journal.clock.now())
        changed = events.CampaignChanged(
            found.id,
            caps=bounds.to_json() if limits else None,
            window={} if any_hours else hours.to_json() if hours else None,
            priority=priority,
            script=script,
            policy=policy,
        )
        journal.record([NewEvent("campaign", found.id, changed, actor)], connection)
        return load_campaign(connection, found.id)


def set_mode(
    journal: Journal, name: str, mode: DialMode, *, reason: str, piloted: bool = True, actor: str = "operator"
) -> None:
    """How far the campaign's calls may go, with a reason for the record; the installation's dial.mode still caps it.

    Live wants the pilot's calls made first (BadInputError says what is missing) unless `piloted` is False.
    """
    if mode is not DialMode.REHEARSAL and not reason.strip():
        raise BadInputError(f"say why the campaign goes to {mode}: the reason is kept")
    with journal.transaction() as connection:
        found = _unfinished(connection, name, journal.tenant_id)
        if found.mode is mode:
            return
        if mode is DialMode.LIVE and piloted:
            require_pilot(connection, found.id, name, calls=found.limits.pilot_calls, braked=found.brake is not None)
        changed = events.CampaignModeChanged(found.id, mode, found.mode, reason.strip())
        journal.record([NewEvent("campaign", found.id, changed, actor)], connection)


def enroll(
    journal: Journal,
    connection: sa.Connection,
    campaign_id: uuid.UUID,
    case_ids: Sequence[uuid.UUID | str],
    *,
    priority: Priority = Priority.LIST,
) -> int:
    """Put cases into a campaign, to be weighed and called; those already in it stay as they are.

    One that left it because its list was taken back, because nothing was owed or for want of a number or of a datum to
    prove identity by begins again. Returns how many are new or begin again. Thousands at once are quick; more make
    calls wait for the transaction.
    """
    wanted = list(dict.fromkeys(map(str, case_ids)))
    e = enrollment.c
    query = sa.select(e.case_id).where(e.campaign_id == campaign_id, among(connection, e.case_id, wanted))
    known = set(map(str, connection.execute(query).scalars()))
    fresh = [case_id for case_id in wanted if case_id not in known]
    now = journal.clock.now()
    at, tenant, state = instant_text(now), str(journal.tenant_id), EnrollmentState.READY.value
    rows = [
        (identity, tenant, str(campaign_id), case_id, state, UNWEIGHED, at, int(priority), at, at)
        for identity, case_id in zip(uuid7_texts(now, len(fresh)), fresh, strict=True)
    ]
    insert_many(connection, enrollment, _JOINED, rows)
    again = connection.execute(
        sa.update(enrollment)
        .where(
            e.campaign_id == campaign_id,
            among(connection, e.case_id, sorted(known)),
            e.state.in_((EnrollmentState.STOPPED, EnrollmentState.DONE)),
            e.reason.in_(_NOT_FOR_GOOD),
        )
        .values(state=EnrollmentState.READY, reason=UNWEIGHED, next_at=now, updated_at=now)
    ).rowcount
    if rows or again:
        stir(connection)
    return len(rows) + again


def enroll_list(
    journal: Journal, campaign_id: uuid.UUID, list_id: uuid.UUID, *, priority: Priority = Priority.LIST
) -> int:
    """Every case of a list, in pieces so that calls need not wait; returns how many are new in the campaign."""
    entry, new, after = list_entry.c, 0, -1
    while True:
        with journal.transaction() as connection:
            query = sa.select(entry.row_number, entry.case_id).where(entry.list_id == list_id, entry.row_number > after)
            some = connection.execute(query.order_by(entry.row_number).limit(_PIECE)).all()
            fresh = [row.case_id for row in some if row.case_id is not None]
            new += enroll(journal, connection, campaign_id, fresh, priority=priority)
        if len(some) < _PIECE:
            return new
        after = some[-1].row_number


def tally(connection: sa.Connection, campaign_id: uuid.UUID) -> dict[str, int]:
    """Its cases: all of them, by state, and those nobody can be proved by (`unverifiable`), who are not dialled."""
    e = enrollment.c
    rows = connection.execute(
        sa.select(e.state, e.reason, sa.func.count().label("n"))
        .where(e.campaign_id == campaign_id)
        .group_by(e.state, e.reason)
    ).all()
    counted = {"cases": sum(row.n for row in rows), **dict.fromkeys((state.value for state in EnrollmentState), 0)}
    for row in rows:
        counted[row.state.value] += row.n
    counted[UNVERIFIABLE] = sum(row.n for row in rows if row.reason == UNVERIFIABLE)
    return counted


def _campaign(row: Any) -> Campaign:
    return Campaign(
        id=row.id,
        name=row.name,
        mode=row.mode,
        state=row.state,
        script=row.script or "negotiation",
        policy=row.policy or "demo-br",
        language=Language(row.language or Language.PT_BR),
        caller_id=row.caller_id,
        limits=Limits.from_json(row.caps),
        hours=Hours.from_json(row.window),
        priority=row.priority,
        started_at=row.started_at,
        reason=row.reason or "",
        brake=row.brake,
    )
