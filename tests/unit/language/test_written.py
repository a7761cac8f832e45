"""Guards money and days as they are written: each country's signs and separators, nothing lost."""

from __future__ import annotations

import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.money import DECIMALS, Money
from voiceagent.language import written


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (330150, "BRL", "R$ 3.301,50"), (123456789, "BRL", "R$ 1.234.567,89"), (5, "BRL", "R$ 0,05"),
        (330150, "MXN", "$3,301.50"), (330150, "COP", "$ 3.301,50"), (3301, "CLP", "$3.301"),
        (330150, "PEN", "S/ 3,301.50"), (330150, "ARS", "$ 3.301,50"), (330150, "USD", "$3,301.50"),
        (330150, "EUR", "3.301,50 €"), (-330150, "BRL", "-R$ 3.301,50"),
    ],
)  # fmt: skip
def test_money_is_written_as_its_country_does(minor: int, currency: str, text: str) -> None:
    assert written.money(Money(minor, currency)) == text


@given(st.integers(-(10**12), 10**12), st.sampled_from(sorted(DECIMALS)))
def test_no_digit_of_an_amount_is_lost(minor: int, currency: str) -> None:
    digits = re.sub(r"\D", "", written.money(Money(minor, currency)))
    assert int(digits) == abs(minor)


def test_a_day_is_written_so_that_nobody_mistakes_it() -> None:
    day = date(2026, 12, 5)
    assert [written.day(day, language) for language in ("pt-BR", "es", "en")] == [
        "05/12/2026", "05/12/2026", "2026-12-05",
    ]  # fmt: skip
