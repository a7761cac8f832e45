"""What follows each outcome of a call, as data: when the person may be tried again, and when the house keeps quiet."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Annotated, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    ValidationInfo,
    field_validator,
    model_validator,
)

from voiceagent.debt.disposition import Disposition

D = Disposition

_SPAN = re.compile(r"(\d{1,4}) ?(min|h|d)")
_UNITS = {"min": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}
#: Nobody is called again sooner than this, and nobody is kept waiting longer, whatever a file says.
SHORTEST, LONGEST = timedelta(minutes=2), timedelta(days=60)


def _span(value: object) -> timedelta:
    if isinstance(value, timedelta):
        return value
    match = _SPAN.fullmatch(value.strip()) if isinstance(value, str) else None
    if match is None:
        raise ValueError("write a time like 15 min, 4 h or 10 d")
    span = int(match[1]) * _UNITS[match[2]]
    if not SHORTEST <= span <= LONGEST:
        raise ValueError("must be between 2 min and 60 d")
    return span


def _span_text(span: timedelta) -> str:
    for unit in ("d", "h"):
        if not span % _UNITS[unit]:
            return f"{span // _UNITS[unit]} {unit}"
    return f"{span // _UNITS['min']} min"


def _hour(value: object) -> time:
    if isinstance(value, time):
        return value
    if not isinstance(value, str) or re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", value) is None:
        raise ValueError("write an hour like 08:00")
    return time.fromisoformat(value)


def _day(value: object) -> date | None:
    if value is None or isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise ValueError("write a day like 2026-12-20, or null for at once") from None


_AS_TEXT = {"type": "string", "pattern": "^[0-9]{1,4} ?(min|h|d)$"}
Span = Annotated[
    timedelta,
    BeforeValidator(_span, json_schema_input_type=str),
    PlainSerializer(_span_text, return_type=str),
    Field(json_schema_extra=_AS_TEXT),
]
Hour = Annotated[
    time,
    BeforeValidator(_hour, json_schema_input_type=str),
    PlainSerializer(lambda hour: hour.isoformat("minutes"), return_type=str),
]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Ladder(_Strict):
    """How an outcome is tried again: after `wait` while fewer than `times` calls of the day ended so, then `then`."""

    wait: Span | None = None
    times: Annotated[int, Field(ge=1, le=10)] = 1
    then: Literal["next_part", "other_part"] = "next_part"
    """next_part: the next part of the person's day; other_part: tomorrow, in another part of the day than now."""

    @model_validator(mode="after")
    def _waits(self) -> Self:
        if self.wait is None and self.times > 1:
            raise ValueError("times needs a wait between them, for example wait: 4 h")
        return self

    def told(self) -> str:
        """For people."""
        waits = f"{self.times} a day, {_span_text(self.wait)} apart, then " if self.wait else ""
        return f"{waits}{self.then.replace('_', ' ')} of the day"


#: Outcomes that are tried again, those that speak against the number, and those after which the house is quiet. All
#: others are not the house's to decide: stops are final, promises and disputes wait for the law and for people.
TRIED_AGAIN = (D.BUSY, D.NA, D.CONG, D.ERR, D.SIL, D.HUP, D.VM)
BAD_NUMBER = (D.DC, D.WN, D.FAX)
QUIET = (D.NOMON, D.REF, D.ABU, D.THIRD_PARTY, D.THIRD_PARTY_MESSAGE, D.CPC_NEG, D.CB)
_DECIDED = {"ladders": TRIED_AGAIN, "next_number": BAD_NUMBER, "cool_off": QUIET}


def _min(n: int) -> timedelta:
    return timedelta(minutes=n)


Parts = Annotated[tuple[Hour, ...], Field(min_length=1, max_length=12)]


def _rising(parts: tuple[time, ...]) -> tuple[time, ...]:
    if list(parts) != sorted(set(parts)):
        raise ValueError("must rise, for example 08:00, 12:00, 17:00")
    return parts


def _only(said: dict[Disposition, object], field: str) -> dict[Disposition, object]:
    known = _DECIDED[field]
    strange = [outcome.value for outcome in said if outcome not in known]
    if strange:
        told = ", ".join(outcome.value for outcome in known)
        raise ValueError(f"what follows {', '.join(strange)} is not decided here, only what follows {told}")
    return said


class Variant(_Strict):
    """What a campaign that names it does otherwise; what it does not say is the house's.

    Quiet after an outcome, and promised calls, are the person's and not a campaign's: those it cannot change.
    """

    jitter_percent: Annotated[int | None, Field(ge=0, le=50)] = None
    day_parts: Parts | None = None
    ladders: dict[Disposition, Ladder] = {}
    next_number: dict[Disposition, Span] = {}

    @field_validator("day_parts")
    @classmethod
    def _in_order(cls, parts: tuple[time, ...] | None) -> tuple[time, ...] | None:
        return _rising(parts) if parts else None

    @field_validator("ladders", "next_number")
    @classmethod
    def _known(cls, said: dict[Disposition, object], info: ValidationInfo) -> dict[Disposition, object]:
        return _only(said, str(info.field_name))


class RetryPlan(_Strict):
    """One version of the house's plan; the defaults are the plan of a house that wrote none."""

    retries: Annotated[int, Field(ge=1)] = 1
    """The version: a file is taken over when its version is higher than the one in force."""
    valid_from: Annotated[date | None, BeforeValidator(_day)] = None
    """The first day (UTC) on which it holds; null: at once."""
    jitter_percent: Annotated[int, Field(ge=0, le=50)] = 10
    """Waits are spread by so much to both sides, so that a list that failed together does not come back together."""
    day_parts: Parts = (time(8), time(12), time(17))
    """When the parts of a person's day begin."""
    ladders: dict[Disposition, Ladder] = {
        D.BUSY: Ladder(wait=_min(15), times=3),
        D.NA: Ladder(wait=timedelta(hours=4), times=2, then="other_part"),
        D.CONG: Ladder(wait=_min(10), times=3),
        D.ERR: Ladder(wait=_min(30), times=3),
        D.SIL: Ladder(wait=timedelta(hours=2), times=2),
        D.HUP: Ladder(wait=timedelta(hours=4)),
        D.VM: Ladder(),
    }
    next_number: dict[Disposition, Span] = {D.DC: _min(2), D.WN: _min(2), D.FAX: _min(2)}
    """The number is bad: the person's next one is tried after this."""
    cool_off: dict[Disposition, Span] = {
        D.NOMON: timedelta(days=10),
        D.REF: timedelta(days=7),
        D.ABU: timedelta(days=7),
        D.THIRD_PARTY: timedelta(days=1),
        D.THIRD_PARTY_MESSAGE: timedelta(days=1),
        D.CPC_NEG: timedelta(days=2),
        D.CB: timedelta(hours=2),
    }
    """Nobody contacts the person for so long, on any channel; after NOMON until the day after the one they named."""
    callback_tries: Annotated[int, Field(ge=1, le=10)] = 3
    """So often a promised call is tried when nobody answers it."""
    callback_wait: Span = _min(15)
    """Between these tries."""
    named: dict[Annotated[str, Field(pattern="^[a-z][a-z0-9_-]{0,31}$")], Variant] = {}
    """Ladders that a campaign may name as its own."""

    def told(self, outcome: Disposition) -> str:
        """What follows `outcome`, for people; "" where that is not the plan's to decide."""
        if outcome in self.ladders:
            return self.ladders[outcome].told()
        if outcome in self.next_number:
            return f"the next number {_span_text(self.next_number[outcome])} later"
        if outcome in self.cool_off:
            named = ", or until the day after the one that was named" if outcome is D.NOMON else ""
            return f"quiet for {_span_text(self.cool_off[outcome])}{named}"
        return ""

    def of(self, name: str) -> RetryPlan:
        """The plan of a campaign that names this variant; the house's own for "" and for a name it does not have."""
        variant = self.named.get(name)
        if variant is None:
            return self
        return self.model_copy(
            update={
                "jitter_percent": self.jitter_percent if variant.jitter_percent is None else variant.jitter_percent,
                "day_parts": variant.day_parts or self.day_parts,
                "ladders": self.ladders | variant.ladders,
                "next_number": self.next_number | variant.next_number,
            }
        )

    @field_validator("day_parts")
    @classmethod
    def _in_order(cls, parts: tuple[time, ...]) -> tuple[time, ...]:
        return _rising(parts)

    @field_validator("ladders", "next_number", "cool_off")
    @classmethod
    def _complete(cls, said: dict[Disposition, object], info: ValidationInfo) -> dict[Disposition, object]:
        _only(said, str(info.field_name))
        missing = [outcome.value for outcome in _DECIDED[str(info.field_name)] if outcome not in said]
        if missing:
            raise ValueError(f"say what follows {', '.join(missing)} too")
        return said
