"""Guards people who asked to be left alone and were then erased: a new list brings their number back, no call does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from voiceagent.cases.erasure import erase_person
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer import optouts
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState
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
    campaign = create_campaign(journal, "c")
    with journal.transaction() as connection:
        enroll(journal, connection, campaign, [back.case_id])
    set_state(journal, "c", CampaignState.RUNNING)
    assert queue.lease("seat-1") is None
    with journal.transaction() as connection:
        enroll(journal, connection, campaign, [other.case_id])
    lease = queue.lease("seat-1")
    assert lease is not None and lease.case_id == other.case_id
