"""Guards what the agent makes of a counter-proposal: discounts, sums and days, as they are said in a call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.unit.dialogue.conftest import Talk
from voiceagent.base.money import Money
from voiceagent.dialogue.events import Heard
from voiceagent.dialogue.prompts import variables_of
from voiceagent.dialogue.understanding import understand
from voiceagent.dialogue.variables import VARIABLES

Begin = Callable[..., Talk]


def say(talk: Talk, words: str) -> None:
    """Let the debtor say `words`, understood as in a call."""
    node = talk.machine.script.states[talk.state.node]
    briefing = talk.machine.briefing
    meant = understand(
        words, language="pt-BR", region="BR", expect=node.expect, today=briefing.today, now=briefing.started
    )
    talk.event(Heard(meant))


def table(talk: Talk) -> tuple[str, str, int]:
    offer = talk.state.offer
    assert offer is not None
    return talk.state.node, str(offer.total), len(offer.counted)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        (("quero pagar", "quero dez por cento de desconto"), ("granted_cash", "1020.00", 1)),
        (("quero pagar", "me dá trinta por cento de desconto"), ("offer_cash", "1020.00", 1)),
        (("quero pagar", "desconto de trinta por cento"), ("offer_cash", "1020.00", 1)),
        (("quero pagar", "cinco por cento de desconto"), ("granted_cash", "1110.00", 1)),
        (("quero trinta por cento de desconto",), ("offer_cash", "1110.00", 1)),
        (("em três vezes", "quero trinta por cento de desconto"), ("offer_instalments", "1140.00", 3)),
    ],
)
def test_a_discount_asked_for_is_no_sum_proposed(begin: Begin, said: tuple[str, ...], answer: object) -> None:
    talk = begin()
    talk.verify()
    for words in said:
        say(talk, words)
    assert table(talk) == answer


def test_the_ladder_ends_for_who_asks_for_a_discount_too(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    for _ in range(5):
        say(talk, "quero trinta por cento de desconto")
    assert talk.state.node == "last_try" and min(offer.total.minor for offer in talk.state.rejected) == 102_000


def read_back(talk: Talk) -> tuple[list[int], date]:
    """The payments, in minor units, and the first day, as the words of the last turn say them."""
    offer, script = talk.state.offer, talk.machine.script
    assert offer is not None
    said = {name for prompt in talk.prompts() for name in variables_of(script.prompts[prompt])}
    value = {name: VARIABLES[name].value(talk.machine.briefing, talk.state) for name in said}
    if "offer_total" in said:
        return [value["offer_total"].minor], value["first_due"]
    down = [value["down_payment"].minor] if "down_payment" in said else []
    each = value["instalment_amount"].minor
    if "other_instalments" in said:
        return [*down, value["first_amount"].minor, *[each] * value["other_instalments"]], value["first_due"]
    return [*down, *[each] * value["instalments"]], value["first_due"]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(count=st.integers(1, 6), down=st.one_of(st.none(), st.integers(1, 60_000)), days=st.integers(0, 40))
def test_what_is_read_back_is_what_is_promised(begin: Begin, count: int, down: int | None, days: int) -> None:
    talk = begin()
    talk.verify()
    slots: dict[str, object] = {"instalments": count} if down is None else {"instalments": max(count, 2)}
    if down is not None:
        slots["down_payment"] = str(Money(down))
    talk.hear(**slots)
    for _ in range(3):
        if talk.state.node.startswith("read_back"):
            break
        talk.hear(date=(talk.machine.briefing.today + timedelta(days=days)).isoformat())
    said = read_back(talk)
    talk.hear("yes", yes_no=True)
    promised = talk.state.promised
    assert promised is not None
    assert said == ([payment.amount.minor for payment in promised.instalments], promised.instalments[0].due)


def test_a_day_that_the_policy_allows_is_taken_whatever_was_refused_before(begin: Begin) -> None:
    talk = begin()
    talk.verify()
    for words in ("em duas vezes", "não, tá caro"):
        say(talk, words)
    assert table(talk) == ("offer_instalments", "1200.00", 3)
    say(talk, "dia dez")
    assert table(talk) == ("read_back_even", "1200.00", 3) and "day_moved" not in talk.prompts()
    offer = talk.state.offer
    assert offer is not None and offer.first_due == date(2026, 12, 10)


@pytest.mark.parametrize(
    ("said", "answer"),
    [
        ("pago quinhentos à vista", ("offer_cash", "960.00", 1)),
        ("pago mil à vista", ("granted_cash", "1000.00", 1)),
        ("consigo pagar duzentos", ("granted_instalments", "1140.00", 6)),
    ],
)
def test_what_is_offered_at_once_is_no_size_of_a_payment(begin: Begin, said: str, answer: object) -> None:
    talk = begin()
    talk.verify()
    say(talk, "em três vezes")
    talk.hear("no", yes_no=False)
    say(talk, said)
    assert table(talk) == answer
