"""The kinds of value that a rule can have: windows, caps, blocks; parsed strictly from the jurisdictions' data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

MINUTES_OF_DAY = 24 * 60
_SPAN = re.compile(r"([01]\d|2[0-4]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)")

#: (first, last) minute of the local day, last excluded; None: closed.
Span = tuple[int, int] | None


def overlap(one: Span, other: Span) -> Span:
    """The minutes that are in both; None when there are none."""
    if one is None or other is None:
        return None
    first, last = max(one[0], other[0]), min(one[1], other[1])
    return (first, last) if first < last else None


@dataclass(frozen=True, slots=True)
class Window:
    """Lawful local hours by kind of day; a holiday's hours win over the weekday's."""

    weekday: Span
    saturday: Span
    sunday: Span
    holiday: Span

    def of(self, weekday: int, holiday: bool) -> Span:
        """The hours of a day; `weekday` counts from Monday = 0."""
        ordinary = self.weekday if weekday < 5 else self.saturday if weekday == 5 else self.sunday
        # A holiday never opens hours that the plain weekday keeps closed.
        return overlap(ordinary, self.holiday) if holiday else ordinary


@dataclass(frozen=True, slots=True)
class Cap:
    """At most `count` contacts in `days` calendar days (today is one of them)."""

    count: int
    days: int
    per_debt: bool = False
    """Counted for each debt alone; otherwise for the person over all debts."""
    not_counted: frozenset[str] = frozenset()
    """Outcomes that the law does not count (a call that never connected)."""
    consent_exempt: bool = False
    """Calls that the debtor asked for are neither counted nor stopped."""


@dataclass(frozen=True, slots=True)
class Block:
    """After a conversation nothing for `days` calendar days; the day of the talk is the first."""

    days: int
    any_channel: bool = False
    per_debt: bool = False


@dataclass(frozen=True, slots=True)
class MessageGap:
    """Whole days without a message that must lie between two messages (0: next day is enough)."""

    clear_days: int


@dataclass(frozen=True, slots=True)
class Callback:
    """What a debtor's wish to be called is worth."""

    valid_days: int
    """For so many days, the one on which he said so being the first."""
    may_name_hour: bool = False
    """An hour outside the window is lawful when the debtor named it."""


@dataclass(frozen=True, slots=True)
class DebtAge:
    """Debts overdue for longer than `days` are not collected by voice."""

    days: int
    signatories_only: bool = False
    """Only creditors that signed are bound; one that did not say counts as signed."""


@dataclass(frozen=True, slots=True)
class Reminder:
    """An open promise allows one reminder, from `days_before` its date on; after `grace_days` it is broken."""

    days_before: int
    grace_days: int = 0


def _mapping(value: Any, required: set[str], optional: set[str]) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("must be a mapping")
    unknown, missing = set(value) - required - optional, required - set(value)
    if unknown or missing:
        raise ValueError(f"needs {sorted(required)}, may have {sorted(optional)}; got {sorted(value)}")
    return value


def _count(value: Any) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"must be a whole number, 0 or more, not {value!r}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"must be true or false, not {value!r}")
    return value


def _span(value: Any) -> Span:
    if value is None:
        return None
    match = _SPAN.fullmatch(str(value))
    if match is None:
        raise ValueError(f"hours must be written like '08:00-20:00', not {value!r}")
    first, last = int(match[1]) * 60 + int(match[2]), int(match[3]) * 60 + int(match[4])
    if not first < last <= MINUTES_OF_DAY:
        raise ValueError(f"hours must end after they begin, within a day: {value!r}")
    return first, last


def parse_window(value: Any) -> Window:
    """From {mon-fri, sat, sun, holiday}: hours or null."""
    data = _mapping(value, {"mon-fri", "sat", "sun", "holiday"}, set())
    return Window(*(_span(data[key]) for key in ("mon-fri", "sat", "sun", "holiday")))


def parse_cap(value: Any) -> Cap:
    """From {count, days, scope: person|debt, not_counted?, consent_exempt?}."""
    data = _mapping(value, {"count", "days", "scope"}, {"not_counted", "consent_exempt"})
    if data["scope"] not in ("person", "debt"):
        raise ValueError(f"scope is person or debt, not {data['scope']!r}")
    days = _count(data["days"])
    if not 1 <= days <= 366:
        raise ValueError("days must be 1 to 366")
    return Cap(
        _count(data["count"]),
        days,
        per_debt=data["scope"] == "debt",
        not_counted=frozenset(str(outcome) for outcome in data.get("not_counted") or ()),
        consent_exempt=_flag(data.get("consent_exempt", False)),
    )


def parse_block(value: Any) -> Block:
    """From {days, channels: voice|any, scope: person|debt}."""
    data = _mapping(value, {"days", "channels", "scope"}, set())
    if data["channels"] not in ("voice", "any") or data["scope"] not in ("person", "debt"):
        raise ValueError("channels is voice or any, scope is person or debt")
    return Block(_count(data["days"]), data["channels"] == "any", data["scope"] == "debt")


def _consent(value: Any) -> str:
    if value not in ("required", "listed", "notice"):
        raise ValueError(f"consent is required, listed or notice, not {value!r}")
    return str(value)


def _labels(value: Any) -> Mapping[str, tuple[str, ...]]:
    if not isinstance(value, dict) or not all(isinstance(v, list) for v in value.values()):
        raise ValueError("must map a stop to a list of rule ids")
    return {str(stop): tuple(map(str, rules)) for stop, rules in value.items()}


def _zones(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(zone, str) for zone in value):
        raise ValueError("must be a list of IANA zones")
    return tuple(value)


def _free(value: Any) -> Any:
    if not isinstance(value, bool | int | str):
        raise ValueError("a duty's value is a flag, a number or a text")
    return value


def _callback(value: Any) -> Callback:
    data = _mapping(value, {"valid_days", "may_name_hour"}, set())
    return Callback(_count(data["valid_days"]), _flag(data["may_name_hour"]))


def _debt_age(value: Any) -> DebtAge:
    data = _mapping(value, {"days", "signatories_only"}, set())
    return DebtAge(_count(data["days"]), _flag(data["signatories_only"]))


def _reminder(value: Any) -> Reminder:
    data = _mapping(value, {"days_before", "grace_days"}, set())
    return Reminder(_count(data["days_before"]), _count(data["grace_days"]))


def _gap(value: Any) -> MessageGap:
    return MessageGap(_count(_mapping(value, {"clear_days"}, set())["clear_days"]))


#: Every parameter a jurisdiction may set, and how its value is read. `duty.*` values are for scripts and people.
PARSERS: dict[str, Callable[[Any], Any]] = {
    "window": parse_window,
    "dials_per_day": parse_cap,
    "dials_per_week": parse_cap,
    "contacts_per_day": parse_cap,
    "messages_per_week": parse_cap,
    "message_gap": _gap,
    "after_conversation": parse_block,
    "one_channel_days": _count,
    "voice_consent": _consent,
    "message_consent": _consent,
    "voice_debt_age": _debt_age,
    "callback": _callback,
    "promise_reminder": _reminder,
    "stop_rules": _labels,
    "zones": _zones,
    "unlikely_zones": _zones,
}


def parse(name: str, value: Any) -> Any:
    """The typed value of the parameter `name`; ValueError says what is wrong with it."""
    if name.startswith("duty."):
        return _free(value)
    parser = PARSERS.get(name)
    if parser is None:
        raise ValueError(f"no such parameter; one of {', '.join(sorted(PARSERS))} or duty.*")
    return parser(value)
