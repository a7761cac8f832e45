"""What the agent says is understood back as the same value, in every language, and made of phrase-bank units only."""

from __future__ import annotations

import random
from datetime import date, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.language import say
from voiceagent.language.heard import understand_slots

TODAY = date(2026, 11, 18)
PLACES = (("pt-BR", "BR"), ("es", "MX"), ("es", "CO"), ("es", "CL"), ("es", "PE"), ("en", "US"))
LANGUAGES = (("pt-BR", "BR"), ("es", "MX"), ("en", "US"))
BANKS = {language: frozenset(say.bank(language)) for language, _ in LANGUAGES}


def heard(parts, language, region, expect):
    for part in parts:
        assert part.cacheable and part.text in BANKS[language], part.text
    return understand_slots(say.joined(parts), language=language, region=region, expect=(expect,), today=TODAY).slots


def check_money(amount, language, region):
    slots = heard(say.money(amount, language), language, region, "amount")
    assert slots.get("amount") == str(amount), say.joined(say.money(amount, language))


@pytest.mark.parametrize(("language", "region"), PLACES)
def test_amounts_come_back_to_the_cent(language, region):
    currency = CURRENCY_OF_REGION[region]
    scale = 10 ** DECIMALS[currency]
    seeded = random.Random(20261118)
    wholes = [
        *range(1200),
        *seeded.sample(range(1200, 100_000), 500),
        100_000,
        999_999,
        10**6,
        1_234_567,
        2 * 10**6 + 1,
    ]
    for whole in wholes:
        check_money(Money(whole * scale, currency), language, region)
    if scale > 1:
        for cents in range(1, 100):
            for whole in (0, 1, 20, 89, 100, 1000, 21_345):
                check_money(Money(whole * scale + cents, currency), language, region)


@given(st.integers(0, 99_999_99), st.sampled_from(PLACES))
def test_any_amount_comes_back(minor, place):
    language, region = place
    currency = CURRENCY_OF_REGION[region]
    check_money(Money(minor if DECIMALS[currency] else minor // 100, currency), language, region)


@pytest.mark.parametrize(("language", "region"), LANGUAGES)
def test_every_day_of_the_next_400_comes_back(language, region):
    for offset in range(400):
        day = TODAY + timedelta(days=offset)
        for parts in (
            say.day(day, language, today=TODAY),
            say.day(day, language, today=TODAY, weekday=True),
            say.day(day, language, year=True),
        ):
            assert heard(parts, language, region, "date").get("date") == day.isoformat(), say.joined(parts)


@pytest.mark.parametrize(("language", "region"), LANGUAGES)
def test_counts_times_and_digits_come_back(language, region):
    for number in range(1, 121):
        for what in ("instalments", "times"):
            assert heard(say.count(number, language, what), language, region, "instalments")["instalments"] == number
    for hour in range(8, 20):
        for minute in range(60):
            slots = heard(say.clock(time(hour, minute), language), language, region, "time")
            assert slots.get("time") == f"{hour:02d}:{minute:02d}", say.joined(say.clock(time(hour, minute), language))
    seeded = random.Random(7)
    for _ in range(200):
        text = "".join(seeded.choice("0123456789") for _ in range(seeded.randint(2, 11)))
        assert heard(say.digits(text, language), language, region, "digits").get("digits") == text


def test_a_bank_stays_small_enough_to_render_at_install():
    for language, units in BANKS.items():
        assert 150 < len(units) < 900, language


@pytest.mark.parametrize(
    ("minor", "language", "currency", "words"),
    [
        (123_450, "pt-BR", "BRL", "mil duzentos e trinta e quatro reais e cinquenta centavos"),
        (100_000, "pt-BR", "BRL", "mil reais"),
        (110_000, "pt-BR", "BRL", "mil e cem reais"),
        (100, "pt-BR", "BRL", "um real"),
        (100_000_000, "pt-BR", "BRL", "um milhão de reais"),
        (2_100_000, "es", "MXN", "veintiún mil pesos"),
        (10_150, "es", "PEN", "ciento un soles con cincuenta céntimos"),
        (250_000, "es", "CLP", "doscientos cincuenta mil pesos"),
        (123_450, "en", "USD", "one thousand two hundred thirty-four dollars and fifty cents"),
    ],
)
def test_amounts_read_as_people_say_them(minor, language, currency, words):
    assert say.joined(say.money(Money(minor, currency), language)) == words


def test_dates_and_times_read_as_people_say_them():
    assert say.joined(say.day(date(2026, 12, 1), "pt-BR", weekday=True)) == "terça-feira, primeiro de dezembro"
    assert say.joined(say.day(date(2026, 12, 15), "es", weekday=True)) == "martes, quince de diciembre"
    assert say.joined(say.day(date(2026, 12, 15), "en", weekday=True)) == "Tuesday, December fifteenth"
    assert say.joined(say.clock(time(9, 30), "pt-BR")) == "às nove e meia"
    assert say.joined(say.count(2, "pt-BR")) == "duas parcelas"
    assert say.joined(say.day(date(2027, 12, 10), "pt-BR", today=TODAY)).endswith("de dois mil e vinte e sete")


def test_nonsense_is_never_spoken():
    with pytest.raises(ValueError, match="cannot speak"):
        say.money(Money(-1, "BRL"), "pt-BR")
    with pytest.raises(ValueError, match="cannot speak"):
        say.money(Money(10**12, "BRL"), "pt-BR")
    with pytest.raises(ValueError, match="cannot speak"):
        say.count(0, "pt-BR")
