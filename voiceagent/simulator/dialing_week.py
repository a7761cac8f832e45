"""A campaign's week on a clock of its own: seats, random outcomes, callbacks, promises, stops; hours take seconds."""

from __future__ import annotations

import heapq
import random
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.cases.intake import import_cases
from voiceagent.debt.case import Case, Debt
from voiceagent.debt.disposition import MEANING, Disposition
from voiceagent.dialer import aftermath, hopper
from voiceagent.dialer.campaigns import create_campaign, enroll, set_state
from voiceagent.dialer.lease import Lease
from voiceagent.dialer.modes import Gate
from voiceagent.dialer.queue import Queue
from voiceagent.dialer.tables import CampaignState, enrollment
from voiceagent.journal.catalogue import (
    CallAnswered,
    CallbackRequested,
    CallEnded,
    OptOutRecorded,
    PromisedInstalment,
    PromiseMade,
)
from voiceagent.journal.envelope import NewEvent, Payload
from voiceagent.journal.journal import Journal
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.simulator.dialing_rules import Breach, judge
from voiceagent.storage.database import Database

D = Disposition
#: Monday 00:00 in São Paulo.
START = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/Sao_Paulo")
_STATES = ("SP", "SP", "SP", "RJ", "PR", "AM", "BA")

#: Outcome, weight, mean seconds on the seat.
_OUTCOMES = (
    (D.NA, 40.0, 32), (D.BUSY, 7.0, 6), (D.VM, 14.0, 12), (D.CONG, 2.0, 3), (D.DC, 2.0, 4), (D.SIL, 2.0, 15),
    (D.HUP, 8.0, 9), (D.THIRD_PARTY, 4.0, 40), (D.THIRD_PARTY_MESSAGE, 2.0, 55), (D.WN, 2.0, 25), (D.DEC, 0.2, 40),
    (D.CPC_NEG, 3.0, 150), (D.CB, 3.5, 45), (D.PTP, 5.0, 180), (D.PAID, 1.0, 70), (D.DISP, 0.6, 90),
    (D.NOMON, 2.0, 100), (D.REF, 1.0, 80), (D.LEG, 0.2, 60), (D.CEASE, 0.6, 50), (D.ABU, 0.3, 30), (D.ERR, 0.8, 20),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """The campaign that is simulated."""

    dialplans: Path
    contacts: int = 50_000
    seats: int = 100
    days: int = 7
    seed: int = 1
    tick_s: float = 3.0
    """Idle seats ask so often, together; what ended in between is told in one go."""
    crash: float = 0.005
    """Share of the calls whose worker dies: their leases must run out by themselves."""


@dataclass(slots=True)
class Week:
    """What came of it."""

    contacts: int
    seats: int
    attempts: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    busy_s: defaultdict[str, float] = field(default_factory=lambda: defaultdict(float))
    """Seat seconds in calls, by local hour (`2026-11-23 10`)."""
    breaches: list[Breach] = field(default_factory=list)
    unaccounted: int = 0
    """Contacts neither planned, nor final, nor explained."""
    states: Counter[str] = field(default_factory=Counter)
    callbacks_kept: int = 0
    processor_s: float = 0.0
    """Of the whole simulation and its judge."""

    def occupy(self, start: datetime, end: datetime) -> None:
        """A seat is in a call from `start` to `end`: each hour gets its part."""
        while start < end:
            local = start.astimezone(ZONE)
            full = local.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1)
            until = min(end, full.astimezone(UTC))
            self.busy_s[local.strftime("%Y-%m-%d %H")] += (until - start).total_seconds()
            start = until

    def occupancy(self) -> dict[str, float]:
        """Share of the seats' time spent in calls, by local hour in which any call was made."""
        return {hour: round(busy / (self.seats * 3600), 3) for hour, busy in sorted(self.busy_s.items())}

    def to_json(self) -> dict[str, Any]:
        """For a report."""
        return {
            "contacts": self.contacts,
            "seats": self.seats,
            "attempts": self.attempts,
            "outcomes": dict(self.outcomes.most_common()),
            "contacts_by_state": dict(self.states.most_common()),
            "breaches": [f"{breach.rule}: {breach.what}" for breach in self.breaches[:20]],
            "breach_count": len(self.breaches),
            "unaccounted": self.unaccounted,
            "callbacks_kept": self.callbacks_kept,
            "processor_s": round(self.processor_s, 1),
            "occupancy": self.occupancy(),
        }


def debtor(n: int) -> Case:
    """Somebody invented, with one or two simulated phones."""
    phones = tuple(f"sip:d{n}-{k}@phones.invalid" for k in range(1 + n % 2))
    return Case(
        name=f"Pessoa Inventada {n}",
        document=f"{n:011d}",
        language=Language.PT_BR,
        region="BR",
        state=_STATES[n % len(_STATES)],
        birth_date=datetime(1980, 1, 1 + n % 28).date(),
        phones=phones,
        emails=(),
        debts=(Debt(f"C{n}", "Banco Exemplo", "cartão", Money(90_000), Money(30_000), datetime(2026, 3, 10).date()),),
    )


class Everyone(frozenset[str]):
    """Every address of these simulations is a simulated phone; nothing is dialled."""

    def __contains__(self, number: object) -> bool:
        return isinstance(number, str) and number.endswith("@phones.invalid")


class _Floor:
    """Seats and the calls on them, in order of their ends."""

    def __init__(self, plan: Plan, journal: Journal, clock: ManualClock, week: Week) -> None:
        self.plan, self.journal, self.clock, self.week = plan, journal, clock, week
        self.chance = random.Random(plan.seed)
        rules = load_rules(plan.dialplans / "jurisdictions")
        self.queue = Queue(journal, rules, Gate(simulated=Everyone()), worker="week")
        self.free = [f"seat-{n}" for n in range(plan.seats)]
        self.running: list[tuple[datetime, int, Lease, Disposition, int]] = []
        self.count = 0

    def ask(self) -> int:
        """The idle seats ask together; returns how many calls began."""
        leases = self.queue.lease_many(self.free)
        taken = {lease.seat for lease in leases}
        self.free = [seat for seat in self.free if seat not in taken]
        for lease in leases:
            outcome, mean = self._outcome()
            seconds = max(2, int(self.chance.expovariate(1 / mean)))
            self.count += 1
            ends = self.clock.now() + timedelta(seconds=seconds + 2)
            heapq.heappush(self.running, (ends, self.count, lease, outcome, seconds))
            self.week.attempts += 1
            self.week.occupy(self.clock.now(), ends)
            if lease.callback_id is not None:
                self.week.callbacks_kept += 1
        return len(leases)

    def end(self) -> None:
        """The calls whose end has come; now and then a worker has died and says nothing."""
        said: list[NewEvent] = []
        verdicts = []
        while self.running and self.running[0][0] <= self.clock.now():
            _, _, lease, outcome, seconds = heapq.heappop(self.running)
            assert lease.seat is not None
            self.free.append(lease.seat)
            if self.chance.random() < self.plan.crash:
                self.week.outcomes["(worker died)"] += 1
                continue
            meaning = MEANING[outcome]
            self.week.outcomes[outcome.value] += 1
            talked = meaning.human or meaning.machine
            told = [*([CallAnswered()] if talked else []), *self._said(lease, outcome)]
            said += [NewEvent("call", lease.attempt_id, payload) for payload in told]
            talk = float(seconds) if talked else 0.0
            verdict = CallEnded(outcome.value, meaning.human, meaning.machine, meaning.right_party, 5.0, talk)
            verdicts.append((lease.attempt_id, verdict))
        if said:
            self.journal.record(said)
        if verdicts:
            self.queue.complete_many(verdicts)

    def _outcome(self) -> tuple[Disposition, float]:
        hour = self.clock.now().astimezone(ZONE).hour
        # More people answer in the evening.
        weights = [w * (1.4 if MEANING[d].human and hour >= 17 else 1.0) for d, w, _ in _OUTCOMES]
        outcome, _, mean = self.chance.choices(_OUTCOMES, weights)[0]
        return outcome, mean

    def _said(self, lease: Lease, outcome: Disposition) -> list[Payload]:
        now = self.clock.now()
        if outcome is D.CB:
            due = now + timedelta(minutes=self.chance.choice([30, 120, 300, 1000, 1600]))
            ids = (uuid7(now), lease.case_id, lease.person_id, lease.phone_id)
            return [CallbackRequested(*ids, due, campaign_id=lease.campaign_id)]
        if outcome is D.CEASE:
            return [OptOutRecorded(uuid7(now), "person", lease.person_id)]
        if outcome is D.PTP:
            part = PromisedInstalment(
                uuid7(now), 1, lease.today + timedelta(days=self.chance.randrange(1, 12)), 100_000
            )
            return [PromiseMade(uuid7(now), lease.case_id, 100_000, 20_000, "BRL", (part,))]
        return []


def simulate(plan: Plan, url: str, say: Callable[[str], None] = lambda line: None) -> Week:
    """Run the week on an empty database at `url`, then judge it from its journal."""
    before = time.process_time()
    db = Database(url, busy_timeout_s=60.0)
    db.upgrade()
    clock = ManualClock(START)
    journal = Journal(db, clock, [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    week = Week(plan.contacts, plan.seats)
    campaign_id = create_campaign(journal, "semana")
    for start in range(0, plan.contacts, 500):
        people = [debtor(n) for n in range(start, min(plan.contacts, start + 500))]
        taken = import_cases(journal, people, source="week")
        with journal.transaction() as connection:
            enroll(journal, connection, campaign_id, [one.case_id for one in taken])
    set_state(journal, "semana", CampaignState.RUNNING)
    floor = _Floor(plan, journal, clock, week)
    _run(floor, plan, say)
    clock.advance(3600)
    with journal.transaction() as connection:
        aftermath.expire(journal, connection, clock.now())
    with db.read() as connection:
        week.breaches = judge(connection)
        week.unaccounted, week.states = account(connection, campaign_id)
    db.close()
    week.processor_s = time.process_time() - before
    return week


def _run(floor: _Floor, plan: Plan, say: Callable[[str], None]) -> None:
    clock, end, hour, began = floor.clock, START + timedelta(days=plan.days), 0, time.monotonic()
    tick = timedelta(seconds=plan.tick_s)
    while clock.now() < end or floor.running:
        now = clock.now()
        asked = now < end and bool(floor.free) and floor.ask() > 0
        after = floor.running[0][0] if floor.running else None
        if now < end and floor.free and not asked:
            with floor.journal.db.read() as connection:
                due = hopper.next_due(connection, now, floor.journal.tenant_id)
            # Somebody due whom nobody may call now (a pause of the pacing) is asked for again shortly.
            wake = max(due or end, now + timedelta(seconds=20))
            after = min(after, wake) if after else wake
        assert after is not None
        clock.advance(max(tick, after - now).total_seconds())
        floor.end()
        if (hours := int((clock.now() - START) / timedelta(hours=1))) != hour:
            hour = hours
            took, spent = (time.monotonic() - began) / 60, time.process_time() / 60
            passed, to_come = _open_hours(plan, hour)
            left = f"; at most {took * to_come / passed:.0f} min more" if passed else ""
            day = f"day {hour // 24 + 1}, {hour % 24:02} h"
            say(f"{day}: {floor.week.attempts} calls, {took:.1f} min ({spent:.1f} of processor){left}")


def _open_hours(plan: Plan, hour: int) -> tuple[int, int]:
    """Of the simulated days the hours in which anybody is called, before the one that begins now and from it on."""
    lawful = [
        n
        for n in range(plan.days * 24)
        if (day := (START + timedelta(hours=n)).astimezone(ZONE)).weekday() < 6 and 8 <= day.hour < 20
    ]
    return sum(n < hour for n in lawful), sum(n >= hour for n in lawful)


def account(connection: sa.Connection, campaign_id: uuid.UUID) -> tuple[int, Counter[str]]:
    """Contacts that are neither planned, final nor explained, and all by where they stand."""
    states: Counter[str] = Counter()
    lost = 0
    rows = connection.execute(
        sa.select(enrollment.c.state, enrollment.c.reason, enrollment.c.next_at, enrollment.c.leased_until).where(
            enrollment.c.campaign_id == campaign_id
        )
    )
    for row in rows:
        states[f"{row.state.value} ({row.reason or 'not yet called'})"] += 1
        planned = row.next_at is not None
        final = row.state.value in ("done", "stopped") and row.reason
        lost += not planned and not final
    return lost, states
