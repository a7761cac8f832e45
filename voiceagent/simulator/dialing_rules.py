"""A second opinion on a campaign: reads the journal alone, with the rules written again and not by the dialer's code.

It knows the Brazilian rules of the shipped policy: hours by state, calls a day and a week, quiet after talks, stops.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from voiceagent.calendars.holidays import is_holiday
from voiceagent.cases.newcomers import ids_of
from voiceagent.journal.envelope import Event
from voiceagent.journal.journal import all_events

#: Clocks of the states that are simulated; those not named are São Paulo's.
ZONES = {"AM": ZoneInfo("America/Manaus"), "AC": ZoneInfo("America/Rio_Branco")}
_HOME = ZoneInfo("America/Sao_Paulo")
TALKED = {"CPC_NEG", "PTP", "NOMON", "REF", "CB", "PAID", "DISP", "LEG", "CEASE", "ABU", "XFER"}
QUIET_DAYS = {"NOMON": 10, "REF": 7, "ABU": 7, "CPC_NEG": 2}
PER_DAY, PER_WEEK, PER_CAMPAIGN = 3, 12, 12


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule that a call broke."""

    rule: str
    call: str
    what: str


@dataclass(slots=True)
class _Person:
    state: str = ""
    live: str | None = None
    days: list[date] = field(default_factory=list)
    """Of each call, on the person's clock."""
    talks: list[tuple[datetime, str]] = field(default_factory=list)
    stopped: str = ""
    bad_phones: set[str] = field(default_factory=set)
    promises: list[tuple[datetime, date]] = field(default_factory=list)
    asked: dict[str, datetime] = field(default_factory=dict)
    """Promised calls by id, with their instants."""
    of_campaign: dict[str, int] = field(default_factory=lambda: defaultdict(int))


def judge(connection: sa.Connection) -> list[Breach]:
    """Every breach in the whole journal, in order."""
    judged = _Judge()
    for events in all_events(connection):
        for event in events:
            judged.breaches += judged.take(event)
    for call in judged.calls:
        judged.breaches.append(Breach("lost", call, "a call that nobody ended"))
    return judged.breaches


class _Judge:
    def __init__(self) -> None:
        self.people: dict[str, _Person] = defaultdict(_Person)
        self.case_person: dict[str, str] = {}
        self.calls: dict[str, dict[str, Any]] = {}
        self.ended: set[str] = set()
        self.phones_live: dict[str, str] = {}
        self.allowed: set[str] = set()
        self.breaches: list[Breach] = []

    def take(self, event: Event) -> Iterator[Breach]:
        """The breaches that this event is."""
        said, at = event.payload, event.at_utc
        if event.type == "case.imported":
            self.case_person[said["case_id"]] = said["person_id"]
            if said.get("person"):
                self.people[said["person_id"]].state = said["person"].get("state") or ""
        elif event.type == "people.imported":
            for ids, state in zip(ids_of(said), said["people"]["state"], strict=True):
                self.case_person[ids.case] = ids.person
                self.people[ids.person].state = state or ""
        elif event.type == "compliance.decided" and said["allow"]:
            self.allowed.add(said["decision_id"])
        elif event.type == "call.attempted":
            yield from self._begun(str(event.stream_id), said, at)
        elif event.type == "call.ended":
            yield from self._ended(str(event.stream_id), said["disposition"], at)
        elif event.type == "callback.requested" and said["person_id"]:
            person = self.people[said["person_id"]]
            person.asked[said["callback_id"]] = datetime.fromisoformat(said["due_at"])
        elif event.type == "promise.made":
            due = min(date.fromisoformat(part["due"]) for part in said["instalments"])
            self.people[self.case_person[said["case_id"]]].promises.append((at, due))
        elif event.type == "optout.recorded" and said["person_id"]:
            self.people[said["person_id"]].stopped = "optout"

    def _begun(self, call: str, said: dict[str, Any], at: datetime) -> Iterator[Breach]:
        person, phone = self.people[said["person_id"]], said["phone_id"]
        local = at.astimezone(ZONES.get(person.state, _HOME))
        callback = said["purpose"] == "callback"
        if said["decision_id"] not in self.allowed:
            yield Breach("decision", call, "no decision that allows it")
        if person.live is not None:
            yield Breach("twice at once", call, f"the person is in call {person.live}")
        if phone in self.phones_live:
            yield Breach("twice at once", call, "the number is in another call")
        if not _open(person.state, local):
            yield Breach("hours", call, f"{local.isoformat()} in {person.state or '?'}")
        if person.days.count(local.date()) >= PER_DAY:
            yield Breach("calls a day", call, local.date().isoformat())
        if sum(day > local.date() - timedelta(days=7) for day in person.days) >= PER_WEEK:
            yield Breach("calls a week", call, local.date().isoformat())
        if person.stopped:
            yield Breach("stopped", call, person.stopped)
        if phone in person.bad_phones:
            yield Breach("bad number", call, "the number was wrong or does not exist")
        for when, outcome in person.talks:
            quiet = timedelta(days=QUIET_DAYS.get(outcome, 0))
            same_day = when.astimezone(local.tzinfo).date() == local.date()
            if not callback and (at < when + quiet or same_day):
                yield Breach("quiet", call, f"{outcome} on {when.isoformat()}")
        for when, due in person.promises:
            if when < at and local.date() <= due and said["purpose"] != "reminder":
                yield Breach("open promise", call, f"due {due}")
        if callback and at < person.asked.get(said["callback_id"], at):
            yield Breach("early callback", call, str(person.asked[said["callback_id"]]))
        person.of_campaign[said["campaign_id"] or ""] += 1
        if person.of_campaign[said["campaign_id"] or ""] > PER_CAMPAIGN:
            yield Breach("calls of a campaign", call, "more than its cap")
        person.live, self.phones_live[phone] = call, call
        person.days.append(local.date())
        self.calls[call] = said

    def _ended(self, call: str, disposition: str, at: datetime) -> Iterator[Breach]:
        if call in self.ended:
            yield Breach("ended twice", call, disposition)
            return
        self.ended.add(call)
        said = self.calls.pop(call)
        person = self.people[said["person_id"]]
        person.live = None
        self.phones_live.pop(said["phone_id"], None)
        if disposition in TALKED:
            person.talks.append((at, disposition))
        if disposition in ("DEC", "CEASE"):
            person.stopped = disposition
        if disposition in ("WN", "DC"):
            person.bad_phones.add(said["phone_id"])


def _open(state: str, local: datetime) -> bool:
    """Hours of the shipped Brazilian policy; states that have others are those simulated."""
    day, hour = local.weekday(), local.hour
    if day == 6 or is_holiday(local.date(), "BR", state or None):
        return False
    if state == "RJ":
        return day < 5 and 9 <= hour < 19
    return 8 <= hour < (14 if day == 5 else 20)
