"""Guards opening hours: read as people write them, on the people's own clock, closed on holidays."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.calendars.opening import DAYS, OpeningHours

OFFICE = OpeningHours.read({"mon-fri": "09:00-18:00", "sat": "09:00-13:00"}, "America/Sao_Paulo", "BR")


@pytest.mark.parametrize(
    ("instant", "there"),
    [
        ("2026-11-18T12:00:00+00:00", True),  # Wednesday, 9:00 in São Paulo
        ("2026-11-18T11:59:59+00:00", False),
        ("2026-11-18T20:59:59+00:00", True),
        ("2026-11-18T21:00:00+00:00", False),
        ("2026-11-21T15:59:00+00:00", True),  # Saturday
        ("2026-11-21T16:00:00+00:00", False),
        ("2026-11-22T15:00:00+00:00", False),  # Sunday
        ("2026-12-25T15:00:00+00:00", False),  # Christmas, a Friday
    ],
)
def test_people_are_there_by_their_own_clock(instant: str, there: bool) -> None:
    assert OFFICE.open_at(datetime.fromisoformat(instant)) is there


def test_without_a_country_holidays_are_days_like_others() -> None:
    always = OpeningHours.read({"mon-fri": "09:00-18:00"}, "America/Sao_Paulo")
    assert always.open_at(datetime.fromisoformat("2026-12-25T15:00:00+00:00"))


@pytest.mark.parametrize(
    ("days", "span"),
    [("monday", "09:00-18:00"), ("mon-", "9-18"), ("mon", "18:00-09:00"), ("mon", "25:00-26:00"), ("", "09:00-10:00")],
)
def test_what_cannot_be_read_is_said(days: str, span: str) -> None:
    with pytest.raises(ValueError, match=r"opening time|time of day|before it begins"):
        OpeningHours.read({days: span}, "UTC")


@given(st.sampled_from(DAYS), st.integers(0, 22 * 60), st.integers(1, 59), st.integers(0, 7 * 24 * 60 - 1))
def test_a_span_is_open_from_its_first_minute_to_before_its_last(day: str, first: int, long: int, minute: int) -> None:
    clock = f"{first // 60:02d}:{first % 60:02d}-{(first + long) // 60:02d}:{(first + long) % 60:02d}"
    hours = OpeningHours.read({day: clock}, "UTC")
    at = datetime(2026, 11, 16, tzinfo=UTC) + timedelta(minutes=minute)  # a Monday
    inside = at.weekday() == DAYS.index(day) and first <= at.hour * 60 + at.minute < first + long
    assert hours.open_at(at) is inside
