"""Guards numbers: the best first, wrong and dead ones never, and no list brings back what a call or a person ended."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.base.clock import ManualClock
from voiceagent.cases import tables
from voiceagent.cases.kinds import PhoneStatus
from voiceagent.cases.store import Phone
from voiceagent.debt.disposition import Disposition
from voiceagent.dialer.campaigns import set_state
from voiceagent.dialer.importing import import_list
from voiceagent.dialer.numbers import NEVER, best_first
from voiceagent.dialer.optouts import stop_number
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.report import Options
from voiceagent.dialer.tables import CampaignState
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database
from voiceagent.telephony.hangup import reason_of
from voiceagent.worker.call import UNANSWERED

#: Some instant after which nothing of these tests happened.
START = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)

HEADER = "cpf_cnpj;nome;nascimento;telefone1;telefone2;contrato;credor;valor;vencimento"
NUMBERS = ("+5511955550101", "+5511955550102")
MARIA = "52998224725;Maria Inventada;07/05/1980;11955550101;11955550102;C-1;Banco Exemplo;{owed};10/03/2026"
JOAO = "11144477735;João Inventado;08/06/1981;11955550101;;C-2;Banco Exemplo;{owed};10/04/2026"

PHONES = st.lists(
    st.builds(
        Phone,
        st.uuids(),
        st.sampled_from([f"+551195555010{n}" for n in range(6)]),
        st.sampled_from(PhoneStatus),
        st.integers(0, 8),
        st.none() | st.integers(0, 90).map(lambda days: START - timedelta(days=days)),
    ),
    max_size=8,
    unique_by=lambda phone: phone.number,
)


def phone(number: str, status: PhoneStatus, position: int = 0, days: int | None = None) -> Phone:
    reached = None if days is None else START - timedelta(days=days)
    return Phone(uuid.uuid4(), number, status, position, reached)


def test_the_order_of_numbers() -> None:
    new = phone("+1", PhoneStatus.NEW, 1)
    later = phone("+2", PhoneStatus.NEW, 2)
    reached_long_ago = phone("+3", PhoneStatus.RIGHT_PARTY, 3, days=60)
    reached = phone("+4", PhoneStatus.RIGHT_PARTY, 4, days=1)
    neighbour = phone("+5", PhoneStatus.THIRD_PARTY, 0)
    dead, wrong = phone("+6", PhoneStatus.DEAD), phone("+7", PhoneStatus.WRONG)
    everyone = [dead, wrong, neighbour, later, new, reached_long_ago, reached]
    assert best_first(everyone, {}, ()) == [reached, reached_long_ago, new, later, neighbour]
    assert best_first([new, later], {"+1": 1}, ()) == [later, new]
    assert best_first([new, later], {}, {"+1"}) == [later]
    assert best_first([neighbour, new], {"+1": 3}, ()) == [neighbour, new]


@given(PHONES, st.dictionaries(st.sampled_from([f"+551195555010{n}" for n in range(6)]), st.integers(0, 9)))
def test_every_usable_number_is_there_once_and_no_other(phones: list[Phone], dials: dict[str, int]) -> None:
    stopped = {one.number for one in phones[:1]}
    ordered = best_first(phones, dials, stopped)
    assert sorted(one.number for one in ordered) == sorted(
        one.number for one in phones if one.status not in NEVER and one.number not in stopped
    )
    right = [one.status is PhoneStatus.RIGHT_PARTY for one in ordered]
    assert right == sorted(right, reverse=True)
    if len({one.position for one in phones}) == len(phones):
        assert ordered == best_first(reversed(phones), dials, stopped)


@pytest.fixture
def lists(tmp_path: Path, journal: Journal) -> Callable[..., None]:
    """`lists("A", owed)`: a list of these rows, other than any before, into the running campaign."""
    made: list[Path] = []

    def bring(*rows: str, owed: int = 900) -> None:
        path = tmp_path / f"list{len(made)}.csv"
        path.write_text("\n".join([HEADER, *(row.format(owed=owed) for row in rows), ""]), encoding="utf-8")
        made.append(path)
        report = import_list(journal, path, Options(campaign="teste"))
        assert report.rejected == 0
        set_state(journal, "teste", CampaignState.RUNNING)

    return bring


def statuses(db: Database, name: str) -> dict[str, PhoneStatus]:
    p, person = tables.phone, tables.person
    with db.read() as connection:
        rows = connection.execute(
            sa.select(p.c.number, p.c.status).join(person, person.c.id == p.c.person_id).where(person.c.name == name)
        )
        return {row.number: row.status for row in rows}


def call(queue: Queue, outcome: Disposition) -> Lease:
    lease = queue.lease("seat-1")
    assert lease is not None
    queue.complete(lease, CallEnded(outcome.value, human=outcome is Disposition.WN))
    return lease


@pytest.mark.parametrize(
    ("outcome", "status"), [(Disposition.WN, PhoneStatus.WRONG), (Disposition.DC, PhoneStatus.DEAD)]
)
def test_what_a_call_ended_no_list_brings_back(
    queue: Queue, lists: Callable, clock: ManualClock, db: Database, outcome: Disposition, status: PhoneStatus
) -> None:
    lists(MARIA)
    assert call(queue, outcome).number == NUMBERS[0]
    # A holiday and a weekend lie between the second and the third.
    for owed, days in ((901, 1), (902, 5)):
        clock.advance(days * 86400)
        lists(MARIA, owed=owed)
        assert statuses(db, "Maria Inventada") == {NUMBERS[0]: status, NUMBERS[1]: PhoneStatus.NEW}
        lease = queue.lease("seat-1")
        assert lease is not None and lease.number == NUMBERS[1]
        queue.complete(lease, CallEnded("NA"))


def test_a_number_is_wrong_for_one_of_a_household_and_not_for_the_other(
    queue: Queue, lists: Callable, clock: ManualClock, db: Database
) -> None:
    lists(MARIA, JOAO)
    first = call(queue, Disposition.WN)
    other = {"Maria Inventada": "João Inventado"}.get(first.case.name, "Maria Inventada")
    assert statuses(db, first.case.name)[NUMBERS[0]] is PhoneStatus.WRONG
    assert statuses(db, other)[NUMBERS[0]] is PhoneStatus.NEW
    clock.advance(3600)
    names = {NUMBERS[0]: other, NUMBERS[1]: "Maria Inventada"}
    for _ in range(2):
        lease = queue.lease("seat-1")
        if lease is None:
            break
        assert names[lease.number] == lease.case.name
        queue.complete(lease, CallEnded("NA"))


def test_a_stop_by_number_holds_for_lists_that_come_later(
    queue: Queue, lists: Callable, clock: ManualClock, journal: Journal
) -> None:
    stop_number(journal, NUMBERS[0])
    lists(JOAO)
    assert queue.lease("seat-1") is None
    lists(MARIA, JOAO, owed=901)
    clock.advance(86400)
    lease = queue.lease("seat-1")
    assert lease is not None and lease.number == NUMBERS[1]


@pytest.mark.parametrize(
    ("code", "dead"), [(404, True), (410, True), (484, True), (604, True), (486, False), (480, False), (503, False)]
)
def test_only_causes_that_say_so_make_a_number_dead(code: int, dead: bool) -> None:
    assert (UNANSWERED.get(reason_of(code, rang=False)) is Disposition.DC) is dead
