"""Law at enrolment: a case that may not be called is told so when it joins a campaign, not when its turn comes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables as t
from voiceagent.cases.store import load_case
from voiceagent.compliance import RuleBook, decide
from voiceagent.dialer import hopper
from voiceagent.dialer.facts import read_facts
from voiceagent.dialer.hopper import Candidate
from voiceagent.dialer.tables import CampaignState, EnrollmentState, campaign, enrollment
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

#: Cases weighed in one transaction: calls that run wait for the journal meanwhile.
_BATCH = 25


@dataclass(frozen=True, slots=True)
class Admitted:
    """What a round of admission found."""

    weighed: int = 0
    allowed: int = 0
    """May be called now."""
    waiting: int = 0
    """May be called at a later instant, which is kept."""
    stopped: int = 0
    """Nothing but people can change it."""

    def __add__(self, other: Admitted) -> Admitted:
        return Admitted(
            self.weighed + other.weighed,
            self.allowed + other.allowed,
            self.waiting + other.waiting,
            self.stopped + other.stopped,
        )


def admit(
    journal: Journal,
    rules: RuleBook | None,
    *,
    guard_s: float,
    campaign_id: uuid.UUID | None = None,
    limit: int = 200,
) -> Admitted:
    """Weigh up to `limit` enrolled cases that nobody has weighed since they joined, of one campaign or of all.

    Each decision is kept with its rules, its inputs and their hash and the version of the rules, as before a call. Who
    may not be called waits for the instant the law names; the lease and the moment before the INVITE weigh again.
    """
    found = Admitted()
    while found.weighed < limit:
        with journal.transaction() as connection:
            some = _new(connection, journal.tenant_id, campaign_id, min(_BATCH, limit - found.weighed))
            for candidate in some:
                found += _weigh(journal, connection, candidate, rules, guard_s)
        if not some:
            break
    return found


def pending(connection: sa.Connection, tenant_id: uuid.UUID) -> bool:
    """Whether somebody joined a campaign and was not weighed yet."""
    return bool(_new(connection, tenant_id, None, 1))


def _new(connection: sa.Connection, tenant_id: uuid.UUID, campaign_id: uuid.UUID | None, limit: int) -> list[Candidate]:
    """Cases ready in a campaign that is not over, without a decision since they joined it."""
    e, d, case = enrollment.c, t.compliance_decision.c, t.debt_case.c
    decided = sa.select(d.id).where(d.person_id == case.person_id, d.case_id == e.case_id, d.decided_at >= e.created_at)
    query = (
        sa.select(e.id, e.case_id, e.campaign_id, e.priority, e.created_at)
        .join(t.debt_case, case.id == e.case_id)
        .join(campaign, campaign.c.id == e.campaign_id)
        .where(
            e.tenant_id == tenant_id,
            e.state == EnrollmentState.READY,
            campaign.c.state != CampaignState.FINISHED,
            ~sa.exists(decided.correlate(enrollment, t.debt_case)),
        )
        .order_by(e.campaign_id, e.priority.desc(), e.next_at, e.id)
        .limit(limit)
    )
    if campaign_id is not None:
        query = query.where(e.campaign_id == campaign_id)
    return [
        Candidate(row.case_id, row.campaign_id, row.id, since=row.created_at, priority=row.priority)
        for row in connection.execute(query)
    ]


def _weigh(
    journal: Journal, connection: sa.Connection, candidate: Candidate, rules: RuleBook | None, guard_s: float
) -> Admitted:
    now = journal.clock.now()
    try:
        facts = read_facts(connection, load_case(connection, candidate.case_id), now, journal.tenant_id)
    except BadInputError as error:
        # Paid, or erased: nothing to call for.
        hopper.finish(connection, candidate, error.code, now)
        return Admitted(1, stopped=1)
    asked = [
        facts.request(phone, purpose, guard_s=guard_s) for phone in facts.phones() for purpose in facts.purposes()
    ]
    answers = [(request, decide(request, rules)) for request in asked]
    if not answers:
        hopper.postpone(connection, candidate, "opt_out" if facts.stopped_numbers else "no_number", None, now)
        return Admitted(1, stopped=1)
    # The best number that may be called; else the one that may be soonest.
    request, decision = min(
        answers, key=lambda one: (not one[1].allow, one[1].retry_at or datetime.max.replace(tzinfo=now.tzinfo))
    )
    decided = facts.decided(request, decision)
    journal.record([NewEvent("case", candidate.case_id, decided, "enrolment")], connection)
    if decision.allow:
        return Admitted(1, allowed=1)
    hopper.postpone(connection, candidate, decision.rules[0], decision.retry_at, now)
    return Admitted(1, waiting=1) if decision.retry_at else Admitted(1, stopped=1)
