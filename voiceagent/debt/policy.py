"""The creditor's negotiation policy as data: how far an offer may go, to whom, and by when it must be paid."""

from __future__ import annotations

from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal
from itertools import pairwise
from typing import Annotated, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from voiceagent.base.money import DECIMALS, Money


def _decimal(value: object) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        raise ValueError("write a number, for example 2.5")
    try:
        number = Decimal(str(value))
    except ArithmeticError:
        raise ValueError(f"write a number, for example 2.5, not {value!r}") from None
    if not number.is_finite():
        raise ValueError("write a finite number")
    return number


Number = Annotated[Decimal, BeforeValidator(_decimal)]
Percent = Annotated[Number, Field(ge=0, le=100)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Discount(_Strict):
    """A share of one part of the balance that is forgiven."""

    on: Literal["charges", "principal", "total"]
    percent: Percent

    def of(self, original: Money, charges: Money) -> Money:
        """The amount forgiven, rounded down to the minor unit."""
        base = {"charges": charges, "principal": original, "total": original + charges}[self.on]
        forgiven = (Decimal(base.minor) * self.percent / 100).to_integral_value(ROUND_DOWN)
        return Money(int(forgiven), base.currency)


class Interest(_Strict):
    """Monthly interest on what is paid in instalments."""

    kind: Literal["none", "simple", "price"] = "none"
    month_percent: Annotated[Number, Field(ge=0, le=20)] = Decimal(0)

    def total(self, principal: int, count: int) -> int:
        """What `principal` (minor units) paid in `count` monthly instalments adds up to."""
        rate = self.month_percent / 100
        if self.kind == "none" or rate == 0:
            return principal
        if self.kind == "simple":
            exact = principal * (1 + rate * count)
        else:
            exact = principal * rate / (1 - (1 + rate) ** -count) * count
        return int(exact.to_integral_value(ROUND_HALF_UP))


class Cash(_Strict):
    """One payment: discounts from the first offer down, and the lowest total ever accepted."""

    tiers: tuple[Discount, ...] = Field(min_length=1, max_length=5)
    floor: Discount
    default_days: int = Field(default=5, ge=0, le=90)
    max_days: int = Field(default=10, ge=0, le=90)


class Instalments(_Strict):
    """Several payments, one a month."""

    tiers: tuple[Discount, ...] = Field(min_length=1, max_length=5)
    floor: Discount
    min: int = Field(default=2, ge=2, le=120)
    max: int = Field(default=6, ge=2, le=120)
    open_with: int = Field(default=3, ge=2, le=120)
    min_amount: Number = Decimal(0)
    down_percent: Percent = Decimal(0)
    interest: Interest = Interest()
    default_days_first: int = Field(default=10, ge=0, le=90)
    max_days_first: int = Field(default=30, ge=0, le=90)
    max_total_days: int = Field(default=730, ge=30, le=4000)

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if not self.min <= self.open_with <= self.max:
            raise ValueError(f"open_with {self.open_with} must lie between min {self.min} and max {self.max}")
        return self


class DueDays(_Strict):
    """Days of the month on which a payment may fall due (none listed: any), and where a closed day moves."""

    days: tuple[Annotated[int, Field(ge=1, le=31)], ...] = ()
    roll: Literal["next", "previous"] = "next"


class When(_Strict):
    """Which cases a segment is for; both ends belong to it."""

    days_overdue: tuple[int, int] | None = None
    balance: tuple[Number, Number] | None = None


class Segment(_Strict):
    """The terms of one group of cases."""

    name: str
    when: When = When()
    cash: Cash | None = None
    instalments: Instalments | None = None
    due: DueDays = DueDays()
    rounds: int = Field(default=4, ge=1, le=12)
    expiry_hours: int = Field(default=48, ge=1, le=720)

    @model_validator(mode="after")
    def _sound(self) -> Self:
        if self.cash is None and self.instalments is None:
            raise ValueError(f"segment {self.name!r} offers nothing: give it cash or instalments")
        for terms in (self.cash, self.instalments):
            if terms is None:
                continue
            steps = (*terms.tiers, terms.floor)
            if len({step.on for step in steps}) > 1:
                raise ValueError("tiers and floor must discount the same part, so that one can be proved below another")
            if any(before.percent > after.percent for before, after in pairwise(steps)):
                raise ValueError("tiers must go down: each percent at least the one before, and the floor the highest")
        return self


class Policy(_Strict):
    """A named, versioned policy; the first segment that fits a case is used."""

    policy: str
    version: int = Field(ge=1)
    currency: str
    max_age_days: int = Field(default=3650, ge=1, le=7300)
    """Older debts are not negotiated by voice."""
    segments: tuple[Segment, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _known_currency(self) -> Self:
        if self.currency not in DECIMALS:
            raise ValueError(f"unknown currency {self.currency!r}: one of {', '.join(sorted(DECIMALS))}")
        return self

    def segment(self, days_overdue: int, balance: Money) -> Segment | None:
        """The terms for a case, or None when no segment is for it."""
        amount = Decimal(balance.minor).scaleb(-DECIMALS[balance.currency])
        for segment in self.segments:
            days, limits = segment.when.days_overdue, segment.when.balance
            if (days is None or days[0] <= days_overdue <= days[1]) and (
                limits is None or limits[0] <= amount <= limits[1]
            ):
                return segment
        return None
