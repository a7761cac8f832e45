"""The queue: gives idle seats the next lawful calls, their attempts already committed, and takes the outcomes back."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError, UnavailableError, VoiceagentError
from voiceagent.cases import kinds, tables
from voiceagent.cases.store import load_case
from voiceagent.compliance import RuleBook, decide
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import UNVERIFIABLE, verifiable
from voiceagent.dialer import aftermath, hopper, switches
from voiceagent.dialer.brakes import FAILED
from voiceagent.dialer.campaigns import Campaign, load_campaign, running_campaigns
from voiceagent.dialer.clockguard import ClockGuard
from voiceagent.dialer.dealer import DEFAULT_POLICY, DEFAULT_SCRIPT, Dealer, Hashes
from voiceagent.dialer.facts import read_facts
from voiceagent.dialer.floor import FLOOR, Guards, Weather, read_floor, read_weather
from voiceagent.dialer.heartbeat import SILENT
from voiceagent.dialer.hopper import Candidate
from voiceagent.dialer.lease import ForbiddenError, Lease
from voiceagent.dialer.meanwhile import wait_turn
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.pacing import Allotment
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal, head
from voiceagent.storage.driver import together
from voiceagent.storage.question import Question, one_of

log = logging.getLogger(__name__)

__all__ = ["DEFAULT_POLICY", "DEFAULT_SCRIPT", "ForbiddenError", "Lease", "Queue"]

#: Candidates looked at in one round of asking; the others wait for the next.
_LOOK_AT = 40
#: Rounds in one asking while others come between.
_ROUNDS = 3
#: Leases that ran out are looked for so often; in between, nothing is asked about them.
_EXPIRE_EVERY = timedelta(seconds=5)
#: Outcomes on trunks and the day's short calls are asked for so often.
_WEATHER_EVERY = timedelta(seconds=5)
_STATUS = Question(sa.select(tables.attempt.c.id, tables.attempt.c.status).where(one_of(tables.attempt.c.id, "calls")))


class Queue:
    """Leases and outcomes for the seats of one worker. Every method is one transaction and blocks: use a thread.

    `guard_s`: no call begins when the lawful window closes sooner (a high TMO). `lease_s`: a lease nobody completes or
    renews for so long is taken back and its attempt closed. `hashes` gives the SHA-256 of the script and policy that a
    call with this script, language and policy would be held by (None: not known): they are stored with the attempt.
    `guards`: what stops dialing by itself.
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
        hashes: Hashes | None = None,
        guards: Guards | None = None,
    ) -> None:
        self.journal, self.rules, self.gate = journal, rules, gate
        self.worker, self.guard_s, self.lease_s, self.caller_id = worker, guard_s, lease_s, caller_id
        self.guards = guards or Guards()
        self.clock_guard = ClockGuard(journal.clock)
        self._hashes = hashes
        self._expired_at: datetime | None = None
        self._missed_at: float | None = None
        """When the database last did not answer, by the monotonic clock."""
        self._weather: Weather | None = None
        self._storm = False
        """A call of ours failed since the last look at the weather."""
        self._found = False
        """The last round gave every seat a call: the next one is worth a lock too."""
        self.nobody_due = False
        """The last question found nobody whose instant has come: not even a lock was taken."""

    def lease(self, seat: str, campaign: str | None = None) -> Lease | None:
        """The next call for `seat`, callbacks first; None when nothing may be called now.

        Denied candidates get their next instant, and their decisions are kept. `campaign` narrows to one by name.
        """
        found = self.lease_many([seat], campaign)
        return found[0] if found else None

    def lease_many(self, seats: Sequence[str], campaign: str | None = None) -> list[Lease]:
        """At most one call for each of `seats`, in one transaction: a worker asks for all of its idle seats at once.

        UnavailableError (code clock) while the clock cannot be trusted.
        """
        leases: list[Lease] = []
        again = False
        try:
            with self._noticing():
                self.nobody_due = not self._worth_asking()
                if not seats or self.nobody_due:
                    return []
                self._take_back()
                for _ in range(_ROUNDS):
                    idle = [seat for seat in seats if all(seat != lease.seat for lease in leases)]
                    found, again = self._round(idle, campaign)
                    leases += found
                    if not again or len(leases) == len(seats):
                        break
        except Exception as error:
            if not leases:
                raise
            # These are committed: attempts nobody is given would stay live until their leases run out.
            unknown = not isinstance(error, VoiceagentError)
            log.error("%d leases stand, asking for more failed: %s", len(leases), error, exc_info=unknown)
        self._found = again or len(leases) == len(seats)
        return leases

    def _round(self, seats: Sequence[str], campaign: str | None) -> tuple[list[Lease], bool]:
        """Leases of one transaction, and whether others came between so that another may find more.

        Candidates are weighed beside other workers who weigh theirs; the journal's lock is taken last and held shortly,
        and what changed since the look is left for another round. SQLite has one writer from the beginning.
        """
        tenant = self.journal.tenant_id
        with self.journal.db.write(planned_once=True) as connection:
            now = self.journal.clock.now()
            self.clock_guard.check(connection)
            with FLOOR.foreseen(connection, tenant=tenant):
                # The journal's head is as old as all that follows, or older.
                seen = head(connection)
                running = running_campaigns(connection, tenant)
                only = next((one.id for one in running if one.name == campaign), None)
                if campaign is not None and only is None:
                    return [], False
                floor = read_floor(
                    connection,
                    tenant,
                    now,
                    asking=seats,
                    guards=self.guards,
                    weather=self._weather_at(connection, now),
                    campaigns=running,
                )
            allotment = Allotment(floor, only=only)
            dealer = self._dealer(connection, now, running, allotment, seats)
            left = _LOOK_AT
            while left > 0 and dealer.seats_left and (asked := self._ask_hopper(dealer, allotment, left, only)):
                left -= len(asked)
                dealer.weigh(asked)
            if not dealer.seen:
                return [], False
            again = dealer.begin(wait_turn(self.journal, connection, seen)) > 0
            return dealer.leases, again

    def lease_case(
        self, seat: str, case_id: uuid.UUID, *, number: str | None = None, campaign_id: uuid.UUID | None = None
    ) -> Lease:
        """One call to this case now, through law, mode and lease; DeniedError with rule and retry time otherwise."""
        refused: DeniedError | None = None
        with self._asking() as (connection, now):
            running = running_campaigns(connection, self.journal.tenant_id)
            file = load_case(connection, case_id)
            if not verifiable(file.case):
                raise DeniedError(
                    "nothing is known that this person could prove identity with: import a birth date or a document",
                    code=UNVERIFIABLE,
                )
            if not any(number in (None, phone.number) for phone in file.phones):
                raise BadInputError("the case has no such number: import it with the case first")
            floor = read_floor(
                connection, self.journal.tenant_id, now, asking=[seat], guards=self.guards, campaigns=running
            )
            if floor.held is not None:
                raise DeniedError(f"dialing stands still ({floor.held.reason}): {floor.held.detail}", code="stopped")
            allotment = Allotment(floor)
            trunks = load_campaign(connection, campaign_id).limits.trunks if campaign_id else ()
            if (full := allotment.no_trunk(trunks)) is not None:
                retry = full.until.isoformat() if full.until else None
                raise DeniedError(
                    f"no trunk takes a call ({full.reason}): {full.detail}", code=full.reason, retry_at=retry
                )
            dealer = self._dealer(connection, now, running, allotment, [seat])
            refused = dealer.deal_one(Candidate(case_id=case_id, campaign_id=campaign_id), file, number)
            if dealer.leases:
                return dealer.leases[0]
        raise refused or DeniedError("no number of this case may be called")

    def recheck(self, lease: Lease) -> None:
        """Right before the INVITE: clock, switches, mode, stops and hours once more.

        DeniedError (or UnavailableError for the clock): do not dial, complete as ERR.
        """
        now = self.journal.clock.now()
        self.gate.check(lease.number, lease.mode)
        with self.journal.db.read() as connection:
            self.clock_guard.check(connection)
            switches.check(connection, self.journal.tenant_id, lease.campaign_id, lease.trunk)
            if lease.campaign_id is not None:
                # It may have been taken back from live or pilot since.
                self.gate.check(lease.number, load_campaign(connection, lease.campaign_id).mode)
            facts = read_facts(connection, load_case(connection, lease.case_id), now, self.journal.tenant_id)
            phone = next((p for p in facts.file.phones if p.id == lease.phone_id), None)
            if phone is None:
                raise DeniedError("the number is gone: it may not be dialled any more")
            request = facts.request(phone, lease.purpose, guard_s=0.0, asked_for=lease.asked_for)
            # The attempt itself stands in the history already: caps and quiet times were weighed at the lease.
            now_only = replace(request, history=(), case=replace(request.case, cooloff_until=None))
            decision = decide(now_only, self.rules)
        if not decision.allow:
            raise ForbiddenError(decision, lease.purpose)

    def renew(self, lease: Lease) -> None:
        """The call still runs: push the lease's end out."""
        with self._noticing(), self.journal.db.write() as connection:
            until = self.journal.clock.now() + timedelta(seconds=self.lease_s)
            hopper.renew(connection, lease.enrollment_id, lease.callback_id, until)

    def complete(self, lease: Lease, ended: CallEnded, *, actor: str = "agent") -> None:
        """Record the verdict and move the case on: next instant, cool-off, number's fate, callback closed. Idempotent.

        `ended.disposition` decides; where the attempt was closed already (by a supervisor), that verdict stands.
        """
        self.complete_attempt(lease.attempt_id, ended, actor=actor)

    def complete_attempt(self, attempt_id: uuid.UUID, ended: CallEnded, *, actor: str = "agent") -> None:
        """`complete` for who has only the call's id."""
        self.complete_many([(attempt_id, ended)], actor=actor)

    def complete_many(self, verdicts: Sequence[tuple[uuid.UUID, CallEnded]], *, actor: str = "agent") -> None:
        """`complete` for calls that ended together, in one transaction: all of them or none."""
        for _, ended in verdicts:
            Disposition(ended.disposition)
        with self.journal.transaction() as connection:
            status = {row.id: row.status for row in _STATUS(connection, calls=[call for call, _ in verdicts])}
            for call, _ in verdicts:
                if call not in status:
                    raise BadInputError(f"there is no call {call}")
            live = [(call, ended) for call, ended in verdicts if status[call] is not kinds.AttemptStatus.ENDED]
            self.journal.record([NewEvent("call", call, ended, actor) for call, ended in live], connection)
            now = self.journal.clock.now()
            aftermath.settle_many(self.journal, connection, [call for call, _ in verdicts], now)
        if any(Disposition(ended.disposition) in FAILED for _, ended in verdicts):
            # A trunk that fails does so quickly: in the seconds until the next look it would be given many calls.
            self._storm = True

    # --- a round of asking --------------------------------------------------------------------------------------------

    def _worth_asking(self) -> bool:
        """Nobody due, and no lease to take back: then not even a lock is taken."""
        now = self.journal.clock.now()
        if self._found or self._expired_at is None or abs(now - self._expired_at) >= _EXPIRE_EVERY:
            return True
        with self.journal.db.read() as connection:
            return hopper.anybody_due(connection, now, self.journal.tenant_id)

    @contextmanager
    def _asking(self) -> Iterator[tuple[sa.Connection, datetime]]:
        self._take_back()
        with self.journal.transaction() as connection:
            # After the lock: an instant taken before it could lie before what others recorded meanwhile.
            now = self.journal.clock.now()
            self.clock_guard.check(connection)
            yield connection, now

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        try:
            yield
        except UnavailableError as error:
            if error.code != "clock":
                self._missed_at = self.journal.clock.monotonic()
            raise

    def _take_back(self) -> None:
        """Leases that ran out, every few seconds."""
        now, ticks = self.journal.clock.now(), self.journal.clock.monotonic()
        if self._missed_at is not None and ticks - self._missed_at < SILENT.total_seconds():
            # Nobody could renew while the database was away: first everybody gets the time to.
            return
        if self._expired_at is None or abs(now - self._expired_at) >= _EXPIRE_EVERY:
            with self.journal.db.read() as connection:
                self.clock_guard.check(connection)
                any_ran_out = aftermath.any_ran_out(connection, self.journal.tenant_id, now)
            # Others wait for the journal: only for a lease that did run out.
            if any_ran_out:
                with self.journal.transaction() as connection:
                    aftermath.expire(self.journal, connection, self.journal.clock.now())
            self._expired_at = now

    def _weather_at(self, connection: sa.Connection, now: datetime) -> Weather:
        if self._weather is None or self._storm or abs(now - self._weather.at) >= _WEATHER_EVERY:
            self._storm = False
            self._weather = read_weather(connection, self.journal.tenant_id, now, self.guards, before=self._weather)
        return self._weather

    def _dealer(
        self,
        connection: sa.Connection,
        now: datetime,
        campaigns: Sequence[Campaign],
        allotment: Allotment,
        seats: Sequence[str],
    ) -> Dealer:
        return Dealer(
            self.journal,
            connection,
            now,
            rules=self.rules,
            gate=self.gate,
            campaigns={one.id: one for one in campaigns},
            allotment=allotment,
            seats=seats,
            worker=self.worker,
            guard_s=self.guard_s,
            until=now + timedelta(seconds=self.lease_s),
            caller_id=self.caller_id,
            hashes=self._hashes,
        )

    def _ask_hopper(self, dealer: Dealer, allotment: Allotment, most: int, only: uuid.UUID | None) -> list[Candidate]:
        """Candidates for the seats that are left: callbacks of all campaigns that may dial, then one campaign's due."""
        ready = allotment.next_campaigns()
        connection, now, tenant = dealer.connection, dealer.now, self.journal.tenant_id
        wanted = min(dealer.seats_left, allotment.seats, most)
        if wanted < 1:
            return []
        alone = only is None and allotment.may_begin(None)
        first: hopper.Asked = list
        # The first campaign is asked along with the promised calls, which there hardly ever are.
        with together(connection):
            promised = hopper.callbacks(connection, now, tenant, ready, alone=alone, limit=wanted, seen=dealer.seen)
            if ready:
                share = min(wanted, allotment.share(ready[0], wanted))
                first = hopper.enrolled(connection, now, ready[0], limit=share, seen=dealer.seen)
        if asked := promised():
            return asked
        for campaign_id in ready:
            share = min(wanted, allotment.share(campaign_id, wanted))
            if campaign_id != ready[0]:
                first = hopper.enrolled(connection, now, campaign_id, limit=share, seen=dealer.seen)
            asked = first()
            if len(asked) < share:
                allotment.nobody(campaign_id)
            if asked:
                return asked
        return []
