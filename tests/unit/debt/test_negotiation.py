"""Guards the negotiation function: floor, exact sums, allowed days, never higher after lower, the nearest answer."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.case import Debt
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask, Offer, OfferKind, Reason
from voiceagent.debt.policy import Policy
from voiceagent.settings.dialplans import load_policy

POLICY = load_policy(Path(__file__).resolve().parents[3] / "dialplans" / "policies" / "demo-br.yaml")
BUSINESS = BusinessCalendar("BR", "SP")
TODAY = date(2026, 11, 18)


def debt(original: int = 90_000, charges: int = 30_000, due: date = date(2026, 3, 10)) -> Debt:
    return Debt("0098", "Loja Aurora", "cartão", Money(original), Money(charges), due)


def offer(ask: Ask | None = None, *debts: Debt, policy: Policy = POLICY, today: date = TODAY) -> Offer:
    return negotiate(policy, debts or (debt(),), ask, today=today, business=BUSINESS)


def refused(*offers: Offer, **ask: object) -> Ask:
    return Ask(rejected=offers, **ask)  # type: ignore[arg-type]


def test_opens_with_the_best_for_the_creditor() -> None:
    opening = offer()
    assert (opening.kind, str(opening.total), str(opening.discount)) == (OfferKind.CASH, "1110.00", "90.00")
    assert opening.first_due == date(2026, 11, 23) and opening.expires == date(2026, 11, 20)


def test_goes_down_the_steps_and_says_when_nothing_is_left() -> None:
    made: list[Offer] = []
    while (current := offer(refused(*made))).kind is not OfferKind.NONE:
        made.append(current)
    assert [(o.kind.value, str(o.total), len(o.counted)) for o in made] == [
        ("cash", "1110.00", 1), ("cash", "1020.00", 1), ("instalments", "1200.00", 3), ("instalments", "1140.00", 3)
    ]  # fmt: skip
    assert [o.final for o in made] == [False, False, False, True]
    assert current.reason is Reason.ROUNDS


@pytest.mark.parametrize(
    ("ask", "kind", "total", "count", "reason"),
    [
        (Ask(instalments=4), "instalments", "1200.00", 4, Reason.AS_ASKED),
        (Ask(instalments=12), "instalments", "1200.00", 6, Reason.NEAREST),
        (Ask(instalments=1), "cash", "1110.00", 1, Reason.AS_ASKED),
        (Ask(total=Money(100_000)), "cash", "1000.00", 1, Reason.AS_ASKED),
        (Ask(total=Money(500_000)), "cash", "1110.00", 1, Reason.AS_ASKED),
        (Ask(total=Money(50_000)), "cash", "960.00", 1, Reason.NEAREST),
        (Ask(instalment_amount=Money(30_000)), "instalments", "1200.00", 4, Reason.AS_ASKED),
        (Ask(instalment_amount=Money(5_000)), "instalments", "1080.00", 6, Reason.NEAREST),
        (Ask(instalments=3, instalment_amount=Money(37_000)), "instalments", "1110.00", 3, Reason.AS_ASKED),
        (Ask(instalments=5, down_payment=Money(20_000)), "instalments", "1200.00", 5, Reason.AS_ASKED),
    ],
)
def test_answers_a_counter_proposal(ask: Ask, kind: str, total: str, count: int, reason: Reason) -> None:
    answer = offer(ask)
    assert (answer.kind.value, str(answer.total), len(answer.counted), answer.reason) == (kind, total, count, reason)


def test_keeps_the_day_the_debtor_fixed_or_the_nearest() -> None:
    assert offer(Ask(first_due=date(2026, 12, 10))).first_due == date(2026, 12, 10)
    assert offer(Ask(first_due=date(2026, 11, 20))).first_due == date(2026, 11, 23), "the 20th is a holiday"
    assert offer(Ask(first_due=date(2027, 3, 1))).first_due == date(2026, 12, 18), "the last day allowed"
    assert offer(Ask(first_due=date(2026, 11, 1))).first_due == TODAY


def test_down_payment_comes_first_and_the_rest_a_month_later() -> None:
    answer = offer(Ask(instalments=2, down_payment=Money(20_000), first_due=date(2026, 12, 1)))
    assert [(i.number, i.due, str(i.amount)) for i in answer.instalments] == [
        (0, date(2026, 12, 1), "200.00"), (1, date(2027, 1, 4), "500.00"), (2, date(2027, 2, 1), "500.00")
    ]  # fmt: skip


def test_remainder_is_on_the_first_instalment() -> None:
    answer = offer(Ask(instalments=3), debt(100_000, 0))
    assert [i.amount.minor for i in answer.instalments] == [33_334, 33_333, 33_333]


@pytest.mark.parametrize(
    ("interest", "total"),
    [({"kind": "simple", "month_percent": 2}, 127_200), ({"kind": "price", "month_percent": "2"}, 124_832)],
)
def test_interest_is_exact(interest: dict[str, object], total: int) -> None:
    answer = offer(Ask(instalments=3), policy=changed(interest=interest))
    assert answer.total.minor == total and sum(i.amount.minor for i in answer.instalments) == total


def changed(**instalments: object) -> Policy:
    data = POLICY.model_dump()
    data["segments"][0]["instalments"].update(instalments)
    return Policy.model_validate(data)


def test_allowed_due_days_and_business_days() -> None:
    data = POLICY.model_dump()
    data["segments"][0]["due"] = {"days": [5, 20], "roll": "next"}
    answer = offer(Ask(instalments=3, first_due=date(2026, 12, 2)), policy=Policy.model_validate(data))
    assert [i.due for i in answer.instalments] == [date(2026, 12, 7), date(2027, 1, 5), date(2027, 2, 5)]


@pytest.mark.parametrize(
    ("debts", "disputed", "reason"),
    [
        ((debt(due=date(2026, 12, 1)),), False, Reason.NOT_DUE),
        ((debt(due=date(2015, 1, 1)),), False, Reason.TOO_OLD),
        ((debt(),), True, Reason.DISPUTED),
    ],
)
def test_what_is_never_negotiated(debts: tuple[Debt, ...], disputed: bool, reason: Reason) -> None:
    answer = negotiate(POLICY, debts, today=TODAY, business=BUSINESS, disputed=disputed)
    assert (answer.kind, answer.reason, answer.instalments) == (OfferKind.NONE, reason, ())


@pytest.mark.parametrize("bad", [(), (debt(0, 0),), (debt(-5, 10),), (debt(100, -1),)])
def test_absurd_balances_are_refused(bad: tuple[Debt, ...]) -> None:
    with pytest.raises(BadInputError):
        negotiate(POLICY, bad, today=TODAY, business=BUSINESS)


def test_a_currency_that_is_not_the_policys_is_refused() -> None:
    pesos = Debt("1", "x", "y", Money(100, "MXN"), Money(0, "MXN"), date(2026, 1, 1))
    with pytest.raises(BadInputError, match="BRL"):
        negotiate(POLICY, (pesos,), today=TODAY, business=BUSINESS)


asks = st.builds(
    Ask,
    kind=st.none() | st.sampled_from([OfferKind.CASH, OfferKind.INSTALMENTS]),
    total=st.none() | st.integers(1, 400_000).map(Money),
    instalments=st.none() | st.integers(1, 30),
    instalment_amount=st.none() | st.integers(1, 200_000).map(Money),
    down_payment=st.none() | st.integers(1, 200_000).map(Money),
    first_due=st.none() | st.integers(-10, 90).map(lambda n: TODAY + timedelta(days=n)),
)
policies = st.builds(
    lambda kind, rate, down, days, minimum: _policy(kind, rate, down, days, minimum),
    st.sampled_from(["none", "simple", "price"]),
    st.sampled_from(["0", "0.99", "3.5"]),
    st.sampled_from([0, 10, 33]),
    st.sampled_from([(), (5, 10, 15, 20, 25), (31,)]),
    st.sampled_from(["0", "50.00", "200.00"]),
)


def _policy(kind: str, rate: str, down: int, days: tuple[int, ...], minimum: str) -> Policy:
    data = changed(interest={"kind": kind, "month_percent": rate}, down_percent=down, min_amount=minimum).model_dump()
    data["segments"][0]["due"]["days"] = days
    return Policy.model_validate(data)


@settings(max_examples=150)
@given(
    original=st.integers(1, 300_000),
    charges=st.integers(0, 200_000),
    policy=policies,
    rounds=st.lists(asks, min_size=1, max_size=6),
)
def test_every_negotiation_stays_within_the_policy(
    original: int, charges: int, policy: Policy, rounds: list[Ask]
) -> None:
    balance = original + charges
    terms = policy.segments[0]
    assert terms.cash is not None and terms.instalments is not None
    rejected: tuple[Offer, ...] = ()
    for ask in rounds:
        wanted = Ask(
            ask.kind, ask.total, ask.instalments, ask.instalment_amount, ask.down_payment, ask.first_due, rejected
        )
        answer = negotiate(policy, (debt(original, charges),), wanted, today=TODAY, business=BUSINESS)
        again = negotiate(policy, (debt(original, charges),), wanted, today=TODAY, business=BUSINESS)
        assert answer == again, "the same inputs give the same offer"
        if answer.kind is OfferKind.NONE:
            continue
        assert sum(i.amount.minor for i in answer.instalments) == answer.total.minor
        assert all(i.amount.minor > 0 for i in answer.instalments)
        assert 0 <= answer.discount.minor <= balance
        floor = terms.cash.floor if answer.kind is OfferKind.CASH else terms.instalments.floor
        assert balance - answer.discount.minor >= balance - floor.of(Money(original), Money(charges)).minor
        assert answer.total.minor >= balance - answer.discount.minor, "interest adds, nothing is lost"
        assert all(answer.terms != old.terms for old in rejected), "a refused offer is not repeated"
        dues = [i.due for i in answer.instalments]
        assert dues == sorted(dues) and dues[0] >= TODAY and all(BUSINESS.is_open(day) for day in dues)
        limit = terms.cash.max_days if answer.kind is OfferKind.CASH else terms.instalments.max_days_first
        assert dues[0] <= TODAY + timedelta(days=limit)
        if answer.kind is OfferKind.INSTALMENTS:
            assert terms.instalments.min <= len(answer.counted) <= terms.instalments.max
            assert min(i.amount.minor for i in answer.counted) >= terms.instalments.min_amount * 100
            assert dues[-1] <= TODAY + timedelta(days=terms.instalments.max_total_days)
        same_kind = [old for old in rejected if old.kind is answer.kind]
        assert all(answer.discount >= old.discount for old in same_kind), "never higher after being lower"
        rejected = (*rejected, answer)


SHIPPED = [
    load_policy(path) for path in sorted((Path(__file__).resolve().parents[3] / "dialplans/policies").glob("*.yaml"))
]


@settings(max_examples=120)
@given(
    policy=st.sampled_from(SHIPPED),
    original=st.integers(10_000, 500_000_000),
    charges=st.integers(0, 200_000_000),
    overdue=st.integers(0, 1_500),
    rounds=st.lists(asks, max_size=5),
)
def test_every_shipped_policy_keeps_its_own_limits(
    policy: Policy, original: int, charges: int, overdue: int, rounds: list[Ask]
) -> None:
    currency = policy.currency
    owed = Debt("1", "L", "", Money(original, currency), Money(charges, currency), TODAY - timedelta(days=overdue))
    segment = policy.segment(overdue, owed.total)
    rejected: tuple[Offer, ...] = ()
    for ask in (Ask(), *rounds):
        wanted = Ask(kind=ask.kind, instalments=ask.instalments, first_due=ask.first_due, rejected=rejected)
        answer = negotiate(policy, (owed,), wanted, today=TODAY, business=BUSINESS)
        assert answer == negotiate(policy, (owed,), wanted, today=TODAY, business=BUSINESS)
        if answer.kind is OfferKind.NONE:
            continue
        assert segment is not None
        terms = segment.cash if answer.kind is OfferKind.CASH else segment.instalments
        assert terms is not None and answer.discount <= terms.floor.of(owed.original, owed.charges)
        assert sum(i.amount.minor for i in answer.instalments) == answer.total.minor
        assert all(BUSINESS.is_open(i.due) and i.due >= TODAY for i in answer.instalments)
        assert all(answer.discount >= old.discount for old in rejected if old.kind is answer.kind)
        rejected = (*rejected, answer)


@settings(max_examples=60)
@given(original=st.integers(1, 500_000), charges=st.integers(0, 300_000), policy=policies)
def test_plain_refusals_only_go_down(original: int, charges: int, policy: Policy) -> None:
    made: list[Offer] = []
    for _ in range(20):
        answer = negotiate(
            policy, (debt(original, charges),), Ask(rejected=tuple(made)), today=TODAY, business=BUSINESS
        )
        if answer.kind is OfferKind.NONE:
            break
        for old in made:
            if old.kind is answer.kind:
                assert max(i.amount for i in answer.instalments) < max(i.amount for i in old.instalments)
        made.append(answer)
    assert answer.kind is OfferKind.NONE and len(made) <= policy.segments[0].rounds
