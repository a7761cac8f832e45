"""Guards the queue and imports on both databases, with several seats asking at the same moment."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer import hopper
from voiceagent.dialer.callbacks import add_callback
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.importing import Options, import_list
from voiceagent.dialer.lists import undo_list
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CallbackStatus, CampaignState, EnrollmentState, Priority, callback, enrollment
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.storage.database import Database

LIST = (
    "cpf;nome;telefone;contrato;credor;valor;vencimento\n"
    "52998224725;Maria Inventada;11955550161;C-1;Banco Exemplo;900,00;10/03/2026\n"
    "11144477735;João Inventado;11955550162;C-2;Banco Exemplo;50,00;10/04/2026\n"
    "11144477736;Zé Inventado;11955550163;C-3;Banco Exemplo;50,00;10/04/2026\n"
)


@pytest.fixture
def full(db: Database, clock: ManualClock) -> Journal:
    """A journal that also keeps the dialer's rows."""
    return Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


def queue_of(journal: Journal) -> Queue:
    return Queue(journal, load_rules(ROOT / "dialplans" / "jurisdictions"), Gate())


def test_seats_that_ask_together_get_different_people(full: Journal, make_case: Callable[..., Case]) -> None:
    people = [make_case(n, phones=(f"+55119555501{n:02d}",), state="SP") for n in range(12)]
    taken = import_cases(full, people, source="test")
    campaign_id = create_campaign(full, "teste")
    with full.transaction() as connection:
        enroll(full, connection, campaign_id, [one.case_id for one in taken])
    set_state(full, "teste", CampaignState.RUNNING)
    queue = queue_of(full)
    with ThreadPoolExecutor(6) as seats:
        leases = list(seats.map(queue.lease, [f"seat-{n}" for n in range(18)]))
    found = [lease for lease in leases if lease is not None]
    assert len(found) == 12 == len({lease.person_id for lease in found}) == len({lease.number for lease in found})
    with ThreadPoolExecutor(6) as seats:
        list(seats.map(lambda lease: queue.complete(lease, CallEnded("NA")), found))
    with full.db.read() as connection:
        states = set(connection.execute(sa.select(enrollment.c.state)).scalars())
        live = connection.execute(sa.select(sa.func.count()).where(tables.attempt.c.status != "ended")).scalar()
    assert states == {EnrollmentState.WAITING} and live == 0


def test_who_is_weighed_elsewhere_is_passed_over_and_no_other_of_a_higher_tier(
    full: Journal, make_case: Callable[..., Case]
) -> None:
    people = [make_case(n, phones=(f"+55119555501{n:02d}",), state="SP") for n in range(4)]
    reminded, warm, *listed = [one.case_id for one in import_cases(full, people, source="test")]
    campaign_id = create_campaign(full, "teste")
    with full.transaction() as connection:
        enroll(full, connection, campaign_id, listed)
        enroll(full, connection, campaign_id, [warm], priority=Priority.HOT)
        enroll(full, connection, campaign_id, [reminded], priority=Priority.REMINDER)
    set_state(full, "teste", CampaignState.RUNNING)
    with full.db.read() if full.db.is_sqlite else full.db.write() as other:
        # Another worker weighs whoever comes first, and has not committed yet; SQLite's only writer cannot be met so.
        claimed = hopper.enrolled(other, full.clock.now(), campaign_id, limit=1)()
        assert [one.case_id for one in claimed] == [reminded]
        first = queue_of(full).lease("seat-1")
    second = queue_of(full).lease("seat-2")
    assert first is not None and second is not None
    order = [reminded, warm] if full.db.is_sqlite else [warm, reminded]
    assert [first.case_id, second.case_id] == order


def test_who_awaits_a_promised_call_is_only_reminded_and_found_by_an_index(
    full: Journal, make_case: Callable[..., Case], clock: ManualClock
) -> None:
    people = [make_case(n, phones=(f"+55119555501{n:02d}",), state="SP") for n in range(4)]
    reminded, warm, *listed = [one.case_id for one in import_cases(full, people, source="test")]
    campaign_id = create_campaign(full, "teste")
    for members, tier in ((listed, Priority.LIST), ([warm], Priority.HOT), ([reminded], Priority.REMINDER)):
        with full.transaction() as connection:
            enroll(full, connection, campaign_id, members, priority=tier)
    set_state(full, "teste", CampaignState.RUNNING)
    rules, now = load_rules(ROOT / "dialplans" / "jurisdictions"), clock.now()
    due = max(add_callback(full, one, now + timedelta(hours=1), rules=rules)[1] for one in (reminded, warm, listed[0]))

    def found(connection: sa.Connection, at: datetime) -> list[uuid.UUID]:
        return [one.case_id for one in hopper.enrolled(connection, at, campaign_id, limit=9)()]

    # Past SQLAlchemy's own trace: what is asked is given to the driver.
    asked: list[str] = []
    with full.db.write() as connection:
        if full.db.is_sqlite:
            connection.connection.driver_connection.set_trace_callback(asked.append)
        assert found(connection, now) == [reminded, listed[1]]
        if full.db.is_sqlite:
            connection.connection.driver_connection.set_trace_callback(None)
            plan = [row.detail for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked[-1]}")]
            assert "SEARCH promised USING INDEX ix_callback_case_id (case_id=?)" in plan
            assert not [step for step in plan if step.startswith(("SCAN enrollment", "SCAN debt_case"))]
        assert hopper.next_due(connection, now, full.tenant_id) == now
        assert sorted(found(connection, due)) == sorted([reminded, warm, *listed])


def test_a_promised_call_is_left_to_who_makes_it_and_ends_with_its_campaign(
    full: Journal, make_case: Callable[..., Case], clock: ManualClock
) -> None:
    (taken,) = import_cases(full, [make_case(phones=("+5511955550100",), state="SP")], source="test")
    campaign_id = create_campaign(full, "teste")
    with full.transaction() as connection:
        enroll(full, connection, campaign_id, [taken.case_id])
    set_state(full, "teste", CampaignState.RUNNING)
    add_callback(full, taken.case_id, clock.now(), rules=load_rules(ROOT / "dialplans" / "jurisdictions"))
    queue = queue_of(full)

    def held() -> sa.Row[Any]:
        with full.db.read() as connection:
            return connection.execute(sa.select(callback.c.leased_until, callback.c.status)).one()

    lost = queue.lease("seat-1")
    assert lost is not None and lost.callback_id is not None
    queue.complete(lost, CallEnded("ERR"))
    clock.advance(16 * 60)
    second = queue.lease("seat-1")
    assert second is not None and second.callback_id == lost.callback_id
    queue.complete(lost, CallEnded("NA"))
    assert tuple(held()) == (second.leased_until, CallbackStatus.OPEN), "it came too late to say anything of this one"
    assert set_state(full, "teste", CampaignState.FINISHED) == 0
    queue.complete(second, CallEnded("NA"))
    assert tuple(held()) == (None, CallbackStatus.CANCELLED)


def test_a_list_in_a_lease_and_back(full: Journal, tmp_path: Path, clock: ManualClock) -> None:
    file = tmp_path / "lista.csv"
    file.write_text(LIST, encoding="utf-8")
    dry = import_list(full, file, Options(dry_run=True))
    report = import_list(full, file, Options(campaign="teste"))
    for one in (dry, report):
        assert (one.rows, one.imported, one.rejected) == (3, 2, 1)
    set_state(full, "teste", CampaignState.RUNNING)
    lease = queue_of(full).lease("seat-1")
    assert lease is not None and lease.number in ("+5511955550161", "+5511955550162")
    queue_of(full).complete(lease, CallEnded("BUSY"))
    assert undo_list(full, report.batch) == 2
    clock.advance(3600)
    assert queue_of(full).lease("seat-1") is None
