"""Workers that are killed at random points while they call a campaign: real processes on one PostgreSQL, judged after.

Whoever a worker would have dialled it writes down before the verdict, in a file of its own that survives it. The judge
reads the journal alone, and those files: nobody called twice at once or beyond the rules, nobody lost.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import tempfile
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from voiceagent.base.errors import UnavailableError
from voiceagent.cases import tables
from voiceagent.cases.attempts import close_orphans
from voiceagent.cases.intake import import_cases
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer import aftermath, hopper
from voiceagent.dialer.brakes import Breaker, ShortCalls
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.floor import Guards
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState
from voiceagent.journal.audit import audit
from voiceagent.journal.catalogue import CallEnded
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.simulator.bench_dialer import AT, journal_of
from voiceagent.simulator.dialing_rules import judge
from voiceagent.simulator.dialing_week import Everyone, account, debtor

Say = Callable[[str], None]

#: What calls come to, with weights.
_OUTCOMES = {"NA": 40, "BUSY": 8, "VM": 14, "CONG": 3, "HUP": 8, "DC": 3, "WN": 2, "REF": 3, "NOMON": 4, "ERR": 2}
#: How much of the campaign's day passes while every contact is called once.
_DAY = timedelta(hours=8)
#: Looks without a new call, after which who is due is asked for; and after which nobody is left to call. A machine that
#: stood still meanwhile did not look.
_QUIET, _PATIENCE = 40, 12_000
#: Verdicts are given without a call, so all calls are short ones: that guard would end the day at the thousandth. And
#: whom a kill cut off failed on no trunk.
_GUARDS = Guards(breaker=Breaker(calls=1_000_000_000), short_calls=ShortCalls(at_least=1_000_000_000))
#: Time passes by so much while nobody is due: retries and leases that run out are waited for.
_PASSES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to whom."""

    dialplans: Path
    contacts: int = 10_000
    workers: int = 8
    seats: int = 4
    every: tuple[int, int] = (1, 80)
    """Calls between two kills, at least and at most, however fast the machine is."""
    calls_each: float = 1.1
    """It goes on until so many calls were begun for each contact."""
    seed: int = 1


@dataclass(slots=True)
class Report:
    """What came of it."""

    contacts: int
    workers: int
    kills: int = 0
    calls: int = 0
    dialled: int = 0
    """Calls that a worker would have put on the wire."""
    unfinished: int = 0
    """Of them, calls whose worker was killed before their verdict."""
    seconds: float = 0.0
    breaches: list[str] = field(default_factory=list)
    lost: int = 0
    """Contacts neither planned, nor final, nor explained."""
    unknown: int = 0
    """Dialled without a committed attempt."""
    dialled_twice: int = 0
    flaws: int = 0
    """Of the journal's chain."""
    states: Counter[str] = field(default_factory=Counter)

    @property
    def sound(self) -> bool:
        """Nothing was done twice, and nothing was lost."""
        return not (self.breaches or self.lost or self.unknown or self.dialled_twice or self.flaws)

    def to_json(self) -> dict[str, Any]:
        """For a report."""
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return told | {"sound": self.sound, "states": dict(self.states.most_common())}


class _Ahead:
    """One clock for many processes: the machine's, moved by what all of them share."""

    def __init__(self, ahead: Any) -> None:
        self._ahead = ahead

    @property
    def offset(self) -> timedelta:
        """To the machine's clock, and to the database server's."""
        return timedelta(seconds=self._ahead.value)

    def now(self) -> datetime:
        """The same for all."""
        return datetime.now(UTC) + self.offset

    def monotonic(self) -> float:
        """It moves with `now`: nobody has set this clock."""
        return time.monotonic() + float(self._ahead.value)


class _Shared:
    """Memory of all processes, without locks: who is killed while holding one would stop the others."""

    def __init__(self, context: ForkServerContext, workers: int) -> None:
        self.ahead = context.Value("d", (AT - datetime.now(UTC)).total_seconds(), lock=False)
        self.begun = context.Array("q", workers, lock=False)
        """Calls begun, by worker; each writes its own."""
        self.born = context.Array("q", workers, lock=False)
        """The life in which a worker is at work."""
        self.over = context.Value("b", 0, lock=False)


def _work(url: str, plan: Plan, n: int, life: int, shared: _Shared, log: str) -> None:
    chance = random.Random(f"{plan.seed} {n} {life}")
    name = f"w{n}"
    journal = journal_of(url, _Ahead(shared.ahead))
    rules = load_rules(plan.dialplans / "jurisdictions")
    queue = Queue(journal, rules, Gate(simulated=Everyone()), worker=name, lease_s=900, guards=_GUARDS)
    seats = [f"{name}-{k}" for k in range(plan.seats)]
    wire = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    shared.born[n] = life
    while not shared.over.value:
        try:
            leases = queue.lease_many(seats)
        except UnavailableError:
            continue
        shared.begun[n] += len(leases)
        for lease in leases:
            os.write(wire, f"{lease.attempt_id}\n".encode())
        for lease in leases:
            outcome = Disposition(chance.choices(list(_OUTCOMES), list(_OUTCOMES.values()))[0])
            human = MEANING[outcome].human
            queue.complete(lease, CallEnded(outcome.value, human, False, human, 4.0, 20.0 if human else 0.0))
        if not leases:
            time.sleep(0.05)
    journal.db.close()


def run(url: str, plan: Plan, say: Say = lambda line: None) -> Report:
    """Do it on the empty database at `url`, then judge."""
    # Whoever is killed is followed by another at once: from a process that has loaded the program, and done nothing.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    shared = _Shared(context, plan.workers)
    journal = journal_of(url, _Ahead(shared.ahead))
    journal.db.upgrade()
    campaign_id = create_campaign(journal, "kills")
    for start in range(0, plan.contacts, 500):
        people = [debtor(n) for n in range(start, min(plan.contacts, start + 500))]
        taken = import_cases(journal, people, source="kills")
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
    set_state(journal, "kills", CampaignState.RUNNING)
    report = Report(plan.contacts, plan.workers)
    chance, target, began = random.Random(plan.seed), plan.contacts * plan.calls_each, time.monotonic()
    with tempfile.TemporaryDirectory() as folder, _stopping(shared) as crew:
        logs = [str(Path(folder) / f"w{n}") for n in range(plan.workers)]
        lives = [1] * plan.workers

        def bear(n: int) -> ForkServerProcess:
            process = context.Process(target=_work, args=(url, plan, n, lives[n], shared, logs[n]))
            process.start()
            return process

        crew += [bear(n) for n in range(plan.workers)]
        moved, told, looks = 0, 0, 0
        kill_at = chance.randint(*plan.every)
        while moved < target and looks < _PATIENCE:
            time.sleep(chance.uniform(0.001, 0.05))
            calls, looks = sum(shared.begun), looks + 1
            if calls > moved:
                # Time passes with the calls.
                shared.ahead.value += _DAY.total_seconds() * (calls - moved) / target
                moved, looks = calls, 0
            elif looks % _QUIET == 0 and not _anybody_due(journal):
                shared.ahead.value += _PASSES.total_seconds()
            if moved < kill_at:
                continue
            kill_at = moved + chance.randint(*plan.every)
            n = chance.randrange(plan.workers)
            # One that is still starting holds nothing yet.
            if shared.born[n] == lives[n]:
                crew[n].kill()
                crew[n].join()
                report.kills += 1
                if chance.random() < 0.5:
                    # Its supervisor lives and closes its calls; otherwise its leases run out.
                    close_orphans(journal, worker=f"w{n}")
                lives[n] += 1
                crew[n] = bear(n)
            if moved >= told + target / 20:
                told = moved
                say(f"{told} calls begun, {report.kills} workers killed, {time.monotonic() - began:.0f} s")
        shared.over.value = 1
        for process in crew:
            process.join()
        wire = [uuid.UUID(line) for log in logs for line in _lines(log)]
    shared.ahead.value += 1000.0
    with journal.transaction() as connection:
        aftermath.expire(journal, connection, journal.clock.now())
    report.seconds = round(time.monotonic() - began, 1)
    with journal.db.read() as connection:
        report.breaches = [f"{one.rule}: {one.what}" for one in judge(connection)]
        report.lost, report.states = account(connection, campaign_id)
        report.flaws = len(audit(connection))
        attempt = tables.attempt.c
        kept = {row.id: row.disposition for row in connection.execute(sa.select(attempt.id, attempt.disposition))}
    report.calls, report.dialled = len(kept), len(wire)
    report.dialled_twice = len(wire) - len(set(wire))
    report.unknown = sum(call not in kept for call in set(wire))
    report.unfinished = sum(kept.get(call) is not None and kept[call].value == "ERR" for call in set(wire))
    journal.db.close()
    return report


def _anybody_due(journal: Journal) -> bool:
    with journal.db.read() as connection:
        return hopper.anybody_due(connection, journal.clock.now(), journal.tenant_id)


@contextmanager
def _stopping(shared: _Shared) -> Iterator[list[ForkServerProcess]]:
    """The workers; none outlives the block."""
    crew: list[ForkServerProcess] = []
    try:
        yield crew
    finally:
        shared.over.value = 1
        for process in crew:
            process.join(60)
            if process.is_alive():
                process.kill()
                process.join()


def _lines(log: str) -> list[str]:
    try:
        return Path(log).read_text().split()
    except FileNotFoundError:
        return []
