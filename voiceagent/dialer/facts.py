"""What the law wants to know of a person, read from what is kept: history, stops, promise, cool-off."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.ids import uuid7
from voiceagent.calendars.zones import likely_zone
from voiceagent.cases import kinds, tables
from voiceagent.cases.segments import SEGMENTS, intensities
from voiceagent.cases.stops import KEY_OF_STOPS, channels_of_erased, key_id, numbers_of_erased, wrong_for
from voiceagent.cases.store import (
    LONGEST_CALL,
    PROMISES,
    WRONG,
    CaseFile,
    Phone,
    earliest_open_promises,
    failed_identity_at,
    numbers_of,
)
from voiceagent.compliance import CaseFacts, Channel, Contact, ContactKind, Decision, Purpose, Request, Softer
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.debt.retries import QUIET
from voiceagent.dialer.consents import NOTHING, TOLD, Told, read_told
from voiceagent.dialer.numbers import as_learnt, best_first
from voiceagent.dialer.payday import day_after, pay_days
from voiceagent.dialer.retrying import plan_in_force
from voiceagent.dialer.tables import CallbackOrigin, callback
from voiceagent.journal.catalogue import ComplianceDecided
from voiceagent.journal.private import private_ref
from voiceagent.storage.question import Bundle, Question, one_of

#: No rule looks further back than this.
LOOK_BACK = timedelta(days=35)

#: A person was reached and talked with us about the matter.
_TALKED = frozenset(
    {
        Disposition.CPC_NEG,
        Disposition.PTP,
        Disposition.NOMON,
        Disposition.REF,
        Disposition.CB,
        Disposition.PAID,
        Disposition.DISP,
        Disposition.LEG,
        Disposition.CEASE,
        Disposition.ABU,
        Disposition.XFER,
    }
)

#: Outcomes that stop a person or a case until people have dealt with them, and the request that says they did.
_STOPPING = {
    Disposition.DEC: ("deceased", "deceased_review"),
    Disposition.LEG: ("legal", "legal"),
    Disposition.DISP: ("dispute", "dispute"),
    Disposition.PAID: ("paid", "proof_of_payment"),
}
_STOPPING_REQUESTS = {
    "deceased_review": "deceased",
    "legal": "legal",
    "dispute": "dispute",
    "proof_of_payment": "paid",
    "vulnerable": "over_indebtedness",
}
#: Stops of the person, whatever the creditor; the others stop the case they were said in.
_OF_THE_PERSON = frozenset({"deceased", "over_indebtedness"})


@dataclass(frozen=True, slots=True)
class Facts:
    """All of a person's facts at one instant; `request` narrows them to one number."""

    file: CaseFile
    now: datetime
    zone: str
    """The person's clock, for planning; the law looks at every clock that may be the person's."""
    history: tuple[Contact, ...]
    stops: tuple[str, ...]
    stopped_numbers: frozenset[str]
    facts: CaseFacts
    dials: dict[str, int]
    """Recent dials by number."""
    identity_tries_left: int = TRIES_PER_DAY
    """Wrong answers to identity questions the case may still get on the person's day."""
    softer: Softer | None = None
    """What the segments of the case ask for below the law's bounds."""
    told: Told = NOTHING
    """City and permissions, as the lists of the case told them."""

    promised_due: date | None = None
    """The day of the earliest payment promised and not yet made."""

    def purposes(self, *, callback: bool = False) -> tuple[Purpose, ...]:
        """What a call now may be for; the first that the law allows is meant.

        While a promise is open the person may be reminded of it, once; afterwards it must have been broken.
        """
        if callback:
            return (Purpose.CALLBACK,)
        if self.facts.open_promise_due is not None:
            return (Purpose.REMINDER, Purpose.COLLECTION)
        return (Purpose.REMINDER,) if (self.facts.days_overdue or 0) < 0 else (Purpose.COLLECTION,)

    @property
    def first_contact(self) -> bool:
        """Nobody has talked with the person about this case lately (a notice said once too often does no harm)."""
        case = str(self.file.case_id)
        return not any(past.kind is ContactKind.CONVERSATION and past.debt == case for past in self.history)

    def request(self, phone: Phone, purpose: Purpose, *, guard_s: float, asked_for: datetime | None = None) -> Request:
        """The question for one call to `phone`."""
        stops = list(self.stops)
        if phone.status is kinds.PhoneStatus.WRONG:
            stops.append("wrong_number")
        if phone.number in self.stopped_numbers:
            stops.append("opt_out")
        case = self.file.case
        # A simulated phone's SIP address says nothing of where its owner lives.
        number = phone.number if phone.number.startswith("+") else None
        return Request(
            at=self.now,
            channel=Channel.VOICE,
            purpose=purpose,
            number=number,
            country=case.region if case.state or number is None else None,
            state=case.state,
            city=self.told.city,
            declared=self.told.declared,
            sarb_signatory=self.told.sarb_signatory,
            debt=str(self.file.case_id),
            case=CaseFacts(
                stage=self.facts.stage,
                days_overdue=self.facts.days_overdue,
                stops=tuple(dict.fromkeys(stops)),
                # Nobody is reminded of a day that has passed, however long its payment may take to arrive.
                open_promise_due=self.promised_due if purpose is Purpose.REMINDER else self.facts.open_promise_due,
                cooloff_until=self.facts.cooloff_until,
                debtor_asked_for=asked_for,
            ),
            consent=self.told.consent(phone.number),
            history=self.history,
            softer=self.softer,
            guard_s=guard_s,
        )

    def decided(self, request: Request, decision: Decision) -> ComplianceDecided:
        """The decision on one of these requests, as it is kept: with its inputs, their hash and the rules' version."""
        return ComplianceDecided(
            uuid7(self.now),
            decision.allow,
            decision.rules,
            decision.rule_version,
            private_ref("compliance", request.to_json(), self.now),
            decision.inputs_hash,
            purpose=request.purpose,
            case_id=self.file.case_id,
            person_id=self.file.person_id,
            retry_at=decision.retry_at,
        )

    def phones(self) -> list[Phone]:
        """Numbers worth trying, best first: those that failed often lately come after those that did not."""
        return best_first(self.file.phones, self.dials, self.stopped_numbers)


def read_facts(connection: sa.Connection, file: CaseFile, now: datetime, tenant_id: uuid.UUID) -> Facts:
    """Everything about the person of `file` that bears on contact at `now`."""
    return read_all_facts(connection, [file], now, tenant_id)[file.case_id]


def read_all_facts(
    connection: sa.Connection, files: Sequence[CaseFile], now: datetime, tenant_id: uuid.UUID
) -> dict[uuid.UUID, Facts]:
    """The same for several cases, by case id, with no more questions to the database than for one."""
    if not files:
        return {}
    cases, zones = {file.case_id: file.person_id for file in files}, {file.case_id: zone_for(file) for file in files}
    today = now.astimezone(ZoneInfo(zones[files[0].case_id])).date()
    with FACTS.foreseen(connection, **asked_with(cases, now, tenant_id)):
        past = _pasts(connection, files, now, tenant_id)
        stops = _stops(connection, files, tenant_id)
        stopped = _stopped_numbers(connection, files, tenant_id)
        promised = earliest_open_promises(connection, list(cases))
        wrong = failed_identity_at(connection, cases, since=now - timedelta(1))
        asked = intensities(connection, list(cases), today=today, tenant_id=tenant_id)
        told = read_told(connection, zones)
    found = {}
    for kept in files:
        file = replace(kept, phones=as_learnt(kept.phones, kept.case.document, stopped))
        zone = zones[file.case_id]
        less = asked.get(file.case_id)
        today = now.astimezone(ZoneInfo(zone)).date()
        midnight = datetime.combine(today, time.min, ZoneInfo(zone))
        due = promised.get(file.case_id)
        history, dials, cool = past[file.person_id]
        found[file.case_id] = Facts(
            file=file,
            now=now,
            zone=zone,
            history=history,
            stops=stops[file.case_id],
            stopped_numbers=frozenset(phone.number for phone in file.phones if phone.number in stopped),
            facts=CaseFacts(
                stage=file.stage.value,
                days_overdue=max((today - debt.due).days for debt in file.case.debts),
                # A payment takes days to arrive: the promise protects until somebody has called it broken.
                open_promise_due=None if due is None else max(due, today),
                cooloff_until=cool,
            ),
            dials=dials,
            identity_tries_left=max(0, TRIES_PER_DAY - sum(at >= midnight for at in wrong[file.case_id])),
            softer=Softer(less.per_day, less.per_week, less.gap_hours) if less else None,
            told=told.get(file.case_id, NOTHING),
            promised_due=due,
        )
    return found


def asked_with(cases: Mapping[uuid.UUID, uuid.UUID], now: datetime, tenant_id: uuid.UUID) -> dict[str, Any]:
    """What `FACTS` is asked with for these cases; the person of each."""
    day_ago = now - timedelta(1)
    since = {"since": now - LOOK_BACK, "tried_since": day_ago, "began": day_ago - LONGEST_CALL}
    return since | {"people": cases.values(), "cases": cases, "tenant": tenant_id, "stop_key": key_id(tenant_id)}


def zone_for(file: CaseFile) -> str:
    """The person's most likely clock."""
    return likely_zone(file.case.region, file.case.state, next(iter(file.case.phones), None))


#: They are asked before every call.
_i, _a, _o, _r, _c = (table.c for table in (tables.interaction, tables.attempt, tables.opt_out, tables.request,
                                            tables.debt_case))  # fmt: skip
_SINCE: sa.BindParameter[Any] = sa.bindparam("since")
_HISTORY = Question(
    sa.select(
        _i.id, _i.person_id, _i.channel, _i.direction, _i.started_at, _i.ended_at, _i.outcome, _i.case_id, _a.number,
        _a.right_party,
    )
    .outerjoin(tables.attempt, _a.id == _i.id)
    .where(one_of(_i.person_id, "people"), _i.started_at > _SINCE)
    .order_by(_i.started_at)
)  # fmt: skip
_ASKED = Question(
    sa.select(callback.c.person_id, callback.c.created_at).where(
        one_of(callback.c.person_id, "people"),
        callback.c.origin == CallbackOrigin.DEBTOR_ASKED,
        callback.c.created_at > _SINCE,
    )
)
_STOPPED_NUMBERS = Question(
    sa.select(_o.number).where(
        _o.tenant_id == sa.bindparam("tenant"),
        _o.scope == kinds.OptOutScope.NUMBER,
        _o.revoked_at.is_(None),
        _o.number.in_(numbers_of("people")),
    )
)
_OPTED_OUT = Question(
    sa.select(_o.person_id, _o.scope, _o.channel).where(
        _o.tenant_id == sa.bindparam("tenant"), one_of(_o.person_id, "people"), _o.revoked_at.is_(None)
    )
)
_REQUESTS = Question(
    sa.select(_r.kind, _r.status, _r.attempt_id, _r.case_id, _c.person_id)
    .join(tables.debt_case, _c.id == _r.case_id)
    .where(one_of(_c.person_id, "people"), _r.kind.in_(_STOPPING_REQUESTS))
)
_SAID = Question(
    sa.select(_a.id, _a.disposition, _a.case_id, _a.person_id).where(
        one_of(_a.person_id, "people"), _a.disposition.in_((*_STOPPING, Disposition.CEASE))
    )
)
#: All of it at once.
FACTS = Bundle(
    _HISTORY, _ASKED, _STOPPED_NUMBERS, _OPTED_OUT, _REQUESTS, _SAID, PROMISES, WRONG, SEGMENTS, TOLD, KEY_OF_STOPS
)

_Past = tuple[tuple[Contact, ...], dict[str, int], datetime | None]


def _pasts(
    connection: sa.Connection, files: Sequence[CaseFile], now: datetime, tenant_id: uuid.UUID
) -> dict[uuid.UUID, _Past]:
    """By person: contacts, dials by number, and until when an outcome wants quiet."""
    people = list({file.person_id for file in files})
    contacts: dict[uuid.UUID, list[Contact]] = {person: [] for person in people}
    dials: dict[uuid.UUID, dict[str, int]] = {person: {} for person in people}
    cool: dict[uuid.UUID, datetime] = {}
    broke: dict[uuid.UUID, tuple[uuid.UUID, datetime]] = {}
    cool_off: Mapping[Disposition, timedelta] = {}
    for row in _HISTORY(connection, people=people, since=now - LOOK_BACK):
        person = row.person_id
        outgoing = row.direction is kinds.Direction.OUT
        debt = str(row.case_id) if row.case_id else None
        if row.channel is not kinds.Channel.VOICE:
            if outgoing and row.channel in (kinds.Channel.SMS, kinds.Channel.EMAIL):
                channel = Channel(row.channel.value)
                contacts[person].append(Contact(row.started_at, channel, ContactKind.MESSAGE, None, debt, row.outcome))
            continue
        disposition = Disposition(row.outcome) if row.outcome else None
        talked = bool(row.right_party) or disposition in _TALKED
        if talked or outgoing:
            kind = ContactKind.CONVERSATION if talked else ContactKind.ATTEMPT
            contacts[person].append(Contact(row.started_at, Channel.VOICE, kind, row.number, debt, row.outcome))
        if outgoing and row.number:
            dials[person][row.number] = dials[person].get(row.number, 0) + 1
        if disposition in QUIET:
            ended = row.ended_at or row.started_at
            # Asked once, and only where somebody's past needs it.
            cool_off = cool_off or plan_in_force(connection, tenant_id, now).cool_off
            if disposition is Disposition.NOMON:
                broke[row.id] = (person, ended)
                continue
            until = ended + cool_off[disposition]
            cool[person] = max(cool.get(person, until), until)
    named = pay_days(connection, list(broke))
    zones = {file.person_id: ZoneInfo(zone_for(file)) for file in files}
    for call, (person, ended) in broke.items():
        # A day the person named is the day we wait for, be it sooner or later than the usual pause.
        day = named.get(call)
        until = day_after(day, zones[person]) if day else ended + cool_off[Disposition.NOMON]
        cool[person] = max(cool.get(person, until), until)
    for asked in _ASKED(connection, people=people, since=now - LOOK_BACK):
        contacts[asked.person_id].append(Contact(asked.created_at, Channel.VOICE, ContactKind.CALLBACK_ASKED))
    return {
        person: (tuple(contacts[person]), dials[person], quiet if (quiet := cool.get(person)) and quiet > now else None)
        for person in people
    }


def _stopped_numbers(connection: sa.Connection, files: Sequence[CaseFile], tenant_id: uuid.UUID) -> frozenset[str]:
    """Of all these numbers, those nobody may call, whoever they belong to; and `wrong_for` one of these people."""
    numbers, people = {phone.number for file in files for phone in file.phones}, {file.person_id for file in files}
    stopped = frozenset(row.number for row in _STOPPED_NUMBERS(connection, tenant=tenant_id, people=people))
    of_people = {wrong_for(file.case.document, phone.number) for file in files for phone in file.phones}
    return stopped | numbers_of_erased(connection, [*numbers, *of_people], tenant_id)


def _stops(
    connection: sa.Connection, files: Sequence[CaseFile], tenant_id: uuid.UUID
) -> dict[uuid.UUID, tuple[str, ...]]:
    """By case."""
    people = list({file.person_id for file in files})
    of_person: dict[uuid.UUID, set[str]] = {person: set() for person in people}
    of_case: dict[uuid.UUID | None, set[str]] = {}
    for person, scope, channel in _OPTED_OUT(connection, tenant=tenant_id, people=people):
        if scope is kinds.OptOutScope.PERSON or (
            scope is kinds.OptOutScope.CHANNEL and channel in (None, kinds.Channel.VOICE)
        ):
            of_person[person].add("cease")
    erased = channels_of_erased(connection, (file.case.document for file in files), tenant_id)
    for file in files:
        if erased.get(file.case.document, set()) & {None, kinds.Channel.VOICE.value}:
            of_person[file.person_id].add("cease")
    # Requests of the person's other cases count where they stop the person.
    answered: set[tuple[uuid.UUID | None, str]] = set()
    for row in _REQUESTS(connection, people=people):
        stop = _STOPPING_REQUESTS[row.kind]
        if row.status in (kinds.RequestStatus.DONE, kinds.RequestStatus.CANCELLED):
            answered.add((row.attempt_id, row.kind))
        elif stop in _OF_THE_PERSON:
            of_person[row.person_id].add(stop)
        else:
            of_case.setdefault(row.case_id, set()).add(stop)
    for call in _SAID(connection, people=people):
        if call.disposition is Disposition.CEASE:
            if not _revoked(connection, call.id):
                of_person[call.person_id].add("cease")
            continue
        stop, kind = _STOPPING[call.disposition]
        if (call.id, kind) in answered:
            continue
        if stop in _OF_THE_PERSON:
            of_person[call.person_id].add(stop)
        else:
            of_case.setdefault(call.case_id, set()).add(stop)
    return {file.case_id: tuple(sorted(of_person[file.person_id] | of_case.get(file.case_id, set()))) for file in files}


def _revoked(connection: sa.Connection, attempt_id: uuid.UUID) -> bool:
    """Whether the stop said in that call was taken back."""
    o = tables.opt_out
    rows = connection.execute(sa.select(o.c.revoked_at).where(o.c.attempt_id == attempt_id)).scalars().all()
    return bool(rows) and all(at is not None for at in rows)
