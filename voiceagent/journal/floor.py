"""The other half of the catalogue: people, numbers, debts, money received, seats, and what is erased."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from voiceagent.journal.catalogue import Said
from voiceagent.journal.private import Private

# --- creditor, person, case ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CreditorAdded(Said):
    """A company whose debts are collected, with its first portfolio."""

    TYPE: ClassVar[str] = "creditor.added"
    creditor_id: uuid.UUID
    name: str
    portfolio_id: uuid.UUID
    portfolio: str = "default"


@dataclass(frozen=True, slots=True)
class CaseImported(Said):
    """A person and what they owe one creditor, as told by a list or another source: what is new or changed, no more.

    Stream: the person's. `told` holds the personal values of the parts below: {name, document, birth_date} of
    `person`, `phones` {id: number}, `emails` {id: address}, `contracts` {debt id: the creditor's number} and
    `attributes` {name: value}; a part that says nothing new is absent there and empty here.
    """

    TYPE: ClassVar[str] = "case.imported"
    person_id: uuid.UUID | str
    case_id: uuid.UUID | str
    told: Private
    source: str
    """Where all of it came from: the list's batch, a rehearsal, ..."""
    purpose: str = "collection"
    """What it may be used for."""
    person: dict[str, Any] | None = None
    """{new, language, region, state}."""
    case: dict[str, Any] | None = None
    """Where it is opened: {creditor_id, portfolio_id, stage}."""
    phones: tuple[dict[str, Any], ...] = ()
    """{id, position}: numbers never kept of this person before, in E.164 or a SIP address in rehearsals."""
    emails: tuple[dict[str, Any], ...] = ()
    """{id, position}."""
    debts: tuple[dict[str, Any], ...] = ()
    """{id, new, product, original_minor, charges_minor, currency, due}: balances as last told by the creditor."""
    attributes: tuple[str, ...] = ()
    """Names of the custom columns whose values are new or changed."""


@dataclass(frozen=True, slots=True)
class PeopleImported(Said):
    """People of whom nothing was kept before, each with one case, as a list or another source told of them.

    Some dozens to an event, in the stream of the list: a chained event for each would cost more than all of their rows.
    Ids count on from `first`: for each person in turn the person's, the case's, those of phones, of addresses, of
    debts. Columns have a value for each person (`debts`: for each debt) in that order.
    """

    TYPE: ClassVar[str] = "people.imported"
    first: str
    source: str
    """Where all of it came from: the list's batch, a rehearsal, ..."""
    purpose: str
    """What it may be used for."""
    told: tuple[Private, ...]
    """Each under the person's own id: {name, document, birth_date, phones: [numbers], emails: [addresses],
    contracts: [the creditor's number of each debt], attributes: {name: value}}."""
    kinds: tuple[dict[str, Any], ...]
    """What many have in common: {language, region, creditor_id, portfolio_id, stage}."""
    people: dict[str, tuple[Any, ...]]
    """{kind: a place in `kinds`, state, phones, emails, debts: how many, attributes: names, or empty where all have
    none}."""
    debts: dict[str, tuple[Any, ...]]
    """{product, original_minor, charges_minor, currency, due}."""


@dataclass(frozen=True, slots=True)
class CaseStaged(Said):
    """A case moved on: preventive, amicable, dispute, pre_legal, legal, closed."""

    TYPE: ClassVar[str] = "case.staged"
    case_id: uuid.UUID
    stage: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class DebtStatusChanged(Said):
    """A debt was paid, settled, disputed or taken back: open, paid, settled, disputed, withdrawn."""

    TYPE: ClassVar[str] = "debt.status"
    debt_id: uuid.UUID
    status: str


# --- promises and money ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class PromiseStatusChanged(Said):
    """A promise moved on: open, kept, partial, broken, cancelled, rescheduled, under_review."""

    TYPE: ClassVar[str] = "promise.status"
    promise_id: uuid.UUID
    status: str
    paid_minor: int | None = None


@dataclass(frozen=True, slots=True)
class PaymentReceived(Said):
    """Money arrived; `external_id` is the payer bank's or provider's, once per `source`."""

    TYPE: ClassVar[str] = "payment.received"
    payment_id: uuid.UUID
    case_id: uuid.UUID
    minor: int
    currency: str
    paid_at: datetime
    source: str
    external_id: str
    promise_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ArtifactIssued(Said):
    """A boleto, Pix code or link was made for a promise."""

    TYPE: ClassVar[str] = "artifact.issued"
    artifact_id: uuid.UUID
    agreement_id: uuid.UUID
    kind: str
    """pix, boleto or link."""
    payload: Private
    minor: int
    currency: str
    due: date
    promise_id: uuid.UUID | None = None
    external_id: str | None = None


@dataclass(frozen=True, slots=True)
class ArtifactStatusChanged(Said):
    """issued, sent, paid, cancelled or expired."""

    TYPE: ClassVar[str] = "artifact.status"
    artifact_id: uuid.UUID
    status: str


# --- requests, stops, seats ------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class RequestStatusChanged(Said):
    """A task for people moved on: open, in_progress, done, cancelled."""

    TYPE: ClassVar[str] = "request.status"
    request_id: uuid.UUID
    status: str
    assignee: str | None = None


@dataclass(frozen=True, slots=True)
class OptOutRevoked(Said):
    """The person asked to be called again, and proved it."""

    TYPE: ClassVar[str] = "optout.revoked"
    opt_out_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class SeatChanged(Said):
    """A seat's state: offline, idle, dialing, ringing, talking, wrapup, paused."""

    TYPE: ClassVar[str] = "seat.state"
    seat: str
    worker: str
    state: str
    attempt_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class ListImported(Said):
    """A file of debtors came in; counts only. `rows` = imported + updated + duplicates + rejected."""

    TYPE: ClassVar[str] = "list.imported"
    list_id: uuid.UUID
    batch: str
    file: str
    sha256: str
    rows: int
    imported: int
    updated: int
    duplicates: int
    rejected: int
    mapping: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PrivateErased(Said):
    """Personal data of a person was erased: the rows of `refs` lost body and salt, the tables their copies."""

    TYPE: ClassVar[str] = "private.erased"
    person_id: uuid.UUID | None
    refs: tuple[str, ...]
    reason: str = ""
