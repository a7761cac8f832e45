"""Promised calls: shown, added, cancelled, and returned for calls that nobody took."""

from __future__ import annotations

import logging
import uuid
from dataclasses import replace
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.base.ids import uuid7
from voiceagent.calendars.zones import likely_zone
from voiceagent.cases import tables
from voiceagent.cases.store import Phone, load_case
from voiceagent.compliance import Purpose, RuleBook, decide
from voiceagent.dialer.facts import Facts, read_facts
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, CampaignState, callback, campaign, enrollment
from voiceagent.dialer.withdrawing import withdraw
from voiceagent.journal.catalogue import CallbackRequested
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

log = logging.getLogger(__name__)

#: A missed call is returned after this, not while the person still looks at the phone.
MISSED_AFTER = timedelta(minutes=5)
#: An instant typed a moment ago may be over when it is read; further ahead than that nobody promises a call.
FORGIVEN, FURTHEST = timedelta(minutes=5), timedelta(days=366)


def all_callbacks(
    connection: sa.Connection, tenant_id: uuid.UUID, *, status: CallbackStatus | None = None, limit: int = 500
) -> list[dict[str, Any]]:
    """By the instant they are due: id, due_at, retry_at, origin, status, attempts, name, number, campaign, case_id.

    `zone`: the person's most likely clock.
    """
    query = (
        sa.select(
            callback.c.id, callback.c.due_at, callback.c.origin, callback.c.status, callback.c.attempts,
            callback.c.case_id, tables.person.c.name, tables.phone.c.number, campaign.c.name.label("campaign"),
            callback.c.retry_at, tables.person.c.region, tables.person.c.state,
        )
        .outerjoin(tables.person, tables.person.c.id == callback.c.person_id)
        .outerjoin(tables.phone, tables.phone.c.id == callback.c.phone_id)
        .outerjoin(campaign, campaign.c.id == callback.c.campaign_id)
        .where(callback.c.tenant_id == tenant_id)
        .order_by(callback.c.due_at, callback.c.id)
        .limit(limit)
    )  # fmt: skip
    if status is not None:
        query = query.where(callback.c.status == status)
    return [
        {name: value for name, value in row.items() if name not in ("region", "state")}
        | {
            "id": str(row["id"]),
            "case_id": str(row["case_id"]) if row["case_id"] else None,
            "zone": likely_zone(row["region"] or "", row["state"], row["number"]),
            "due_at": row["due_at"].isoformat(),
            "retry_at": row["retry_at"].isoformat() if row["retry_at"] else None,
            "origin": row["origin"].value,
            "status": row["status"].value,
        }
        for row in connection.execute(query).mappings()
    ]


def late_callbacks(connection: sa.Connection, tenant_id: uuid.UUID, before: datetime) -> list[dict[str, Any]]:
    """Promised calls that wait although their instant was before that one: id, due_at, case_id, campaign and its state.

    Those that may be tried again only later, by law or after nobody answered, are not late.
    """
    rows = connection.execute(
        sa.select(callback.c.id, callback.c.due_at, callback.c.case_id, campaign.c.name, campaign.c.state)
        .outerjoin(campaign, campaign.c.id == callback.c.campaign_id)
        .where(
            callback.c.tenant_id == tenant_id,
            callback.c.status == CallbackStatus.OPEN,
            callback.c.leased_until.is_(None),
            sa.func.coalesce(callback.c.retry_at, callback.c.due_at) < before,
        )
        .order_by(callback.c.due_at, callback.c.id)
        .limit(500)
    )
    return [
        {
            "id": str(row.id),
            "due_at": row.due_at.isoformat(),
            "case_id": str(row.case_id) if row.case_id else None,
            "campaign": row.name,
            "campaign_state": row.state.value if row.state else None,
        }
        for row in rows
    ]


def add_callback(
    journal: Journal,
    case_id: uuid.UUID,
    wanted: datetime,
    *,
    rules: RuleBook | None,
    number: str | None = None,
    origin: CallbackOrigin = CallbackOrigin.DEBTOR_ASKED,
    reason: str = "",
    actor: str = "operator",
) -> tuple[uuid.UUID, datetime]:
    """Promise a call to the case at `wanted` or at the next lawful instant after it; returns its id and that instant.

    BadInputError for an unknown case or number, DeniedError when the law allows no call as things stand.
    """
    with journal.transaction() as connection:
        now = journal.clock.now()
        facts = read_facts(connection, load_case(connection, case_id), now, journal.tenant_id)
        phones = [phone for phone in facts.phones() if number in (None, phone.number)]
        if not phones:
            raise BadInputError("the case has no such number, or none that may be called: see voiceagent explain")
        due = lawful_instant(facts, phones[0], max(wanted, now), rules)
        said = CallbackRequested(
            uuid7(now),
            case_id,
            facts.file.person_id,
            phones[0].id,
            due,
            origin=origin,
            reason=reason[:200],
            campaign_id=_campaign_of(connection, case_id),
        )
        journal.record([NewEvent("case", case_id, said, actor)], connection)
    return said.callback_id, due


def read_wanted(text: str, zone: str, now: datetime) -> datetime:
    """`18:00` (its next time), `2026-11-19T18:00` (both on the debtor's clock) or an instant with offset.

    BadInputError for what is none of these, or over, or so far away that nobody means it.
    """
    home = ZoneInfo(zone)
    try:
        if len(text) <= 5:
            hour = time.fromisoformat(text if len(text) > 2 else f"{text}:00")
            today = datetime.combine(now.astimezone(home).date(), hour, home)
            return today if today > now else today + timedelta(days=1)
        at = datetime.fromisoformat(text)
    except ValueError:
        raise BadInputError(f"when is {text!r}? write 18:00, 2026-11-19T18:00 or 2026-11-19T18:00-03:00") from None
    at = at if at.tzinfo is not None else at.replace(tzinfo=home)
    if not now - FORGIVEN <= at <= now + FURTHEST:
        told = "is over" if at < now else f"is more than {FURTHEST.days} days away"
        raise BadInputError(f"{text} ({zone}) {told}: promise a call at an instant to come")
    return at


def lawful_instant(facts: Facts, phone: Phone, wanted: datetime, rules: RuleBook | None) -> datetime:
    """`wanted` where a call back may be made then, else the next instant at which it may. DeniedError: never."""
    request = facts.request(phone, Purpose.CALLBACK, guard_s=0.0, asked_for=wanted)
    decision = decide(replace(request, at=wanted), rules)
    if decision.allow:
        return wanted
    if decision.retry_at is None:
        raise DeniedError(f"{decision.rules[0]} forbids a call back: {decision.detail}")
    return decision.retry_at


def cancel_callback(journal: Journal, callback_id: uuid.UUID, *, reason: str = "", actor: str = "operator") -> None:
    """The call will not be made. BadInputError when there is no such open callback."""
    with journal.transaction() as connection:
        row = connection.execute(sa.select(callback.c.status).where(callback.c.id == callback_id)).first()
        if row is None or row.status is not CallbackStatus.OPEN:
            raise BadInputError(f"there is no open callback {callback_id}: see voiceagent callbacks list --status open")
        withdraw(journal, connection, [callback_id], reason, actor=actor)


def call_back_missed(journal: Journal, number: str, *, rules: RuleBook | None) -> list[uuid.UUID]:
    """Somebody called from `number` and nobody answered: each case of its owner with nothing promised is called back.

    Numbers nobody knows, or that several persons share, promise nothing: we could not say to whom.
    """
    p, c = tables.phone.c, tables.debt_case.c
    with journal.db.read() as connection:
        owners = connection.execute(
            sa.select(p.person_id).where(p.tenant_id == journal.tenant_id, p.number == number).distinct()
        ).scalars()
        known = list(owners)
        if len(known) != 1:
            return []
        # One NULL among them (somebody asked whose case nobody knew) would exclude every case.
        promised = sa.select(callback.c.case_id).where(
            callback.c.status == CallbackStatus.OPEN, callback.c.case_id.is_not(None)
        )
        cases = list(
            connection.execute(sa.select(c.id).where(c.person_id == known[0], c.id.not_in(promised))).scalars()
        )
    made = []
    for case_id in cases[:1]:
        wanted = journal.clock.now() + MISSED_AFTER
        try:
            made.append(
                add_callback(
                    journal, case_id, wanted, rules=rules, number=number, origin=CallbackOrigin.MISSED_INBOUND,
                    actor="dialer",
                )[0]
            )  # fmt: skip
        except (BadInputError, DeniedError) as error:
            log.info("a missed call is not returned: %s", error.message)
    return made


def _campaign_of(connection: sa.Connection, case_id: uuid.UUID) -> uuid.UUID | None:
    """The campaign that the case is in, a running one if it can be: its script, mode, caps and pauses hold."""
    return connection.execute(
        sa.select(campaign.c.id)
        .join(enrollment, enrollment.c.campaign_id == campaign.c.id)
        .where(enrollment.c.case_id == case_id, campaign.c.state != CampaignState.FINISHED)
        .order_by((campaign.c.state == CampaignState.RUNNING).desc(), campaign.c.priority.desc(), campaign.c.id)
        .limit(1)
    ).scalar()
