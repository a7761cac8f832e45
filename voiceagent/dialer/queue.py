"""The queue: gives an idle seat the next lawful call, its attempt already committed, and takes the outcome back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.base.ids import uuid7
from voiceagent.cases import kinds, tables
from voiceagent.cases.attempts import AlreadyLiveError, begin_attempt
from voiceagent.cases.store import Phone, load_case
from voiceagent.compliance import Decision, Purpose, Request, RuleBook, decide
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY, UNVERIFIABLE, verifiable
from voiceagent.dialer import aftermath, hopper
from voiceagent.dialer.campaigns import Campaign, load_campaign
from voiceagent.dialer.facts import Facts, read_facts
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.tables import CallbackOrigin, DialMode
from voiceagent.journal.catalogue import CallAttempted, CallEnded, ComplianceDecided
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref

log = logging.getLogger(__name__)

#: Candidates looked at for one lease; the others wait for the next idle seat's question.
_LOOK_AT = 40
_BUSY_PERSON = timedelta(minutes=2)
#: What a call outside a campaign is held by.
DEFAULT_SCRIPT, DEFAULT_POLICY = "negotiation", "demo-br"
_MODE_WAIT = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Lease:
    """One call to make now. Its attempt is committed: complete it whatever happens."""

    attempt_id: uuid.UUID
    """X-Voiceagent-Call."""
    case: Case
    case_id: uuid.UUID
    person_id: uuid.UUID
    phone_id: uuid.UUID
    number: str
    caller_id: str | None
    purpose: Purpose
    mode: DialMode
    zone: str
    """The debtor's IANA zone."""
    today: date
    """The debtor's date, pinned for the call."""
    decision_id: uuid.UUID
    must_end_by: datetime | None
    leased_until: datetime
    script: str
    policy: str
    campaign_id: uuid.UUID | None = None
    campaign: str | None = None
    enrollment_id: uuid.UUID | None = None
    callback_id: uuid.UUID | None = None
    seat: str | None = None
    first_contact: bool = True
    """Nobody has talked with the person about this case lately."""
    identity_tries_left: int = TRIES_PER_DAY
    """Wrong answers the case may still get today."""


class ForbiddenError(DeniedError):
    """The law or the house's policy says no; `rules` are their ids."""

    def __init__(self, decision: Decision) -> None:
        retry = decision.retry_at.isoformat() if decision.retry_at else None
        when = f"not before {retry}" if retry else "not as things stand"
        super().__init__(f"{decision.rules[0]} forbids this call: {decision.detail}; {when}", retry_at=retry)
        self.rules = decision.rules


class Queue:
    """Leases and outcomes for the seats of one worker. Every method is one transaction and blocks: use a thread.

    `guard_s`: no call begins when the lawful window closes sooner (a high TMO). `lease_s`: a lease nobody completes or
    renews for so long is taken back and its attempt closed. `hashes` gives the SHA-256 of the script and policy that a
    call with this script, language and policy would be held by (None: not known): they are stored with the attempt.
    """

    def __init__(
        self,
        journal: Journal,
        rules: RuleBook | None,
        gate: Gate,
        *,
        worker: str | None = None,
        guard_s: float = 240.0,
        lease_s: float = 900.0,
        caller_id: str | None = None,
        hashes: Callable[[str, str, str], tuple[str, str] | None] | None = None,
    ) -> None:
        self.journal, self.rules, self.gate = journal, rules, gate
        self.worker, self.guard_s, self.lease_s, self.caller_id = worker, guard_s, lease_s, caller_id
        self._hashes = hashes

    def lease(self, seat: str, campaign: str | None = None) -> Lease | None:
        """The next call for `seat`, callbacks first; None when nothing may be called now.

        Denied candidates get their next instant, and their decisions are kept. `campaign` narrows to one by name.
        """
        now = self.journal.clock.now()
        with self.journal.transaction() as connection:
            aftermath.expire(self.journal, connection, now)
            for candidate in hopper.due(connection, now, self.journal.tenant_id, campaign=campaign, limit=_LOOK_AT):
                found = self._try(connection, candidate, seat, now)
                if found is not None:
                    return found
        return None

    def lease_case(
        self, seat: str, case_id: uuid.UUID, *, number: str | None = None, campaign_id: uuid.UUID | None = None
    ) -> Lease:
        """One call to this case now, through law, mode and lease; DeniedError with rule and retry time otherwise."""
        now = self.journal.clock.now()
        refused: DeniedError | None = None
        with self.journal.transaction() as connection:
            candidate = hopper.Candidate(case_id=case_id, campaign_id=campaign_id)
            facts = self._facts(connection, candidate, now)
            if not verifiable(facts.file.case):
                raise DeniedError(
                    "nothing is known that this person could prove identity with: import a birth date or a document",
                    code=UNVERIFIABLE,
                )
            phones = [phone for phone in facts.file.phones if number in (None, phone.number)]
            if not phones:
                raise BadInputError("the case has no such number: import it with the case first")
            refused = DeniedError("no number of this case may be called")
            for phone in phones:
                outcome = self._ask(connection, candidate, facts, phone, seat, Purpose.COLLECTION, None)
                if isinstance(outcome, Lease):
                    return outcome
                refused = outcome
        raise refused

    def recheck(self, lease: Lease) -> None:
        """Right before the INVITE: mode, stops and hours once more. DeniedError: do not dial, complete as ERR."""
        now = self.journal.clock.now()
        self.gate.check(lease.number, lease.mode)
        with self.journal.db.read() as connection:
            facts = read_facts(connection, load_case(connection, lease.case_id), now, self.journal.tenant_id)
            phone = next((p for p in facts.file.phones if p.id == lease.phone_id), None)
            if phone is None:
                raise DeniedError("the number is gone: it may not be dialled any more")
            request = facts.request(phone, lease.purpose, guard_s=0.0)
            # The attempt itself stands in the history already: caps and quiet times were weighed at the lease.
            now_only = replace(request, history=(), case=replace(request.case, cooloff_until=None))
            decision = decide(now_only, self.rules)
        if not decision.allow:
            raise ForbiddenError(decision)

    def renew(self, lease: Lease) -> None:
        """The call still runs: push the lease's end out."""
        with self.journal.db.write() as connection:
            hopper.renew(connection, lease.enrollment_id, lease.callback_id, self._until())

    def complete(self, lease: Lease, ended: CallEnded, *, actor: str = "agent") -> None:
        """Record the verdict and move the case on: next instant, cool-off, number's fate, callback closed. Idempotent.

        `ended.disposition` decides; where the attempt was closed already (by a supervisor), that verdict stands.
        """
        self.complete_attempt(lease.attempt_id, ended, actor=actor)

    def complete_attempt(self, attempt_id: uuid.UUID, ended: CallEnded, *, actor: str = "agent") -> None:
        """`complete` for who has only the call's id."""
        Disposition(ended.disposition)
        with self.journal.transaction() as connection:
            live = connection.execute(
                sa.select(tables.attempt.c.status).where(tables.attempt.c.id == attempt_id)
            ).scalar_one_or_none()
            if live is None:
                raise BadInputError(f"there is no call {attempt_id}")
            if live is not kinds.AttemptStatus.ENDED:
                self.journal.record([NewEvent("call", attempt_id, ended, actor)], connection)
            aftermath.settle(self.journal, connection, attempt_id, self.journal.clock.now())

    # --- one candidate ------------------------------------------------------------------------------------------------

    def _try(self, connection: sa.Connection, candidate: hopper.Candidate, seat: str, now: datetime) -> Lease | None:
        """Lease the candidate, or write down why and until when not."""
        try:
            facts = self._facts(connection, candidate, now)
        except BadInputError as error:
            hopper.finish(connection, candidate, error.code, now)
            return None
        if not verifiable(facts.file.case):
            hopper.finish(connection, candidate, UNVERIFIABLE, now)
            return None
        purpose = Purpose.CALLBACK if candidate.callback_id else Purpose.COLLECTION
        if purpose is Purpose.COLLECTION and (facts.facts.days_overdue or 0) < 0:
            purpose = Purpose.REMINDER
        asked_for = candidate.due_at if candidate.origin is CallbackOrigin.DEBTOR_ASKED else None
        phones = facts.phones()
        preferred = [phone for phone in phones if phone.id == candidate.phone_id]
        refusals: list[DeniedError] = []
        for phone in preferred + [phone for phone in phones if phone.id != candidate.phone_id]:
            outcome = self._ask(connection, candidate, facts, phone, seat, purpose, asked_for)
            if isinstance(outcome, Lease):
                return outcome
            refusals.append(outcome)
            if outcome.code == AlreadyLiveError.code:
                break
        retries = [datetime.fromisoformat(refusal.retry_at) for refusal in refusals if refusal.retry_at]
        if not refusals:
            reason = "opt_out" if facts.stopped_numbers else "no_number"
        else:
            reason = refusals[0].rules[0] if isinstance(refusals[0], ForbiddenError) else refusals[0].code
        hopper.postpone(connection, candidate, reason, min(retries, default=None), now)
        return None

    def _facts(self, connection: sa.Connection, candidate: hopper.Candidate, now: datetime) -> Facts:
        return read_facts(connection, load_case(connection, candidate.case_id), now, self.journal.tenant_id)

    def _ask(
        self,
        connection: sa.Connection,
        candidate: hopper.Candidate,
        facts: Facts,
        phone: Phone,
        seat: str,
        purpose: Purpose,
        asked_for: datetime | None,
    ) -> Lease | DeniedError:
        now = facts.now
        campaign = load_campaign(connection, candidate.campaign_id) if candidate.campaign_id else None
        try:
            mode = self.gate.check(phone.number, campaign.mode if campaign else None)
        except DeniedError as error:
            return DeniedError(error.message, code="dial_mode", retry_at=(now + _MODE_WAIT).isoformat())
        request = facts.request(phone, purpose, guard_s=self.guard_s, asked_for=asked_for)
        decision = decide(request, self.rules)
        decided = self._decided(decision, request, facts)
        if decision.alert:
            log.error("case %s is not called, and people must look: %s", facts.file.case_id, decision.detail)
        if not decision.allow:
            self.journal.record([NewEvent("case", facts.file.case_id, decided, "dialer")], connection)
            return ForbiddenError(decision)
        attempted = self._attempted(decided, candidate, facts, phone, seat, mode, campaign, purpose)
        try:
            attempt_id = begin_attempt(self.journal, attempted, decision=decided, connection=connection)
        except AlreadyLiveError as error:
            return DeniedError(error.message, code=error.code, retry_at=(now + _BUSY_PERSON).isoformat())
        until = self._until()
        hopper.take(connection, candidate, seat, until, now)
        return Lease(
            attempt_id=attempt_id,
            case=facts.file.case,
            case_id=facts.file.case_id,
            person_id=facts.file.person_id,
            phone_id=phone.id,
            number=phone.number,
            caller_id=attempted.caller_id,
            purpose=purpose,
            mode=mode,
            zone=facts.zone,
            today=attempted.local_date or now.date(),
            decision_id=decided.decision_id,
            must_end_by=decision.must_end_by,
            leased_until=until,
            script=campaign.script if campaign else DEFAULT_SCRIPT,
            policy=campaign.policy if campaign else DEFAULT_POLICY,
            campaign_id=candidate.campaign_id,
            campaign=campaign.name if campaign else None,
            enrollment_id=candidate.enrollment_id,
            callback_id=candidate.callback_id,
            seat=seat,
            first_contact=facts.first_contact,
            identity_tries_left=facts.identity_tries_left,
        )

    def _attempted(
        self,
        decided: ComplianceDecided,
        candidate: hopper.Candidate,
        facts: Facts,
        phone: Phone,
        seat: str,
        mode: DialMode,
        campaign: Campaign | None,
        purpose: Purpose,
    ) -> CallAttempted:
        script, policy = (campaign.script, campaign.policy) if campaign else (DEFAULT_SCRIPT, DEFAULT_POLICY)
        hashes = self._hashes(script, str(facts.file.case.language), policy) if self._hashes else None
        local = facts.now.astimezone(ZoneInfo(facts.zone))
        return CallAttempted(
            facts.file.case_id,
            facts.file.person_id,
            phone.id,
            mode=mode,
            purpose=purpose,
            campaign_id=candidate.campaign_id,
            enrollment_id=candidate.enrollment_id,
            callback_id=candidate.callback_id,
            decision_id=decided.decision_id,
            caller_id=(campaign.caller_id if campaign else None) or self.caller_id,
            seat=seat,
            worker=self.worker,
            language=facts.file.case.language,
            zone=facts.zone,
            local_date=local.date(),
            local_hour=local.hour,
            queued_at=candidate.since,
            script_sha256=hashes[0] if hashes else None,
            policy_sha256=hashes[1] if hashes else None,
        )

    def _decided(self, decision: Decision, request: Request, facts: Facts) -> ComplianceDecided:
        return ComplianceDecided(
            uuid7(facts.now),
            decision.allow,
            decision.rules,
            decision.rule_version,
            private_ref("compliance", request.to_json(), facts.now),
            decision.inputs_hash,
            purpose=request.purpose,
            case_id=facts.file.case_id,
            person_id=facts.file.person_id,
            retry_at=decision.retry_at,
        )

    def _until(self) -> datetime:
        return self.journal.clock.now() + timedelta(seconds=self.lease_s)
