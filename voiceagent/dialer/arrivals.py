"""Calls that come in: who may be calling, an attempt committed before the answer, and what a missed one promises."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.calendars.zones import default_zone
from voiceagent.cases import kinds, tables
from voiceagent.cases.attempts import begin_attempt
from voiceagent.cases.callers import case_of_document, case_of_lead, cases_of_number
from voiceagent.cases.store import CaseFile
from voiceagent.compliance import RuleBook
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import datum_value
from voiceagent.dialer import aftermath
from voiceagent.dialer.callbacks import MISSED_AFTER, add_callback, call_back_missed
from voiceagent.dialer.cells import CellError
from voiceagent.dialer.dealer import DEFAULT_POLICY, DEFAULT_SCRIPT
from voiceagent.dialer.facts import read_facts
from voiceagent.dialer.leads import Lead, begin_lead
from voiceagent.dialer.tables import CallbackOrigin, CallbackStatus, CampaignState, callback, campaign, enrollment
from voiceagent.dialer.telephones import phone
from voiceagent.dialer.withdrawing import withdraw
from voiceagent.journal.catalogue import CallAttempted, CallEnded, CallerFound, CallHungUp, CallRinging
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref

log = logging.getLogger(__name__)

#: What an incoming call is filed under: not one of the law's purposes, because it needs no leave.
PURPOSE = "inbound"
#: The same of a call that another dialer made and gave us.
LED = "seat_mode"
#: Endings that leave open what an earlier callback was for.
BROKEN_OFF = frozenset({Disposition.ERR, Disposition.HUP, Disposition.SIL})


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who may be calling, with all that a conversation about the case needs."""

    file: CaseFile
    phone_id: uuid.UUID | None
    """The row of the number that calls, where it is this person's."""
    zone: str
    today: date
    first_contact: bool
    identity_tries_left: int
    script: str
    policy: str
    campaign_id: uuid.UUID | None


@dataclass(frozen=True, slots=True)
class Manner:
    """How somebody is spoken with whose case is not found yet."""

    script: str = DEFAULT_SCRIPT
    policy: str = DEFAULT_POLICY
    language: str = "pt-BR"
    region: str = "BR"


@dataclass(frozen=True, slots=True)
class Arrival:
    """An incoming call whose attempt is committed: close it whatever happens."""

    attempt_id: uuid.UUID
    number: str | None
    """E.164; None when it is hidden."""
    visitors: tuple[Visitor, ...]
    known: bool
    """The attempt is the one visitor's already; otherwise they must say whose case they mean."""
    manner: Manner = Manner()
    led: bool = False
    """Another dialer has called this debtor for us and said so: we are the one who calls."""


class Arrivals:
    """The database's side of incoming calls for one worker. Every method blocks: use a thread.

    `region`: how numbers are written that come without a country.
    """

    def __init__(
        self, journal: Journal, rules: RuleBook | None, *, worker: str | None, mode: str, region: str = "BR"
    ) -> None:
        self.journal, self.rules, self.worker, self.mode, self.region = journal, rules, worker, mode, region

    def begin(
        self, caller: str, seat: str | None, *, call_id: uuid.UUID | None = None, lead: Lead | None = None
    ) -> Arrival:
        """Commit the attempt of a call that rings at `seat`; `call_id` is what Asterisk calls it.

        A person who is in another call at this moment (we ring them while they ring us) is not named by the attempt,
        and must be found like anybody else. `lead`: another dialer has called, and says whom.
        """
        number = number_of(caller, self.region)
        with self.journal.transaction() as connection:
            now = self.journal.clock.now()
            files = cases_of_number(connection, number, self.journal.tenant_id) if number else []
            meant = case_of_lead(connection, lead.id, self.journal.tenant_id, lead.column) if lead else None
            visitors = tuple(
                self._visitor(connection, file, number, now) for file in ([meant] if meant is not None else files)
            )
            taken = call_id is None or self._exists(connection, call_id)
            attempt_id = uuid7(now) if taken or call_id is None else call_id
            known = visitors[0] if len(visitors) == 1 and not self._busy(connection, visitors[0], number) else None
            shown = number if known or not self._busy(connection, None, number) else None
            attempted = replace(self._attempted(known, shown, seat, now), purpose=PURPOSE if lead is None else LED)
            ringing = NewEvent("call", attempt_id, CallRinging(), f"seat {seat}" if seat else "dialer")
            begin_attempt(
                self.journal, attempted, decision=None, attempt_id=attempt_id, actor="dialer", connection=connection
            )
            self.journal.record([ringing], connection)
            if lead is not None:
                begin_lead(connection, self.journal.tenant_id, attempt_id, lead.id, now)
            manner = self._manner(connection, visitors)
        led = meant is not None and known is not None
        return Arrival(attempt_id, number, visitors, known is not None, manner, led)

    def find(self, arrival: Arrival, digits: str, datum: str) -> Visitor | None:
        """Whose case the caller means, and the attempt is theirs from now on; None when nobody can be told.

        All of a document finds anybody; a part of it (`datum`) only one of those who have the number.
        """
        with self.journal.transaction() as connection:
            now = self.journal.clock.now()
            file = case_of_document(connection, digits, self.journal.tenant_id)
            if file is None:
                mean = [one.file for one in arrival.visitors if datum_value(one.file.case, datum) == digits]
                file = mean[0] if len(mean) == 1 else None
            if file is None:
                return None
            visitor = self._visitor(connection, file, arrival.number, now)
            if self._busy(connection, visitor, None):
                log.warning("call %s: its caller is in another call, and is not attended to", arrival.attempt_id)
                return None
            found = CallerFound(file.case_id, file.person_id, visitor.phone_id)
            self.journal.record([NewEvent("call", arrival.attempt_id, found, "agent")], connection)
            return visitor

    def complete(self, arrival: Arrival, ended: CallEnded) -> None:
        """Close the attempt; who hung up before anybody answered is called back. Idempotent."""
        with self.journal.transaction() as connection:
            a = tables.attempt.c
            row = connection.execute(
                sa.select(a.status, a.t_answer, a.t_start, a.case_id).where(a.id == arrival.attempt_id)
            ).one()
            if row.status is not kinds.AttemptStatus.ENDED:
                self.journal.record([NewEvent("call", arrival.attempt_id, ended, "agent")], connection)
            aftermath.settle(self.journal, connection, arrival.attempt_id, self.journal.clock.now())
            if ended.right_party and Disposition(ended.disposition) not in BROKEN_OFF:
                self._overtake(connection, row.case_id, row.t_start)
        if row.t_answer is None and arrival.number is not None and not arrival.led:
            call_back_missed(self.journal, arrival.number, rules=self.rules)

    def missed(self, caller: str, *, asked: bool = False, call_id: uuid.UUID | None = None) -> list[uuid.UUID]:
        """A call that no seat took: an attempt that says so, and a callback where we know whom to call; its ids.

        `asked`: the caller pressed the key for one. Told twice of the same call, the second time does nothing.
        """
        if call_id is not None:
            with self.journal.db.read() as connection:
                if self._exists(connection, call_id):
                    return []
        arrival = self.begin(caller, None, call_id=call_id)
        why = "asked to be called back" if asked else "nobody was free"
        gone = CallHungUp(kinds.HangupBy.FAR, 487, why)
        self.journal.record([NewEvent("call", arrival.attempt_id, gone, "dialer")])
        self.complete(arrival, CallEnded(Disposition.NA))
        if arrival.number is None:
            return []
        with self.journal.db.read() as connection:
            people = [one.file.case_id for one in arrival.visitors]
            open_now = sa.select(callback.c.id).where(
                callback.c.case_id.in_(people), callback.c.status == CallbackStatus.OPEN
            )
            return list(connection.execute(open_now).scalars())

    def handed_back(self, call_id: uuid.UUID) -> uuid.UUID | None:
        """Nobody took a debtor who was handed over, and his seat is gone: he is called back, once."""
        a = tables.attempt.c
        with self.journal.db.read() as connection:
            row = connection.execute(sa.select(a.case_id, a.number).where(a.id == call_id)).first()
            promised = sa.select(callback.c.id).where(
                callback.c.case_id == (row.case_id if row else None), callback.c.status == CallbackStatus.OPEN
            )
            if row is None or row.case_id is None or connection.execute(promised).first() is not None:
                return None
        wanted = self.journal.clock.now() + MISSED_AFTER
        try:
            made, _ = add_callback(
                self.journal, row.case_id, wanted, rules=self.rules, number=row.number,
                origin=CallbackOrigin.DROPPED_CALL, reason="human", actor="dialer",
            )  # fmt: skip
        except (BadInputError, DeniedError) as error:
            log.info("a debtor whom nobody took is not called back: %s", error.message)
            return None
        return made

    # --- one caller ---------------------------------------------------------------------------------------------------

    def _visitor(self, connection: sa.Connection, file: CaseFile, number: str | None, now: datetime) -> Visitor:
        facts = read_facts(connection, file, now, self.journal.tenant_id)
        held_by = connection.execute(
            sa.select(campaign.c.id, campaign.c.script, campaign.c.policy, campaign.c.state)
            .join(enrollment, enrollment.c.campaign_id == campaign.c.id)
            .where(enrollment.c.case_id == file.case_id)
            .order_by((campaign.c.state == CampaignState.RUNNING).desc(), campaign.c.priority.desc(), campaign.c.id)
            .limit(1)
        ).first()
        return Visitor(
            file,
            next((one.id for one in file.phones if one.number == number), None),
            facts.zone,
            now.astimezone(ZoneInfo(facts.zone)).date(),
            facts.first_contact,
            facts.identity_tries_left,
            held_by.script if held_by else DEFAULT_SCRIPT,
            held_by.policy if held_by else DEFAULT_POLICY,
            # Finished: it lends its words, and nobody is called back in its name.
            held_by.id if held_by and held_by.state is not CampaignState.FINISHED else None,
        )

    def _manner(self, connection: sa.Connection, visitors: Sequence[Visitor]) -> Manner:
        if visitors:
            first = visitors[0]
            return Manner(first.script, first.policy, str(first.file.case.language), first.file.case.region)
        c = campaign.c
        row = connection.execute(
            sa.select(c.script, c.policy, c.language, c.region)
            .where(c.tenant_id == self.journal.tenant_id, c.state == CampaignState.RUNNING, c.language.is_not(None))
            .order_by(c.priority.desc(), c.created_at)
            .limit(1)
        ).first()
        if row is None:
            return Manner()
        language = Language(row.language)
        return Manner(
            row.script or DEFAULT_SCRIPT,
            row.policy or DEFAULT_POLICY,
            str(language),
            row.region or language.default_region,
        )

    def _overtake(self, connection: sa.Connection, case_id: uuid.UUID | None, before: datetime) -> None:
        """What was promised earlier is done: the debtor has talked with us meanwhile."""
        c = callback.c
        rows = connection.execute(
            sa.select(c.id).where(
                c.case_id == case_id,
                c.status == CallbackStatus.OPEN,
                c.created_at < before,
                c.leased_until.is_(None),
            )
        ).scalars()
        withdraw(self.journal, connection, list(rows), "the debtor called", actor="dialer")

    def _attempted(self, known: Visitor | None, number: str | None, seat: str | None, now: datetime) -> CallAttempted:
        zone = known.zone if known else default_zone(self.region) or "UTC"
        here = now.astimezone(ZoneInfo(zone))
        return CallAttempted(
            known.file.case_id if known else None,
            known.file.person_id if known else None,
            known.phone_id if known else None,
            mode=self.mode,
            direction=kinds.Direction.IN,
            purpose=PURPOSE,
            number=private_ref("phone", number, now) if number and not known else None,
            campaign_id=known.campaign_id if known else None,
            seat=seat,
            worker=self.worker,
            language=known.file.case.language if known else None,
            zone=zone,
            local_date=here.date(),
            local_hour=here.hour,
        )

    def _exists(self, connection: sa.Connection, call_id: uuid.UUID) -> bool:
        table = tables.interaction
        return connection.execute(sa.select(table.c.id).where(table.c.id == call_id)).first() is not None

    def _busy(self, connection: sa.Connection, visitor: Visitor | None, number: str | None) -> bool:
        """Whether the person, or anybody at that number, is in a call."""
        a = tables.attempt.c
        alive = sa.literal_column("attempt.status") != sa.literal_column("'ended'")
        whose = [a.number == number] if number else []
        whose += [a.person_id == visitor.file.person_id] if visitor else []
        query = sa.select(a.id).where(a.tenant_id == self.journal.tenant_id, alive, sa.or_(sa.false(), *whose))
        return connection.execute(query.limit(1)).first() is not None


def number_of(caller: str, region: str) -> str | None:
    """What a SIP caller's user part says, in E.164; None for a hidden number, an extension, or anything else."""
    try:
        return phone(caller, region)[0]
    except CellError:
        return None
