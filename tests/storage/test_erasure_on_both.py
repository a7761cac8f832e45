"""Guards what outlives an erasure: stops bind on under a digest, a legal hold forbids it, the proof stays whole."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from voiceagent import cases
from voiceagent.base.errors import BadInputError
from voiceagent.cases import tables
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.holds import holds, lift_holds, place_hold
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.cases.portrait import portrait
from voiceagent.cases.replay import check
from voiceagent.cases.stops import StopProved, channels_of_erased, numbers_of_erased
from voiceagent.debt.case import Case
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import CaseImported, CreditorAdded, OptOutRevoked
from voiceagent.journal.journal import Journal, read_events
from voiceagent.journal.private import private_ref
from voiceagent.journal.tables import private

MakeCase = Callable[..., Case]


def stop(journal: Journal, taken: Taken, scope: str, **more: Any) -> uuid.UUID:
    recorded = OptOutRecorded(uuid.uuid4(), scope, taken.person_id, **more)
    proof = private_ref("proof", "letter of Maria", journal.clock.now())
    proved = StopProved(recorded.opt_out_id, proof)
    journal.record([NewEvent("person", taken.person_id, event) for event in (recorded, proved)])
    return recorded.opt_out_id


def kept_numbers(journal: Journal, *numbers: str) -> frozenset[str]:
    with journal.db.read() as connection:
        return numbers_of_erased(connection, numbers, journal.tenant_id)


def test_a_stop_of_a_number_holds_after_its_person_is_erased(
    journal: Journal, taken: Taken, make_case: MakeCase
) -> None:
    number = make_case().phones[0]
    stop_id = stop(journal, taken, "number", phone_id=taken.phone_ids[0])
    assert kept_numbers(journal, number) == frozenset()
    erase_person(journal, taken.person_id, reason="asked")
    with journal.db.read() as connection:
        everything = " ".join(str(row) for t in sa.inspect(connection).get_table_names() for row in
                              connection.exec_driver_sql(f'SELECT * FROM "{t}"'))  # fmt: skip
    assert number not in everything and "letter of Maria" not in everything
    assert kept_numbers(journal, number, "+5511900000099") == {number}
    journal.record([NewEvent("optout", stop_id, OptOutRevoked(stop_id))])
    assert kept_numbers(journal, number) == frozenset()
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_a_stop_of_a_number_alone_is_erased_with_its_only_owner(
    journal: Journal, taken: Taken, make_case: MakeCase
) -> None:
    number = make_case().phones[0]
    recorded = OptOutRecorded(
        uuid.uuid4(), "number", None, number=private_ref("phone", number, journal.clock.now()), source="letter"
    )
    journal.record([NewEvent("optout", recorded.opt_out_id, recorded)])
    erase_person(journal, taken.person_id, reason="asked")
    assert kept_numbers(journal, number) == {number}
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound
    with journal.db.read() as connection:
        assert connection.execute(sa.select(tables.opt_out.c.number)).scalars().all() == [None]


def test_a_number_that_somebody_else_has_stays_stopped_in_clear(
    journal: Journal, taken: Taken, make_case: MakeCase
) -> None:
    number = make_case().phones[0]
    import_cases(journal, [make_case(1, phones=(number,))], source="list 2")
    recorded = OptOutRecorded(uuid.uuid4(), "number", None, number=private_ref("phone", number, journal.clock.now()))
    journal.record([NewEvent("optout", recorded.opt_out_id, recorded)])
    erase_person(journal, taken.person_id, reason="asked")
    with journal.db.read() as connection:
        assert connection.execute(sa.select(tables.opt_out.c.number)).scalars().all() == [number]


@pytest.mark.parametrize(("scope", "channel", "covers"), [("person", None, None), ("channel", "voice", "voice")])
def test_a_stop_of_a_person_holds_for_the_same_document(
    journal: Journal, taken: Taken, make_case: MakeCase, scope: str, channel: str | None, covers: str | None
) -> None:
    stop(journal, taken, scope, channel=channel)
    document = make_case().document
    erase_person(journal, taken.person_id, reason="asked")
    with journal.db.read() as connection:
        found = channels_of_erased(connection, [document, make_case(3).document], journal.tenant_id)
    assert found == {document: {covers}}


def test_nobody_under_a_legal_hold_is_erased(journal: Journal, taken: Taken) -> None:
    with pytest.raises(BadInputError, match="say why"):
        place_hold(journal, taken.person_id, reason=" ")
    place_hold(journal, taken.person_id, reason="lawsuit 77")
    with pytest.raises(BadInputError, match="legal hold \\(lawsuit 77\\)"):
        erase_person(journal, taken.person_id, reason="asked")
    with journal.db.read() as connection:
        assert [row["reason"] for row in holds(connection, taken.person_id)] == ["lawsuit 77"]
    assert lift_holds(journal, taken.person_id) == 1
    assert erase_person(journal, taken.person_id, reason="asked") > 0
    with pytest.raises(BadInputError, match="no person"):
        place_hold(journal, uuid.uuid4(), reason="x")


def test_of_people_told_of_together_one_is_erased_alone(journal: Journal, make_case: MakeCase) -> None:
    some = import_cases(journal, [make_case(n, phones=(f"+551191111000{n}",)) for n in range(3)], source="list 1")
    erase_person(journal, some[1].person_id, reason="asked")
    with journal.db.read() as connection:
        (event,) = read_events(connection, after=1, limit=1)
        rows = {row.id: row.body for row in connection.execute(sa.select(private.c.id, private.c.body))}
        found = [portrait(connection, one.person_id) for one in some]
    assert [one["ref"] for one in event.payload["told"]] == [str(one.person_id) for one in some]
    assert [rows[one.person_id] is None for one in some] == [False, True, False]
    assert [one["person"]["name"] is None for one in found] == [False, True, False]
    assert [[told["source"] for told in one["provenance"]] for one in found] == [["list 1"]] * 3
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound


def test_a_person_of_an_older_journal_is_there_again_after_a_replay(journal: Journal) -> None:
    creditor, portfolio, person, case = (uuid.uuid4() for _ in range(4))
    phone, debt = str(uuid.uuid4()), str(uuid.uuid4())
    values = {"name": "Ana", "document": "1", "birth_date": None, "phones": {phone: "+5511900000001"},
              "contracts": {debt: "C-1"}}  # fmt: skip
    told = private_ref("person", values, journal.clock.now())
    balance = {"product": "loan", "original_minor": 5, "charges_minor": 0, "currency": "BRL", "due": "2026-01-02"}
    said = CaseImported(
        person, case, told, "list 1",
        person={"new": True, "language": "pt-BR", "region": "BR", "state": None},
        case={"creditor_id": str(creditor), "portfolio_id": str(portfolio), "stage": "amicable"},
        phones=({"id": phone, "position": 0},), debts=({"id": debt, "new": True} | balance,),
    )  # fmt: skip
    added = CreditorAdded(creditor, "Banco", portfolio)
    journal.record([NewEvent("creditor", creditor, added), NewEvent("person", person, said)])
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).rows["debt"] == 1
    assert erase_person(journal, person, reason="asked") == 1
    assert check(journal.db, cases.PROJECTIONS, tables.PROJECTED).sound
