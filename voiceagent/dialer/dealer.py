"""One round of asking: candidates are weighed against law, mode and pacing, and those that pass become calls."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables
from voiceagent.cases.attempts import AlreadyLiveError, NewAttempt, begin_attempts
from voiceagent.cases.store import CASES, CaseFile, Phone, load_cases, numbers_of
from voiceagent.compliance import Decision, Purpose, RuleBook, decide
from voiceagent.debt.identity import UNVERIFIABLE, verifiable
from voiceagent.dialer import hopper
from voiceagent.dialer.campaigns import Campaign, load_campaign
from voiceagent.dialer.facts import FACTS, Facts, asked_with, read_all_facts
from voiceagent.dialer.hopper import Candidate
from voiceagent.dialer.lease import ForbiddenError, Lease
from voiceagent.dialer.meanwhile import Meanwhile
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.pacing import Allotment
from voiceagent.dialer.tables import CallbackOrigin, DialMode, Priority
from voiceagent.journal.catalogue import CallAttempted, ComplianceDecided
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.driver import end, together
from voiceagent.storage.question import Bundle, Question, one_of

log = logging.getLogger(__name__)

Hashes = Callable[[str, str, str], tuple[str, str] | None]

#: A person or number that is in another call is looked at again after this.
_BUSY_PERSON = timedelta(minutes=2)
_MODE_WAIT = timedelta(hours=1)
#: What a call outside a campaign is held by.
DEFAULT_SCRIPT, DEFAULT_POLICY = "negotiation", "demo-br"


def _in_calls() -> sa.CompoundSelect[Any]:
    a = tables.attempt.c
    # A literal, so that both databases use the small indexes of live calls.
    alive = sa.literal_column("attempt.status") != sa.literal_column("'ended'")
    query = sa.select(a.person_id, a.number).where(a.tenant_id == sa.bindparam("tenant"), alive)
    return sa.union_all(query.where(a.number.in_(numbers_of("people"))), query.where(one_of(a.person_id, "people")))


_BUSY = Question(_in_calls())
#: All that is asked about candidates.
_WEIGHED = Bundle(CASES, FACTS, _BUSY)


def _asked_for(candidate: Candidate) -> datetime | None:
    return candidate.due_at if candidate.origin is CallbackOrigin.DEBTOR_ASKED else None


@dataclass(frozen=True, slots=True)
class _Grant:
    candidate: Candidate
    facts: Facts
    phone: Phone
    purpose: Purpose
    mode: DialMode
    decision: Decision
    new: NewAttempt
    decision_id: uuid.UUID
    seat: str


@dataclass(frozen=True, slots=True)
class _Wait:
    """A candidate that is not called now: it is over, or waits until `at` (None: for people)."""

    candidate: Candidate
    reason: str
    person_id: uuid.UUID | None = None
    at: datetime | None = None
    over: bool = False
    priority: Priority | None = None
    denied: tuple[NewEvent, ...] = ()


class Dealer:
    """Deals calls to `seats` within the transaction of `connection`, at the instant `now`.

    `weigh` reads and decides, beside others who do the same; `begin`, with the journal's lock held, writes what still
    holds, and `leases` are its result.
    """

    def __init__(
        self,
        journal: Journal,
        connection: sa.Connection,
        now: datetime,
        *,
        rules: RuleBook | None,
        gate: Gate,
        campaigns: Mapping[uuid.UUID, Campaign],
        allotment: Allotment,
        seats: Sequence[str],
        worker: str | None,
        guard_s: float,
        until: datetime,
        caller_id: str | None,
        hashes: Hashes | None,
    ) -> None:
        self.connection, self.now, self.leases = connection, now, list[Lease]()
        self._journal, self._rules, self._gate = journal, rules, gate
        self._campaigns, self._allotment = dict(campaigns), allotment
        self._seats, self._worker, self._guard_s, self._until = list(seats), worker, guard_s, until
        self._caller_id, self._hashes = caller_id, hashes
        self.seen: set[uuid.UUID] = set()
        """Callbacks and enrolments looked at in this round."""
        self._grants: list[_Grant] = []
        self._waits: list[_Wait] = []
        self._busy: set[str] = set()
        self._denied: list[NewEvent] = []

    @property
    def seats_left(self) -> int:
        """Seats that have no call yet."""
        return len(self._seats)

    def weigh(self, candidates: Sequence[Candidate]) -> None:
        """Each is to become a call, or to wait with a reason, or stays due because nothing may begin any more."""
        # A promised call takes its contact's place in the campaign along: neither is looked at twice.
        self.seen.update(key for one in candidates for key in (one.callback_id, one.enrollment_id) if key)
        cases = [one.case_id for one in candidates]
        people = {one.case_id: one.person_id for one in candidates if one.person_id is not None}
        asked = asked_with(people, self.now, self._journal.tenant_id)
        with _WEIGHED.foreseen(self.connection, **asked):
            files = load_cases(self.connection, cases)
            known = {key: file for key, file in files.items() if isinstance(file, CaseFile)}
            facts = read_all_facts(self.connection, list(known.values()), self.now, self._journal.tenant_id)
            self._busy |= self._in_calls(known.values())
        for candidate in candidates:
            if not self._seats or not self._allotment.may_begin(candidate.campaign_id):
                break
            file = files[candidate.case_id]
            if isinstance(file, BadInputError):
                self._waits.append(_Wait(candidate, file.code, over=True))
            elif not verifiable(file.case):
                self._waits.append(_Wait(candidate, UNVERIFIABLE, file.person_id, over=True))
            else:
                self._deal(candidate, facts[candidate.case_id], None)

    def deal_one(self, candidate: Candidate, file: CaseFile, number: str | None) -> DeniedError | None:
        """One case outside the queue's order; the refusal when it may not be called."""
        facts = read_all_facts(self.connection, [file], self.now, self._journal.tenant_id)[file.case_id]
        if candidate.campaign_id is not None and candidate.campaign_id not in self._campaigns:
            found = load_campaign(self.connection, candidate.campaign_id)
            self._campaigns[found.id] = found
        self._busy = self._in_calls([file])
        outcome = self._weigh(candidate, facts, number)
        if isinstance(outcome, _Grant):
            self._grants.append(outcome)
        self.begin(Meanwhile(), beside=self._denied)
        return None if isinstance(outcome, _Grant) or not outcome else outcome[-1]

    def begin(self, meanwhile: Meanwhile, *, beside: Sequence[NewEvent] = ()) -> int:
        """Record decisions and attempts in one go and take the contacts; nobody dials before this has committed.

        What `meanwhile` touches is left as it was, for the next round, and so are calls for which others have taken the
        room; returns how many.
        """
        for campaign_id, trunk in meanwhile.begun:
            self._allotment.others(campaign_id, trunk)
        grants: list[_Grant] = []
        for grant in reversed(self._grants):
            room = (grant.candidate.campaign_id, grant.new.attempted.trunk)
            touched = meanwhile.touches(grant.facts.file.person_id, grant.phone.number)
            if touched or self._allotment.too_many(*room):
                self._allotment.gave_back(*room)
                self._seats.append(grant.seat)
            else:
                grants.insert(0, grant)
        waits = [one for one in self._waits if one.person_id is None or not meanwhile.touches(one.person_id)]
        left = len(self._grants) - len(grants) + len(self._waits) - len(waits)
        if meanwhile.everything:
            return left
        denied = [*beside, *(event for one in waits for event in one.denied)]
        taken = [(grant.candidate, grant.seat) for grant in grants]
        with hopper.taking(), together(self.connection):
            begin_attempts(self._journal, [grant.new for grant in grants], self.connection, beside=denied)
            hopper.take(self.connection, taken, self._until, self.now)
            for one in waits:
                if one.over:
                    hopper.finish(self.connection, one.candidate, one.reason, self.now)
                else:
                    hopper.postpone(self.connection, one.candidate, one.reason, one.at, self.now, priority=one.priority)
            # Others wait for the journal: they get it as soon as the server has all of this.
            end(self.connection)
        self.leases = [self._lease(grant) for grant in grants]
        return left

    # --- one candidate ------------------------------------------------------------------------------------------------

    def _deal(self, candidate: Candidate, facts: Facts, number: str | None) -> None:
        self._denied = []
        outcome = self._weigh(candidate, facts, number)
        if isinstance(outcome, _Grant):
            self._grants.append(outcome)
            self._busy |= {str(facts.file.person_id), outcome.phone.number}
        else:
            self._waits.append(self._wait(candidate, facts, outcome))

    def _weigh(self, candidate: Candidate, facts: Facts, number: str | None) -> _Grant | list[DeniedError]:
        """The call, or why not, number by number."""
        purposes = facts.purposes(callback=candidate.callback_id is not None)
        asked_for = _asked_for(candidate)
        in_a_call = (self.now + _BUSY_PERSON).isoformat()
        if str(facts.file.person_id) in self._busy:
            return [DeniedError("the person is in another call", code=AlreadyLiveError.code, retry_at=in_a_call)]
        phones = [p for p in facts.file.phones if p.number == number] if number else facts.phones()
        preferred = [phone for phone in phones if phone.id == candidate.phone_id]
        refusals: list[DeniedError] = []
        for phone in preferred + [phone for phone in phones if phone.id != candidate.phone_id]:
            if phone.number in self._busy:
                told = "the number is in another call"
                refusals.append(DeniedError(told, code=AlreadyLiveError.code, retry_at=in_a_call))
                continue
            for purpose in purposes:
                outcome = self._ask(candidate, facts, phone, purpose, asked_for)
                if isinstance(outcome, _Grant):
                    return outcome
                refusals.append(outcome)
        return refusals

    def _ask(
        self, candidate: Candidate, facts: Facts, phone: Phone, purpose: Purpose, asked_for: datetime | None
    ) -> _Grant | DeniedError:
        campaign = self._campaigns.get(candidate.campaign_id) if candidate.campaign_id else None
        try:
            mode = self._gate.check(phone.number, campaign.mode if campaign else None)
        except DeniedError as error:
            return DeniedError(error.message, code="dial_mode", retry_at=(self.now + _MODE_WAIT).isoformat())
        request = facts.request(phone, purpose, guard_s=self._guard_s, asked_for=asked_for)
        decision = decide(request, self._rules)
        decided = facts.decided(request, decision)
        if decision.alert:
            log.error("case %s is not called, and people must look: %s", facts.file.case_id, decision.detail)
        if not decision.allow:
            self._denied.append(NewEvent("case", facts.file.case_id, decided, "dialer"))
            return ForbiddenError(decision, purpose)
        attempt_id = uuid7(self.now)
        trunk = self._allotment.trunk_for(candidate.campaign_id)
        seat = self._seats.pop(0)
        attempted = self._attempted(attempt_id, decided, candidate, facts, phone, seat, mode, campaign, purpose, trunk)
        self._allotment.took(candidate.campaign_id, trunk)
        return _Grant(
            candidate,
            facts,
            phone,
            purpose,
            mode,
            decision,
            NewAttempt(attempt_id, attempted, decided, phone.number),
            decided.decision_id,
            seat,
        )

    def _wait(self, candidate: Candidate, facts: Facts, refusals: list[DeniedError]) -> _Wait:
        waits = [refusal for refusal in refusals if refusal.retry_at]
        first = min(waits, key=lambda refusal: datetime.fromisoformat(str(refusal.retry_at)), default=None)
        meant = first or next(iter(refusals), None)
        if meant is None:
            reason = "opt_out" if facts.stopped_numbers else "no_number"
        else:
            reason = meant.rules[0] if isinstance(meant, ForbiddenError) else meant.code
        retry_at = datetime.fromisoformat(str(first.retry_at)) if first else None
        # Who waits for the reminder of a promise goes before the list on that day; who waits for its end does not.
        remind = isinstance(meant, ForbiddenError) and meant.purpose is Purpose.REMINDER and retry_at is not None
        priority = None
        if remind and facts.promised_due is not None:
            priority = Priority.REMINDER
        elif candidate.priority is Priority.REMINDER and isinstance(meant, ForbiddenError):
            priority = Priority.LIST
        denied = tuple(self._denied)
        return _Wait(candidate, reason, facts.file.person_id, retry_at, priority=priority, denied=denied)

    # --- the calls ----------------------------------------------------------------------------------------------------

    def _in_calls(self, files: Iterable[CaseFile]) -> set[str]:
        """Persons (as text) and numbers of `files` that are in a call now."""
        people = {file.person_id for file in files}
        rows = _BUSY(self.connection, tenant=self._journal.tenant_id, people=people)
        return {str(row.person_id) for row in rows} | {row.number for row in rows if row.number}

    def _attempted(
        self,
        attempt_id: uuid.UUID,
        decided: ComplianceDecided,
        candidate: Candidate,
        facts: Facts,
        phone: Phone,
        seat: str,
        mode: DialMode,
        campaign: Campaign | None,
        purpose: Purpose,
        trunk: str | None,
    ) -> CallAttempted:
        script, policy = (campaign.script, campaign.policy) if campaign else (DEFAULT_SCRIPT, DEFAULT_POLICY)
        hashes = self._hashes(script, str(facts.file.case.language), policy) if self._hashes else None
        local = self.now.astimezone(ZoneInfo(facts.zone))
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
            caller_id=self._shown(attempt_id, campaign, trunk),
            trunk=trunk,
            seat=seat,
            worker=self._worker,
            language=facts.file.case.language,
            zone=facts.zone,
            local_date=local.date(),
            local_hour=local.hour,
            queued_at=candidate.since,
            script_sha256=hashes[0] if hashes else None,
            policy_sha256=hashes[1] if hashes else None,
        )

    def _shown(self, attempt_id: uuid.UUID, campaign: Campaign | None, trunk: str | None) -> str | None:
        """The caller id: the campaign's own, one of its or its trunk's pool in turn, the installation's."""
        if campaign is not None and campaign.caller_id:
            return campaign.caller_id
        pool = (campaign.limits.caller_ids if campaign else ()) or self._allotment.caller_ids_of(trunk)
        return pool[attempt_id.int % len(pool)] if pool else self._caller_id

    def _lease(self, grant: _Grant) -> Lease:
        campaign = self._campaigns.get(grant.candidate.campaign_id) if grant.candidate.campaign_id else None
        attempted, facts = grant.new.attempted, grant.facts
        return Lease(
            attempt_id=grant.new.id,
            case=facts.file.case,
            case_id=facts.file.case_id,
            person_id=facts.file.person_id,
            phone_id=grant.phone.id,
            number=grant.phone.number,
            caller_id=attempted.caller_id,
            purpose=grant.purpose,
            mode=grant.mode,
            zone=facts.zone,
            today=attempted.local_date or self.now.date(),
            decision_id=grant.decision_id,
            must_end_by=grant.decision.must_end_by,
            leased_until=self._until,
            script=campaign.script if campaign else DEFAULT_SCRIPT,
            policy=campaign.policy if campaign else DEFAULT_POLICY,
            campaign_id=grant.candidate.campaign_id,
            campaign=campaign.name if campaign else None,
            enrollment_id=grant.candidate.enrollment_id,
            callback_id=grant.candidate.callback_id,
            seat=grant.seat,
            trunk=attempted.trunk,
            first_contact=facts.first_contact,
            asked_for=_asked_for(grant.candidate),
            identity_tries_left=facts.identity_tries_left,
        )
