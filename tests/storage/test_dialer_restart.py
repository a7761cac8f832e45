"""Guards a PostgreSQL that is killed in mid-campaign: calls in progress finish, nothing is lost, dialing resumes."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.errors import UnavailableError
from voiceagent.cases import tables
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.heartbeat import Heartbeat, Silence
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, enrollment
from voiceagent.journal.audit import audit
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.service.upkeep import close_silent_workers
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import ROOT
from voiceagent.simulator.cluster import Cluster
from voiceagent.storage.database import Database


@pytest.mark.postgres
def test_a_database_killed_in_mid_campaign(clock: ManualClock, make_case: Callable[..., Case]) -> None:
    with Cluster(options="-c fsync=on") as cluster:
        db = Database(cluster.url("campaign"), busy_timeout_s=10.0)
        db.upgrade()
        journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
        people = [make_case(n, phones=(f"+55119555501{n:02d}",)) for n in range(4)]
        taken = import_cases(journal, people, source="test")
        campaign_id = create_campaign(journal, "uma")
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
        set_state(journal, "uma", CampaignState.RUNNING)
        queue = Queue(journal, load_rules(ROOT / "dialplans" / "jurisdictions"), Gate(), worker="w1")
        life, silence = Heartbeat(db, clock, "w1", 2), Silence(clock)
        life.beat()
        assert close_silent_workers(journal, silence) == 0
        talking = queue.lease_many(["a", "b"])
        assert len(talking) == 2

        cluster.crash()
        for attempt in (
            lambda: queue.lease("c"),
            lambda: queue.recheck(talking[0]),
            lambda: queue.renew(talking[0]),
            lambda: queue.complete(talking[0], CallEnded("NOMON", True, False, True, 4.0, 60.0)),
            life.beat,
        ):
            with pytest.raises(UnavailableError):
                attempt()
        clock.advance(120)
        cluster.start()

        assert close_silent_workers(journal, silence) == 0, "nobody is blamed for the database's silence"
        life.beat()
        for lease in talking:
            queue.complete(lease, CallEnded("NOMON", True, False, True, 4.0, 60.0))
        more = queue.lease_many(["a", "b"])
        assert len(more) == 2 and not {one.person_id for one in more} & {one.person_id for one in talking}
        for lease in more:
            queue.complete(lease, CallEnded("NA"))
        with db.read() as connection:
            ended = connection.execute(sa.select(tables.attempt.c.disposition)).scalars().all()
            planned = connection.execute(sa.select(enrollment.c.next_at)).scalars().all()
            assert audit(connection) == []
        assert sorted(one.value for one in ended) == ["NA", "NA", "NOMON", "NOMON"]
        assert len(planned) == 4 and None not in planned
        db.close()
