"""Guards the arithmetic of KPIs and how they are shown."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from voiceagent.kpi.measures import LABELS, Kpi, count, mean, mean_money, money, rate
from voiceagent.kpi.render import csv_text, table_text
from voiceagent.kpi.report import Row


@given(st.integers(0, 10**6), st.integers(1, 10**6))
def test_a_rate_is_its_two_numbers(numerator: int, denominator: int) -> None:
    kpi = rate(numerator, denominator)
    assert isinstance(kpi.value, float)
    assert abs(kpi.value - numerator / denominator) <= 0.000051
    assert (kpi.numerator, kpi.denominator) == (numerator, denominator)


def test_nothing_to_divide_by_is_no_value_not_zero() -> None:
    assert rate(0, 0).value is None
    assert mean(0.0, 0).value is None
    assert mean_money(0, 0, "BRL").value is None


def test_money_is_text_in_the_currencys_decimals() -> None:
    assert money(120_050, "BRL") == Kpi("1200.50", "1200.50", None)
    assert money(1_200, "CLP").value == "1200"
    assert mean_money(10_001, 2, "BRL").value == "50.00", "half a cent goes to the even cent"
    assert mean_money(10_003, 2, "BRL").value == "50.02"


def row(key: str) -> Row:
    kpis = {name: count(3) for name in LABELS} | {"answer_rate": rate(1, 3), "tma_s": mean(10.0, 4)}
    return Row(key, kpis, {"BRL": {"promised": money(100, "BRL")}})


def test_a_seat_named_like_a_formula_is_harmless_in_a_spreadsheet() -> None:
    assert csv_text([row("=cmd()")], "seat").splitlines()[1].startswith("'=cmd()")


def test_the_table_shows_percents_and_seconds() -> None:
    shown = {line.split("  ")[0]: line.split("  ")[-1].strip() for line in table_text([row("")], None).splitlines()[1:]}
    assert shown["TMA (Σ (talk + hold) over H ÷ H)"] == "2.50 s"
    assert table_text([row("")], None).count("33.3 %") == 1
