"""One rule at a time: each constraint says from when on, at the earliest, it no longer stands in the way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from voiceagent.compliance.places import View
from voiceagent.compliance.request import Channel, ContactKind, Purpose, Request
from voiceagent.compliance.rules import Term
from voiceagent.compliance.terms import Block, Callback, Cap, MessageGap, Reminder, Span, overlap

#: Longest run of days without lawful hours that is searched before "never".
_SEARCH_DAYS = 60
#: How long after the hour that the debtor named a call still is the one he asked for.
NAMED_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)
_NO_CALLBACK = Callback(0)
_REMINDER = Reminder(1)


@dataclass(frozen=True, slots=True)
class Verdict:
    """`until`: the earliest instant (UTC) at which the rule is silent; None: never as things stand."""

    until: datetime | None
    rules: tuple[str, ...]
    why: str


class Past:
    """The history as days on one clock, read once for all constraints."""

    __slots__ = ("contacts", "dials", "messages", "talks", "used")

    def __init__(self, request: Request, zone: ZoneInfo) -> None:
        debt, voice = request.debt, Channel.VOICE
        history = [contact for contact in request.history if contact.kind is not ContactKind.CALLBACK_ASKED]
        days = [contact.at.astimezone(zone).date() for contact in history]
        # A contact whose debt nobody noted counts for every debt.
        same = [debt is None or contact.debt is None or contact.debt == debt for contact in history]
        noted = list(zip(history, days, same, strict=True))
        self.used = [(day, contact.channel) for contact, day, _ in noted]
        """(day, channel) of everything that reached out."""
        self.talks = [(day, own) for contact, day, own in noted if contact.kind is ContactKind.CONVERSATION]
        """(day, same debt) of conversations."""
        # Noted as attempt and as conversation, a dial still is one dial.
        calls = {(c.at, c.number): (day, c.outcome, own) for c, day, own in noted if c.channel is voice}
        self.dials = list(calls.values())
        """(day, outcome, same debt)"""
        self.messages = [(day, c.outcome, own) for c, day, own in noted if c.channel is not voice]
        """(day, outcome, same debt)"""
        self.contacts = [*self.dials, *self.messages]
        """(day, outcome, same debt)"""


#: None: no objection at that instant.
Constraint = Callable[[datetime], Verdict | None]


@lru_cache(maxsize=16384)
def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The first instant of a local day, in UTC."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def local_day(at: datetime, zone: ZoneInfo) -> date:
    """The date on the person's wall."""
    return at.astimezone(zone).date()


def terms_of(view: View, name: str, day: date) -> Iterator[Term]:
    """The terms called `name` of the view's state and country."""
    for jurisdiction in view.chain:
        term = jurisdiction.term(name, day)
        if term is not None:
            yield term


def first_term(view: View, name: str, day: date) -> Term | None:
    """The narrowest jurisdiction's term."""
    return next(terms_of(view, name, day), None)


@lru_cache(maxsize=16384)
def _span(minutes: tuple[int, int], day: date, zone: ZoneInfo) -> tuple[datetime, datetime]:
    def at(minute: int) -> datetime:
        if minute == 24 * 60:
            return midnight(day + _DAY, zone)
        return datetime.combine(day, time(minute // 60, minute % 60), tzinfo=zone).astimezone(UTC)

    return at(minutes[0]), at(minutes[1])


def open_span(view: View, day: date) -> tuple[tuple[datetime, datetime] | None, tuple[str, ...]]:
    """The lawful hours of a local day in UTC, and the rules that close it when there are none."""
    span: Span = (0, 24 * 60)
    closed: list[str] = []
    holiday = view.is_closed(day)
    for jurisdiction in view.chain:
        term = jurisdiction.term("window", day)
        if term is None:
            if jurisdiction.state is None:
                return None, ("fail_closed",)
            continue
        minutes = term.value.of(day.weekday(), holiday)
        if minutes is None:
            closed.append(term.rule)
        else:
            span = overlap(span, minutes)
    if closed:
        return None, (closed[0],)
    return (_span(span, day, view.zone), ()) if span is not None else (None, ("fail_closed",))


def _window_rules(view: View, at: datetime, guard: timedelta) -> tuple[str, ...]:
    """The narrowest jurisdiction whose own hours exclude `at`."""
    day = local_day(at, view.zone)
    holiday = view.is_closed(day)
    for jurisdiction in view.chain:
        term = jurisdiction.term("window", day)
        if term is None:
            continue
        minutes = term.value.of(day.weekday(), holiday)
        if minutes is None:
            return (term.rule,)
        first, last = _span(minutes, day, view.zone)
        if not (first <= at < last and at + guard <= last):
            return (term.rule,)
    return ("fail_closed",)


def window(request: Request, view: View) -> Constraint:
    """The hours of the person's day."""
    guard = timedelta(seconds=request.guard_s)

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        if named_hour(request, view, at):
            return None
        span, _ = open_span(view, day)
        if span is not None and span[0] <= at < span[1] and at + guard <= span[1]:
            return None
        rules = _window_rules(view, at, guard)
        for _ in range(_SEARCH_DAYS):
            span, _ = open_span(view, day)
            if span is not None and span[0] > at and span[0] + guard <= span[1]:
                return Verdict(span[0], rules, "outside the lawful hours")
            day += _DAY
        return Verdict(None, rules, "no lawful hours in sight")

    return check


def asked(request: Request, view: View, at: datetime) -> bool:
    """Whether the debtor himself asked for this call, recently enough for the law of the place."""
    if request.purpose is not Purpose.CALLBACK:
        return False
    wishes = [c.at for c in request.history if c.kind is ContactKind.CALLBACK_ASKED and c.at <= at]
    named = request.case.debtor_asked_for
    wish = max(wishes) if wishes else named
    if wish is None:
        return False
    term = first_term(view, "callback", local_day(at, view.zone))
    terms: Callback = _NO_CALLBACK if term is None else term.value
    # The day on which he asked is day 1.
    return (local_day(at, view.zone) - local_day(wish, view.zone)).days < terms.valid_days


def named_hour(request: Request, view: View, at: datetime) -> bool:
    """Whether `at` is the hour that the debtor named, in a place whose law lets him widen the window."""
    named = request.case.debtor_asked_for
    if named is None or not named <= at < named + NAMED_HOUR or not asked(request, view, at):
        return False
    day = local_day(at, view.zone)
    found = list(terms_of(view, "callback", day))
    return bool(found) and all(term.value.may_name_hour for term in found)


def cap(request: Request, view: View, name: str, noted: list[tuple[date, str | None, bool]]) -> Constraint:
    """At most so many of `noted` (day, outcome, same debt) in so many days."""

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        for term in terms_of(view, name, day):
            limit: Cap = term.value
            if limit.consent_exempt and asked(request, view, at):
                continue
            since = day - timedelta(days=limit.days)
            counted = [one for one in noted if since < one[0] <= day and one[1] not in limit.not_counted]
            used = sum(same for _, _, same in counted) if limit.per_debt else len(counted)
            if used >= limit.count:
                why = f"{used} of at most {limit.count} in {limit.days} days are used"
                return Verdict(midnight(day + _DAY, view.zone) if limit.count else None, (term.rule,), why)
        return None

    return check


def softer(request: Request, view: View, past: Past) -> Constraint:
    """The house's own bounds for this person; a call the debtor asked for is none of the house's insistence."""
    bounds = request.softer
    latest = max((c.at for c in request.history if c.kind is not ContactKind.CALLBACK_ASKED), default=None)

    def check(at: datetime) -> Verdict | None:
        if bounds is None or asked(request, view, at):
            return None
        day = local_day(at, view.zone)
        for most, days in ((bounds.per_day, 1), (bounds.per_week, 7)):
            used = sum(day - timedelta(days=days) < one[0] <= day for one in past.contacts)
            if most is not None and used >= most:
                until = midnight(day + _DAY, view.zone) if most else None
                return Verdict(until, ("policy.intensity",), f"{used} of at most {most} in {days} days are used")
        if bounds.gap_hours and latest is not None and at < latest + timedelta(hours=bounds.gap_hours):
            until = (latest + timedelta(hours=bounds.gap_hours)).astimezone(UTC)
            return Verdict(until, ("policy.intensity",), f"less than {bounds.gap_hours} hours after the last contact")
        return None

    return check


def after_conversation(request: Request, view: View, past: Past) -> Constraint:
    """Quiet after a talk; the day of the talk is day 1."""

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        for term in terms_of(view, "after_conversation", day):
            block: Block = term.value
            if not (block.any_channel or request.channel is Channel.VOICE):
                continue
            free = [
                talk + timedelta(days=block.days)
                for talk, same in past.talks
                if (same or not block.per_debt) and talk <= day < talk + timedelta(days=block.days)
            ]
            if free and not asked(request, view, at):
                return Verdict(midnight(max(free), view.zone), (term.rule,), "too soon after a conversation")
        return None

    return check


def one_channel(request: Request, view: View, past: Past) -> Constraint:
    """No second channel within the days that follow the use of another one."""
    others = [day for day, channel in past.used if channel is not request.channel]

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        for term in terms_of(view, "one_channel_days", day):
            free = [d + timedelta(days=term.value) for d in others if d <= day < d + timedelta(days=term.value)]
            if free:
                return Verdict(midnight(max(free), view.zone), (term.rule,), "another channel was used this week")
        return None

    return check


def message_gap(request: Request, view: View, past: Past) -> Constraint:
    """Days without a message between two messages."""
    sent = [day for day, _, _ in past.messages]

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        for term in terms_of(view, "message_gap", day):
            gap: MessageGap = term.value
            step = timedelta(days=gap.clear_days + 1)
            free = [d + step for d in sent if d <= day < d + step]
            if free:
                return Verdict(midnight(max(free), view.zone), (term.rule,), "too soon after the last message")
        return None

    return check


def open_promise(request: Request, view: View, past: Past) -> Constraint:
    """While a promise is open only its reminder is allowed: one, from the last open day before its date to the date."""
    due = request.case.open_promise_due
    assert due is not None

    def check(at: datetime) -> Verdict | None:
        day = local_day(at, view.zone)
        term = first_term(view, "promise_reminder", day)
        terms: Reminder = _REMINDER if term is None else term.value
        if request.purpose is not Purpose.REMINDER:
            broken = due + timedelta(days=terms.grace_days + 1)
            if day >= broken:
                return None
            return Verdict(midnight(broken, view.zone), ("open_promise",), f"a promise is open until {due}")
        first = due - timedelta(days=terms.days_before)
        for _ in range(_SEARCH_DAYS):
            if open_span(view, first)[0] is not None:
                break
            first -= _DAY
        if day > due:
            return Verdict(None, ("open_promise",), "the promised date has passed: nothing to remind of")
        if any(first <= d <= due for d, _ in past.used):
            return Verdict(None, ("open_promise", "reminder_done"), "this promise was already reminded of")
        if day < first:
            return Verdict(midnight(first, view.zone), ("open_promise",), f"the reminder is due from {first}")
        return None

    return check
