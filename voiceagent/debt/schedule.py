"""Due dates and instalment amounts: what a plan looks like once its principal, count and first day are chosen."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta

from voiceagent.base.money import Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.policy import DueDays, Instalments


@dataclass(frozen=True, slots=True)
class DueRule:
    """Which days a payment may fall due, for one place and one day of reference."""

    rule: DueDays
    business: BusinessCalendar
    today: date

    def first(self, wanted: date, limit_days: int) -> tuple[date, date] | None:
        """(nominal, due) nearest to `wanted` within `limit_days` of today: the next allowed day, else the last one.

        The nominal day is what later months repeat; `due` is where a closed day moved it. None when no day fits.
        """
        last = self.today + timedelta(days=limit_days)
        days = [self.today + timedelta(days=n) for n in range(limit_days + 1)]
        payable = [(day, self.business.roll(day, self.rule.roll)) for day in days if self._allowed(day)]
        payable = [(day, due) for day, due in payable if self.today <= due <= last]
        later = [(day, due) for day, due in payable if due >= wanted]
        if later:
            # Of the days that a closed day moves to the same due day, the one that was asked for repeats best.
            return min(later, key=lambda pair: (pair[1], abs(pair[0] - wanted)))
        return payable[-1] if payable else None

    def monthly(self, nominal: date, months: int) -> date:
        """The due day `months` months after `nominal` (the month's last day when it is shorter)."""
        index = nominal.year * 12 + nominal.month - 1 + months
        year, month = divmod(index, 12)
        last = calendar.monthrange(year, month + 1)[1]
        return self.business.roll(date(year, month + 1, min(nominal.day, last)), self.rule.roll)

    def _allowed(self, day: date) -> bool:
        return not self.rule.days or day.day in self.rule.days


def split(total: int, count: int) -> tuple[int, ...]:
    """`total` minor units in `count` parts that sum to it exactly, equal but for the remainder on the first."""
    each = total // count
    return (total - each * (count - 1), *([each] * (count - 1)))


def build_plan(
    terms: Instalments, principal: Money, count: int, down: Money, nominal: date, rule: DueRule
) -> tuple[Instalment, ...]:
    """The payments of `principal` in `count` instalments after `down` (which may be zero), first one on `nominal`."""
    currency = principal.currency
    financed = terms.interest.total(principal.minor - down.minor, count)
    payments: list[Instalment] = []
    offset = 0
    if down.minor > 0:
        payments.append(Instalment(0, rule.monthly(nominal, 0), down))
        offset = 1
    for index, amount in enumerate(split(financed, count)):
        payments.append(Instalment(index + 1, rule.monthly(nominal, index + offset), Money(amount, currency)))
    return tuple(payments)
