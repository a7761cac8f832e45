"""What is asked of the law: one contact, with everything a decision may depend on, and nothing else."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar

from voiceagent.base.clock import require_aware
from voiceagent.base.errors import BadInputError

_E = TypeVar("_E", bound=StrEnum)
#: What people put between a number's digits.
_SPACING = re.compile(r"[\s().\u2010-\u2015/-]+")


class Channel(StrEnum):
    """How a person is contacted."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"


class Purpose(StrEnum):
    """Why: to collect, to remind of a date not yet passed, or because the debtor asked to be called."""

    COLLECTION = "collection"
    REMINDER = "reminder"
    CALLBACK = "callback"


class ContactKind(StrEnum):
    """What a past contact was. An attempt is a dial; a conversation is a dial in which a person talked with us."""

    ATTEMPT = "attempt"
    CONVERSATION = "conversation"
    MESSAGE = "message"
    CALLBACK_ASKED = "callback_asked"


@dataclass(frozen=True, slots=True)
class Contact:
    """One line of the person's history, over all campaigns, creditors and numbers."""

    at: datetime
    channel: Channel
    kind: ContactKind
    number: str | None = None
    debt: str | None = None
    outcome: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Permission given by the debtor for a channel, with where it came from (the proof)."""

    channel: Channel
    at: datetime
    source: str


@dataclass(frozen=True, slots=True)
class CaseFacts:
    """The state of the case, the person and the number that bears on contact."""

    stage: str = "amicable"
    """preventive, amicable, dispute, pre_legal, legal, closed."""
    days_overdue: int | None = None
    """Negative before the due date."""
    stops: tuple[str, ...] = ()
    open_promise_due: date | None = None
    cooloff_until: datetime | None = None
    debtor_asked_for: datetime | None = None
    """The instant the debtor named for a call back."""


@dataclass(frozen=True, slots=True)
class Softer:
    """The house's own bounds for this person, below the law's: they can only take away."""

    per_day: int | None = None
    per_week: int | None = None
    gap_hours: int | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """One contact that somebody would like to make at `at`."""

    at: datetime
    channel: Channel
    purpose: Purpose = Purpose.COLLECTION
    number: str | None = None
    """E.164; may be None for e-mail."""
    country: str | None = None
    """Of the address, ISO 3166."""
    state: str | None = None
    """Of the address."""
    city: str | None = None
    """Of the address; municipal holidays bind by it."""
    declared: tuple[str, ...] = ()
    """Jurisdictions that a contract declares, for example BR-RJ."""
    debt: str | None = None
    case: CaseFacts = field(default_factory=CaseFacts)
    sarb_signatory: bool | None = None
    """Whether the creditor signed Brazil's banking self-regulation; None when nobody said."""
    consent: tuple[Consent, ...] | None = None
    """None when nobody said; an empty tuple says that there is none."""
    history: tuple[Contact, ...] = ()
    softer: Softer | None = None
    guard_s: float = 0.0
    """A call must be able to last this long before the window closes (the dialer gives a high TMO)."""
    clock_skew_s: float = 0.0
    """Known error of the clock; beyond a minute nothing is allowed."""

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Request:
        """From the `comply` line (interfaces of the command); BadInputError names the field that is wrong."""
        reader = _Reader(data, "")
        address = reader.child("address")
        case = reader.child("case")
        consent = reader.children("consent")
        return cls(
            at=reader.instant("at", required=True),
            channel=reader.member("channel", Channel),
            purpose=reader.member("purpose", Purpose) if reader.has("purpose") else Purpose.COLLECTION,
            number=_plain(reader.text("number")),
            country=_upper(address.text("country")),
            state=_upper(address.text("state")),
            city=address.text("city"),
            declared=reader.texts("declared"),
            debt=reader.text("debt"),
            case=CaseFacts(
                stage=case.text("stage") or "amicable",
                days_overdue=case.integer("days_overdue"),
                stops=case.texts("stops"),
                open_promise_due=case.day("open_promise_due"),
                cooloff_until=case.instant("cooloff_until"),
                debtor_asked_for=case.instant("debtor_asked_for"),
            ),
            sarb_signatory=reader.child("creditor").flag("sarb_signatory"),
            consent=None
            if consent is None
            else tuple(
                Consent(c.member("channel", Channel), c.instant("at", required=True), c.text("source") or "")
                for c in consent
            ),
            history=tuple(
                Contact(
                    at=h.instant("at", required=True),
                    channel=_channel(h),
                    kind=h.member("kind", ContactKind),
                    number=_plain(h.text("number")),
                    debt=h.text("debt"),
                    outcome=h.text("outcome"),
                )
                for h in reader.children("history") or ()
            ),
            softer=_softer(reader.child("intensity")) if reader.has("intensity") else None,
            guard_s=reader.seconds("guard_s"),
            clock_skew_s=reader.seconds("clock_skew_s"),
        )

    def to_json(self, history: bool = True) -> dict[str, Any]:
        """The same request as a `comply` line; `from_json` of it is equal in every instant and value."""
        case: dict[str, Any] = {"stage": self.case.stage, "stops": list(self.case.stops)}
        _put(case, "days_overdue", self.case.days_overdue)
        _put(case, "open_promise_due", self.case.open_promise_due and self.case.open_promise_due.isoformat())
        _put(case, "cooloff_until", _iso(self.case.cooloff_until))
        _put(case, "debtor_asked_for", _iso(self.case.debtor_asked_for))
        data: dict[str, Any] = {
            "at": self.at.isoformat(),
            "channel": self.channel.value,
            "purpose": self.purpose.value,
            "case": case,
        }
        if history:
            data["history"] = [_contact_json(contact) for contact in self.history]
        _put(data, "number", self.number)
        if self.country is not None or self.state is not None or self.city is not None:
            data["address"] = {"country": self.country, "state": self.state}
            _put(data["address"], "city", self.city)
        _put(data, "declared", list(self.declared) or None)
        _put(data, "debt", self.debt)
        if self.sarb_signatory is not None:
            data["creditor"] = {"sarb_signatory": self.sarb_signatory}
        if self.consent is not None:
            data["consent"] = [
                {"channel": c.channel.value, "at": c.at.isoformat(), "source": c.source} for c in self.consent
            ]
        if self.softer is not None:
            bounds = (("per_day", self.softer.per_day), ("per_week", self.softer.per_week))
            data["intensity"] = dict(
                pair for pair in (*bounds, ("gap_hours", self.softer.gap_hours)) if pair[1] is not None
            )
        _put(data, "guard_s", self.guard_s or None)
        _put(data, "clock_skew_s", self.clock_skew_s or None)
        return data

    def inputs_hash(self) -> str:
        """SHA-256 of every input: two equal hashes are the same question."""
        parts = [repr(self.to_json(history=False))]
        # A plain join is several times faster than JSON, and histories are long.
        parts += [
            f"{c.at.isoformat()}\x1f{c.channel}\x1f{c.kind}\x1f{c.number}\x1f{c.debt}\x1f{c.outcome}"
            for c in self.history
        ]
        return hashlib.sha256("\x1e".join(parts).encode()).hexdigest()


def _channel(contact: _Reader) -> Channel:
    """Calls may leave the channel out; of a message nobody could tell which it was."""
    if contact.has("channel") or contact.text("kind") == ContactKind.MESSAGE:
        return contact.member("channel", Channel)
    return Channel.VOICE


def _plain(number: str | None) -> str | None:
    """A number as people write it, as E.164 has it: what somebody said of it must be found however it is spaced."""
    if number is None or number[1:].isdecimal():
        return number
    return _SPACING.sub("", number) or None


def _softer(reader: _Reader) -> Softer:
    return Softer(reader.count("per_day"), reader.count("per_week"), reader.count("gap_hours"))


def _contact_json(contact: Contact) -> dict[str, Any]:
    data: dict[str, Any] = {
        "at": contact.at.isoformat(),
        "channel": contact.channel.value,
        "kind": contact.kind.value,
    }
    _put(data, "number", contact.number)
    _put(data, "debt", contact.debt)
    _put(data, "outcome", contact.outcome)
    return data


def _put(data: dict[str, Any], key: str, value: Any) -> None:
    if value is not None:
        data[key] = value


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _upper(text: str | None) -> str | None:
    return text.upper() if text else None


class _Reader:
    """Reads typed fields out of untyped JSON, naming the field that is wrong."""

    def __init__(self, data: Mapping[str, Any], where: str) -> None:
        self._data = data
        self._where = where

    def _wrong(self, key: str, want: str) -> BadInputError:
        return BadInputError(f"field {self._where}{key}: {want}, not {self._data.get(key)!r}")

    def has(self, key: str) -> bool:
        return self._data.get(key) is not None

    def text(self, key: str) -> str | None:
        value = self._data.get(key)
        if value is not None and not isinstance(value, str):
            raise self._wrong(key, "must be text")
        return value or None

    def texts(self, key: str) -> tuple[str, ...]:
        value = self._data.get(key) or []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(key, "must be a list of texts")
        return tuple(value)

    def integer(self, key: str) -> int | None:
        value = self._data.get(key)
        if value is not None and (not isinstance(value, int) or isinstance(value, bool)):
            raise self._wrong(key, "must be a whole number")
        return value

    def count(self, key: str) -> int | None:
        value = self.integer(key)
        if value is not None and value < 0:
            raise self._wrong(key, "must be 0 or more")
        return value

    def seconds(self, key: str) -> float:
        value = self._data.get(key, 0.0)
        if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < math.inf:
            raise self._wrong(key, "must be seconds, 0 or more")
        return float(value)

    def flag(self, key: str) -> bool | None:
        value = self._data.get(key)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(key, "must be true or false")
        return value

    def day(self, key: str) -> date | None:
        value = self.text(key)
        try:
            return None if value is None else date.fromisoformat(value)
        except ValueError:
            raise self._wrong(key, "must be a date like 2026-12-07") from None

    def instant(self, key: str, required: bool = False) -> Any:
        value = self.text(key)
        if value is None:
            if required:
                raise BadInputError(
                    f"field {self._where}{key} is missing: give an instant like 2026-11-19T19:59:00-03:00"
                )
            return None
        try:
            at = datetime.fromisoformat(value)
            require_aware(at)
        except (ValueError, OverflowError):
            raise self._wrong(key, "must be an instant with an offset like 2026-11-19T19:59:00-03:00") from None
        return at

    def member(self, key: str, kind: type[_E]) -> _E:
        try:
            return kind(self._data[key])
        except (KeyError, ValueError, TypeError):
            raise self._wrong(key, f"must be one of {', '.join(kind)}") from None

    def child(self, key: str) -> _Reader:
        value = self._data.get(key)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(key, "must be an object")
        return _Reader(value or {}, f"{self._where}{key}.")

    def children(self, key: str) -> list[_Reader] | None:
        value = self._data.get(key)
        if value is None:
            return None
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(key, "must be a list of objects")
        return [_Reader(item, f"{self._where}{key}[{n}].") for n, item in enumerate(value)]
