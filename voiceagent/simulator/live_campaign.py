"""A whole campaign over SIP: promised calls, reminders, warm leads and a list, several workers, judged afterwards."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import cycle, islice
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import UsageError
from voiceagent.base.ids import uuid7
from voiceagent.cases.intake import Taken, import_cases
from voiceagent.dialer.callbacks import add_callback
from voiceagent.dialer.campaigns import change_campaign, enroll, require_campaign, set_state
from voiceagent.dialer.tables import CampaignState, EnrollmentState, Priority, enrollment
from voiceagent.dialer.watch import stale_cases
from voiceagent.journal.audit import audit
from voiceagent.journal.catalogue import CallEnded, PromisedInstalment, PromiseMade
from voiceagent.settings.dialplans import load_policy, policy_path
from voiceagent.settings.jurisdictions import load_rules
from voiceagent.settings.paths import Paths
from voiceagent.simulator import dialing_rules
from voiceagent.simulator.demo import instant
from voiceagent.simulator.past import Past
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import CAMPAIGN, RehearsalSettings
from voiceagent.simulator.sample import SampleDebtor, draw, people_of
from voiceagent.simulator.telephones import sample_phones

LANGUAGE = "pt-BR"
#: A promised call begins within this of its instant; nobody of the list is called sooner, once seats had time to ask.
MINUTE, ASKED_AGAIN = timedelta(minutes=1), timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Plan:
    """Who is called: `callbacks` (half of them promised for later), `reminders`, `hot` leads, the rest is the list."""

    home: Path
    contacts: int = 40
    seats: int = 8
    at_once: int = 6
    """The campaign's cap of calls at once."""
    callbacks: int = 6
    reminders: int = 3
    hot: int = 5
    talking: tuple[str, ...] = ("promise_full", "wrong_person", "no_money")
    """Personas that converse, on the list."""
    others: tuple[str, ...] = ("load_hangs_up", "load_keys")
    """Everybody else, in turn: they cost no recognition."""
    later_s: float = 60.0
    """When the first of the later callbacks is due, and how far they lie apart."""
    at: str | None = None
    seed: int = 1

    def __post_init__(self) -> None:
        least = self.callbacks + self.reminders + self.hot + len(self.talking)
        if least > self.contacts or self.seats < 1:
            raise UsageError(
                f"at least {least} contacts and one seat: {self.callbacks} callbacks, {self.reminders} reminders, "
                f"{self.hot} warm leads and {len(self.talking)} talking personas are among them"
            )


class LiveCampaign:
    """One run; `run` gives the document, whose `problems` are empty when all was as it should be."""

    def __init__(self, plan: Plan, progress: Callable[[str], None]) -> None:
        self._plan, self._progress = plan, progress
        people = people_of(LANGUAGE)
        self._at = instant(plan.at, ZoneInfo(people.zone))
        names = list(islice(cycle(plan.others), plan.contacts))
        names[len(names) - len(plan.talking) :] = plan.talking
        today = self._at.astimezone(ZoneInfo(people.zone)).date()
        self._debtors = draw([Persona.load(name, LANGUAGE) for name in names], today=today, seed=plan.seed)
        self._today = today
        self._paths = Paths.from_environment()
        self._promised: dict[uuid.UUID, datetime] = {}
        """Person to the instant promised."""
        self._tiers: dict[uuid.UUID, Priority] = {}

    async def run(self) -> dict[str, Any]:
        """Call everybody, then judge."""
        plan, paths = self._plan, self._paths
        settings = RehearsalSettings(at=self._at, language=LANGUAGE, seats=plan.seats)
        numbers = [debtor.number for debtor in self._debtors]
        policy = load_policy(policy_path(paths.dialplans, settings.policy))
        async with Rehearsal(settings, numbers, plan.home, paths, self._progress) as rehearsal:
            phones = sample_phones(self._debtors, policy, self._today)
            await rehearsal.render_words([phone for phone in phones if phone.persona])
            await asyncio.to_thread(self._enrol, rehearsal)
            self._progress(f"plugging in {len(phones)} telephones")
            await rehearsal.plug_in(phones)
            began = time.monotonic()
            start = await asyncio.to_thread(self._start, rehearsal)
            await rehearsal.until_called(len(self._debtors))
            seconds = time.monotonic() - began
            return await asyncio.to_thread(self._judge, rehearsal, start, seconds)

    # --- before -------------------------------------------------------------------------------------------------------

    def _enrol(self, rehearsal: Rehearsal) -> None:
        """Everybody into the paused campaign, with what makes them promised, reminded of or warm."""
        plan, journal = self._plan, rehearsal.records.journal
        set_state(journal, CAMPAIGN, CampaignState.PAUSED)
        change_campaign(journal, CAMPAIGN, limits=lambda old: replace(old, calls=plan.at_once))
        taken = import_cases(journal, [debtor.case for debtor in self._debtors], source="campaign")
        marks = (plan.callbacks, plan.callbacks + plan.reminders, plan.callbacks + plan.reminders + plan.hot)
        promised, reminded, hot = (taken[a:b] for a, b in zip((0, *marks), marks, strict=False))
        with journal.transaction() as connection:
            campaign_id = require_campaign(connection, CAMPAIGN, journal.tenant_id).id
            warm = {one.case_id for one in hot}
            cold = [one.case_id for one in taken if one.case_id not in warm]
            enroll(journal, connection, campaign_id, cold)
            enroll(journal, connection, campaign_id, list(warm), priority=Priority.HOT)
            # Whoever was promised a call waits for it, as after a call in which they asked for it.
            connection.execute(
                sa.update(enrollment)
                .where(enrollment.c.case_id.in_([one.case_id for one in promised]))
                .values(state=EnrollmentState.WAITING, next_at=journal.clock.now() + timedelta(hours=2))
            )
        self._promise_earlier(rehearsal, reminded)
        for tier, group in ((Priority.REMINDER, reminded), (Priority.HOT, hot)):
            self._tiers.update({one.person_id: tier for one in group})
        self._callers = promised

    def _promise_earlier(self, rehearsal: Rehearsal, reminded: Sequence[Taken]) -> None:
        """Calls of two days ago, in which these people promised to pay tomorrow."""
        journal = rehearsal.records.journal
        past = Past(journal, self._paths, [debtor.number for debtor in self._debtors], days=2)
        for one in reminded:
            now = past.journal.clock.now()
            part = PromisedInstalment(uuid7(now), 1, self._today + timedelta(days=1), 50_000)
            made = PromiseMade(uuid7(now), one.case_id, 50_000, 0, "BRL", (part,))
            past.call(one.case_id, [made], CallEnded("PTP", True, False, True, 5.0, 60.0))

    def _start(self, rehearsal: Rehearsal) -> datetime:
        """Promise the calls, half of them for now, and start; returns the instant from which calls count."""
        journal, rules = rehearsal.records.journal, load_rules(self._paths.dialplans / "jurisdictions")
        start = journal.clock.now()
        for index, one in enumerate(self._callers):
            later = max(0, index + 1 - (len(self._callers) + 1) // 2)
            wanted = start + timedelta(seconds=later * self._plan.later_s)
            self._promised[one.person_id] = add_callback(journal, one.case_id, wanted, rules=rules)[1]
        set_state(journal, CAMPAIGN, CampaignState.RUNNING)
        return start

    # --- afterwards ---------------------------------------------------------------------------------------------------

    def _judge(self, rehearsal: Rehearsal, start: datetime, seconds: float) -> dict[str, Any]:
        rows = sorted(
            (row for row in rehearsal.calls() if row["t_start"] >= start), key=lambda row: (row["t_start"], row["id"])
        )
        with rehearsal.records.db.read() as connection:
            breaches = dialing_rules.judge(connection)
            chain = audit(connection)
            stale = stale_cases(connection, rehearsal.records.journal.tenant_id, rehearsal.clock.now())
        at_once = _most_at_once(rows)
        late = self._lateness(rows)
        workers = Counter(row["worker"] for row in rows)
        talked = sum((row["t_end"] - row["t_start"]).total_seconds() for row in rows)
        problems = [f"{one.rule}: call {one.call}: {one.what}" for one in breaches]
        problems += rehearsal.differences(rows)
        problems += [f"the journal's chain: {fault}" for fault in chain]
        problems += [f"contact {one.case_id} is {one.why}" for one in stale]
        problems += self._out_of_order(rows, start)
        problems += [
            f"the callback of {person} began {seconds_late:.1f} s from its instant"
            for person, seconds_late in late.items()
            if not 0 <= seconds_late < MINUTE.total_seconds()
        ]
        times = Counter(row["person_id"] for row in rows)
        problems += [f"person {person} was called {count} times" for person, count in times.items() if count > 1]
        if len(times) != len(self._debtors):
            problems.append(f"{len(times)} of {len(self._debtors)} people were called")
        if at_once > self._plan.at_once:
            problems.append(f"{at_once} calls at once, {self._plan.at_once} allowed")
        if len(workers) != len([name for name in rehearsal.supervisor.pids if name.startswith("worker")]):
            problems.append(f"only {', '.join(map(str, workers))} made calls")
        return {
            "at": self._at.isoformat(),
            "contacts": len(self._debtors),
            "seats": self._plan.seats,
            "calls": len(rows),
            "cdr": len({row.call_id for row in rehearsal.run.cdr if row.call_id}),
            "seconds": round(seconds, 1),
            "most_at_once": at_once,
            "cap": self._plan.at_once,
            "occupancy": round(talked / (seconds * self._plan.seats), 3),
            "by_worker": dict(sorted(workers.items())),
            "by_outcome": dict(sorted(Counter(str(row["disposition"]) for row in rows).items())),
            "by_persona": self._by_persona(rows),
            "callbacks_late_s": sorted(round(value, 2) for value in late.values()),
            "order": "".join(self._letter(row) for row in rows),
            "problems": problems,
        }

    def _tier(self, row: dict[str, Any]) -> int:
        return 30 if row["person_id"] in self._promised else int(self._tiers.get(row["person_id"], Priority.LIST))

    def _letter(self, row: dict[str, Any]) -> str:
        return {30: "C", Priority.REMINDER: "R", Priority.HOT: "H"}.get(self._tier(row), "L")

    def _out_of_order(self, rows: Sequence[dict[str, Any]], start: datetime) -> list[str]:
        """Nobody is called while somebody who goes before them has been waiting."""
        due = [max(start, self._promised.get(row["person_id"], start)) for row in rows]
        found = []
        for row in rows:
            for other, since in zip(rows, due, strict=True):
                waited = since + ASKED_AGAIN if since > start else since
                if waited < row["t_start"] < other["t_start"] and self._tier(other) > self._tier(row):
                    found.append(f"call {row['id']} ({self._letter(row)}) began before {other['id']}"
                                 f" ({self._letter(other)}), which was due since {since.isoformat()}")  # fmt: skip
        return found

    def _lateness(self, rows: Sequence[dict[str, Any]]) -> dict[uuid.UUID, float]:
        begun = {row["person_id"]: row["t_start"] for row in rows}
        return {
            person: (begun[person] - due).total_seconds() for person, due in self._promised.items() if person in begun
        }

    def _by_persona(self, rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
        of: dict[str, SampleDebtor] = {debtor.number: debtor for debtor in self._debtors}
        counted: dict[str, Counter[str]] = {}
        for row in rows:
            name = of[row["number"]].persona.name
            counted.setdefault(name, Counter())[str(row["disposition"])] += 1
        return {name: dict(sorted(outcomes.items())) for name, outcomes in sorted(counted.items())}


def _most_at_once(rows: Sequence[dict[str, Any]]) -> int:
    """Calls that lived at the same time, at most."""
    steps = sorted([(row["t_start"], 1) for row in rows] + [(row["t_end"], -1) for row in rows])
    most = live = 0
    for _, step in steps:
        live += step
        most = max(most, live)
    return most
