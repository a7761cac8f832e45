"""The decision: stops first, then promises, permissions, quiet times, caps and hours; any doubt is a no."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from voiceagent.base.clock import require_aware
from voiceagent.base.errors import BadInputError
from voiceagent.compliance import constraints as rule
from voiceagent.compliance.constraints import Constraint, Verdict
from voiceagent.compliance.places import UnknownPlaceError, View, views_of
from voiceagent.compliance.request import Channel, ContactKind, Purpose, Request
from voiceagent.compliance.rules import RuleBook

#: Order of precedence; a stop not listed here is unknown and denies as `fail_closed`.
STOPS = (
    "deceased", "wrong_number", "cease", "opt_out", "attorney", "legal", "bankruptcy", "over_indebtedness",
    "superendividamento", "dispute", "paid",
)  # fmt: skip
_STAGES = frozenset({"preventive", "amicable", "dispute", "pre_legal", "legal", "closed"})
#: Outcomes of talks with somebody else than the person.
_OTHERS = frozenset({"WN", "3P", "3PM", "HUP", "SIL", "VM", "ERR", None})
_VOICE_STAGES = frozenset({"preventive", "amicable"})
#: A clock further off than this, or a history from the future, makes every hour doubtful.
MAX_SKEW_S = 60.0
_MAX_STEPS = 5000


@dataclass(frozen=True, slots=True)
class Decision:
    """The answer, with what proves it later."""

    allow: bool
    rules: tuple[str, ...]
    """Ids of the rules that deny, of the highest precedence only; empty when allowed."""
    retry_at: datetime | None
    """The earliest lawful instant, on the person's clock; None when allowed, or never as things stand."""
    inputs_hash: str
    rule_version: str
    must_end_by: datetime | None = None
    """When allowed: the window closes then."""
    detail: str = ""
    """One line for people."""

    @property
    def alert(self) -> bool:
        """Denied because something is broken, not because the law says so: people must look."""
        return "fail_closed" in self.rules

    def to_json(self) -> dict[str, Any]:
        """The `comply` answer (without its id)."""
        retry = None if self.retry_at is None else self.retry_at.isoformat()
        return {"allow": self.allow, "rules": list(self.rules), "retry_at": retry}


def decide(request: Request, rules: RuleBook | None) -> Decision:
    """Whether the contact may be made at `request.at`. Pure: equal inputs give equal answers. Never raises.

    `rules` None says that they could not be read.
    """
    try:
        inputs_hash = request.inputs_hash()
    except Exception as error:
        return _closed(f"{type(error).__name__} while reading the request: {error}", "", rules)
    try:
        return _decide(request, rules, inputs_hash)
    except UnknownPlaceError as error:
        return _closed(str(error), inputs_hash, rules)
    except Exception as error:
        # Whatever went wrong, the safe answer is no; `alert` and `detail` make people look.
        return _closed(f"{type(error).__name__}: {error}", inputs_hash, rules)


def _closed(detail: str, inputs_hash: str, rules: RuleBook | None) -> Decision:
    return Decision(False, ("fail_closed",), None, inputs_hash, rules.version if rules else "", detail=detail)


def _decide(request: Request, rules: RuleBook | None, inputs_hash: str) -> Decision:
    if rules is None:
        return _closed("the rule files could not be read", inputs_hash, None)
    at = require_aware(request.at)
    latest = max((contact.at for contact in request.history), default=at)
    if request.clock_skew_s > MAX_SKEW_S or latest > at + timedelta(seconds=MAX_SKEW_S):
        return _closed("the clock is off: the history lies in the future or the skew is known", inputs_hash, rules)
    request = replace(request, at=at)
    views = views_of(request, rules)
    stages = [*_never(request, views), *_timed(request, views)]
    denied = _first_denial(stages, at)
    if denied is None:
        end = _end(request, views, at)
        return Decision(True, (), None, inputs_hash, rules.version, end and end.astimezone(views[0].zone))
    retry = _retry([constraint for stage in stages for constraint in stage], at, views[0])
    quoted = tuple(dict.fromkeys(name for verdict in denied for name in verdict.rules))
    return Decision(False, quoted, retry, inputs_hash, rules.version, detail=denied[0].why)


def _first_denial(stages: list[list[Constraint]], at: datetime) -> list[Verdict] | None:
    for stage in stages:
        verdicts = [verdict for constraint in stage if (verdict := constraint(at)) is not None]
        if verdicts:
            return verdicts
    return None


def _retry(all_of_them: list[Constraint], at: datetime, view: View) -> datetime | None:
    """The earliest lawful instant on the person's clock; None: never, or beyond what any calendar knows."""
    try:
        until = _earliest(all_of_them, at)
        return None if until is None else until.astimezone(view.zone)
    except (BadInputError, OverflowError):
        # The denial stands whether or not a day can be named for its end (a cool-off until the year 9999).
        return None


def _earliest(all_of_them: list[Constraint], at: datetime) -> datetime | None:
    """The first instant at which no constraint objects: each objection moves time on until none is left."""
    steps, moved = 0, True
    while moved:
        moved = False
        for constraint in all_of_them:
            steps += 1
            verdict = constraint(at)
            if verdict is None:
                continue
            if verdict.until is None or verdict.until <= at or steps > _MAX_STEPS:
                return None
            at, moved = verdict.until, True
    return at


def _constant(verdict: Verdict) -> Constraint:
    return lambda at: verdict


def _never(request: Request, views: tuple[View, ...]) -> Iterator[list[Constraint]]:
    """What no waiting cures."""
    case = request.case
    day = rule.local_day(request.at, views[0].zone)
    stops = (*case.stops, "wrong_number") if _said_to_be_wrong(request) else case.stops
    for stop in sorted(dict.fromkeys(stops), key=lambda name: STOPS.index(name) if name in STOPS else -1):
        labels = [
            label
            for view in views
            for term in rule.terms_of(view, "stop_rules", day)
            for label in term.value.get(stop, ())
        ]
        quoted = (stop, *dict.fromkeys(labels)) if stop in STOPS else ("fail_closed", *filter(None, (stop,)))
        yield [_constant(Verdict(None, quoted, f"stopped: {stop}"))]
    if case.stage not in _STAGES:
        yield [_constant(Verdict(None, ("fail_closed",), f"unknown stage {case.stage}"))]
    elif case.stage in ("dispute", "legal", "closed"):
        yield [_constant(Verdict(None, (case.stage,), f"the case is in stage {case.stage}"))]
    elif request.channel is Channel.VOICE and case.stage not in _VOICE_STAGES:
        yield [_constant(Verdict(None, (case.stage,), f"no calls in stage {case.stage}"))]


def _said_to_be_wrong(request: Request) -> bool:
    """Somebody at this number said that the person is not to be reached there, and the person was not since."""
    told = [c for c in request.history if c.number is not None and c.number == request.number]
    wrong = max((c.at for c in told if c.outcome == "WN"), default=None)
    return wrong is not None and not any(
        c.at > wrong and c.kind is ContactKind.CONVERSATION and c.outcome not in _OTHERS for c in told
    )


def _timed(request: Request, views: tuple[View, ...]) -> Iterator[list[Constraint]]:
    """What depends on the instant, in order of precedence."""
    case, voice = request.case, request.channel is Channel.VOICE
    past = {zone: rule.Past(request, zone) for zone in dict.fromkeys(view.zone for view in views)}
    if case.open_promise_due is not None:
        yield [rule.open_promise(request, view, past[view.zone]) for view in views]
    yield [_preventive(request, views[0])]
    if voice and case.days_overdue is not None:
        yield [_age(request, view) for view in views]
    yield [_consent(request, view) for view in views]
    waits = [
        (case.debtor_asked_for if request.purpose is Purpose.CALLBACK else None, "callback_early"),
        (case.cooloff_until, "cooloff"),
    ]
    yield [_not_before(until, name, request, views) for until, name in waits if until is not None]
    yield [rule.after_conversation(request, view, past[view.zone]) for view in views]
    yield [rule.one_channel(request, view, past[view.zone]) for view in views]
    # Caps are of one rank: a denial quotes the law's beside the house's.
    yield [cap for view in views for cap in _caps(request, view, past[view.zone])]
    if request.softer is not None:
        yield [rule.softer(request, view, past[view.zone]) for view in views]
    yield [rule.window(request, view) for view in views]


def _caps(request: Request, view: View, past: rule.Past) -> Iterator[Constraint]:
    if request.channel is Channel.VOICE:
        yield rule.cap(request, view, "dials_per_day", past.dials)
        yield rule.cap(request, view, "dials_per_week", past.dials)
    else:
        yield rule.message_gap(request, view, past)
        yield rule.cap(request, view, "messages_per_week", past.messages)
    yield rule.cap(request, view, "contacts_per_day", past.contacts)


def _not_before(until: datetime, name: str, request: Request, views: tuple[View, ...]) -> Constraint:
    def check(at: datetime) -> Verdict | None:
        if at >= until or (name == "cooloff" and all(rule.asked(request, view, at) for view in views)):
            return None
        return Verdict(until.astimezone(UTC), (name,), f"not before {until.isoformat()}")

    return check


def _preventive(request: Request, view: View) -> Constraint:
    """A debt that is not yet due may only be reminded of."""
    overdue = request.case.days_overdue
    today = rule.local_day(request.at, view.zone)

    def check(at: datetime) -> Verdict | None:
        if request.purpose is Purpose.REMINDER:
            return None
        if overdue is None:
            late = request.case.stage != "preventive"
            return None if late else Verdict(None, ("preventive",), "not yet due: a reminder only")
        due = today - timedelta(days=overdue)
        if rule.local_day(at, view.zone) >= due:
            return None
        return Verdict(rule.midnight(due, view.zone), ("preventive",), f"due on {due}: until then a reminder only")

    return check


def _age(request: Request, view: View) -> Constraint:
    overdue = request.case.days_overdue
    assert overdue is not None
    today = rule.local_day(request.at, view.zone)

    def check(at: datetime) -> Verdict | None:
        day = rule.local_day(at, view.zone)
        for term in rule.terms_of(view, "voice_debt_age", day):
            bound = not term.value.signatories_only or request.sarb_signatory is not False
            if bound and overdue + (day - today).days > term.value.days:
                return Verdict(None, (term.rule,), f"overdue for more than {term.value.days} days: no calls")
        return None

    return check


def _consent(request: Request, view: View) -> Constraint:
    def check(at: datetime) -> Verdict | None:
        name = "voice_consent" if request.channel is Channel.VOICE else "message_consent"
        given = request.consent
        ok = any(c.channel is request.channel and c.at <= at and c.source for c in given or ())
        for term in rule.terms_of(view, name, rule.local_day(at, view.zone)):
            if term.value == "required" and not ok:
                return Verdict(None, (term.rule,), f"no proof of consent for {request.channel}")
            if term.value == "listed" and given is not None and not ok:
                return Verdict(None, (term.rule,), f"{request.channel} is not among the channels the person authorised")
        return None

    return check


def _end(request: Request, views: tuple[View, ...], at: datetime) -> datetime | None:
    """The instant at which the first window closes."""
    ends = []
    for view in views:
        if rule.named_hour(request, view, at) and request.case.debtor_asked_for is not None:
            ends.append(request.case.debtor_asked_for + rule.NAMED_HOUR)
            continue
        span, _ = rule.open_span(view, rule.local_day(at, view.zone))
        if span is not None:
            ends.append(span[1])
    return min(ends, default=None)
