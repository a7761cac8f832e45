"""Guards how idle seats hear that somebody may be called: on PostgreSQL at the commit, also after it was restarted."""

from __future__ import annotations

import asyncio
import queue as queues
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock, SystemClock
from voiceagent.base.errors import UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer import switches
from voiceagent.dialer.callbacks import add_callback
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.stir import CHANNEL
from voiceagent.dialer.tables import CampaignState, StopScope
from voiceagent.journal.catalogue import OptOutRecorded
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.cluster import Cluster
from voiceagent.simulator.tones import ToneService
from voiceagent.storage.database import Database
from voiceagent.storage.notices import Listener
from voiceagent.worker.desk import TOLD_POLL_S, Desk

#: A word is there within this, or never; nothing waits so long when it arrives.
PATIENCE_S = 60.0
RULES = load_rules(ROOT / "dialplans" / "jurisdictions")


class Ears:
    """A listener whose words are counted one by one."""

    def __init__(self, db: Database) -> None:
        self._words: queues.SimpleQueue[bool] = queues.SimpleQueue()
        self.listener = Listener(db, CHANNEL, lambda: self._words.put(True))

    def __enter__(self) -> Ears:
        self.listener.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.listener.close()

    def hears(self) -> bool:
        """Wait for a word."""
        return self._words.get(timeout=PATIENCE_S)

    def heard_nothing(self) -> bool:
        return self._words.empty()


@pytest.fixture
def journal(db: Database, clock: ManualClock) -> Journal:
    return Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])


def changes(journal: Journal, taken: Taken) -> dict[str, Callable[[], Any]]:
    """What may give idle seats work, in an order in which each is possible."""
    campaign_id = create_campaign(journal, "uma")

    def join() -> None:
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [taken.case_id])

    later = journal.clock.now() + timedelta(hours=1)
    return {
        "a campaign starts": lambda: set_state(journal, "uma", CampaignState.RUNNING),
        "contacts join": join,
        "a callback is promised": lambda: add_callback(journal, taken.case_id, later, rules=RULES),
        "dialing is stopped": lambda: switches.stop(journal, StopScope.ALL, reason="x"),
        "dialing is resumed": lambda: switches.resume(journal, StopScope.ALL),
    }


def test_what_may_give_work_is_heard_where_it_can_be(
    journal: Journal, db: Database, make_case: Callable[..., Case]
) -> None:
    (taken,) = import_cases(journal, [make_case(phones=("+5511955550100",))], source="test")
    doings = changes(journal, taken)
    with Ears(db) as ears:
        if db.is_sqlite:
            for do in doings.values():
                do()
            assert not ears.listener.listening and ears.heard_nothing()
            return
        assert ears.hears(), "a new connection is a word: something may have been missed"
        for told, do in doings.items():
            do()
            assert ears.hears(), told
        stop = OptOutRecorded(uuid7(journal.clock.now()), "person", taken.person_id)
        journal.record([NewEvent("person", taken.person_id, stop)])
        set_state(journal, "uma", CampaignState.PAUSED)
        assert ears.hears() and ears.heard_nothing(), "one word: a stop gives nobody work"


@pytest.mark.postgres
def test_a_restarted_database_is_listened_to_again(make_case: Callable[..., Case]) -> None:
    with Cluster() as cluster:
        db = Database(cluster.url("wakes"), busy_timeout_s=10.0)
        db.upgrade()
        journal = Journal(db, SystemClock(), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        (taken,) = import_cases(journal, [make_case(phones=("+5511955550100",))], source="test")
        queue = Queue(journal, RULES, Gate(), worker="w1")

        with Ears(db) as ears:
            desk = Desk(queue, ToneService().places, told=lambda: ears.listener.listening)
            assert ears.hears() and ears.listener.listening
            assert queue.lease("seat-1") is None and desk.rest_s(0.5) == 0.5, "leases to take back are looked for first"
            assert queue.lease("seat-1") is None and desk.rest_s(0.5) == TOLD_POLL_S
            cluster.crash()
            with pytest.raises(UnavailableError):
                set_state(journal, "uma", CampaignState.RUNNING)
            cluster.start()
            assert ears.hears(), "the new connection"
            create_campaign(journal, "uma")
            set_state(journal, "uma", CampaignState.RUNNING)
            assert ears.hears(), "a word over it"
            assert asyncio.run(desk.next("seat-1")) is None and taken.case_id is not None
        assert not ears.listener.listening
        db.close()
