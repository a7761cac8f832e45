"""Zones, holidays and business days: the places and dates that the law's hours and due dates hang on."""

from __future__ import annotations

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.errors import BadInputError
from voiceagent.calendars import zones
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.calendars.holidays import easter, is_bank_closed, is_holiday, supported
from voiceagent.calendars.places import CAPITAL_ZONE, STATE_OF_DDD, ZONES


@pytest.mark.parametrize(
    ("country", "state", "e164", "zone"),
    [
        ("BR", None, "+5592987654321", "America/Manaus"),
        ("BR", None, "+5568987654321", "America/Rio_Branco"),
        ("BR", None, "+5511987654321", "America/Sao_Paulo"),
        ("BR", "br-mt", None, "America/Cuiaba"),
        ("BR", None, None, None),
        ("BR", "XX", None, None),
        ("BR", None, "+5510987654321", None),
        ("CO", None, "+573001234567", "America/Bogota"),
        ("MX", None, "+529981234567", "America/Cancun"),
        ("MX", "CDMX", None, "America/Mexico_City"),
        ("US", None, "+12125551234", "America/New_York"),
        ("US", "FL", None, None),
        ("XX", None, None, None),
    ],
)
def test_the_zone_is_known_or_none_and_never_guessed(country, state, e164, zone):
    assert zones.zone_of(country, state, e164) == zone


def test_doubt_gives_every_possible_zone():
    assert zones.zones_of("US", "FL") == {"America/New_York", "America/Chicago"}
    assert {"America/Sao_Paulo", "America/Rio_Branco", "America/Manaus"} <= zones.zones_of("BR")
    assert zones.zones_of("ZZ") == frozenset()


def test_every_zone_named_exists_and_every_area_code_has_a_state_with_a_zone():
    named = set(CAPITAL_ZONE.values()) | {z for t in ZONES.values() for zs in t.values() for z in zs}
    for zone in named:
        ZoneInfo(zone)
    assert len(STATE_OF_DDD) == 67
    assert set(STATE_OF_DDD.values()) == set(ZONES["BR"]) - {"FN"}
    assert zones.state_of("+5592987654321") == "AM"
    assert zones.state_of("+12125551234") is None


@pytest.mark.parametrize(
    ("day", "country", "state", "expected"),
    [
        (date(2026, 11, 20), "BR", None, True),
        (date(2026, 7, 9), "BR", "SP", True),
        (date(2026, 7, 9), "BR", "RJ", False),
        (date(2026, 2, 17), "BR", "SP", False),
        (date(2026, 6, 4), "BR", None, False),
        (date(2026, 11, 26), "US", None, True),
        (date(2026, 11, 16), "MX", None, True),
        (date(2026, 11, 16), "CO", None, True),
        (date(2026, 11, 18), "BR", None, False),
    ],
)
def test_statutory_holidays(day, country, state, expected):
    assert is_holiday(day, country, state) is expected


def test_banks_close_on_carnaval_and_corpus_christi_which_are_no_statutory_holidays():
    for day in (date(2026, 2, 16), date(2026, 2, 17), date(2026, 6, 4)):
        assert is_bank_closed(day, "BR")
    assert not is_bank_closed(date(2026, 2, 18), "BR")
    assert is_bank_closed(date(2026, 12, 12), "MX")
    assert [easter(year) for year in (2024, 2025, 2026, 2027, 2038)] == [
        date(2024, 3, 31), date(2025, 4, 20), date(2026, 4, 5), date(2027, 3, 28), date(2038, 4, 25),
    ]  # fmt: skip


def test_an_unknown_place_is_refused_rather_than_open():
    for country, state in (("XX", None), ("BR", "ZZ"), ("holidays", None)):
        assert not supported(country, state)
        with pytest.raises(BadInputError):
            is_holiday(date(2026, 11, 18), country, state)
    assert supported("br", "br-sp")


def test_business_days_of_december():
    brazil = BusinessCalendar("BR")
    assert brazil.nth(2026, 12, 5) == date(2026, 12, 7)
    assert BusinessCalendar("BR", saturdays=True).nth(2026, 12, 5) == date(2026, 12, 5)
    assert brazil.nth(2027, 1, -1) == date(2027, 1, 29)
    assert brazil.roll(date(2026, 12, 5)) == date(2026, 12, 7)
    assert brazil.roll(date(2026, 12, 5), "previous") == date(2026, 12, 4)
    assert brazil.add(date(2026, 11, 19), 1) == date(2026, 11, 23)
    assert brazil.add(date(2026, 11, 23), -1) == date(2026, 11, 19)
    assert not brazil.is_open(date(2026, 11, 20))
    with pytest.raises(ValueError, match="business days"):
        brazil.nth(2026, 12, 30)


def test_days_of_the_users_own_are_closed_too():
    recife = BusinessCalendar("BR", "PE", closed=frozenset({date(2026, 12, 8)}))
    assert recife.roll(date(2026, 12, 8)) == date(2026, 12, 9)


@given(
    st.dates(date(2024, 1, 1), date(2032, 12, 31)),
    st.integers(-15, 15),
    st.sampled_from([("BR", "SP"), ("BR", None), ("MX", None), ("CO", None), ("US", None)]),
)
def test_counting_business_days_lands_on_one_and_counts_right(day, count, place):
    days = BusinessCalendar(*place)
    landed = days.add(day, count)
    assert days.is_open(landed)
    if count:
        low, high = (day, landed) if count > 0 else (landed - timedelta(days=1), day - timedelta(days=1))
        opened = sum(days.is_open(low + timedelta(days=n)) for n in range(1, (high - low).days + 1))
        assert opened == abs(count)
