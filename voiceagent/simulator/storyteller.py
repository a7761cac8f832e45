"""Tells stories over SIP: callers, promised calls and debtors handed over, judged by journal and call records alone."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.base.errors import BadInputError, UnavailableError, UsageError
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.cases.calls import call_detail
from voiceagent.cases.handovers import hand_overs_of
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask
from voiceagent.dialer.callbacks import all_callbacks
from voiceagent.dialer.campaigns import set_state
from voiceagent.dialer.tables import CallbackStatus, CampaignState, EnrollmentState, enrollment
from voiceagent.journal.catalogue import CallEnded, OfferedPayment, OfferLeftOpen
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import read_events
from voiceagent.settings.dialplans import load_policy, policy_path
from voiceagent.settings.paths import Paths
from voiceagent.simulator.demo import instant
from voiceagent.simulator.past import Past
from voiceagent.simulator.persona import Persona
from voiceagent.simulator.phones import PhonePlan
from voiceagent.simulator.rehearsal import Rehearsal
from voiceagent.simulator.rehearsal_plan import CAMPAIGN, RehearsalSettings
from voiceagent.simulator.sample import SampleDebtor, draw, people_of
from voiceagent.simulator.scenario import Step
from voiceagent.simulator.stories import People, Story, stories_of
from voiceagent.simulator.story_verdict import against_cdr, document_of, milestones
from voiceagent.simulator.telephones import debtor_voice

#: A person's telephone, what it says, and how long a debtor waits for one of them here.
PERSON, PERSON_SAYS, PEOPLE_WAIT_S = (
    "person1",
    {"pt-BR": "Atendimento, bom dia.", "es": "Buenos días.", "en": "Hello?"},
    8,
)
#: Telephones ring so long before somebody lifts them.
RING_S = 1.0
#: Shorter than this nobody has talked with it.
SPOKE_S = 1.0
#: It rings so long, which is for ever.
FOR_EVER_S = 3600.0
MOST_SEATS = 4
#: A whole story's patience, seconds.
LONGEST_S = 240.0
#: Who calls us is not called meanwhile.
NOT_CALLED_FOR = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Role:
    """Who lives a story."""

    name: str
    story: Story
    debtor: SampleDebtor
    index: int

    @property
    def calls_from(self) -> str:
        """The number that it is called at, or calls from."""
        people = people_of(self.debtor.persona.language)
        return f"{people.prefixes[-1]}{self.index:02d}" if self.story.elsewhere else self.debtor.number

    @property
    def facts(self) -> dict[str, str]:
        """What fills its steps."""
        debtor = self.debtor
        birth_keys = f"{debtor.birth:%m%d}" if debtor.persona.language == "en" else f"{debtor.birth:%d%m}"
        return debtor.facts | {"document": debtor.document, "birth_keys": birth_keys}

    def phone(self) -> PhonePlan:
        """Its telephone; what it does in the first call and in the second."""
        first, *later = self.story.calls
        return PhonePlan(
            number=self.calls_from,
            steps=first.acts(self.facts),
            later_steps=later[0].acts(self.facts) if later else (),
            hello=first.hello,
            ring_s=RING_S,
            voice=debtor_voice(self.debtor.persona.language, self.index),
        )


class Storyteller:
    """One evening of stories; `run` gives the document, whose `problems` are empty when all went as it should."""

    def __init__(
        self,
        names: Sequence[str],
        home: Path,
        *,
        language: str,
        at: str | None = None,
        seed: int = 1,
        seats: int = MOST_SEATS,
        progress: Callable[[str], None] = lambda line: None,
    ) -> None:
        told = stories_of(language)
        unknown = [name for name in names if name not in told]
        if unknown:
            raise BadInputError(f"no story {unknown[0]!r} in {language}: one of {', '.join(told) or 'none'}")
        if len(set(names)) != len(names):
            raise UsageError("each story is told once")
        self._people = people_of(language)
        self._zone = ZoneInfo(self._people.zone)
        self._at, self._seed, self._home, self._progress = instant(at, self._zone), seed, home, progress
        self._language, self._paths = language, Paths.from_environment()
        self._seats = min(seats, len(names))
        self._saw: list[dict[str, str]] = []
        drawn = draw([_nobody(name, language) for name in names], today=self._today, seed=seed)
        self._roles = [
            Role(name, told[name], debtor, index) for index, (name, debtor) in enumerate(zip(names, drawn, strict=True))
        ]

    @property
    def _today(self) -> date:
        return self._at.astimezone(self._zone).date()

    async def run(self) -> dict[str, Any]:
        """Tell them; in the second half those who get a person, and the calls that were promised in the first."""
        settings = RehearsalSettings(
            at=self._at,
            language=self._language,
            region=self._people.region,
            policy=f"demo-{self._people.region.lower()}",
            seats=self._seats,
            people=int(any(role.story.people is not People.NONE for role in self._roles)),
            people_wait_s=PEOPLE_WAIT_S,
        )
        numbers = [*(role.debtor.number for role in self._roles), *(role.calls_from for role in self._roles)]
        first = [role for role in self._roles if role.story.people is not People.ANSWER]
        second = [role for role in self._roles if role not in first]
        again = [role for role in first if len(role.story.calls) > 1]
        async with Rehearsal(
            settings, list(dict.fromkeys(numbers)), self._home, self._paths, self._progress
        ) as rehearsal:
            rehearsal.on_report = self._reported
            await rehearsal.render_words([role.phone() for role in self._roles])
            people = await self._people_come(rehearsal, People.RING)
            await self._begin(rehearsal, first)
            await self._until(rehearsal, {role.name: 1 for role in first})
            if again:
                due = await asyncio.to_thread(self._due, rehearsal, again)
                self._progress(f"the clock is moved to {due.astimezone(self._zone):%H:%M}")
                await rehearsal.move_clock(due)
            if second:
                if people is not None:
                    await people.stop()
                await self._people_come(rehearsal, People.ANSWER)
                await self._begin(rehearsal, second)
            await self._until(rehearsal, {role.name: 2 for role in again} | {role.name: 1 for role in second})
            left = await rehearsal.channels_left()
            document = await asyncio.to_thread(self._judge, rehearsal)
        document["channels_left"] = left
        if left:
            document["problems"].append(f"{left} channels are left in Asterisk")
        return document

    def _reported(self, report: dict[str, Any]) -> None:
        if report["number"] == PERSON and report.get("seconds", 0.0) > SPOKE_S:
            self._saw.append(report["headers"])

    # --- telling ------------------------------------------------------------------------------------------------------

    async def _people_come(self, rehearsal: Rehearsal, how: People) -> Any:
        """Have somebody at the person's telephone; None when no story needs that."""
        if not any(role.story.people is how for role in self._roles):
            return None
        plan = PhonePlan(
            number=PERSON,
            steps=(Step(),),
            hello=PERSON_SAYS[self._language],
            ring_s=FOR_EVER_S if how is People.RING else 0.5,
            voice=debtor_voice(self._language, len(self._roles)),
        )
        return (await rehearsal.plug_in([plan]))[0]

    async def _begin(self, rehearsal: Rehearsal, roles: Sequence[Role]) -> None:
        await rehearsal.plug_in([role.phone() for role in roles])
        callers = [role for role in roles if role.story.begins == "calls"]
        await asyncio.to_thread(self._make_known, rehearsal, callers)
        called = [role.debtor.case for role in roles if role not in callers]
        if called:
            await asyncio.to_thread(rehearsal.enrol_cases, called)
        for role in callers:
            await rehearsal.call_us(role.calls_from)

    def _make_known(self, rehearsal: Rehearsal, callers: Sequence[Role]) -> None:
        """Cases that nobody calls for now; yesterday's calls left their offers open."""
        if not callers:
            return
        journal = rehearsal.records.journal
        set_state(journal, CAMPAIGN, CampaignState.PAUSED)
        taken = rehearsal.enrol_cases([role.debtor.case for role in callers])
        past = Past(journal, self._paths, [role.debtor.number for role in self._roles], days=1)
        for role, case_id in zip(callers, taken, strict=True):
            if role.story.left_open:
                said = [self._left_open(role, case_id)]
                past.call(case_id, said, CallEnded("CPC_NEG", True, False, True, 5.0, 60.0))
        with journal.transaction() as connection:
            connection.execute(
                sa.update(enrollment)
                .where(enrollment.c.case_id.in_(taken))
                .values(state=EnrollmentState.WAITING, next_at=journal.clock.now() + NOT_CALLED_FOR)
            )
        set_state(journal, CAMPAIGN, CampaignState.RUNNING)

    def _left_open(self, role: Role, case_id: uuid.UUID) -> OfferLeftOpen:
        policy, case = load_policy(policy_path(self._paths.dialplans, f"demo-{case_region(role)}")), role.debtor.case
        offer = negotiate(
            policy,
            case.debts,
            Ask(instalments=role.story.left_open),
            today=self._today - timedelta(days=1),
            business=BusinessCalendar(case.region, case.state),
        )
        payments = tuple(OfferedPayment(part.number, part.due, part.amount.minor) for part in offer.instalments)
        return OfferLeftOpen(
            case_id, offer.kind.value, offer.total.minor, offer.discount.minor, offer.total.currency, payments
        )

    async def _until(self, rehearsal: Rehearsal, ended: dict[str, int]) -> None:
        """Wait until each of these stories has had so many calls, and nobody is in one."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONGEST_S
        while True:
            rows = await asyncio.to_thread(rehearsal.calls)
            done = {
                role.name: [row for row in self._told(rows, role) if row["status"] == "ended"] for role in self._roles
            }
            if all(len(done[name]) >= count for name, count in ended.items()) and not _live(rows):
                return
            if loop.time() > deadline:
                late = [name for name, count in ended.items() if len(done[name]) < count]
                raise UnavailableError(f"{', '.join(late)}: no call ended within {LONGEST_S:.0f} s; see {self._home}")
            await asyncio.sleep(0.2)

    def _told(self, rows: Sequence[dict[str, Any]], role: Role) -> list[dict[str, Any]]:
        """The calls of the story itself: yesterday's left an offer open and ended long ago."""
        own = (role.debtor.number, role.calls_from)
        return [row for row in rows if row["number"] in own and row["t_start"] >= self._at]

    def _due(self, rehearsal: Rehearsal, again: Sequence[Role]) -> datetime:
        """When the last of the calls is due that these debtors were promised."""
        with rehearsal.records.db.read() as connection:
            open_now = all_callbacks(connection, rehearsal.records.journal.tenant_id, status=CallbackStatus.OPEN)
        due = {row["number"]: datetime.fromisoformat(row["due_at"]) for row in open_now}
        missing = [role.name for role in again if role.debtor.number not in due]
        if missing:
            raise UnavailableError(f"{', '.join(missing)}: no call was promised; see {self._home}")
        return max(due[role.debtor.number] for role in again)

    # --- judging ------------------------------------------------------------------------------------------------------

    def _judge(self, rehearsal: Rehearsal) -> dict[str, Any]:
        cdr = rehearsal.asterisk.cdr()
        rows, problems, documents = list(reversed(rehearsal.calls())), list[str](), list[dict[str, Any]]()
        for role in self._roles:
            own = self._told(rows, role)
            if len(own) != len(role.story.calls):
                problems.append(f"{role.name}: {len(own)} calls, not {len(role.story.calls)}")
            for number, row in enumerate(own[: len(role.story.calls)]):
                with rehearsal.records.db.read() as connection:
                    detail = call_detail(connection, row["id"])
                    events = read_events(connection, stream=("call", row["id"]), limit=10_000)
                    handed = hand_overs_of(connection, row["id"])
                found = self._wrong_with(role, number, row, events) + against_cdr(row, cdr, handed=bool(handed))
                problems += [f"{role.name}, call {number + 1} ({row['id']}): {problem}" for problem in found]
                documents.append(document_of(role.name, role.story.about, detail, events, handed))
        return {
            "at": self._at.isoformat(),
            "seed": self._seed,
            "summary": {"stories": len(self._roles), "calls": len(documents)},
            "problems": problems,
            "people_saw": self._saw,
            "calls": documents,
        }

    def _wrong_with(self, role: Role, number: int, row: dict[str, Any], events: Sequence[Event]) -> list[str]:
        call = role.story.calls[number]
        there = milestones(events)
        found = [f"no {wanted}" for wanted in call.wanted if wanted not in there]
        direction = "in" if role.story.begins == "calls" and number == 0 else "out"
        if str(row["direction"]) != direction:
            found.append(f"went {row['direction']}, not {direction}")
        if row["disposition"] not in call.ends:
            found.append(f"ended {row['disposition']}, not {' or '.join(call.ends)}")
        if call.due is not None:
            due = [datetime.fromisoformat(e.payload["due_at"]) for e in events if e.type == "callback.requested"]
            said = [f"{at.astimezone(self._zone):%H:%M}" for at in due]
            if said != [call.due]:
                found.append(f"a call was promised for {', '.join(said) or 'no time'}, not {call.due}")
        return found


def case_region(role: Role) -> str:
    """The region whose demonstration policy holds for it."""
    return people_of(role.debtor.persona.language).region.lower()


def _nobody(name: str, language: str) -> Persona:
    """A persona that only lends its name to a person who is drawn."""
    return Persona(name=name, language=language, disposition="")


def _live(rows: Sequence[dict[str, Any]]) -> bool:
    return any(row["status"] != "ended" for row in rows)
