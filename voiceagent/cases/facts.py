"""What the law asks before a contact: stops in force and everything that was tried before, over all campaigns."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.kinds import Channel, DebtStatus, OptOutScope, PhoneStatus, RequestStatus, Stage
from voiceagent.cases.store import earliest_open_promise


@dataclass(frozen=True, slots=True)
class PastContact:
    """One contact with the person, by whichever campaign, creditor, number or channel."""

    at: datetime
    channel: Channel
    kind: str
    """attempt; conversation: a call in which a person talked with us; message."""
    number: str | None
    """None once erased."""
    case_id: uuid.UUID | None
    debt_ids: tuple[uuid.UUID, ...]
    """The debts of that case."""
    outcome: str | None
    """Disposition of a call, None while it lasts."""
    inbound: bool


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """The state of case, person and number that bears on a contact now."""

    stage: Stage
    stops: tuple[str, ...]
    """Of: cease, deceased, dispute, legal, paid, wrong_number (sorted)."""
    oldest_due: date | None
    """Due day of the oldest open debt; days overdue follow from the debtor's today."""
    open_promise_due: date | None
    history: tuple[PastContact, ...]
    """Oldest first."""
    live: bool
    """The person is in a call now."""


#: Tasks for people that stop contact for as long as they are not closed.
STOPPING_REQUESTS = {
    "dispute": "dispute",
    "legal": "legal",
    "deceased_review": "deceased",
    "deceased": "deceased",
    "proof_of_payment": "paid",
}
_STOPPING_STAGES = {Stage.DISPUTE: "dispute", Stage.PRE_LEGAL: "legal", Stage.LEGAL: "legal", Stage.CLOSED: "paid"}


def contact_facts(
    connection: sa.Connection,
    case_id: uuid.UUID,
    *,
    since: datetime,
    number: str | None = None,
    channel: Channel = Channel.VOICE,
) -> ContactFacts:
    """Facts for contacting `case_id` (by `number`, when voice or text); history from `since` on.

    BadInputError when there is no such case.
    """
    case = tables.debt_case
    row = connection.execute(sa.select(case).where(case.c.id == case_id)).first()
    if row is None:
        raise BadInputError(f"there is no case {case_id}", code="unknown_case")
    debts = connection.execute(
        sa.select(tables.debt.c.status, tables.debt.c.due).where(tables.debt.c.case_id == case_id)
    ).all()
    owed = [debt.due for debt in debts if debt.status in (DebtStatus.OPEN, DebtStatus.DISPUTED)]
    past = history(connection, row.person_id, since)
    return ContactFacts(
        stage=row.stage,
        stops=tuple(sorted(_stops(connection, row, number, channel, bool(debts) and not owed))),
        oldest_due=min(owed, default=None),
        open_promise_due=earliest_open_promise(connection, case_id),
        history=past,
        live=_is_live(connection, row.person_id),
    )


def history(connection: sa.Connection, person_id: uuid.UUID, since: datetime) -> tuple[PastContact, ...]:
    """Every contact of a person from `since` on, oldest first; an attempt counts from the moment it was committed."""
    interaction, attempt = tables.interaction, tables.attempt
    rows = connection.execute(
        sa.select(
            interaction.c.started_at,
            interaction.c.channel,
            interaction.c.direction,
            interaction.c.case_id,
            interaction.c.outcome,
            attempt.c.number,
            attempt.c.human,
        )
        .outerjoin(attempt, attempt.c.id == interaction.c.id)
        .where(interaction.c.person_id == person_id, interaction.c.started_at >= since)
        .order_by(interaction.c.started_at, interaction.c.id)
    ).all()
    debts: dict[uuid.UUID, list[uuid.UUID]] = {}
    cases = {row.case_id for row in rows if row.case_id is not None}
    for debt in connection.execute(
        sa.select(tables.debt.c.case_id, tables.debt.c.id)
        .where(tables.debt.c.case_id.in_(cases))
        .order_by(tables.debt.c.id)
    ):
        debts.setdefault(debt.case_id, []).append(debt.id)
    return tuple(
        PastContact(
            at=row.started_at,
            channel=row.channel,
            kind="message" if row.channel != Channel.VOICE else "conversation" if row.human else "attempt",
            number=row.number,
            case_id=row.case_id,
            debt_ids=tuple(debts.get(row.case_id, ())),
            outcome=row.outcome,
            inbound=row.direction == "in",
        )
        for row in rows
    )


def _stops(
    connection: sa.Connection, case: sa.Row[tuple[object, ...]], number: str | None, channel: Channel, all_paid: bool
) -> set[str]:
    stops = {"paid"} if all_paid else set()
    if case.stage in _STOPPING_STAGES:
        stops.add(_STOPPING_STAGES[case.stage])
    request = tables.request
    person_cases = sa.select(tables.debt_case.c.id).where(tables.debt_case.c.person_id == case.person_id)
    open_requests = connection.execute(
        sa.select(request.c.kind, request.c.case_id).where(
            request.c.case_id.in_(person_cases),
            request.c.status.in_((RequestStatus.OPEN, RequestStatus.IN_PROGRESS)),
            request.c.kind.in_(STOPPING_REQUESTS),
        )
    )
    for kind, case_id in open_requests:
        # A death stops every case of the person; the other reasons stop the case they were said in.
        if case_id == case.id or STOPPING_REQUESTS[kind] == "deceased":
            stops.add(STOPPING_REQUESTS[kind])
    if _opted_out(connection, case, number, channel):
        stops.add("cease")
    if number is not None:
        phone = tables.phone
        status = connection.execute(
            sa.select(phone.c.status).where(phone.c.person_id == case.person_id, phone.c.number == number)
        ).scalar()
        if status == PhoneStatus.WRONG:
            stops.add("wrong_number")
    return stops


def _opted_out(
    connection: sa.Connection, case: sa.Row[tuple[object, ...]], number: str | None, channel: Channel
) -> bool:
    table = tables.opt_out
    theirs = table.c.person_id == case.person_id
    covers = [
        sa.and_(theirs, table.c.scope == OptOutScope.PERSON),
        sa.and_(theirs, table.c.scope == OptOutScope.CHANNEL, table.c.channel == str(channel)),
    ]
    if number is not None:
        # Whoever has the number now: it was the number that was to be left alone.
        covers.append(sa.and_(table.c.scope == OptOutScope.NUMBER, table.c.number == number))
    query = sa.select(table.c.id).where(
        table.c.tenant_id == case.tenant_id, table.c.revoked_at.is_(None), sa.or_(*covers)
    )
    return connection.execute(query.limit(1)).first() is not None


def _is_live(connection: sa.Connection, person_id: uuid.UUID) -> bool:
    table = tables.attempt
    query = sa.select(table.c.id).where(table.c.person_id == person_id, table.c.status != "ended")
    return connection.execute(query.limit(1)).first() is not None
