"""Guards the queue and imports on both databases, with several seats asking at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer import hopper
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.importing import Options, import_list
from voiceagent.dialer.lists import undo_list
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, EnrollmentState, Priority, enrollment
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
