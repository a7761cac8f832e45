"""Guards what the law is told: history over all campaigns and creditors, stops, open promises, content, seats."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from voiceagent.base.clock import ManualClock
from voiceagent.cases import kinds, seats
from voiceagent.cases.attempts import close_attempt
from voiceagent.cases.facts import contact_facts
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.cases.store import keep_content, load_content
from voiceagent.debt.case import Case
from voiceagent.journal import catalogue as said
from voiceagent.journal import floor
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

MakeCase = Callable[..., Case]


# --- the law's facts --------------------------------------------------------------------------------------------------


def facts(talk: Any, taken: Taken, **wanted: Any) -> Any:
    since = talk.clock.now() - timedelta(days=90)
    with talk.journal.db.read() as connection:
        return contact_facts(connection, taken.case_id, since=since, **wanted)


def test_history_is_the_persons_over_creditors_and_campaigns(talk: Any, make_case: MakeCase) -> None:
    one = make_case()
    other = dataclasses.replace(one, debts=(dataclasses.replace(one.debts[0], creditor="Loja Exemplo"),))
    first, second = import_cases(talk.journal, [one, other], source="test")
    call = talk.begin(first, campaign_id=uuid.uuid4())
    close_attempt(talk.journal, call, said.CallEnded("HUP", human=True))
    talk.clock.advance(60)
    talk.begin(second, campaign_id=uuid.uuid4())
    seen = facts(talk, second)
    assert [(past.kind, past.outcome, past.debt_ids) for past in seen.history] == [
        ("conversation", "HUP", first.debt_ids),
        ("attempt", None, second.debt_ids),
    ]
    assert seen.live and seen.oldest_due == date(2026, 3, 10) and seen.stops == ()


@pytest.mark.parametrize(
    ("events", "stops"),
    [
        (lambda t: [said.OptOutRecorded(uuid.uuid4(), "person", t.person_id)], ("cease",)),
        (lambda t: [said.OptOutRecorded(uuid.uuid4(), "channel", t.person_id, channel="voice")], ("cease",)),
        (lambda t: [said.OptOutRecorded(uuid.uuid4(), "channel", t.person_id, channel="sms")], ()),
        (lambda t: [said.OptOutRecorded(uuid.uuid4(), "number", t.person_id, t.phone_ids[0])], ("cease",)),
        (lambda t: [said.OptOutRecorded(uuid.uuid4(), "number", t.person_id, t.phone_ids[1])], ()),
        (lambda t: [said.NumberMarked(t.phone_ids[0], "wrong")], ("wrong_number",)),
        (lambda t: [said.NumberMarked(t.phone_ids[1], "wrong")], ()),
        (lambda t: [said.RequestOpened(uuid.uuid4(), "dispute", t.case_id)], ("dispute",)),
        (lambda t: [said.RequestOpened(uuid.uuid4(), "deceased_review", t.case_id)], ("deceased",)),
        (lambda t: [said.RequestOpened(uuid.uuid4(), "human", t.case_id)], ()),
        (lambda t: [floor.CaseStaged(t.case_id, "legal")], ("legal",)),
        (lambda t: [floor.DebtStatusChanged(t.debt_ids[0], "paid")], ("paid",)),
    ],
)
def test_stops(talk: Any, make_case: MakeCase, events: Any, stops: tuple[str, ...]) -> None:
    case = make_case(phones=("+5511911111111", "+5511922222222"))
    (taken,) = import_cases(talk.journal, [case], source="test")
    talk.journal.record([NewEvent("case", taken.case_id, payload) for payload in events(taken)])
    assert facts(talk, taken, number="+5511911111111").stops == stops


def test_a_stop_ends_when_it_is_revoked_or_the_task_is_done(talk: Any, taken: Taken) -> None:
    opt_out, request = uuid.uuid4(), uuid.uuid4()
    opened = [
        said.OptOutRecorded(opt_out, "person", taken.person_id),
        said.RequestOpened(request, "dispute", taken.case_id),
    ]
    talk.journal.record([NewEvent("case", taken.case_id, payload) for payload in opened])
    assert facts(talk, taken).stops == ("cease", "dispute")
    closed = [floor.OptOutRevoked(opt_out), floor.RequestStatusChanged(request, "done")]
    talk.journal.record([NewEvent("case", taken.case_id, payload) for payload in closed])
    assert facts(talk, taken).stops == ()


def test_the_open_promise_is_the_next_one_due(talk: Any, taken: Taken) -> None:
    made = talk.promise(talk.begin(taken), taken, 50_000, 70_000)
    assert facts(talk, taken).open_promise_due == date(2026, 2, 15)
    first = floor.PromiseStatusChanged(made.instalments[0].promise_id, "kept", 50_000)
    talk.journal.record([NewEvent("case", taken.case_id, first)])
    assert facts(talk, taken).open_promise_due == date(2026, 3, 15)


# --- content and seats ------------------------------------------------------------------------------------------------


def test_content_is_kept_once_by_its_hash(db: Database, clock: ManualClock) -> None:
    body = "estado: saudação\n"
    one = keep_content(db, clock, kind="script", name="negotiation", body=body)
    assert keep_content(db, clock, kind="script", name="negotiation", body=body) == one
    with db.read() as connection:
        assert load_content(connection, one) == body
        assert load_content(connection, "0" * 64) is None


def test_the_board_shows_the_newest_state(journal: Journal, clock: ManualClock) -> None:
    call = uuid.uuid4()
    journal.record([seats.seat_changed("seat-2", "w", kinds.SeatState.IDLE)])
    clock.advance(5)
    journal.record([seats.seat_changed("seat-2", "w", kinds.SeatState.DIALING, attempt_id=call)])
    with journal.db.read() as connection:
        (seat,) = seats.board(connection)
    assert (seat["state"], seat["attempt_id"], seat["since"]) == (kinds.SeatState.DIALING, call, clock.now())
