"""Guards the waits between tries to register: longer each time, up to a limit, and never those of another seat."""

from __future__ import annotations

import random

from voiceagent.telephony.retries import Retries


def test_waits_double_up_to_the_longest_and_are_spread_by_half() -> None:
    retries = Retries(random.Random(1))
    middle = 1.0
    for _ in range(12):
        assert 0.5 * middle <= retries.wait_s() <= 1.5 * middle
        middle = min(middle * 2, Retries.LONGEST_S)
    assert middle == Retries.LONGEST_S


def test_a_success_begins_anew() -> None:
    retries = Retries()
    for _ in range(6):
        retries.wait_s()
    retries.succeeded()
    assert retries.wait_s() <= 1.5 * Retries.FIRST_S


def test_seats_that_lost_their_exchange_together_do_not_come_back_together() -> None:
    assert len({Retries().wait_s() for _ in range(24)}) == 24
