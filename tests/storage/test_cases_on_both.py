"""Guards cases on both databases: intake, live attempts, verdicts, orphans, pages."""

from __future__ import annotations

import dataclasses
import threading
import uuid
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from voiceagent import cases
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import BadInputError, DeniedError
from voiceagent.base.money import Money
from voiceagent.cases import kinds, seats, tables
from voiceagent.cases.attempts import AlreadyLiveError, begin_attempt, close_orphans
from voiceagent.cases.calls import call_detail, calls
from voiceagent.cases.intake import Outcome, Taken, import_cases
from voiceagent.cases.replay import check
from voiceagent.cases.store import load_case, promises
from voiceagent.debt.case import Case
from voiceagent.journal import catalogue as said
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal, read_events
from voiceagent.storage.database import Database

MakeCase = Callable[..., Case]


# --- intake -----------------------------------------------------------------------------------------------------------


def test_a_case_comes_back_as_it_went_in(journal: Journal, make_case: MakeCase) -> None:
    case = make_case(7, contracts=2, phones=("+5511911111111", "+5511922222222"))
    (taken,) = import_cases(journal, [case], source="test")
    with journal.db.read() as connection:
        file = load_case(connection, taken.case_id)
    assert file.case == case
    assert (file.person_id, file.debt_ids) == (taken.person_id, taken.debt_ids)
    assert tuple(phone.id for phone in file.phones) == taken.phone_ids


def test_the_same_again_is_a_duplicate_and_writes_nothing(journal: Journal, make_case: MakeCase) -> None:
    first = import_cases(journal, [make_case()], source="test")
    again = import_cases(journal, [make_case(), make_case()], source="test")
    assert [taken.outcome for taken in first + again] == [Outcome.IMPORTED, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert {taken.case_id for taken in first + again} == {first[0].case_id}
    with journal.db.read() as connection:
        assert len(read_events(connection)) == 2


def test_a_newcomer_told_of_twice_in_one_piece_is_one_person(journal: Journal, make_case: MakeCase) -> None:
    case = make_case(phones=("+5511911111111",) * 2)
    twice = dataclasses.replace(case, debts=(*case.debts, dataclasses.replace(case.debts[0], product="other")))
    other = dataclasses.replace(case, phones=("+5511922222222",))
    first, second = import_cases(journal, [twice, other], source="test")
    assert (first.outcome, second.outcome) == (Outcome.IMPORTED, Outcome.UPDATED)
    assert (first.person_id, first.case_id, first.debt_ids[0]) == (second.person_id, second.case_id, first.debt_ids[1])
    with journal.db.read() as connection:
        file = load_case(connection, first.case_id)
    assert [phone.number for phone in file.phones] == ["+5511911111111", "+5511922222222"]
    assert [debt.product for debt in file.case.debts] == [case.debts[0].product]
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_a_new_balance_and_a_new_number_are_an_update(journal: Journal, make_case: MakeCase) -> None:
    import_cases(journal, [make_case(birth_date=date(1980, 1, 2))], source="test")
    changed = make_case(charges=35_000, birth_date=None, phones=("+5511900000000", "+5511933333333"))
    (taken,) = import_cases(journal, [changed], source="test")
    assert taken.outcome is Outcome.UPDATED
    with journal.db.read() as connection:
        kept = load_case(connection, taken.case_id).case
    assert kept.debts[0].charges == Money(35_000)
    assert kept.phones == ("+5511900000000", "+5511933333333")
    assert kept.birth_date == date(1980, 1, 2), "what is not said now stays known"


def test_one_person_with_two_creditors_has_two_cases(journal: Journal, make_case: MakeCase) -> None:
    one = make_case()
    other = dataclasses.replace(one, debts=(dataclasses.replace(one.debts[0], creditor="Loja Exemplo"),))
    first, second = import_cases(journal, [one, other], source="test")
    assert first.person_id == second.person_id
    assert first.case_id != second.case_id
    assert [first.outcome, second.outcome] == [Outcome.IMPORTED, Outcome.IMPORTED]


def test_a_chunk_is_kept_whole_or_not_at_all(journal: Journal, make_case: MakeCase) -> None:
    with pytest.raises(BadInputError, match="at least one debt"):
        import_cases(journal, [make_case(1), make_case(2, debts=())], source="test")
    with journal.db.read() as connection:
        assert connection.execute(sa.select(tables.person)).all() == []


def test_no_event_holds_personal_data_in_clear(journal: Journal, make_case: MakeCase) -> None:
    import_cases(journal, [make_case(4)], source="test")
    with journal.db.read() as connection:
        text = " ".join(str(event.payload) for event in read_events(connection))
    for secret in ("Inventada", "52998200004", "+55119", "example.com", "1980-01-02", "C4-0"):
        assert secret not in text


# --- attempts ---------------------------------------------------------------------------------------------------------


def test_an_attempt_is_there_for_others_before_the_call(talk: Any, taken: Taken, url: str) -> None:
    call = talk.begin(taken)
    other = Database(url)
    with other.read() as connection:
        row = connection.execute(sa.select(tables.attempt)).one()
        decided = connection.execute(sa.select(tables.compliance_decision)).one()
    other.close()
    assert (row.id, row.status, row.number) == (call, kinds.AttemptStatus.DIALLING, "+5511900000000")
    assert row.decision_id == decided.id and decided.allow


def test_one_live_attempt_per_person_and_per_number(talk: Any, taken: Taken, make_case: MakeCase) -> None:
    (neighbour,) = import_cases(talk.journal, [make_case(9, phones=("+5511900000000",))], source="test")
    call = talk.begin(taken)
    with pytest.raises(AlreadyLiveError, match="in another call"):
        talk.begin(taken)
    with pytest.raises(AlreadyLiveError):
        talk.begin(neighbour)
    talk.journal.record([NewEvent("call", call, said.CallEnded("NA"), "agent")])
    talk.begin(neighbour)


def test_a_refused_attempt_leaves_nothing_even_within_a_larger_transaction(talk: Any, taken: Taken) -> None:
    talk.begin(taken)
    decision = talk.decision(taken)
    attempted = said.CallAttempted(
        taken.case_id, taken.person_id, taken.phone_ids[0], "rehearsal", decision_id=decision.decision_id
    )
    with talk.journal.transaction() as connection:
        with pytest.raises(AlreadyLiveError):
            begin_attempt(talk.journal, attempted, decision=decision, connection=connection)
        talk.journal.record([seats.seat_changed("seat-1", "worker-1", kinds.SeatState.IDLE)], connection)
    with talk.journal.db.read() as connection:
        assert len(connection.execute(sa.select(tables.compliance_decision)).all()) == 1
        assert read_events(connection)[-1].type == "seat.state"


def test_two_programs_dial_one_person_once(url: str, clock: ManualClock, talk: Any, taken: Taken) -> None:
    outcomes: list[str] = []
    start = threading.Barrier(2)

    def dial() -> None:
        db = Database(url, busy_timeout_s=30.0)
        journal = Journal(db, clock, cases.PROJECTIONS)
        start.wait(30)
        try:
            type(talk)(journal, clock).begin(taken)
            outcomes.append("dialled")
        except AlreadyLiveError:
            outcomes.append("refused")
        finally:
            db.close()

    threads = [threading.Thread(target=dial) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(outcomes) == ["dialled", "refused"]


def test_the_database_itself_refuses_a_second_live_attempt(talk: Any, taken: Taken) -> None:
    call = talk.begin(taken)
    with talk.journal.db.read() as connection:
        row = dict(connection.execute(sa.select(tables.attempt)).mappings().one())
        base = dict(connection.execute(sa.select(tables.interaction)).mappings().one())
    with pytest.raises(IntegrityError), talk.journal.db.write() as connection:
        connection.execute(sa.insert(tables.interaction).values(**base | {"id": uuid.uuid4()}))
        other = connection.execute(
            sa.select(tables.interaction.c.id).where(tables.interaction.c.id != call)
        ).scalar_one()
        connection.execute(sa.insert(tables.attempt).values(**row | {"id": other}))


def test_no_outgoing_call_without_a_decision_that_allows_it(talk: Any, taken: Taken) -> None:
    denied = talk.decision(taken, allow=False, rules=("BR-10",))
    attempted = said.CallAttempted(
        taken.case_id, taken.person_id, taken.phone_ids[0], "live", decision_id=denied.decision_id
    )
    for decision in (None, denied):
        with pytest.raises(DeniedError):
            begin_attempt(talk.journal, attempted, decision=decision)
    with talk.journal.db.read() as connection:
        assert connection.execute(sa.select(tables.attempt)).all() == []


def test_a_call_reads_as_it_went(talk: Any, taken: Taken) -> None:
    call = talk.whole_call(taken)
    with talk.journal.db.read() as connection:
        detail = call_detail(connection, call)
        listed = calls(connection)
        owed = promises(connection, case_id=taken.case_id)
        interaction = connection.execute(sa.select(tables.interaction)).one()
    assert [turn["text"] for turn in detail["turns"]] == ["Bom dia", None, "pode ser em três vezes"]
    assert detail["turns"][2]["slots"] == {"instalments": 3}
    assert (detail["status"], detail["disposition"], detail["hangup_by"]) == ("ended", "PTP", "near")
    assert [(p["due"], p["amount_minor"], p["status"]) for p in detail["promises"]] == [
        (date(2026, 2, 15), 40_000, "open"),
        (date(2026, 3, 15), 40_000, "open"),
        (date(2026, 4, 15), 40_000, "open"),
    ]
    assert [(t["datum"], t["matched"]) for t in detail["identity_tries"]] == [
        ("document_first3", False),
        ("birth_day_month", True),
    ]
    assert detail["recordings"][0]["marks"] == [[2.0, 3.5]] and detail["recordings"][0]["state"] == "closed"
    assert detail["decision"]["inputs"] == {"number": "+5511900000000"}
    assert detail["requests"][0]["detail"] == "quero a gravação"
    assert (detail["first_audio_s"], detail["sip_code"], detail["q850"]) == (0.4, 200, 16)
    assert detail["t_answer"] - detail["t_start"] == timedelta(seconds=5)
    assert [row["promised_minor"] for row in listed] == [120_000]
    assert [row["name"] for row in owed] == ["Pessoa Inventada 0"] * 3
    assert interaction.outcome == "PTP" and interaction.ended_at == detail["t_end"]


def test_late_events_do_not_change_a_verdict(talk: Any, taken: Taken) -> None:
    call = talk.begin(taken)
    talk.journal.record([NewEvent("call", call, said.CallEnded("NA"), "agent")])
    talk.say(call, said.CallAnswered(), said.CallEnded("PTP", human=True))
    with talk.journal.db.read() as connection:
        row = call_detail(connection, call)
    assert (row["disposition"], row["human"], row["t_answer"]) == ("NA", False, None)


def test_a_promise_whose_parts_do_not_sum_is_refused_whole(talk: Any, taken: Taken) -> None:
    call = talk.begin(taken)
    part = said.PromisedInstalment(uuid.uuid4(), 1, date(2026, 12, 15), 100)
    with pytest.raises(ValueError, match="do not sum"):
        talk.say(call, said.PromiseMade(uuid.uuid4(), taken.case_id, 101, 0, "BRL", (part,)))
    with talk.journal.db.read() as connection:
        assert connection.execute(sa.select(tables.agreement)).all() == []


# --- orphans ----------------------------------------------------------------------------------------------------------


def test_calls_of_a_dead_worker_are_closed_as_what_is_known(talk: Any, make_case: MakeCase) -> None:
    dialled, answered, promised, elsewhere = import_cases(talk.journal, [make_case(n) for n in range(4)], source="test")
    first, second, third = talk.begin(dialled), talk.begin(answered), talk.begin(promised)
    fourth = talk.begin(elsewhere, worker="worker-2", seat="seat-9")
    for call in (second, third):
        talk.say(call, said.CallAnswered(), after_s=3)
        talk.say(call, said.DebtorTurnHeard(1, "greet", None, 0.9, "yes"), after_s=10)
    talk.say(third, said.IdentityVerified("birth_day_month"))
    talk.promise(third, promised, 120_000)
    talk.clock.advance(600)
    assert close_orphans(talk.journal, worker="worker-1") == [first, second, third]
    assert close_orphans(talk.journal, worker="worker-1") == []
    with talk.journal.db.read() as connection:
        found = {row["id"]: row for row in calls(connection)}
    assert [found[call]["disposition"] for call in (first, second, third, fourth)] == ["ERR", "ERR", "PTP", None]
    assert [found[call]["human"] for call in (first, second, third)] == [False, True, True]
    assert found[third]["right_party"] and found[third]["talk_s"] == pytest.approx(12)
    assert found[second]["talk_s"] == pytest.approx(10), "up to what the worker last wrote, not to the cleaning up"
    assert found[first]["hangup_by"] == "failure"
    talk.begin(dialled)


def test_turns_that_were_counted_alike_are_both_kept(talk: Any, taken: Taken) -> None:
    """A prompt cut before its first sample may carry the number of the one before: nothing of a call may be lost."""
    call = talk.begin(taken)
    turn = said.DebtorTurnHeard(1, "greet", None, 0.5, None, result="no_input")
    talk.say(call, turn, turn)
    with talk.journal.db.read() as connection:
        assert [(row["n"], row["result"]) for row in call_detail(connection, call)["turns"]] == [(1, "no_input")] * 2
