"""The retry plan in force: kept in SQL, so that every machine follows the same one, and every change is an event."""

from __future__ import annotations

import hashlib
import json
import shlex
import uuid
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialer import events
from voiceagent.dialer.limits import Limits
from voiceagent.dialer.tables import CampaignState, campaign, retry_plan
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.question import Question

#: What holds where nobody ever wrote a plan.
OWN = RetryPlan()

_p = retry_plan.c
_IN_FORCE = Question(
    sa.select(sa.cast(_p.body, sa.Text).label("body"))
    .where(
        _p.tenant_id == sa.bindparam("tenant"),
        sa.or_(_p.valid_from.is_(None), _p.valid_from <= sa.bindparam("day")),
    )
    .order_by(_p.version.desc())
    .limit(1)
)


def plan_in_force(connection: sa.Connection, tenant_id: uuid.UUID, now: datetime) -> RetryPlan:
    """The highest version whose day has come; the program's own where none was adopted."""
    found = _IN_FORCE(connection, tenant=tenant_id, day=now.astimezone(UTC).date())
    return _plan(found[0].body) if found else OWN


def adopt(journal: Journal, plan: RetryPlan, *, actor: str = "operator") -> bool:
    """Have `plan` hold from its day on, on every machine; False when it is known already.

    BadInputError when that version is known with other words, or is not above all known ones, or lacks ladders that a
    campaign goes by.
    """
    body = plan.model_dump(mode="json")
    if not plan.named:
        # As plans were written before there were any: the same plan is the same version.
        del body["named"]
    sha256 = hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
    with journal.transaction() as connection:
        for name, own in _named_by_campaigns(connection, journal.tenant_id):
            if own not in plan.named:
                raise BadInputError(
                    f"the campaign {name!r} goes by the ladders {own!r}, which version {plan.retries} lacks: keep "
                    f"them, or first: voiceagent campaigns set {shlex.quote(name)} --retries house"
                )
        known = all_plans(connection, journal.tenant_id)
        if any(one["sha256"] == sha256 for one in known):
            return False
        highest = max((one["version"] for one in known), default=0)
        if plan.retries <= highest or (not known and plan.retries == OWN.retries and plan != OWN):
            least = max(highest, OWN.retries) + 1
            raise BadInputError(
                f"the retry plan was changed but is still version {plan.retries}: write retries: {least}"
            )
        said = events.RetriesAdopted(
            plan.retries, sha256, body, plan.valid_from.isoformat() if plan.valid_from else None
        )
        journal.record([NewEvent("dialing", journal.tenant_id, said, actor)], connection)
    return True


def require_named(connection: sa.Connection, name: str, tenant_id: uuid.UUID, now: datetime) -> None:
    """BadInputError unless the plan in force, and every one that is still to come, has ladders of this name."""
    in_force = plan_in_force(connection, tenant_id, now)
    query = sa.select(sa.cast(_p.body, sa.Text)).where(_p.tenant_id == tenant_id, _p.version > in_force.retries)
    for plan in (in_force, *(_plan(body) for body in connection.execute(query).scalars())):
        if name not in plan.named:
            known = ", ".join(sorted(plan.named)) or "none"
            raise BadInputError(
                f"version {plan.retries} of the retry plan has no ladders named {name!r} (it has {known}): write them "
                "under `named` in retries.yaml and adopt it"
            )


def _named_by_campaigns(connection: sa.Connection, tenant_id: uuid.UUID) -> list[tuple[str, str]]:
    """Campaigns not over that have ladders of their own: name, name of the ladders."""
    c = campaign.c
    rows = connection.execute(
        sa.select(c.name, c.caps).where(c.tenant_id == tenant_id, c.state != CampaignState.FINISHED).order_by(c.name)
    )
    return [(row.name, own) for row in rows if (own := Limits.from_json(row.caps).retries)]


def all_plans(connection: sa.Connection, tenant_id: uuid.UUID) -> list[dict[str, Any]]:
    """Versions from the lowest: {version, valid_from, sha256, actor, adopted_at}."""
    query = sa.select(_p.version, _p.valid_from, _p.sha256, _p.actor, _p.adopted_at).where(_p.tenant_id == tenant_id)
    return [dict(row) for row in connection.execute(query.order_by(_p.version)).mappings()]


@lru_cache(maxsize=16)
def _plan(body: str) -> RetryPlan:
    return RetryPlan.model_validate(json.loads(body))
