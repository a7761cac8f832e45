"""Guards the time of a callback: in the debtor's zone, later than now, on a day and at an hour people may be called."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from voiceagent.calendars.business import BusinessCalendar
from voiceagent.dialogue.callbacks import PERIODS, Wish, call_at

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
    assert call_at(wish, NOW, BUSINESS).strftime("%Y-%m-%dT%H:%M") == when


@settings(max_examples=200)
@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31)).map(lambda at: at.replace(tzinfo=ZONE)),
    day=st.none() | st.integers(-5, 60) | st.sampled_from([-20_000, 60_000]),
    at=st.none() | st.times(),
    period=st.none() | st.sampled_from(sorted(PERIODS)),
)
def test_always_later_and_always_callable(now: datetime, day: int | None, at: time | None, period: str | None) -> None:
    wish = Wish(None if day is None else now.date() + timedelta(days=day), at, period)
    when = call_at(wish, now, BUSINESS)
    assert when > now and when.tzinfo is ZONE
    assert time(8) <= when.time() <= time(19, 45) and when.weekday() < 6
