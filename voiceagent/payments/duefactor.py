"""The due factor of a bank slip: four digits that count days, and begin again at 1000 after 9999."""

from __future__ import annotations

from datetime import date, timedelta

from voiceagent.base.errors import BadInputError

#: A slip without a due date.
NO_DATE = "0000"

#: 1000 was this day, and every 9,000 days since (2025-02-22, 2049-10-14).
_FIRST = date(2000, 7, 3)
_ROUND = timedelta(days=9000)
#: Banks take slips due up to so many days ahead; the rest of a round of 9,000 lies behind. (FEBRABAN: 5,500 ahead,
#: 3,000 behind, 500 for nobody, which are read as overdue.)
_AHEAD = timedelta(days=5500)


def factor_of(due: date | None) -> str:
    """Four digits. BadInputError for days before 2000-07-03, when factors began."""
    if due is None:
        return NO_DATE
    if due < _FIRST:
        raise BadInputError(f"due {due} is before {_FIRST}, when due factors began: check it", code="boleto_due")
    return f"{1000 + (due - _FIRST).days % _ROUND.days:04d}"


def date_of(factor: str, today: date) -> date | None:
    """The due date a factor means on `today`: the one of its days that lies between 3,499 days ago and 5,500 ahead.

    None: no date. BadInputError for 0001 to 0999, which no day has.
    """
    if factor == NO_DATE:
        return None
    if factor < "1000":
        raise BadInputError(
            f"due factor {factor} is no day's: check the digits or ask for a new slip", code="boleto_due"
        )
    day = _FIRST + timedelta(days=int(factor) - 1000)
    return day + (today + _AHEAD - day) // _ROUND * _ROUND
