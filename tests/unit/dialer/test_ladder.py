"""Guards the retry ladder: never at once, never at night by itself, and the same call gives the same answer."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.debt.retries import Ladder, RetryPlan
from voiceagent.dialer.ladder import Next, next_day_part, next_step

ZONE = ZoneInfo("America/Sao_Paulo")
PLAN = RetryPlan()
instants = st.integers(0, 400 * 86400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))


@given(st.sampled_from(Disposition), instants, st.integers(1, 12), st.uuids(), st.booleans())
def test_every_outcome_has_a_next_step(
    disposition: Disposition, now: datetime, same: int, seed: uuid.UUID, others: bool
) -> None:
    facts = {"now": now, "zone": ZONE, "same_today": same, "seed": seed, "other_numbers": others}
    step = next_step(PLAN, disposition, **facts)
    assert step == next_step(PLAN, disposition, **facts)
    assert (step.at is None) == (step.what in (Next.DONE, Next.STOPPED))
    if step.at is not None:
        assert now + timedelta(minutes=2) <= step.at <= now + timedelta(days=11)
    if MEANING[disposition].final:
        assert step.what is Next.STOPPED


@given(instants, st.booleans())
def test_day_parts_begin_in_the_persons_day(now: datetime, other_day: bool) -> None:
    at = next_day_part(PLAN, now, ZONE, other_day=other_day)
    assert at > now and at.astimezone(ZONE).time() in PLAN.day_parts
    if other_day:
        assert at.astimezone(ZONE).date() == now.astimezone(ZONE).date() + timedelta(days=1)


@pytest.mark.parametrize(
    ("local", "same", "expected"),
    [
        ("2026-11-18T09:00:00-03:00", 2, "2026-11-19T12:00:00-03:00"),
        ("2026-11-18T14:00:00-03:00", 2, "2026-11-19T17:00:00-03:00"),
        ("2026-11-18T18:00:00-03:00", 3, "2026-11-19T08:00:00-03:00"),
    ],
)
def test_after_two_unanswered_calls_another_part_of_tomorrow(local: str, same: int, expected: str) -> None:
    now = datetime.fromisoformat(local)
    step = next_step(
        PLAN, Disposition.NA, now=now, zone=ZONE, same_today=same, seed=uuid.UUID(int=7), other_numbers=False
    )
    assert step.at == datetime.fromisoformat(expected)


def test_bad_numbers_go_to_the_next_one_or_stop() -> None:
    now = datetime(2026, 11, 18, 15, tzinfo=UTC)
    facts = {"now": now, "zone": ZONE, "same_today": 1, "seed": uuid.UUID(int=7)}
    assert next_step(PLAN, Disposition.DC, other_numbers=True, **facts).what is Next.NEXT_NUMBER
    gone = next_step(PLAN, Disposition.WN, other_numbers=False, **facts)
    assert gone.what is Next.STOPPED and gone.reason == "no_number"


@given(st.uuids(), st.integers(0, 50))
def test_waits_are_spread_no_further_than_the_plan_says(seed: uuid.UUID, percent: int) -> None:
    now = datetime(2026, 11, 18, 15, tzinfo=UTC)
    plan = PLAN.model_copy(update={"jitter_percent": percent})
    step = next_step(plan, Disposition.BUSY, now=now, zone=ZONE, same_today=1, seed=seed, other_numbers=False)
    assert step.at is not None
    spread = (step.at - now) / timedelta(minutes=15) - 1
    assert abs(spread) <= percent / 100 + 1e-6


def test_a_house_that_writes_another_ladder_is_followed() -> None:
    now = datetime.fromisoformat("2026-11-18T09:00:00-03:00")
    ladders = PLAN.ladders | {Disposition.NA: Ladder(then="next_part")}
    plan = PLAN.model_copy(update={"ladders": ladders})
    step = next_step(plan, Disposition.NA, now=now, zone=ZONE, same_today=1, seed=uuid.UUID(int=7), other_numbers=False)
    assert step.at == datetime.fromisoformat("2026-11-18T12:00:00-03:00")
