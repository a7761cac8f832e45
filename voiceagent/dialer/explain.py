"""Why a contact is called now, or is not: the same facts, law and gates as a lease, with nothing written."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.cases import kinds, tables
from voiceagent.cases.store import Phone, load_case
from voiceagent.compliance import RuleBook, decide
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import UNVERIFIABLE, verifiable
from voiceagent.debt.retries import RetryPlan
from voiceagent.dialer.facts import Facts, read_facts
from voiceagent.dialer.floor import Guards, read_floor
from voiceagent.dialer.heartbeat import staff
from voiceagent.dialer.limits import Limits
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.pacing import Allotment, Held
from voiceagent.dialer.retrying import plan_in_force
from voiceagent.dialer.tables import CallbackStatus, CampaignState, Priority, callback, campaign, enrollment


def find_cases(connection: sa.Connection, contact: str, tenant_id: uuid.UUID) -> list[uuid.UUID]:
    """Cases of a telephone number, a document, or a case's own id; BadInputError when nobody is found."""
    t = tables
    text = contact.strip()
    query = sa.select(t.debt_case.c.id).where(t.debt_case.c.tenant_id == tenant_id)
    try:
        query = query.where(t.debt_case.c.id == uuid.UUID(text))
    except ValueError:
        if text.startswith(("+", "sip:")):
            owners = sa.select(t.phone.c.person_id).where(
                t.phone.c.tenant_id == tenant_id, t.phone.c.number == re.sub(r"[\s().-]", "", text)
            )
            query = query.where(t.debt_case.c.person_id.in_(owners))
        else:
            plain = text if text.startswith("id:") else re.sub(r"[\s./-]", "", text).upper()
            query = query.join(t.person, t.person.c.id == t.debt_case.c.person_id).where(
                t.person.c.document.in_((plain, f"id:{text}"))
            )
    found = list(connection.execute(query.order_by(t.debt_case.c.id)).scalars())
    if not found:
        raise BadInputError(
            "nobody is known by that: give a number like +5511955550100, a document or a case id", code="nobody_known"
        )
    return found


def explain_case(
    connection: sa.Connection,
    case_id: uuid.UUID,
    *,
    now: datetime,
    rules: RuleBook | None,
    gate: Gate,
    guard_s: float,
    tenant_id: uuid.UUID,
    guards: Guards | None = None,
) -> dict[str, Any]:
    """{case_id, name, creditor, callable, reasons, campaigns, callbacks, numbers: [{number, allow, rules, ...}]}.

    `callable`: the next seat that asks may call; `waits_for`: why no seat asks, line by line.
    """
    try:
        file = load_case(connection, case_id)
    except BadInputError as error:
        nothing: dict[str, Any] = {name: [] for name in ("waits_for", "campaigns", "callbacks", "numbers")}
        return {"case_id": str(case_id), "callable": False, "reasons": [error.code], **nothing}
    facts = read_facts(connection, file, now, tenant_id)
    guards = guards or Guards()
    # As a seat that asks; where seats are kept for callers, only those that really are idle count.
    asking = [] if guards.kept_for_inbound else ["explain"]
    held = Allotment(read_floor(connection, tenant_id, now, asking=asking, guards=guards)).held()
    zone = ZoneInfo(facts.zone)
    plan = plan_in_force(connection, tenant_id, now)
    callbacks = _callbacks(connection, case_id, now, held, zone)
    campaigns = _campaigns(connection, case_id, now, held, plan, zone)
    due = any(one["due"] for one in (*campaigns, *callbacks))
    # A promised call that is due is asked of the law as one; else whatever the next call may be for.
    promised = next((datetime.fromisoformat(one["due_at"]) for one in callbacks if one["due"]), None)
    modes = [one["mode"] for one in campaigns]
    numbers = [_number(facts, phone, promised, rules, gate, modes, guard_s) for phone in facts.file.phones]
    reasons: list[str] = []
    if not campaigns and not callbacks:
        reasons.append("in no campaign")
    elif not due:
        reasons += [f"{one['name']}: {one['why']}" for one in campaigns if one["why"]]
        reasons += [f"promised call: {one['why']}" for one in callbacks]
    live = connection.execute(
        sa.select(tables.attempt.c.id).where(
            tables.attempt.c.person_id == file.person_id, tables.attempt.c.status != kinds.AttemptStatus.ENDED
        )
    ).scalar()
    if live is not None:
        reasons.append("in a call right now")
    allowed = any(number["allow"] and number["mode_allows"] for number in numbers)
    known = verifiable(file.case)
    if not known:
        reasons.append(UNVERIFIABLE)
    if not allowed:
        reasons += sorted({number["why"] for number in numbers if number["why"]}) or ["has no number"]
    return {
        "case_id": str(case_id),
        "name": file.case.name,
        "creditor": file.case.creditor,
        "zone": facts.zone,
        "callable": allowed and known and due and live is None,
        "reasons": reasons,
        "waits_for": staff(connection, tenant_id, now).told(),
        "campaigns": campaigns,
        "callbacks": callbacks,
        "numbers": numbers,
    }


def _number(
    facts: Facts,
    phone: Phone,
    promised: datetime | None,
    rules: RuleBook | None,
    gate: Gate,
    modes: list[Any],
    guard_s: float,
) -> dict[str, Any]:
    asked = [
        facts.request(phone, purpose, guard_s=guard_s, asked_for=promised)
        for purpose in facts.purposes(callback=promised is not None)
    ]
    never = datetime.max.replace(tzinfo=facts.now.tzinfo)
    request, decision = min(
        ((one, decide(one, rules)) for one in asked),
        key=lambda pair: (not pair[1].allow, pair[1].retry_at or never),
    )
    refusal = ""
    for mode in modes or [None]:
        try:
            gate.check(phone.number, mode)
            refusal = ""
            break
        except DeniedError as error:
            refusal = error.message
    why = "; ".join(told for told in ("" if decision.allow else decision.detail, refusal) if told)
    if phone.status is kinds.PhoneStatus.DEAD:
        why = "the number is dead"
    return {
        "number": phone.number,
        "status": phone.status.value,
        "allow": decision.allow and phone.status is not kinds.PhoneStatus.DEAD,
        "mode_allows": not refusal,
        "purpose": request.purpose.value,
        "rules": list(decision.rules),
        "retry_at": decision.retry_at.isoformat() if decision.retry_at else None,
        "why": why,
    }


def _campaigns(
    connection: sa.Connection,
    case_id: uuid.UUID,
    now: datetime,
    held: Mapping[str, Held],
    plan: RetryPlan,
    zone: ZoneInfo,
) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(
            campaign.c.name, campaign.c.state.label("running"), campaign.c.reason.label("paused"),
            campaign.c.mode, campaign.c.caps, enrollment.c.state,
            enrollment.c.reason, enrollment.c.next_at, enrollment.c.attempts, enrollment.c.priority,
        )
        .join(campaign, campaign.c.id == enrollment.c.campaign_id)
        .where(enrollment.c.case_id == case_id)
        .order_by(campaign.c.name)
    )  # fmt: skip
    instant = sa.func.max(sa.func.coalesce(callback.c.retry_at, callback.c.due_at, type_=callback.c.due_at.type))
    promised = sa.select(instant).where(callback.c.case_id == case_id, callback.c.status == CallbackStatus.OPEN)
    promised_for = connection.execute(promised).scalar() or now
    found = []
    for row in rows:
        why = ""
        if row.running is not CampaignState.RUNNING:
            why = f"the campaign is {row.running.value}{': ' + row.paused if row.paused else ''}"
        elif row.state.value not in ("ready", "waiting"):
            why = f"{row.state.value}{_because(row.reason, plan, row.caps)}"
        elif row.next_at is not None and row.next_at > now:
            why = f"waits until {row.next_at.astimezone(zone).isoformat()}{_because(row.reason, plan, row.caps)}"
        elif promised_for > now and row.priority < Priority.REMINDER:
            why = f"waits until {promised_for.astimezone(zone).isoformat()} (a call is promised for then)"
        elif row.name in held:
            why = f"held by {held[row.name].told(zone)}"
        found.append(
            {
                "name": row.name,
                "mode": row.mode,
                "state": row.state.value,
                "next_at": row.next_at.isoformat() if row.next_at else None,
                "attempts": row.attempts,
                "due": not why,
                "why": why,
            }
        )
    return found


def _because(reason: str | None, plan: RetryPlan, caps: Mapping[str, Any]) -> str:
    """In brackets: the rule, the outcome with what the ladders in force say of it, or the campaign's own bound."""
    if not reason:
        return ""
    limits = Limits.from_json(caps)
    if reason == "max_attempts":
        return f" (max_attempts: its {limits.max_attempts} calls are made)"
    try:
        follows = plan.of(limits.retries).told(Disposition(reason))
    except ValueError:
        return f" ({reason})"
    own = f"ladders {limits.retries!r} of " if limits.retries in plan.named else ""
    return f" (after {reason}: {follows}, by {own}retry plan version {plan.retries})" if follows else f" ({reason})"


def _callbacks(
    connection: sa.Connection, case_id: uuid.UUID, now: datetime, held: Mapping[str, Held], zone: ZoneInfo
) -> list[dict[str, Any]]:
    rows = connection.execute(
        sa.select(
            callback.c.id,
            callback.c.due_at,
            callback.c.retry_at,
            callback.c.origin,
            campaign.c.name,
            campaign.c.state,
            campaign.c.reason,
        )
        .outerjoin(campaign, campaign.c.id == callback.c.campaign_id)
        .where(callback.c.case_id == case_id, callback.c.status == CallbackStatus.OPEN)
        .order_by(callback.c.due_at)
    )
    found = []
    for row in rows:
        why = ""
        if row.due_at > now:
            why = f"promised for {row.due_at.astimezone(zone).isoformat()}"
        elif row.retry_at is not None and row.retry_at > now:
            due, again = row.due_at.astimezone(zone), row.retry_at.astimezone(zone)
            why = f"promised for {due.isoformat()}, tried again at {again.isoformat()}"
        elif row.state not in (None, CampaignState.RUNNING):
            why = f"the campaign is {row.state.value}{': ' + row.reason if row.reason else ''}"
        elif row.name in held:
            why = f"held by {held[row.name].told(zone)}"
        found.append(
            {
                "id": str(row.id),
                "due_at": row.due_at.isoformat(),
                "origin": row.origin.value,
                "campaign": row.name,
                "due": not why,
                "why": why,
            }
        )
    return found
