"""Guards the upkeep: one leader at a time, lost calls closed, promises broken in time, ticks failing alone."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

sys.path.insert(0, str(Path(__file__).resolve().parents[3]))

from tests.web.shop import ZONE, Shop
from voiceagent.base.errors import UnavailableError
from voiceagent.cases import tables
from voiceagent.cases.kinds import SeatState
from voiceagent.cases.seats import seat_changed
from voiceagent.service.leader import Leadership
from voiceagent.service.ticks import Service, Tick
from voiceagent.service.upkeep import LONGEST_CALL, break_promises, close_lost_attempts, expire_leases


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Shop]:
    shop = Shop(tmp_path)
    yield shop
    shop.db.close()


def _column(shop: Shop, column: sa.Column[object]) -> list[object]:
    with shop.db.read() as connection:
        return list(connection.execute(sa.select(column).order_by(column.table.c.id)).scalars())


def test_one_leads_until_it_stops_renewing(shop: Shop) -> None:
    one, other = (Leadership(shop.db, shop.clock, holder=name) for name in ("one", "other"))
    assert one.hold() and not other.hold()
    shop.clock.advance(10)
    assert one.hold()
    shop.clock.advance(10)
    assert not other.hold()
    shop.clock.advance(6)
    assert other.hold()
    assert (other.fencing or 0) > 1
    assert not one.hold() and one.fencing is None
    other.release()
    assert one.hold() and one.fencing == 3


def test_ticks_run_at_their_pace_only_while_leading_and_fail_alone(shop: Shop) -> None:
    done: list[str] = []

    def fails() -> int:
        raise UnavailableError("locked")

    def breaks() -> int:
        raise ZeroDivisionError

    ticks = [Tick("fails", 1.0, fails), Tick("breaks", 1.0, breaks), Tick("works", 5.0, lambda: done.append("x") or 3)]
    service = Service(Leadership(shop.db, shop.clock, holder="us"), shop.clock, ticks)
    rival = Leadership(shop.db, shop.clock, holder="rival")
    assert rival.hold()
    service.beat()
    assert not service.leads and not done
    shop.clock.advance(16)
    for _ in range(11):
        service.beat()
        shop.clock.advance(1)
    assert service.leads and len(done) == 3
    assert (service.counts["works"].runs, service.counts["works"].changed) == (3, 9)
    assert service.counts["fails"].failures == service.counts["breaks"].failures == 11


def test_what_each_machine_looks_after_itself_is_done_beside_another_leader(shop: Shop) -> None:
    done: list[str] = []
    ticks = [
        Tick("leaders", 1.0, lambda: done.append("leaders") or 1),
        Tick("ours", 1.0, lambda: done.append("ours") or 1, everywhere=True),
    ]
    trusted = iter([False, True])
    service = Service(Leadership(shop.db, shop.clock, holder="us"), shop.clock, ticks, trusted=lambda: next(trusted))
    assert Leadership(shop.db, shop.clock, holder="rival").hold()
    service.beat()
    assert not done, "nor here while the clock is doubtful"
    service.beat()
    assert not service.leads and done == ["ours"]


def test_no_tick_runs_while_the_clock_is_doubtful_and_all_that_were_due_run_afterwards(shop: Shop) -> None:
    done: list[str] = []
    ticks = [
        Tick("quick", 1.0, lambda: done.append("quick") or 1),
        Tick("slow", 60.0, lambda: done.append("slow") or 1),
    ]
    right = iter([False, False, True, True])
    service = Service(Leadership(shop.db, shop.clock, holder="us"), shop.clock, ticks, trusted=lambda: next(right))
    for _ in range(2):
        service.beat()
        shop.clock.advance(1)
        assert service.leads and not done, "another may not think that nobody leads"
    service.beat()
    assert done == ["quick", "slow"]
    shop.clock.advance(1)
    service.beat()
    assert done == ["quick", "slow", "quick"]


def test_a_call_whose_seat_is_free_again_is_closed_and_the_person_can_be_called(shop: Shop) -> None:
    lost = shop.dial(0, "pa-1")
    shop.answer(lost)
    shop.seat("pa-1", SeatState.TALKING, lost)
    shop.clock.advance(50)
    shop.seat("pa-1", SeatState.OFFLINE)
    assert close_lost_attempts(shop.journal) == 0, "the supervisor has a minute to do it better"
    shop.clock.advance(61)
    kept = shop.dial(1, "pa-1")
    assert close_lost_attempts(shop.journal) == 1
    assert close_lost_attempts(shop.journal) == 0
    assert set(zip(_column(shop, tables.attempt.c.id), _column(shop, tables.attempt.c.status), strict=True)) == {
        (lost, "ended"), (kept, "ringing"),
    }  # fmt: skip
    with shop.db.read() as connection:
        row = connection.execute(sa.select(tables.attempt).where(tables.attempt.c.id == lost)).one()
    assert row.disposition == "ERR" and row.hangup_by == "failure"
    shop.dial(0, "pa-2")


def test_an_idle_seat_of_the_same_name_at_another_exchange_closes_no_call(shop: Shop) -> None:
    live = shop.dial(0, "pa-1")
    shop.answer(live)
    shop.seat("pa-1", SeatState.TALKING, live)
    shop.clock.advance(10)
    shop.journal.record([seat_changed("pa-1", "elsewhere-1", SeatState.IDLE)])
    shop.clock.advance(61)
    assert close_lost_attempts(shop.journal) == 0
    shop.seat("pa-1", SeatState.IDLE)
    shop.clock.advance(61)
    assert close_lost_attempts(shop.journal) == 1


def test_a_call_in_progress_is_left_alone_until_no_call_can_last_so_long(shop: Shop) -> None:
    live = shop.dial(0, "pa-1")
    shop.answer(live)
    shop.seat("pa-1", SeatState.TALKING, live)
    shop.clock.advance(LONGEST_CALL.total_seconds() - 60)
    assert close_lost_attempts(shop.journal) == 0
    shop.clock.advance(120)
    assert close_lost_attempts(shop.journal) == 1


def test_promises_break_after_their_grace_and_not_a_day_before(shop: Shop) -> None:
    shop.promised_call(0)
    statuses = lambda: sorted(str(status) for status in _column(shop, tables.promise.c.status))  # noqa: E731
    due = timedelta(days=27)  # 18 November to 15 December
    shop.clock.advance((due + timedelta(days=3)).total_seconds())
    assert break_promises(shop.journal, ZONE) == 0
    shop.clock.advance(timedelta(days=1).total_seconds())
    assert break_promises(shop.journal, ZONE) == 1
    assert statuses() == ["broken", "open", "open"]
    assert break_promises(shop.journal, ZONE) == 0


def test_nothing_leased_means_nothing_to_take_back(shop: Shop) -> None:
    shop.promised_call(0)
    assert expire_leases(shop.journal) == 0
