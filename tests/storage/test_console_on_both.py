"""Guards what the console reads and the service writes: the same on SQLite and PostgreSQL."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.web.shop import DAY, ZONE, Shop
from voiceagent.cases.kinds import SeatState
from voiceagent.service.leader import Leadership
from voiceagent.service.upkeep import break_promises, close_lost_attempts, expire_leases
from voiceagent.web import store
from voiceagent.web.audit import Audit
from voiceagent.web.detail import detail_of
from voiceagent.web.lines import lines_of_day
from voiceagent.web.live import take_picture


@pytest.fixture
def shop(tmp_path: Path, url: str) -> Shop:
    return Shop(tmp_path, url=url)


def test_the_console_reads_the_same(shop: Shop) -> None:
    first = shop.morning()
    Audit(shop.journal).showed_call("api", first)
    context = shop.context
    span = context.span(DAY)
    with shop.db.read() as connection:
        lines = lines_of_day(connection, context.tenant, span)
        told = detail_of(connection, context.tenant, first, reveal=True)
        picture = take_picture(connection, context, span, None)
        days = store.days(connection, context.tenant, ZONE)
    assert [line.row.disposition for line in lines] == [None, "SIL", "VM", "PTP", "BUSY", "NA", "WN", "PTP"]
    assert lines[-1].row.latency_s == 0.71 and lines[-1].row.promise is not None
    assert lines[-1].row.promise.first_due.isoformat() == "2026-12-15"
    assert told.agreement is not None and len(told.agreement.instalments) == 3
    assert told.happenings[-1].kind == "personal_data.shown"
    assert picture.total == 8 and picture.measures["kpis"]["promises"]["value"] == 2
    assert [(day.day, day.calls) for day in days] == [(DAY, 8)]


def test_the_service_keeps_house_the_same(shop: Shop) -> None:
    shop.promised_call(0)
    shop.dial(1, "pa-9")
    shop.seat("pa-9", SeatState.OFFLINE)
    shop.clock.advance(40 * 86_400)
    assert close_lost_attempts(shop.journal) == 1
    assert break_promises(shop.journal, ZONE) == 1
    assert expire_leases(shop.journal) == 0


def test_of_many_who_ask_at_once_one_leads(shop: Shop) -> None:
    rivals = [Leadership(shop.db, shop.clock, holder=f"rival {n}") for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        led = list(pool.map(lambda rival: rival.hold(), rivals))
    assert sum(led) == 1
