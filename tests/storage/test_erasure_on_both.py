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
from voiceagent.cases.replay import check
from voiceagent.cases.stops import StopProved, channels_of_erased, numbers_of_erased
from voiceagent.debt.case import Case
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.floor import OptOutRevoked
from voiceagent.journal.journal import Journal
from voiceagent.journal.private import private_ref

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
