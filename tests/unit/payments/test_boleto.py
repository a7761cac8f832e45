"""Guards slips: known digits, due factors over their restart, and every digit that the check digits can prove wrong."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from tests.unit.payments.invented import BARCODE, LINE, TODAY, boletos, digits, other_digit, utility_barcodes
from voiceagent.base.errors import BadInputError
from voiceagent.base.money import Money
from voiceagent.payments.boleto import Boleto
from voiceagent.payments.checkdigits import mod10, mod11_bank, mod11_utility
from voiceagent.payments.duefactor import date_of, factor_of
from voiceagent.payments.slip import UtilitySlip
from voiceagent.payments.typed import read_slip

#: Made up: a power bill of R$ 83.21 by both rules, and one of segment `company`.
POWER_10 = "836" + mod10("836" + "00000008321" + "0138" + "1" * 25) + "00000008321" + "0138" + "1" * 25
POWER_11 = "838" + mod11_utility("838" + "00000008321" + "0138" + "1" * 25) + "00000008321" + "0138" + "1" * 25
COMPANY = "867" + mod10("867" + "00000008321" + "11222333" + "2" * 21) + "00000008321" + "11222333" + "2" * 21


def refusal(text: str) -> str | None:
    try:
        read_slip(text, TODAY)
    except BadInputError as refused:
        assert "\n" not in refused.message
        return refused.code
    return None


def digits_of(line: str) -> str:
    return re.sub("[^0-9]", "", line)


@pytest.mark.parametrize("text", [BARCODE, LINE, digits_of(LINE), f"  {LINE}\n", LINE.replace(" ", "-")])
def test_a_known_slip_is_read_in_every_form(text: str) -> None:
    slip = read_slip(text, TODAY)
    assert slip == Boleto("001", "0000001234567000000000017", date(2026, 12, 15), Money(25000))
    assert (slip.barcode, slip.line) == (BARCODE, LINE)


def test_check_digits_of_the_published_examples() -> None:
    assert (mod10("01230067896"), mod11_utility("01230067896")) == ("3", "0")
    assert (mod10("001900000"), mod11_bank(BARCODE[:4] + BARCODE[5:])) == ("9", "7")


@pytest.mark.parametrize(
    ("due", "factor"),
    [
        (date(2000, 7, 3), "1000"),
        (date(2025, 2, 21), "9999"),
        (date(2025, 2, 22), "1000"),
        (date(2026, 12, 15), "1661"),
        (date(2049, 10, 13), "9999"),
        (date(2049, 10, 14), "1000"),
        (None, "0000"),
    ],
)
def test_due_factors_begin_again(due: date | None, factor: str) -> None:
    assert factor_of(due) == factor
    assert date_of(factor, due or TODAY) == due


@given(st.dates(date(2000, 7, 3), date(2200, 1, 1)), st.integers(-5500, 3499))
def test_a_factor_means_the_day_in_the_window_around_today(due: date, away: int) -> None:
    assert date_of(factor_of(due), due + timedelta(days=away)) == due


# On earlier days the window reached back to before there were factors.
@given(st.integers(1000, 9999), st.dates(date(2010, 2, 1), date(2200, 1, 1)))
def test_every_factor_means_one_day_of_the_window(factor: int, today: date) -> None:
    day = date_of(str(factor), today)
    assert day is not None
    assert -3499 <= (day - today).days <= 5500
    assert factor_of(day) == str(factor)


def test_days_and_factors_that_there_never_were_are_refused() -> None:
    for refused in (
        lambda: factor_of(date(2000, 7, 2)),
        lambda: date_of("0001", TODAY),
        lambda: date_of("0999", TODAY),
    ):
        with pytest.raises(BadInputError) as error:
            refused()
        assert error.value.code == "boleto_due"


@given(boletos)
def test_a_bank_slip_is_read_back_from_both_forms(slip: Boleto) -> None:
    assert read_slip(slip.barcode, TODAY) == slip
    assert read_slip(slip.line, TODAY) == slip
    assert (len(slip.barcode), len(digits_of(slip.line))) == (44, 47)


@settings(max_examples=40)
@given(boletos, st.integers(1, 9))
def test_one_wrong_digit_of_a_bank_slip_is_refused(slip: Boleto, step: int) -> None:
    # Where the general check digit is 1 it stands for three remainders: what it cannot see is the next test's.
    assume(slip.check_digit != "1")
    line = digits_of(slip.line)
    for at in range(len(line)):
        assert refusal(other_digit(line, at, step)) is not None
    for at in range(1, len(slip.barcode)):
        assert refusal(other_digit(slip.barcode, at, step)) is not None


@settings(max_examples=40)
@given(boletos, st.integers(1, 9))
def test_where_the_check_digit_is_1_only_what_the_standard_cannot_see_passes(slip: Boleto, step: int) -> None:
    line = digits_of(slip.line)
    for at in range(len(line)):
        if refusal(wrong := other_digit(line, at, step)) is None:
            # Due factor and amount have no check digit but the general one.
            assert at >= 33 and slip.check_digit == "1"
            seen = read_slip(wrong, TODAY).barcode
            assert remainder(seen) != remainder(slip.barcode)
            assert {remainder(seen), remainder(slip.barcode)} <= {0, 1, 10}


def remainder(barcode: str) -> int:
    digits_without = barcode[:4] + barcode[5:]
    return sum(int(digit) * (2 + at % 8) for at, digit in enumerate(reversed(digits_without))) % 11


@given(utility_barcodes())
def test_a_utility_slip_is_read_back_from_both_forms(barcode: str) -> None:
    slip = read_slip(barcode, TODAY)
    assert isinstance(slip, UtilitySlip)
    assert read_slip(slip.line, TODAY) == slip
    assert len(digits_of(slip.line)) == 48
    value = f"{slip.amount.minor if slip.amount else 0:011d}"
    assert barcode[3] == slip.check_digit
    assert barcode[15:] == slip.company + slip.free_field
    assert slip.value_identifier in "79" or barcode[4:15] == value


@settings(max_examples=40)
@given(utility_barcodes(rules="67"), st.integers(1, 9))
def test_one_wrong_digit_of_a_utility_slip_is_refused(barcode: str, step: int) -> None:
    line = digits_of(read_slip(barcode, TODAY).line)
    for at in range(len(line)):
        # The third digit chooses the rule itself: see the next tests.
        assert at == 2 or refusal(other_digit(line, at, step)) is not None
    for at in range(3, len(barcode)):
        assert refusal(other_digit(barcode, at, step)) is not None


@settings(max_examples=40)
@given(utility_barcodes(rules="89"), st.integers(1, 9))
def test_one_wrong_digit_under_mod_11_is_refused_unless_both_check_digits_are_0(barcode: str, step: int) -> None:
    line = digits_of(read_slip(barcode, TODAY).line)
    for at in range(len(line)):
        block = line[at // 12 * 12 : at // 12 * 12 + 12]
        unseen = barcode[3] == "0" and block[-1] == "0"
        assert at == 2 or unseen or refusal(other_digit(line, at, step)) is not None


@pytest.mark.parametrize("wrong", [BARCODE.replace("00197", "00107", 1), "0" + "8" * 43, "8" * 44, "8" * 48, "9" * 47])
def test_rows_of_digits_are_no_slips(wrong: str) -> None:
    assert refusal(wrong) is not None


def test_what_a_utility_slip_says() -> None:
    for barcode in (POWER_10, POWER_11):
        slip = UtilitySlip(barcode)
        assert (slip.segment, slip.amount, slip.company) == ("power_gas", Money(8321), "0138")
        assert slip.free_field == "1" * 25
    slip = UtilitySlip(COMPANY)
    # Units of an index are no money.
    assert (slip.segment, slip.amount, slip.company, slip.free_field) == ("company", None, "11222333", "2" * 21)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "boleto_digits"),
        ("abc", "boleto_digits"),
        (LINE.replace("7 1", "x 1"), "boleto_digits"),
        ("٠" * 47, "boleto_digits"),
        (BARCODE[:-1], "boleto_length"),
        (BARCODE + "0", "boleto_length"),
        (digits_of(LINE) + "0", "boleto_length"),
        ("8" + digits_of(LINE)[1:], "boleto_length"),
        (LINE.replace("000174", "000175"), "boleto_check_digit"),
        (LINE.replace(" 7 ", " 8 "), "boleto_check_digit"),
        (BARCODE[:3] + "0" + BARCODE[4:], "boleto_currency"),
        ("000" + "9" + mod11_bank("0009" + BARCODE[5:]) + BARCODE[5:], "boleto_bank"),
        (BARCODE[:4] + mod11_bank("0019" + "0500" + BARCODE[9:]) + "0500" + BARCODE[9:], "boleto_due"),
        ("88" + POWER_10[2:], "boleto_segment"),
        ("80" + POWER_10[2:], "boleto_segment"),
        ("835" + POWER_10[3:], "boleto_value_identifier"),
        (UtilitySlip(POWER_10).line.replace("836", "835", 1), "boleto_value_identifier"),
        (other_digit(POWER_10, 20, 3), "boleto_check_digit"),
        (other_digit(UtilitySlip(POWER_11).line, 30, 3), "boleto_check_digit"),
    ],
)
def test_digits_that_are_no_slip_are_refused_with_their_reason(text: str, why: str) -> None:
    assert refusal(text) == why


def test_a_block_with_a_right_check_digit_does_not_hide_a_wrong_general_one() -> None:
    wrong = other_digit(POWER_10, 20, 3)
    blocks = (wrong[at : at + 11] for at in range(0, 44, 11))
    assert refusal("".join(block + mod10(block) for block in blocks)) == "boleto_check_digit"


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"bank": "1"}, "boleto_bank"),
        ({"bank": "000"}, "boleto_bank"),
        ({"bank": "801"}, "boleto_bank"),
        ({"free_field": "1" * 24}, "boleto_free_field"),
        ({"free_field": "x" * 25}, "boleto_free_field"),
        ({"amount": Money(-1)}, "boleto_amount"),
        ({"amount": Money(10**10)}, "boleto_amount"),
        ({"amount": Money(1, "USD")}, "boleto_amount"),
        ({"due": date(1999, 1, 1)}, "boleto_due"),
    ],
)
def test_parts_that_make_no_slip_are_refused(parts: dict[str, object], why: str) -> None:
    with pytest.raises(BadInputError) as refused:
        Boleto(**{"bank": "001", "free_field": "1" * 25, **parts})
    assert refused.value.code == why


@given(st.text() | digits(44) | digits(47) | digits(48).map(lambda text: "8" + text[1:]))
def test_no_text_crashes_the_reader(text: str) -> None:
    code = refusal(text)
    assert code is None or code.startswith("boleto_")
