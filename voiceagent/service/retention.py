"""What is kept no longer than it may be: recordings by the law of the place, people with whom nothing is open."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, UnavailableError
from voiceagent.cases import kinds, recordings
from voiceagent.cases import tables as t
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.holds import held
from voiceagent.compliance import RuleBook
from voiceagent.compliance.rules import Term
from voiceagent.journal.journal import Journal

log = logging.getLogger(__name__)

#: Where no rule says how long: keep rather than lose what somebody may have to prove.
LONGEST_DAYS = 3650
_LIMIT = 200


def forget_person(journal: Journal, root: Path, person_id: uuid.UUID, *, reason: str, actor: str) -> int:
    """Erase a person's data and recordings; returns how many values and files. BadInputError as `erase_person`.

    Recordings on other machines stay due (`recordings.of_person`) until `retire` runs there.
    """
    with journal.db.read() as connection:
        files = recordings.of_person(connection, person_id)
    values = erase_person(journal, person_id, reason=reason, actor=actor)
    return values + recordings.erase_files(journal, root, files, reason=reason, actor=actor)


def must_keep(rules: RuleBook, region: str, state: str | None, now: datetime) -> Term | None:
    """The law (not house policy) that wants records of a person of this place kept, and for how many days."""
    term = rules.duty("record_retention_days", region, state, now.date())
    return None if term is None or term.rule.startswith("policy.") else term


def last_activity(connection: sa.Connection, person_id: uuid.UUID) -> datetime:
    """When something was last tried, said or imported."""
    person, interaction = t.person.c, t.interaction.c
    told: datetime = connection.execute(sa.select(person.updated_at).where(person.id == person_id)).scalar_one()
    tried: datetime | None = connection.execute(
        sa.select(sa.func.max(interaction.started_at)).where(interaction.person_id == person_id)
    ).scalar()
    return told if tried is None else max(told, tried)


def retire(journal: Journal, rules: Callable[[], RuleBook], root: Path, *, limit: int = _LIMIT) -> int:
    """One round: erase recordings past their time, and people with nothing open whose records may go; how many.

    Run it on every machine: each erases the files that it keeps.
    """
    book, now, done = rules(), journal.clock.now(), 0
    with journal.db.read() as connection:
        due = _Reachable(root, limit)
        due.look(recordings.of_the_erased(connection, journal.tenant_id))
        old: list[uuid.UUID] = []
        for place in _places(connection, journal.tenant_id):
            kept = timedelta(days=_days(book, "recording_retention_days", place, now))
            due.look(recordings.older_than(connection, journal.tenant_id, now - kept, place=place))
            if place[0] is not None:
                idle = timedelta(days=_days(book, "record_retention_days", place, now))
                old += _idle_people(connection, journal.tenant_id, place, now - idle, limit)
    for person_id in old[:limit]:
        if _is_erased(journal, person_id):
            # Another machine was quicker.
            continue
        try:
            forget_person(journal, root, person_id, reason="retention", actor="retention")
        except BadInputError as error:
            # A call or a hold came in between.
            log.info("kept: %s", error)
        except UnavailableError as error:
            # A file that cannot be deleted now is due again as one of the erased.
            log.error("erased, but for a recording: %s", error)
        else:
            done += 1
    if due.missing:
        log.warning(
            "%d recordings of this machine past their time are not in %s: is its disk mounted?", due.missing, root
        )
    if due.elsewhere:
        log.info("%d recordings past their time are left to the machines that keep them", due.elsewhere)
    return done + recordings.erase_files(journal, root, due.here, reason="retention", actor="retention")


def _is_erased(journal: Journal, person_id: uuid.UUID) -> bool:
    with journal.db.read() as connection:
        at = connection.execute(sa.select(t.person.c.erased_at).where(t.person.c.id == person_id)).scalar()
    return at is not None


class _Reachable:
    """Of what is due, up to `limit` files in `here`; how many are `elsewhere`, or should be here and are `missing`."""

    def __init__(self, root: Path, limit: int) -> None:
        self._root, self._limit = root, limit
        self.here: list[recordings.Due] = []
        self.elsewhere = self.missing = 0

    def look(self, due: Iterable[recordings.Due]) -> None:
        for one in due:
            if len(self.here) == self._limit:
                return
            if recordings.within_reach(self._root, one):
                self.here.append(one)
            elif recordings.made_here(one):
                self.missing += 1
            else:
                self.elsewhere += 1


_Place = tuple[str | None, str | None]


def _places(connection: sa.Connection, tenant_id: uuid.UUID) -> list[_Place]:
    person = t.person.c
    rows = connection.execute(sa.select(person.region, person.state).where(person.tenant_id == tenant_id).distinct())
    return [(None, None), *((row.region, row.state) for row in rows)]


def _days(book: RuleBook, name: str, place: _Place, now: datetime) -> int:
    region, state = place
    term = book.duty(name, region, state, now.date()) if region else None
    return term.value if term is not None and isinstance(term.value, int) else LONGEST_DAYS


def _idle_people(
    connection: sa.Connection, tenant_id: uuid.UUID, place: _Place, before: datetime, limit: int
) -> list[uuid.UUID]:
    """People of a place with nothing owed, promised, asked or held, and no activity since `before`."""
    person, case = t.person.c, t.debt_case.c

    def any_of(table: sa.Table, *which: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
        """Of the person's cases."""
        joined = table.join(t.debt_case, case.id == table.c.case_id)
        inner = sa.select(table.c.id).select_from(joined).where(case.person_id == person.id, *which)
        return sa.exists(inner.correlate(t.person))

    debt, interaction = t.debt.c, t.interaction.c
    since = sa.select(interaction.id).where(interaction.person_id == person.id, interaction.started_at >= before)
    something = [
        any_of(t.debt, debt.status.in_((kinds.DebtStatus.OPEN, kinds.DebtStatus.DISPUTED))),
        any_of(t.debt, debt.updated_at >= before),
        any_of(t.promise, t.promise.c.status.in_(kinds.STANDING)),
        any_of(t.request, t.request.c.status.in_((kinds.RequestStatus.OPEN, kinds.RequestStatus.IN_PROGRESS))),
        sa.exists(since.correlate(t.person)),
        held(person.id),
    ]
    query = sa.select(person.id).where(
        person.tenant_id == tenant_id,
        person.region == place[0],
        person.state.is_not_distinct_from(place[1]),
        person.erased_at.is_(None),
        person.updated_at < before,
        *(~one for one in something),
    )
    return list(connection.execute(query.order_by(person.updated_at, person.id).limit(limit)).scalars())
