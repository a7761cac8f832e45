"""Guards what a conversation leaves behind, on both databases: who answered, open offers, where to send, the ladder."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

from voiceagent import cases
from voiceagent.base.money import Money
from voiceagent.cases import tables
from voiceagent.cases.calls import call_detail
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.intake import import_cases
from voiceagent.cases.offers import open_offer
from voiceagent.cases.replay import check
from voiceagent.debt.case import Case
from voiceagent.debt.offer import OfferKind
from voiceagent.journal import catalogue as said
from voiceagent.journal.private import private_ref
from voiceagent.kpi.exporter import BusinessCollector

TODAY = date(2026, 11, 18)


def left(case_id: uuid.UUID, total: int = 60_000, expires: date | None = date(2026, 11, 20)) -> said.OfferLeftOpen:
    parts = tuple(said.OfferedPayment(n, date(2026, 11 + n, 15) if n else TODAY, total // 2) for n in (0, 1))
    return said.OfferLeftOpen(case_id, "instalments", total, 5_000, "BRL", parts, expires)


def still_open(talk: Any, taken: Any, today: date = TODAY) -> Any:
    with talk.journal.db.read() as connection:
        return open_offer(connection, taken.case_id, today)


def test_an_offer_is_there_until_it_expires(talk: Any, taken: Any) -> None:
    call = talk.begin(taken)
    assert still_open(talk, taken) is None
    talk.say(call, left(taken.case_id))
    offer = still_open(talk, taken)
    assert offer.kind is OfferKind.INSTALMENTS and offer.total == Money(60_000) and offer.discount == Money(5_000)
    assert offer.down_payment == Money(30_000) and offer.counted[0].due == date(2026, 12, 15)
    assert still_open(talk, taken, date(2026, 11, 20)) is not None
    assert still_open(talk, taken, date(2026, 11, 21)) is None


def test_the_latest_stands_and_a_refusal_or_a_promise_ends_it(talk: Any, taken: Any) -> None:
    call = talk.begin(taken)
    talk.say(call, left(taken.case_id), left(taken.case_id, 50_000))
    assert still_open(talk, taken).total == Money(50_000)
    talk.say(call, said.OfferWithdrawn(taken.case_id))
    assert still_open(talk, taken) is None
    talk.say(call, left(taken.case_id))
    talk.promise(call, taken, 40_000)
    assert still_open(talk, taken) is None
    assert check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_where_to_send_is_personal_and_goes_with_the_person(talk: Any, taken: Any) -> None:
    call = talk.begin(taken)
    where = private_ref("destination", "marina@exemplo.com", talk.clock.now())
    talk.say(call, said.RequestOpened(uuid.uuid4(), "send_payment", taken.case_id, None, None, "email", where))
    with talk.journal.db.read() as connection:
        [request] = call_detail(connection, call)["requests"]
        [payload] = connection.exec_driver_sql("SELECT payload FROM event WHERE type = 'request.opened'").scalars()
    assert (request["channel"], request["destination"]) == ("email", "marina@exemplo.com")
    assert "marina" not in str(payload)
    talk.say(call, said.CallEnded("PTP", human=True, right_party=True))
    erase_person(talk.journal, taken.person_id, reason="asked")
    with talk.journal.db.read() as connection:
        [request] = call_detail(connection, call)["requests"]
    assert request["channel"] == "email" and request["destination"] is None
    assert check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_steps_and_cases_nobody_can_prove_are_measured(talk: Any, taken: Any, make_case: Callable[..., Case]) -> None:
    call = talk.begin(taken)
    talk.say(call, said.LadderStepped("greet", "shorter"), said.LadderStepped("greet", "keys", silent=True))
    without = [make_case(90 + n, birth_date=None, document=document) for n, document in enumerate(("id7", "12.3-4"))]
    import_cases(talk.journal, without, source="test")
    samples = [s for family in BusinessCollector(talk.journal.db, talk.clock).collect() for s in family.samples]
    steps = {
        (s.labels["step"], s.labels["silent"]): s.value for s in samples if s.name == "voiceagent_ladder_steps_total"
    }
    assert steps == {("shorter", "no"): 1, ("keys", "yes"): 1}
    assert [s.value for s in samples if s.name == "voiceagent_unverifiable_cases"] == [len(without)]


def test_who_answered_is_kept_as_it_was_told_last_and_first(talk: Any, taken: Any) -> None:
    call = talk.begin(taken)
    talk.say(call, said.CallAnsweredBy("human", "short", 0.9, 0.5, 0.4))
    talk.say(call, said.CallAnsweredBy("voicemail", "beep", 5.5, 0.7, 3.2))
    with talk.journal.db.read() as connection:
        [row] = connection.execute(tables.answerer.select()).mappings()
    assert (row["kind"], row["first_kind"], row["evidence"], row["latency_s"]) == ("voicemail", "human", "beep", 0.7)
    samples = [s for family in BusinessCollector(talk.journal.db, talk.clock).collect() for s in family.samples]
    counted = [(s.labels["kind"], s.labels["first"]) for s in samples if s.name == "voiceagent_answerers_total"]
    slowest = [s.value for s in samples if s.name == "voiceagent_answerer_latency_seconds_sum"]
    assert counted == [("voicemail", "human")] and slowest == [0.7]
    assert check(talk.journal.db, cases.PROJECTIONS, tables.PROJECTED).sound
