"""Calls as pages and evidence show them: the list of a period, and one call with all that was said."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.handovers import hand_overs_of
from voiceagent.journal.private import read_private
from voiceagent.storage.schema import DEFAULT_TENANT


def calls(
    connection: sa.Connection,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    campaign_id: uuid.UUID | None = None,
    live: bool | None = None,
    tenant_id: uuid.UUID = DEFAULT_TENANT,
    limit: int = 200,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Calls that began in [`start`, `end`), newest first.

    Each has the attempt's columns plus `name`, `creditor`, `promised_minor` and `currency` (None without a promise) and
    `recording_id` (None without one).
    """
    t = tables
    attempt = t.attempt.c
    query = (
        sa.select(
            t.attempt,
            t.person.c.name,
            t.creditor.c.name.label("creditor"),
            _first(t.agreement.c.total_minor, t.agreement.c.interaction_id, t.agreement.c.id).label("promised_minor"),
            _first(t.agreement.c.currency, t.agreement.c.interaction_id, t.agreement.c.id).label("currency"),
            _first(t.recording.c.id, t.recording.c.attempt_id, t.recording.c.opened_at).label("recording_id"),
        )
        .outerjoin(t.person, t.person.c.id == attempt.person_id)
        .outerjoin(t.debt_case, t.debt_case.c.id == attempt.case_id)
        .outerjoin(t.creditor, t.creditor.c.id == t.debt_case.c.creditor_id)
        .where(attempt.tenant_id == tenant_id)
        .order_by(attempt.t_start.desc(), attempt.id.desc())
        .limit(limit)
        .offset(offset)
    )
    if start is not None:
        query = query.where(attempt.t_start >= start)
    if end is not None:
        query = query.where(attempt.t_start < end)
    if campaign_id is not None:
        query = query.where(attempt.campaign_id == campaign_id)
    if live is not None:
        query = query.where(attempt.status != "ended" if live else attempt.status == "ended")
    return [dict(row) for row in connection.execute(query).mappings()]


def call_detail(
    connection: sa.Connection, attempt_id: uuid.UUID, *, tenant_id: uuid.UUID = DEFAULT_TENANT
) -> dict[str, Any]:
    """One call with all that belongs to it; BadInputError when there is no such call.

    The attempt's columns plus `name`, `creditor`, `currency` (of the debts; None without a case), and the lists
    `turns` (in order, each with `text`, None when it was an identity answer or erased), `promises`, `agreements`,
    `recordings`, `identity_tries`, `requests`, `opt_outs`, `second_looks` (each with its `words`), and
    `decision` (None, or with its `inputs`).
    """
    t = tables
    owed = (
        sa.select(t.debt.c.currency)
        .where(t.debt.c.case_id == t.attempt.c.case_id)
        .order_by(t.debt.c.due, t.debt.c.id)
        .limit(1)
        .scalar_subquery()
    )
    row = (
        connection.execute(
            sa.select(t.attempt, t.person.c.name, t.creditor.c.name.label("creditor"), owed.label("currency"))
            .outerjoin(t.person, t.person.c.id == t.attempt.c.person_id)
            .outerjoin(t.debt_case, t.debt_case.c.id == t.attempt.c.case_id)
            .outerjoin(t.creditor, t.creditor.c.id == t.debt_case.c.creditor_id)
            .where(t.attempt.c.id == attempt_id, t.attempt.c.tenant_id == tenant_id)
        )
        .mappings()
        .first()
    )
    if row is None:
        raise BadInputError(f"there is no call {attempt_id}", code="unknown_call")
    found = dict(row)
    turns = _rows(connection, sa.select(t.turn).where(t.turn.c.attempt_id == attempt_id).order_by(t.turn.c.seq))
    agreements = _rows(
        connection,
        sa.select(t.agreement).where(t.agreement.c.interaction_id == attempt_id).order_by(t.agreement.c.made_at),
    )
    requests = _rows(
        connection, sa.select(t.request).where(t.request.c.attempt_id == attempt_id).order_by(t.request.c.opened_at)
    )
    decisions = _rows(
        connection, sa.select(t.compliance_decision).where(t.compliance_decision.c.id == found["decision_id"])
    )
    spoken = _texts(connection, [turn["text_ref"] for turn in turns])
    details = _texts(connection, [request[ref] for request in requests for ref in ("detail_ref", "destination_ref")])
    inputs = _texts(connection, [decision["inputs_ref"] for decision in decisions])
    found["turns"] = [turn | {"text": spoken.get(turn["text_ref"])} for turn in turns]
    found["agreements"] = agreements
    looks = _rows(connection, sa.select(t.second_look).where(t.second_look.c.attempt_id == attempt_id))
    heard = _texts(connection, [look["words_ref"] for look in looks])
    found["second_looks"] = [look | {"words": heard.get(look["words_ref"]) or []} for look in looks]
    found["promises"] = _rows(
        connection,
        sa.select(t.promise)
        .where(t.promise.c.agreement_id.in_([agreement["id"] for agreement in agreements]))
        .order_by(t.promise.c.due, t.promise.c.number),
    )
    found["recordings"] = _rows(
        connection,
        sa.select(t.recording).where(t.recording.c.attempt_id == attempt_id).order_by(t.recording.c.opened_at),
    )
    found["identity_tries"] = _rows(
        connection,
        sa.select(t.identity_try).where(t.identity_try.c.attempt_id == attempt_id).order_by(t.identity_try.c.at),
    )
    found["requests"] = [
        request | {"detail": details.get(request["detail_ref"]), "destination": details.get(request["destination_ref"])}
        for request in requests
    ]
    found["opt_outs"] = _rows(
        connection, sa.select(t.opt_out).where(t.opt_out.c.attempt_id == attempt_id).order_by(t.opt_out.c.created_at)
    )
    found["hand_overs"] = hand_overs_of(connection, attempt_id)
    found["decision"] = decisions[0] | {"inputs": inputs.get(decisions[0]["inputs_ref"])} if decisions else None
    return found


def _first(wanted: sa.Column[Any], parent: sa.Column[Any], order: sa.Column[Any]) -> sa.ScalarSelect[Any]:
    return sa.select(wanted).where(parent == tables.attempt.c.id).order_by(order).limit(1).scalar_subquery()


def _rows(connection: sa.Connection, query: sa.Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in connection.execute(query).mappings()]


def _texts(connection: sa.Connection, refs: list[uuid.UUID | None]) -> dict[uuid.UUID | None, Any]:
    found = read_private(connection, [{"ref": str(ref)} for ref in refs if ref])
    return {uuid.UUID(ref): body for ref, body in found.items()}
