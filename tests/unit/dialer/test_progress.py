"""Guards the instant at which everybody was called once: the pace of dialing, and no night or Sunday in between."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent.base.clock import ManualClock
from voiceagent.compliance import RuleBook
from voiceagent.dialer.campaigns import change_campaign, find_campaign
from voiceagent.dialer.limits import Hours
from voiceagent.dialer.progress import progress
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import enrollment
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal


def standing(journal: Journal, rules: RuleBook | None = None) -> dict[str, Any]:
    with journal.db.read() as connection:
        found = find_campaign(connection, "teste", journal.tenant_id)
        assert found is not None
        return progress(connection, found, journal.clock.now(), journal.tenant_id, rules)


@pytest.fixture
def half_called(queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock) -> None:
    """A contact every six minutes, ten of sixty, from 10:00 on."""
    campaign(*(make_case(n) for n in range(60)))
    for _ in range(10):
        lease = queue.lease("seat-1")
        assert lease is not None
        clock.advance(360)
        queue.complete(lease, CallEnded("NA"))


@pytest.mark.usefixtures("half_called")
def test_the_pace_is_that_of_new_contacts(journal: Journal) -> None:
    now = journal.clock.now()
    told = standing(journal)
    assert (told["called"], told["never_called"], told["calls_last_hour"]) == (10, 50, 9)
    # One each six minutes would be five hours; the window of the latest hour cuts the first one.
    assert timedelta(hours=4) < datetime.fromisoformat(told["eta"]) - now < timedelta(hours=6)


@pytest.mark.usefixtures("half_called")
def test_a_night_is_no_time_to_dial_in(journal: Journal, rules: RuleBook, clock: ManualClock) -> None:
    clock.advance(8.5 * 3600)  # 19:30, and the latest hour of dialing was the one from 10 on
    eta = datetime.fromisoformat(standing(journal, rules)["eta"])
    assert datetime.fromisoformat("2026-11-19T11:30-03:00") < eta < datetime.fromisoformat("2026-11-19T13:30-03:00")
    change_campaign(journal, "teste", hours=Hours.parse("sat 09:00-14:00", "America/Sao_Paulo"))
    eta = datetime.fromisoformat(standing(journal, rules)["eta"])
    assert datetime.fromisoformat("2026-11-21T13:00-03:00") < eta < datetime.fromisoformat("2026-11-28T10:30-03:00")


def test_a_campaign_that_began_a_moment_ago_is_not_taken_for_a_slow_one(
    queue: Queue, journal: Journal, campaign: Callable, make_case: Callable, clock: ManualClock
) -> None:
    campaign(*(make_case(n) for n in range(60)))
    assert standing(journal)["eta"] is None, "nothing to go by"
    began = clock.now()
    for _ in range(30):
        lease = queue.lease("seat-1")
        assert lease is not None
        clock.advance(20)
        queue.complete(lease, CallEnded("NA"))
    eta = datetime.fromisoformat(standing(journal)["eta"])
    assert eta - began < timedelta(minutes=25), "thirty took ten minutes, and thirty are left"


def test_nobody_left_is_no_date(queue: Queue, journal: Journal, campaign: Callable) -> None:
    campaign()
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.complete(lease, CallEnded("NA"))
    told = standing(journal)
    assert (told["penetration"], told["never_called"], told["eta"]) == (1.0, 0, None)
    with journal.db.read() as connection:
        assert connection.execute(sa.select(enrollment.c.next_at)).scalar_one() is not None, "it is called again"
