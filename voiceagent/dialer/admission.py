"""Law at enrolment: a case that may not be called is told so when it joins a campaign, not when its turn comes."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass

import sqlalchemy as sa

from voiceagent.cases.store import CaseFile, load_cases
from voiceagent.compliance import Decision, Purpose, Request, RuleBook, decide
from voiceagent.dialer import hopper
from voiceagent.dialer.facts import Facts, read_all_facts
from voiceagent.dialer.hopper import Candidate
from voiceagent.dialer.tables import UNWEIGHED, CampaignState, Priority, campaign, enrollment
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal

#: Cases weighed in one transaction: calls that run wait for the journal meanwhile.
_BATCH = 100


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
        return Admitted(*(mine + its for mine, its in zip(astuple(self), astuple(other), strict=True)))

    def to_json(self) -> dict[str, int]:
        """{weighed, allowed, waiting, stopped}."""
        return asdict(self)

    def words(self) -> str:
        """For people."""
        return (
            f"of {self.weighed} weighed by the law, {self.allowed} may be called now, {self.waiting} later, "
            f"{self.stopped} not as things stand"
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
            found += _weigh(journal, connection, some, rules, guard_s)
        if not some:
            break
    return found


def pending(connection: sa.Connection, tenant_id: uuid.UUID) -> bool:
    """Whether somebody joined a campaign and was not weighed yet."""
    return bool(_new(connection, tenant_id, None, 1))


def _new(connection: sa.Connection, tenant_id: uuid.UUID, campaign_id: uuid.UUID | None, limit: int) -> list[Candidate]:
    """Cases in campaigns that are not over, not weighed since they joined: a short range of an index of their own."""
    e, c = enrollment.c, campaign.c
    alive = sa.select(c.id).where(c.tenant_id == tenant_id, c.state != CampaignState.FINISHED).order_by(c.id)
    if campaign_id is not None:
        alive = alive.where(c.id == campaign_id)
    found: list[Candidate] = []
    for one in connection.execute(alive).scalars().all():
        query = (
            sa.select(e.id, e.case_id, e.priority, e.created_at)
            .where(e.campaign_id == one, e.reason == sa.literal_column(f"'{UNWEIGHED}'"))
            .order_by(e.id)
            .limit(limit - len(found))
        )
        found += [
            Candidate(row.case_id, one, row.id, since=row.created_at, priority=Priority(row.priority))
            for row in connection.execute(query)
        ]
        if len(found) >= limit:
            break
    return found


def _weigh(
    journal: Journal, connection: sa.Connection, some: Sequence[Candidate], rules: RuleBook | None, guard_s: float
) -> Admitted:
    now = journal.clock.now()
    files = load_cases(connection, [one.case_id for one in some])
    known = [file for file in files.values() if isinstance(file, CaseFile)]
    facts = read_all_facts(connection, known, now, journal.tenant_id)
    found, kept, free = Admitted(), list[NewEvent](), list[uuid.UUID]()
    for candidate in some:
        file = files[candidate.case_id]
        if not isinstance(file, CaseFile):
            # Paid, or erased: nothing to call for.
            hopper.finish(connection, candidate, file.code, now)
            found += Admitted(1, stopped=1)
            continue
        theirs = facts[candidate.case_id]
        best = _best(theirs, rules, guard_s)
        if best is None:
            reason = "opt_out" if theirs.stopped_numbers else "no_number"
            hopper.postpone(connection, candidate, reason, None, now)
            found += Admitted(1, stopped=1)
            continue
        decided = theirs.decided(*best)
        kept.append(NewEvent("case", candidate.case_id, decided, "enrolment", at=now))
        if decided.allow:
            assert candidate.enrollment_id is not None
            free.append(candidate.enrollment_id)
            found += Admitted(1, allowed=1)
        else:
            remind = best[0].purpose is Purpose.REMINDER and theirs.promised_due is not None
            priority = Priority.REMINDER if remind and decided.retry_at else None
            hopper.postpone(connection, candidate, decided.rules[0], decided.retry_at, now, priority=priority)
            found += Admitted(1, waiting=1) if decided.retry_at else Admitted(1, stopped=1)
    journal.record(kept, connection)
    connection.execute(sa.update(enrollment).where(enrollment.c.id.in_(free)).values(reason=None))
    return found


def _best(facts: Facts, rules: RuleBook | None, guard_s: float) -> tuple[Request, Decision] | None:
    """The best number that may be called; else the one that may be soonest."""
    soonest: tuple[Request, Decision] | None = None
    for phone in facts.phones():
        for purpose in facts.purposes():
            request = facts.request(phone, purpose, guard_s=guard_s)
            decision = decide(request, rules)
            if decision.allow:
                return request, decision
            if soonest is None or _sooner(decision, soonest[1]):
                soonest = request, decision
    return soonest


def _sooner(one: Decision, other: Decision) -> bool:
    return one.retry_at is not None and (other.retry_at is None or one.retry_at < other.retry_at)
