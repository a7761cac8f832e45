"""Guards what the agent makes of a counter-proposal: discounts, sums and days, as they are said in a call."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.unit.dialogue.conftest import Talk
from voiceagent.dialogue.events import Heard
from voiceagent.dialogue.understanding import understand

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
