"""Guards people on their way into the journal: ids follow from the first alone, what is told twice is kept once."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.ids import counting_on, uuid7, uuid7_run
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.newcomers import EVENT, Ids, Newcomers, first_of_each, ids_of
from voiceagent.debt.case import Case, Debt
from voiceagent.journal.envelope import plain

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)
CREDITOR = ("01a20000-0000-7000-8000-000000000001", "01a20000-0000-7000-8000-000000000002")
few = st.lists(st.sampled_from("abcd"), max_size=4)
people = st.lists(st.tuples(few, few, st.lists(st.sampled_from("xyz"), min_size=1, max_size=4)), max_size=8)


def a_case(phones: list[str], emails: list[str], contracts: list[str]) -> Case:
    debts = [Debt(it, "Banco", "cartão", Money(n + 1, "BRL"), Money(0, "BRL"), date(2026, 1, 2))
             for n, it in enumerate(contracts)]  # fmt: skip
    return Case("Ana", "1", Language.PT_BR, "BR", tuple(debts), phones=tuple(phones), emails=tuple(emails))


def told(cases: list[Case]) -> tuple[list[Ids], list[dict[str, Any]]]:
    newcomers = Newcomers(NOW)
    ids = [newcomers.take(case, CREDITOR, "amicable", {}) for case in cases]
    return ids, [plain(said)[0] for said in newcomers.events("list", "collection")]


@given(people)
def test_an_event_says_every_id_with_its_first(lists: list[tuple[list[str], list[str], list[str]]]) -> None:
    ids, payloads = told([a_case(*one) for one in lists])
    assert [one for payload in payloads for one in ids_of(payload)] == ids
    flat = [identity for one in ids for part in one for identity in ((part,) if isinstance(part, str) else part)]
    assert flat == sorted(set(flat))
    for (phones, emails, contracts), one in zip(lists, ids, strict=True):
        expected = (len(set(phones)), len(set(emails)), len(set(contracts)))
        assert (len(one.phones), len(one.emails), len(one.debts)) == expected


def test_many_people_are_some_events_and_the_private_rows_are_the_peoples_own() -> None:
    ids, payloads = told([a_case(["a"], [], ["x"])] * (2 * EVENT + 1))
    assert [len(payload["told"]) for payload in payloads] == [EVENT, EVENT, 1]
    assert [one["ref"] for payload in payloads for one in payload["told"]] == [one.person for one in ids]
    assert [payload["first"] for payload in payloads] == [ids[0].person, ids[EVENT].person, ids[-1].person]


def test_of_a_contract_told_twice_the_first_counts() -> None:
    debts = a_case([], [], ["x", "y", "x", "z", "y"]).debts
    assert [(debt.contract, debt.original.minor) for debt in first_of_each(debts)] == [("x", 1), ("y", 2), ("z", 4)]


def test_a_run_counts_on_and_comes_before_what_is_made_next() -> None:
    before, run = str(uuid7(NOW)), uuid7_run(NOW)
    first, second = next(run), next(run)
    assert before < first < second < str(uuid7(NOW))
    again = counting_on(first)
    assert (next(again), next(again)) == (first, second)
