"""What the law wants to know of a person, read from what is kept: history, stops, promise, cool-off."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.calendars.zones import default_zone, zone_of
from voiceagent.cases import kinds, tables
from voiceagent.cases.store import CaseFile, Phone, earliest_open_promises, failed_identity_at
from voiceagent.compliance import CaseFacts, Channel, Contact, ContactKind, Purpose, Request
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.dialer.ladder import COOL_OFF
from voiceagent.dialer.tables import CallbackOrigin, callback

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
            debt=str(self.file.case_id),
            case=CaseFacts(
                stage=self.facts.stage,
                days_overdue=self.facts.days_overdue,
                stops=tuple(dict.fromkeys(stops)),
                open_promise_due=self.facts.open_promise_due,
                cooloff_until=self.facts.cooloff_until,
                debtor_asked_for=asked_for,
            ),
            history=self.history,
            guard_s=guard_s,
        )

    def phones(self) -> list[Phone]:
        """Numbers worth trying, best first: those that failed often lately come after those that did not."""
        usable = [
            phone
            for phone in self.file.phones
            if phone.status not in (kinds.PhoneStatus.WRONG, kinds.PhoneStatus.DEAD)
            and phone.number not in self.stopped_numbers
        ]
        right = kinds.PhoneStatus.RIGHT_PARTY
        return sorted(usable, key=lambda p: (p.status is not right, self.dials.get(p.number, 0), p.position))


def read_facts(connection: sa.Connection, file: CaseFile, now: datetime, tenant_id: uuid.UUID) -> Facts:
    """Everything about the person of `file` that bears on contact at `now`."""
    return read_all_facts(connection, [file], now, tenant_id)[file.case_id]


def read_all_facts(
    connection: sa.Connection, files: Sequence[CaseFile], now: datetime, tenant_id: uuid.UUID
) -> dict[uuid.UUID, Facts]:
    """The same for several cases, by case id, with no more questions to the database than for one."""
    if not files:
        return {}
    past = _pasts(connection, files, now)
    stops = _stops(connection, files, tenant_id)
    stopped = _stopped_numbers(connection, files, tenant_id)
    promised = earliest_open_promises(connection, [file.case_id for file in files])
    wrong = failed_identity_at(connection, {file.case_id: file.person_id for file in files}, since=now - timedelta(1))
    found = {}
    for file in files:
        zone = zone_for(file)
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
        )
    return found


def zone_for(file: CaseFile) -> str:
    """The person's most likely clock."""
    case = file.case
    number = case.phones[0] if case.phones and case.phones[0].startswith("+") else None
    zone = zone_of(case.region, case.state) if case.state else None
    return zone or zone_of(case.region, None, number) or default_zone(case.region) or "UTC"


_Past = tuple[tuple[Contact, ...], dict[str, int], datetime | None]


def _pasts(connection: sa.Connection, files: Sequence[CaseFile], now: datetime) -> dict[uuid.UUID, _Past]:
    """By person: contacts, dials by number, and until when an outcome wants quiet."""
    people = list({file.person_id for file in files})
    t = tables.interaction
    a = tables.attempt
    contacts: dict[uuid.UUID, list[Contact]] = {person: [] for person in people}
    dials: dict[uuid.UUID, dict[str, int]] = {person: {} for person in people}
    cool: dict[uuid.UUID, datetime] = {}
    for row in connection.execute(
        sa.select(
            t.c.person_id, t.c.channel, t.c.direction, t.c.started_at, t.c.ended_at, t.c.outcome, t.c.case_id,
            a.c.number, a.c.right_party,
        )
        .outerjoin(a, a.c.id == t.c.id)
        .where(t.c.person_id.in_(people), t.c.started_at > now - LOOK_BACK)
        .order_by(t.c.started_at)
    ):  # fmt: skip
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
        if disposition in COOL_OFF:
            until = (row.ended_at or row.started_at) + COOL_OFF[disposition]
            cool[person] = max(cool.get(person, until), until)
    asked = connection.execute(
        sa.select(callback.c.person_id, callback.c.created_at).where(
            callback.c.person_id.in_(people),
            callback.c.origin == CallbackOrigin.DEBTOR_ASKED,
            callback.c.created_at > now - LOOK_BACK,
        )
    )
    for row in asked:
        contacts[row.person_id].append(Contact(row.created_at, Channel.VOICE, ContactKind.CALLBACK_ASKED))
    return {
        person: (tuple(contacts[person]), dials[person], quiet if (quiet := cool.get(person)) and quiet > now else None)
        for person in people
    }


def _stopped_numbers(connection: sa.Connection, files: Sequence[CaseFile], tenant_id: uuid.UUID) -> frozenset[str]:
    """Of all these numbers, those nobody may call, whoever they belong to."""
    o = tables.opt_out
    numbers = {phone.number for file in files for phone in file.phones}
    rows = connection.execute(
        sa.select(o.c.number).where(
            o.c.tenant_id == tenant_id,
            o.c.scope == kinds.OptOutScope.NUMBER,
            o.c.revoked_at.is_(None),
            o.c.number.in_(numbers),
        )
    ).scalars()
    return frozenset(rows)


def _stops(
    connection: sa.Connection, files: Sequence[CaseFile], tenant_id: uuid.UUID
) -> dict[uuid.UUID, tuple[str, ...]]:
    """By case."""
    people = {file.person_id for file in files}
    of_person: dict[uuid.UUID, set[str]] = {person: set() for person in people}
    of_case: dict[uuid.UUID | None, set[str]] = {}
    o = tables.opt_out
    opted = connection.execute(
        sa.select(o.c.person_id, o.c.scope, o.c.channel).where(
            o.c.tenant_id == tenant_id, o.c.person_id.in_(people), o.c.revoked_at.is_(None)
        )
    )
    for person, scope, channel in opted:
        if scope is kinds.OptOutScope.PERSON or (
            scope is kinds.OptOutScope.CHANNEL and channel in (None, kinds.Channel.VOICE)
        ):
            of_person[person].add("cease")
    r, a, c = tables.request, tables.attempt, tables.debt_case
    # Requests of the person's other cases count where they stop the person.
    requests = connection.execute(
        sa.select(r.c.kind, r.c.status, r.c.attempt_id, r.c.case_id, c.c.person_id)
        .join(c, c.c.id == r.c.case_id)
        .where(c.c.person_id.in_(people), r.c.kind.in_(_STOPPING_REQUESTS))
    ).all()
    answered: set[tuple[uuid.UUID | None, str]] = set()
    for row in requests:
        stop = _STOPPING_REQUESTS[row.kind]
        if row.status in (kinds.RequestStatus.DONE, kinds.RequestStatus.CANCELLED):
            answered.add((row.attempt_id, row.kind))
        elif stop in _OF_THE_PERSON:
            of_person[row.person_id].add(stop)
        else:
            of_case.setdefault(row.case_id, set()).add(stop)
    said = connection.execute(
        sa.select(a.c.id, a.c.disposition, a.c.case_id, a.c.person_id).where(
            a.c.person_id.in_(people), a.c.disposition.in_([d.value for d in (*_STOPPING, Disposition.CEASE)])
        )
    )
    for call in said:
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
    return {
        file.case_id: tuple(sorted(of_person[file.person_id] | of_case.get(file.case_id, set()))) for file in files
    }


def _revoked(connection: sa.Connection, attempt_id: uuid.UUID) -> bool:
    """Whether the stop said in that call was taken back."""
    o = tables.opt_out
    rows = connection.execute(sa.select(o.c.revoked_at).where(o.c.attempt_id == attempt_id)).scalars().all()
    return bool(rows) and all(at is not None for at in rows)
