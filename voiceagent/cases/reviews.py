"""Second looks at promises as kept: which wait, what was heard, the task for a person, and what that person decided.

An agreement of an ended call without a second look *is* the queue: nothing else has to survive a crash.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, ClassVar

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError
from voiceagent.base.ids import uuid7
from voiceagent.cases import tables as t
from voiceagent.cases.kinds import (
    STANDING,
    AttemptStatus,
    LookVerdict,
    PromiseStatus,
    RecordingState,
    RequestStatus,
    ReviewOutcome,
)
from voiceagent.journal.catalogue import RequestOpened, Said
from voiceagent.journal.envelope import Event, NewEvent
from voiceagent.journal.floor import PromiseStatusChanged, RequestStatusChanged
from voiceagent.journal.journal import Journal, Projection, for_each
from voiceagent.journal.private import Private, private_ref, read_private

#: The kind of the task, as requests are called.
TASK = "promise_review"
#: Time a person has to decide.
DECIDE_WITHIN = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class SecondLookTaken(Said):
    """The confirming turns of an agreement were heard again, another way. Stream: the call's."""

    TYPE: ClassVar[str] = "promise.second_look"
    agreement_id: uuid.UUID
    verdict: str
    """agreed, differs or unheard."""
    terms: dict[str, str]
    """{yes, date, amount, instalments, ...: agreed, differs or unheard}; {recording: unheard} where it is gone."""
    engine: str
    words: Private | None = None
    """[{turn, term, first, second}] of what both listenings wrote down."""
    request_id: uuid.UUID | None = None
    """The task for a person; None where there is no doubt."""


@dataclass(frozen=True, slots=True)
class PromiseReviewed(Said):
    """A person decided; who, says the event's actor. Stream: the call's."""

    TYPE: ClassVar[str] = "promise.reviewed"
    agreement_id: uuid.UUID
    outcome: str
    """confirmed or cancelled."""
    note: Private | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """An agreement that has not had its second look."""

    agreement_id: uuid.UUID
    attempt_id: uuid.UUID
    case_id: uuid.UUID
    confirmed_by_turn: int | None
    made_at: datetime
    path: str | None
    """Of the recording, relative to the recordings' directory; None when there never was one."""


@dataclass(frozen=True, slots=True)
class Look:
    """What a second listening brought."""

    terms: Mapping[str, LookVerdict]
    words: Sequence[Mapping[str, Any]]
    engine: str

    @property
    def verdict(self) -> LookVerdict:
        """The worst of its terms."""
        for worst in (LookVerdict.DIFFERS, LookVerdict.UNHEARD):
            if worst in self.terms.values():
                return worst
        return LookVerdict.AGREED

    @property
    def doubtful(self) -> bool:
        """Whether a person must decide: something else was heard, or the yes was not heard as a yes.

        A value that could not be read again is no doubt by itself: it was read back and agreed to.
        """
        unheard = {term for term, verdict in self.terms.items() if verdict is LookVerdict.UNHEARD}
        return self.verdict is LookVerdict.DIFFERS or bool(unheard & {"yes", "recording"})


def waiting(connection: sa.Connection, tenant_id: uuid.UUID, *, limit: int = 100) -> list[Waiting]:
    """Agreements with something still owed whose call has ended and that nobody looked at again, oldest first."""
    a, call, r, look = t.agreement.c, t.attempt.c, t.recording.c, t.second_look.c
    owed = sa.exists(
        sa.select(t.promise.c.id).where(t.promise.c.agreement_id == a.id, t.promise.c.status.in_(STANDING))
    )
    newest = (
        sa.select(r.path, r.state).where(r.attempt_id == call.id).order_by(r.opened_at.desc(), r.id.desc()).limit(1)
    )
    state = newest.with_only_columns(r.state).scalar_subquery()
    query = (
        sa.select(
            a.id,
            a.case_id,
            a.confirmed_by_turn,
            a.made_at,
            call.id.label("attempt_id"),
            newest.with_only_columns(r.path).scalar_subquery().label("path"),
        )
        .join(t.attempt, call.id == a.interaction_id)
        .outerjoin(t.second_look, look.agreement_id == a.id)
        .where(
            a.tenant_id == tenant_id,
            look.agreement_id.is_(None),
            call.status == AttemptStatus.ENDED,
            sa.func.coalesce(state, "") != RecordingState.ERASED.value,
            owed,
        )
        .order_by(a.made_at, a.id)
        .limit(limit)
    )
    return [
        Waiting(row.id, row.attempt_id, row.case_id, row.confirmed_by_turn, row.made_at, row.path)
        for row in connection.execute(query)
    ]


def keep_look(journal: Journal, one: Waiting, look: Look, *, actor: str = "second look") -> bool:
    """Record it with all that follows from it, at once; False when another program was quicker."""
    now = journal.clock.now()
    with journal.transaction() as connection:
        if _look_of(connection, one.agreement_id) is not None:
            return False
        request_id = uuid7(now) if look.doubtful else None
        taken = SecondLookTaken(
            one.agreement_id,
            look.verdict.value,
            {term: verdict.value for term, verdict in look.terms.items()},
            look.engine,
            private_ref("utterance", [dict(word) for word in look.words], now) if look.words else None,
            request_id,
        )
        events: list[NewEvent] = []
        if request_id is not None:
            doubts = ", ".join(term for term, verdict in look.terms.items() if verdict is not LookVerdict.AGREED)
            task = RequestOpened(
                request_id, TASK, one.case_id, private_ref("request", doubts, now), now + DECIDE_WITHIN
            )
            events.append(NewEvent("call", one.attempt_id, task, actor))
            events += _move(connection, one.agreement_id, (PromiseStatus.OPEN,), PromiseStatus.UNDER_REVIEW, actor)
        # The task first: the look's row points to it.
        journal.record([*events, NewEvent("call", one.attempt_id, taken, actor)], connection)
    return True


def decide(
    journal: Journal, agreement_id: uuid.UUID, outcome: ReviewOutcome, *, actor: str, note: str = ""
) -> ReviewOutcome:
    """A person's word on a promise in doubt: it stands, or it is cancelled; the task is done with it.

    BadInputError when the promise is not under review (unknown_review) or somebody has decided already.
    """
    now = journal.clock.now()
    with journal.transaction() as connection:
        row = _look_of(connection, agreement_id)
        if row is None or row.request_id is None:
            raise BadInputError(
                f"agreement {agreement_id} is not under review: see voiceagent promises reviews", code="unknown_review"
            )
        if row.outcome is not None:
            raise BadInputError(
                f"agreement {agreement_id} was {row.outcome.value} by {row.decided_by} already",
                code="already_decided",
                values={"who": row.decided_by},
            )
        said = PromiseReviewed(agreement_id, outcome.value, private_ref("note", note, now) if note else None)
        done = RequestStatusChanged(row.request_id, RequestStatus.DONE, actor)
        confirmed = outcome is ReviewOutcome.CONFIRMED
        into = PromiseStatus.OPEN if confirmed else PromiseStatus.CANCELLED
        journal.record(
            [
                NewEvent("call", row.attempt_id, said, actor),
                NewEvent("call", row.attempt_id, done, actor),
                *_move(connection, agreement_id, (PromiseStatus.UNDER_REVIEW,), into, actor),
            ],
            connection,
        )
    return outcome


def reviews(
    connection: sa.Connection, tenant_id: uuid.UUID, *, undecided: bool = True, limit: int = 500
) -> list[dict[str, Any]]:
    """Promises in doubt, the oldest first.

    The look's columns plus `case_id`, `name`, `creditor`, `total_minor`, `currency`, `confirmed_by_turn`,
    `recording_offset_s`, `due_at` of the task and `words` of both listenings ([] once erased).
    """
    look = t.second_look.c
    query = (
        sa.select(
            t.second_look,
            t.agreement.c.total_minor,
            t.agreement.c.currency,
            t.agreement.c.case_id,
            t.agreement.c.confirmed_by_turn,
            t.agreement.c.recording_offset_s,
            t.person.c.name,
            t.creditor.c.name.label("creditor"),
            t.request.c.due_at,
        )
        .join(t.agreement, t.agreement.c.id == look.agreement_id)
        .join(t.request, t.request.c.id == look.request_id)
        .join(t.debt_case, t.debt_case.c.id == t.agreement.c.case_id)
        .join(t.person, t.person.c.id == t.debt_case.c.person_id)
        .join(t.creditor, t.creditor.c.id == t.debt_case.c.creditor_id)
        .where(look.tenant_id == tenant_id, look.outcome.is_(None) if undecided else sa.true())
        .order_by(look.looked_at, look.agreement_id)
        .limit(limit)
    )
    rows = [dict(row) for row in connection.execute(query).mappings()]
    words = read_private(connection, [{"ref": str(row["words_ref"])} for row in rows if row["words_ref"]])
    return [row | {"words": words.get(str(row["words_ref"]), [])} for row in rows]


def _look_of(connection: sa.Connection, agreement_id: uuid.UUID) -> sa.Row[Any] | None:
    query = sa.select(t.second_look).where(t.second_look.c.agreement_id == agreement_id)
    return connection.execute(query).first()


def _move(
    connection: sa.Connection,
    agreement_id: uuid.UUID,
    which: Sequence[PromiseStatus],
    into: PromiseStatus,
    actor: str,
) -> list[NewEvent]:
    p = t.promise.c
    rows = connection.execute(
        sa.select(p.id, p.case_id).where(p.agreement_id == agreement_id, p.status.in_(which)).order_by(p.number)
    )
    return [NewEvent("case", row.case_id, PromiseStatusChanged(row.id, into), actor) for row in rows]


def _taken(connection: sa.Connection, event: Event) -> None:
    said = event.payload
    connection.execute(
        sa.insert(t.second_look).values(
            agreement_id=said["agreement_id"],
            tenant_id=event.tenant_id,
            attempt_id=event.stream_id,
            verdict=said["verdict"],
            terms=said["terms"],
            words_ref=said["words"]["ref"] if said["words"] else None,
            request_id=said["request_id"],
            looked_at=event.at_utc,
        )
    )


def _reviewed(connection: sa.Connection, event: Event) -> None:
    table = t.second_look
    connection.execute(
        sa.update(table)
        .where(table.c.agreement_id == event.payload["agreement_id"])
        .values(outcome=event.payload["outcome"], decided_at=event.at_utc, decided_by=event.actor)
    )


PROJECTIONS = (
    Projection(SecondLookTaken.TYPE, for_each(_taken)),
    Projection(PromiseReviewed.TYPE, for_each(_reviewed)),
)
