"""Guards the time of a callback: in the debtor's zone, later than now, on a day and at an hour people may be called."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.dialogue.conftest import DIALPLANS, SAO_PAULO_HOURS
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.dialogue.callbacks import PERIODS, Wish, call_at
from voiceagent.settings.spokenlaw import law_of

ZONE = ZoneInfo("America/Sao_Paulo")
BUSINESS = BusinessCalendar("BR", "SP")
NOW = datetime(2026, 11, 18, 10, 5, tzinfo=ZONE)  # a Wednesday; Friday the 20th is a holiday


@pytest.mark.parametrize(
    ("wish", "when"),
    [
        (Wish(), "2026-11-18T12:00"),
        (Wish(at=time(18)), "2026-11-18T18:00"),
        (Wish(at=time(9)), "2026-11-19T09:00"),
        (Wish(day=date(2026, 11, 19)), "2026-11-19T10:00"),
        (Wish(day=date(2026, 11, 20), at=time(15)), "2026-11-21T13:45"),
        (Wish(day=date(2026, 11, 22), at=time(15)), "2026-11-23T15:00"),
        (Wish(period="evening"), "2026-11-18T18:30"),
        (Wish(at=time(23)), "2026-11-18T19:45"),
        (Wish(day=date(2026, 11, 1), at=time(11)), "2026-11-18T11:00"),
        (Wish(day=date(1975, 5, 2), at=time(11)), "2026-11-18T11:00"),
        (Wish(day=date(2150, 5, 3), at=time(11)), "2027-11-19T11:00"),
    ],
)
def test_what_was_said_becomes_an_instant(wish: Wish, when: str) -> None:
    assert call_at(wish, NOW, BUSINESS, SAO_PAULO_HOURS).strftime("%Y-%m-%dT%H:%M") == when


@pytest.mark.parametrize(
    ("language", "country", "state", "wish", "when"),
    [
        ("pt-BR", "BR", "RJ", Wish(at=time(8)), "2026-11-19T09:00"),
        ("pt-BR", "BR", "RJ", Wish(at=time(20)), "2026-11-18T18:45"),
        ("pt-BR", "BR", "RJ", Wish(day=date(2026, 11, 21)), "2026-11-23T10:00"),
        ("pt-BR", "BR", "AM", Wish(period="evening"), "2026-11-18T17:45"),
        ("pt-BR", "BR", "PR", Wish(day=date(2026, 11, 21), at=time(15)), "2026-11-21T12:45"),
        ("es", "MX", None, Wish(at=time(21)), "2026-11-18T21:00"),
        ("es", "MX", None, Wish(day=date(2026, 11, 21)), "2026-11-23T10:00"),
        ("es", "CO", None, Wish(at=time(19, 30)), "2026-11-18T18:45"),
        ("es", "CO", None, Wish(day=date(2026, 11, 21), at=time(17)), "2026-11-21T14:45"),
        ("es", "PE", None, Wish(at=time(7)), "2026-11-19T07:00"),
        ("en", "US", None, Wish(at=time(20, 30)), "2026-11-18T20:30"),
        ("es", "ZZ", None, Wish(at=time(20)), "2026-11-18T17:45"),
    ],
)
def test_no_call_is_promised_at_an_hour_that_the_place_forbids(
    language: str, country: str, state: str | None, wish: Wish, when: str
) -> None:
    law = law_of(DIALPLANS, language, country, state, NOW.date())
    business = BusinessCalendar("BR" if country == "ZZ" else country, state)
    assert call_at(wish, NOW, business, law.hours).strftime("%Y-%m-%dT%H:%M") == when


def test_a_place_that_allows_no_call_at_all_still_gets_an_instant() -> None:
    assert call_at(Wish(at=time(20)), NOW, BUSINESS, (None,) * 7) == datetime(2026, 11, 18, 17, 45, tzinfo=ZONE)


@settings(max_examples=200)
@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=ZONE)),
    day=st.none() | st.integers(-5, 60) | st.sampled_from([-20_000, 60_000]),
    at=st.none() | st.times(),
    period=st.none() | st.sampled_from(sorted(PERIODS)),
)
def test_always_later_and_always_callable(now: datetime, day: int | None, at: time | None, period: str | None) -> None:
    wish = Wish(None if day is None else now.date() + timedelta(days=day), at, period)
    when = call_at(wish, now, BUSINESS, SAO_PAULO_HOURS)
    assert when > now and when.tzinfo is ZONE
    assert time(8) <= when.time() <= time(19, 45) and when.weekday() < 6
