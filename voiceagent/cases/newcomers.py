"""People of whom nothing is kept yet, on their way into the journal: some dozens to an event, ids that count on."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from voiceagent.base.ids import counting_on, uuid7_run
from voiceagent.debt.case import Case, Debt
from voiceagent.journal.floor import PeopleImported
from voiceagent.journal.private import Private
from voiceagent.storage.types import canonical_json

#: People of one event: their share of its chaining is small, and whoever reads a thousand events needs no great memory.
EVENT = 100


class Ids(NamedTuple):
    """Of a newcomer's rows: one for each number, address and contract, however often it is told."""

    person: str
    case: str
    phones: tuple[str, ...]
    emails: tuple[str, ...]
    debts: tuple[str, ...]


class _Newcomer(NamedTuple):
    person_id: str
    told: dict[str, Any]
    kind: tuple[str, ...]
    state: str | None
    debts: Sequence[Debt]


class Newcomers:
    """Collects people and what is told of them; `events` says it."""

    def __init__(self, now: datetime) -> None:
        self._run = uuid7_run(now)
        self._taken: list[_Newcomer] = []

    def take(self, case: Case, creditor: tuple[str, str], stage: str, attributes: Mapping[str, str]) -> Ids:
        """Of a contract that is told twice, the first is taken; `creditor`: its id and the portfolio's."""
        debts = first_of_each(case.debts)
        numbers, addresses = tuple(dict.fromkeys(case.phones)), tuple(dict.fromkeys(case.emails))
        ids = _ids(self._run, len(numbers), len(addresses), len(debts))
        told = {
            "name": case.name,
            "document": case.document,
            "birth_date": case.birth_date.isoformat() if case.birth_date else None,
            "phones": numbers,
            "emails": addresses,
            "contracts": [debt.contract for debt in debts],
            "attributes": dict(attributes),
        }
        kind = (case.language.value, case.region, *creditor, stage)
        self._taken.append(_Newcomer(ids.person, told, kind, case.state, debts))
        return ids

    def events(self, source: str, purpose: str) -> list[PeopleImported]:
        """In the order in which they were taken."""
        return [
            _event(self._taken[start : start + EVENT], source, purpose) for start in range(0, len(self._taken), EVENT)
        ]


def ids_of(said: Mapping[str, Any]) -> Iterator[Ids]:
    """Of each person of a `people.imported`, from its payload."""
    run, people = counting_on(said["first"]), said["people"]
    for phones, emails, debts in zip(people["phones"], people["emails"], people["debts"], strict=True):
        yield _ids(run, phones, emails, debts)


def _ids(run: Iterator[str], phones: int, emails: int, debts: int) -> Ids:
    some = tuple(islice(run, 2 + phones + emails + debts))
    after_phones, after_emails = 2 + phones, 2 + phones + emails
    return Ids(some[0], some[1], some[2:after_phones], some[after_phones:after_emails], some[after_emails:])


def first_of_each(debts: Sequence[Debt]) -> Sequence[Debt]:
    """Without those whose contract came before."""
    if len(debts) == 1:
        return debts
    found: dict[str, Debt] = {}
    for debt in debts:
        found.setdefault(debt.contract, debt)
    return list(found.values())


_KIND = ("language", "region", "creditor_id", "portfolio_id", "stage")


def _event(some: Sequence[_Newcomer], source: str, purpose: str) -> PeopleImported:
    kinds: dict[tuple[str, ...], int] = {}
    salts = secrets.token_bytes(16 * len(some))
    debts = [debt for one in some for debt in one.debts]
    attributes = [tuple(sorted(one.told["attributes"])) for one in some]
    return PeopleImported(
        some[0].person_id,
        source,
        purpose,
        tuple(
            Private(one.person_id, "person", salts[16 * n : 16 * n + 16], canonical_json(one.told), one.told)
            for n, one in enumerate(some)
        ),
        people={
            "kind": tuple(kinds.setdefault(one.kind, len(kinds)) for one in some),
            "state": tuple(one.state for one in some),
            "phones": tuple(len(one.told["phones"]) for one in some),
            "emails": tuple(len(one.told["emails"]) for one in some),
            "debts": tuple(len(one.debts) for one in some),
            "attributes": tuple(attributes) if any(attributes) else (),
        },
        kinds=tuple(dict(zip(_KIND, kind, strict=True)) for kind in kinds),
        debts={
            "product": tuple(debt.product for debt in debts),
            "original_minor": tuple(debt.original.minor for debt in debts),
            "charges_minor": tuple(debt.charges.minor for debt in debts),
            "currency": tuple(debt.original.currency for debt in debts),
            "due": tuple(debt.due.isoformat() for debt in debts),
        },
    )
