"""Guards admission: calls are refused before callers feel the load, and taken again only once it is clearly over."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiceagent.speech.strain import Strain


class Hands:
    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


def strained(*seconds: float) -> tuple[Strain, Hands]:
    hands = Hands()
    strain = Strain(hands)
    for turn in seconds:
        hands.at += 0.5
        strain.turn(turn)
    return strain, hands


def test_quick_turns_and_a_single_slow_one_refuse_nobody() -> None:
    assert strained(*[0.2] * 10)[0].refusal() == ""
    assert strained(0.1, 0.1, 1.4, 0.1)[0].refusal() == ""
    assert strained(1.4, 1.4)[0].refusal() == "", "too few to tell"


def test_slow_turns_close_and_only_quick_ones_open_again() -> None:
    strain, hands = strained(*[0.8] * 6)
    assert "0.80 s" in strain.refusal()
    hands.at += 10
    for _ in range(10):
        strain.turn(0.4)
    assert strain.refusal(), "better, but not well"
    hands.at += strain.window_s + 1
    for _ in range(4):
        strain.turn(0.2)
    assert strain.refusal() == ""
    strain.turn(0.9)
    assert strain.refusal() == ""


def test_a_turn_without_an_answer_closes_at_once_for_a_while() -> None:
    strain, hands = strained(0.1)
    strain.turn(1.5, late=True)
    assert "no answer" in strain.refusal()
    hands.at += strain.late_s
    assert strain.refusal() == ""


def test_nobody_talking_is_no_strain_whatever_was_before() -> None:
    strain, hands = strained(*[1.2] * 20)
    assert strain.refusal()
    hands.at += strain.window_s + 1
    assert strain.refusal() == ""


@given(st.lists(st.tuples(st.floats(0, 5), st.floats(0, 2), st.booleans()), max_size=60))
def test_it_never_refuses_for_good(turns: list[tuple[float, float, bool]]) -> None:
    hands = Hands()
    strain = Strain(hands)
    for pause, seconds, late in turns:
        hands.at += pause
        strain.turn(seconds, late=late)
        strain.refusal()
    hands.at += max(strain.window_s, strain.late_s) + 0.001
    assert strain.refusal() == ""
