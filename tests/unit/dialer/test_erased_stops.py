"""Guards people who asked to be left alone and were then erased: a new list brings their number back, no call does."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

import pytest

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.cases.erasure import erase_person
from voiceagent.cases.intake import import_cases
from voiceagent.cases.replay import check
from voiceagent.cases.tables import PROJECTED
from voiceagent.debt.case import Case
from voiceagent.dialer import optouts
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.queue import Lease, Queue
from voiceagent.dialer.tables import CampaignState, campaign
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal


@pytest.mark.parametrize(
    ("how", "again"),
    [
        ("number", {"document": "99999999999"}),
        ("person", {"phones": ("+5511911112222",)}),
        ("voice", {"phones": ("+5511911112222",)}),
    ],
)
def test_an_erased_persons_stop_holds_for_the_next_list(
    journal: Journal, queue: Queue, make_case: Callable[..., Case], how: str, again: dict[str, Any]
) -> None:
    case = make_case(1)
    (first,) = import_cases(journal, [case], source="list 1")
    if how == "number":
        optouts.stop_number(journal, case.phones[0])
    else:
        optouts.stop_person(journal, first.person_id, channel="voice" if how == "voice" else None)
    erase_person(journal, first.person_id, reason="asked")
    back, other = import_cases(journal, [make_case(1, **again), make_case(2)], source="list 2")
    made = create_campaign(journal, "c")
    with journal.transaction() as connection:
        enroll(journal, connection, made, [back.case_id])
    set_state(journal, "c", CampaignState.RUNNING)
    assert queue.lease("seat-1") is None
    with journal.transaction() as connection:
        enroll(journal, connection, made, [other.case_id])
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case_id == other.case_id


def called(journal: Journal, queue: Queue, name: str, *those: uuid.UUID) -> Lease | None:
    """The next call of a new campaign with these cases."""
    made = create_campaign(journal, name)
    with journal.transaction() as connection:
        enroll(journal, connection, made, list(those))
    set_state(journal, name, CampaignState.RUNNING)
    return queue.lease("seat-1", name)


@pytest.mark.parametrize(("outcome", "next_number"), [("WN", "+5511955550177"), ("DEC", None)])
def test_what_a_call_taught_of_an_erased_person_holds_for_the_next_list(
    journal: Journal, queue: Queue, make_case: Callable[..., Case], clock: ManualClock, outcome: str, next_number: str
) -> None:
    old = make_case(1).phones[:1]
    (first,) = import_cases(journal, [make_case(1, phones=old)], source="list 1")
    lease = called(journal, queue, "first", first.case_id)
    assert lease is not None and (lease.number,) == old
    queue.complete(lease, CallEnded(outcome, human=True))
    erase_person(journal, first.person_id, reason="asked")
    clock.advance(86400)
    back, other = import_cases(
        journal, [make_case(1, phones=(*old, "+5511955550177")), make_case(2, phones=old)], source="list 2"
    )
    again = called(journal, queue, "second", back.case_id)
    assert (again and again.number) == next_number
    if again is not None:
        queue.complete(again, CallEnded("NA"))
    # The other member of the household keeps the number.
    neighbour = called(journal, queue, "third", other.case_id)
    assert neighbour is not None and (neighbour.number,) == old
    assert check(journal.db, [*cases.PROJECTIONS, *dialer.PROJECTIONS], [*PROJECTED, campaign]).sound
