"""Dates as people say them, relative to the call's day; what is ambiguous stays several candidates."""

from __future__ import annotations

import calendar
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from voiceagent.calendars.business import BusinessCalendar
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.readings import Reading, Scan, compiled


@dataclass(frozen=True, slots=True)
class DateContext:
    """Today, where the debtor lives, and the order of day and month in written dates."""

    today: date
    region: str
    month_first: bool = False

    @property
    def business(self) -> BusinessCalendar:
        """The region's business days."""
        return BusinessCalendar(self.region)


_BY_WEEKDAY = frozenset({"coming", "this_weekday", "next_weekday", "other_weekday"})


def read_dates(scan: Scan, lexicon: Lexicon, context: DateContext, *, expected: bool, birth: bool) -> list[Reading]:
    """Every date said; patterns whose rule begins with `?` count only when a date is expected, `!` for births only."""
    found: list[Reading] = []
    for pattern, rule in lexicon.date_patterns:
        if (rule[0] == "?" and not expected) or (rule[0] == "!" and not birth):
            continue
        for match in scan.take(compiled(pattern)):
            groups = {name: value for name, value in match.groupdict().items() if value is not None}
            slot, candidates = _apply(rule.lstrip("?!"), groups, context)
            # The thirtieth of February is not the thirtieth of anything else.
            scan.consume(match.start(), match.end())
            if slot:
                weekday = int(groups["w"]) if slot == "date" and rule in _BY_WEEKDAY else None
                found.append(Reading(slot, candidates, match.start(), match.end(), weekday=weekday))
    return found


def next_day(day: int, today: date) -> date | None:
    """The next date with this day of the month, today included; a month without it is passed over."""
    year, month = today.year, today.month
    for _ in range(3):
        last = calendar.monthrange(year, month)[1]
        if 1 <= day <= last and date(year, month, day) >= today:
            return date(year, month, day)
        year, month = _following(year, month)
    return None


def _following(year: int, month: int) -> tuple[int, int]:
    return (year + 1, 1) if month == 12 else (year, month + 1)


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def _safe(year: int, month: int, day: int) -> tuple[date, ...]:
    try:
        return (date(year, month, day),)
    except ValueError:
        return ()


def day_month(day: int, month: int, year: int | None, today: date) -> tuple[date, ...]:
    """Day and month; without a year the next such date (29 February waits for its year)."""
    if year is not None:
        if year < 100:
            year += 2000 if year <= today.year % 100 + 10 else 1900
        return _safe(year, month, day)
    for candidate in range(today.year, today.year + 9):
        made = _safe(candidate, month, day)
        if made and made[0] >= today:
            return made
    return ()


def _weekday(weekday: int, today: date) -> date:
    return today + timedelta(days=(weekday - today.weekday() - 1) % 7 + 1)


def _in_next_week(weekday: int, today: date) -> date:
    monday = today - timedelta(days=today.weekday())
    return monday + timedelta(days=7 + weekday)


def _add_months(day: date, count: int) -> date:
    month = day.month - 1 + count
    year, month = day.year + month // 12, month % 12 + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def _number(groups: dict[str, str], name: str) -> int:
    return int(groups[name])


Rule = Callable[[dict[str, str], DateContext], tuple[date, ...]]


def _day(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    found = next_day(_number(groups, "d"), context.today)
    return (found,) if found and _number(groups, "d") else ()


def _day_and_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    year = int(groups["y"]) if "y" in groups else None
    if "y2" in groups:
        # "nineteen eighty": a year said as two numbers.
        if year not in (19, 20):
            return ()
        year = year * 100 + int(groups["y2"])
    return day_month(int(groups["d"]), int(groups["m"]), year, context.today)


def _this_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    made = _safe(context.today.year, context.today.month, int(groups["d"]))
    return tuple(day for day in made if day >= context.today)


def _next_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    return _safe(*_following(context.today.year, context.today.month), int(groups["d"]))


def _other_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    year, month = _following(context.today.year, context.today.month)
    return _safe(year, month, int(groups["d"])) + _safe(*_following(year, month), int(groups["d"]))


def _written(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    first, second, third = int(groups["a"]), int(groups["b"]), groups.get("c")
    if len(groups["a"]) == 4:
        return _safe(first, second, int(third or 0)) if third else ()
    day, month = (second, first) if context.month_first else (first, second)
    if month > 12 >= day:
        day, month = month, day
    return day_month(day, month, int(third) if third else None, context.today)


def _in_days(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    count = _number(groups, "n")
    return (context.today + timedelta(days=count),) if 0 < count <= 400 else ()


def _in_weeks(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    count = _number(groups, "n")
    return (context.today + timedelta(weeks=count),) if 0 < count <= 53 else ()


def _in_months(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    count = _number(groups, "n")
    return (_add_months(context.today, count),) if 0 < count <= 24 else ()


def _in_business_days(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    count = _number(groups, "n")
    return (context.business.add(context.today, count),) if 0 < count <= 60 else ()


def _coming(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    return (_weekday(_number(groups, "w"), context.today),)


def _this_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    weekday = _number(groups, "w")
    if weekday == context.today.weekday():
        return (context.today, context.today + timedelta(days=7))
    return (_weekday(weekday, context.today),)


def _next_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    # "Next Friday" is the coming one to some and next week's to others: sure only where both are the same day.
    weekday = _number(groups, "w")
    return tuple(dict.fromkeys((_in_next_week(weekday, context.today), _weekday(weekday, context.today))))


def _other_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    coming = _weekday(_number(groups, "w"), context.today)
    return (coming + timedelta(days=7), coming)


def _next_week_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    return (_in_next_week(_number(groups, "w"), context.today),)


def _other_week_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    following = _in_next_week(_number(groups, "w"), context.today)
    return (following, following + timedelta(days=7))


def _week_after_weekday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    return (_weekday(_number(groups, "w"), context.today) + timedelta(days=7),)


def _nth_business(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    ordinal = _number(groups, "n") if "n" in groups else -1
    year, month = context.today.year, context.today.month
    try:
        if "m" in groups:
            month = int(groups["m"])
            year += month < context.today.month
            return (context.business.nth(year, month, ordinal),)
        this = context.business.nth(year, month, ordinal)
        if this >= context.today and "next" not in groups:
            return (this,)
        return (context.business.nth(*_following(year, month), ordinal),)
    except ValueError:
        return ()


def _end_of_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    year, month = context.today.year, context.today.month
    if "m" in groups:
        year, month = year + (int(groups["m"]) < month), int(groups["m"])
    elif "next" in groups:
        year, month = _following(year, month)
    return (_month_end(year, month),)


def _start_of_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    year, month = _following(context.today.year, context.today.month)
    if "m" in groups:
        year, month = context.today.year + (int(groups["m"]) < context.today.month), int(groups["m"])
    return (date(year, month, 1), date(year, month, 5))


def _middle_of_month(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    year, month = context.today.year, context.today.month
    if "next" in groups or context.today.day > 15:
        year, month = _following(year, month)
    return (date(year, month, 15), date(year, month, 14))


def _quincena(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    """Both pay days of a month paid by halves: the 15th and the last day, the nearer one first."""
    today = context.today
    months = ((today.year, today.month), _following(today.year, today.month))
    days = [day for month in months for day in (date(*month, 15), _month_end(*month))]
    return tuple(day for day in days if day >= today)[:2]


def _payday(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    twentieth = next_day(20, context.today)
    assert twentieth is not None
    if context.region in ("MX", "CO"):
        return _quincena(groups, context)
    if context.region == "US":
        return (context.today + timedelta(days=(4 - context.today.weekday()) % 7), _quincena(groups, context)[0])
    return (*_nth_business({"n": "5"}, context), twentieth)


def _thirteenth(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    return tuple(day for month, n in ((11, 30), (12, 20)) for day in day_month(n, month, None, context.today))


def _weekend(groups: dict[str, str], context: DateContext) -> tuple[date, ...]:
    saturday = _weekday(5, context.today)
    return (saturday, saturday + timedelta(days=1))


RULES: dict[str, Rule] = {
    "day": _day,
    "day_month": _day_and_month,
    "this_month": _this_month,
    "next_month": _next_month,
    "other_month": _other_month,
    "written": _written,
    "today": lambda groups, context: (context.today,),
    "tomorrow": lambda groups, context: (context.today + timedelta(days=1),),
    "after_tomorrow": lambda groups, context: (context.today + timedelta(days=2),),
    "yesterday": lambda groups, context: (context.today - timedelta(days=1),),
    "week_from_today": lambda groups, context: (context.today + timedelta(days=7),),
    "in_days": _in_days,
    "in_weeks": _in_weeks,
    "in_months": _in_months,
    "in_business_days": _in_business_days,
    "eight_days": lambda groups, context: (context.today + timedelta(days=7), context.today + timedelta(days=8)),
    "coming": _coming,
    "this_weekday": _this_weekday,
    "next_weekday": _next_weekday,
    "other_weekday": _other_weekday,
    "next_week_weekday": _next_week_weekday,
    "other_week_weekday": _other_week_weekday,
    "week_after_weekday": _week_after_weekday,
    "nth_business": _nth_business,
    "end_of_month": _end_of_month,
    "start_of_month": _start_of_month,
    "middle_of_month": _middle_of_month,
    "quincena": _quincena,
    "payday": _payday,
    "thirteenth": _thirteenth,
    "weekend": _weekend,
}


def _apply(rule: str, groups: dict[str, str], context: DateContext) -> tuple[str, tuple[date | str, ...]]:
    """(slot, candidates): rules that name a whole month or week fill slots of their own."""
    if rule == "month":
        if "m" in groups:
            month = int(groups["m"])
            return "month", (f"{context.today.year + (month < context.today.month)}-{month:02d}",)
        year, month = _following(context.today.year, context.today.month)
        return "month", (f"{year}-{month:02d}",)
    if rule == "week":
        return "week", (_in_next_week(0, context.today).isoformat(),)
    candidates = RULES[rule](groups, context)
    return ("date", candidates) if candidates else ("", ())
