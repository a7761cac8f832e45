"""English said: phrase-bank units for money, dates, counts, times and digits."""

from __future__ import annotations

from datetime import date

from voiceagent.language.dictated import all_pairs, pairs
from voiceagent.language.text import listed

_ONES = listed(
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen"
)
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_ORDINAL = {
    1: "first",
    2: "second",
    3: "third",
    5: "fifth",
    8: "eighth",
    9: "ninth",
    12: "twelfth",
    20: "twentieth",
    30: "thirtieth",
}
_MONTHS = listed("January February March April May June July August September October November December")
_WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
_YEARS = range(2024, 2041)
_NOUNS = {
    "USD": ("dollar", "dollars", "cent", "cents"), "MXN": ("peso", "pesos", "centavo",
        "centavos"), "COP": ("peso", "pesos", "centavo", "centavos"),
    "CLP": ("peso", "pesos", "centavo",
        "centavos"), "ARS": ("peso", "pesos", "centavo", "centavos"), "PEN": ("sol", "soles", "centimo", "centimos"),
    "EUR": ("euro", "euros", "cent", "cents"), "BRL": ("real", "reais", "centavo", "centavos"),
}  # fmt: skip


def small(number: int) -> str:
    """0-99 in words."""
    if number < 20:
        return _ONES[number]
    tens, ones = divmod(number, 10)
    return _TENS[tens - 2] + (f"-{_ONES[ones]}" if ones else "")


def ordinal(number: int) -> str:
    """1-31 as an ordinal: "twenty-first"."""
    if number in _ORDINAL:
        return _ORDINAL[number]
    if number > 20:
        return f"{_TENS[number // 10 - 2]}-{ordinal(number % 10)}"
    return f"{_ONES[number]}th"


#: The nouns said in one breath with their number; the others stand alone, there are too many.
_BANKED = _NOUNS["USD"]
#: The last units of a whole number that have one with the banked noun as well.
_LAST = frozenset([*(small(n) for n in range(1, 100)), *(f"{_ONES[n]} hundred" for n in range(1, 10))])


def _below_thousand(number: int) -> list[str]:
    hundreds, rest = divmod(number, 100)
    units = [f"{_ONES[hundreds]} hundred"] if hundreds else []
    return [*units, small(rest)] if rest else units


def _whole(number: int) -> list[str]:
    millions, number = divmod(number, 10**6)
    thousands, rest = divmod(number, 1000)
    units = [*_below_thousand(millions), "million"] if millions else []
    if thousands:
        *head, last = _below_thousand(thousands)
        units += [*head, f"{last} thousand"]
    return units + (_below_thousand(rest) if rest else [])


def money(minor: int, currency: str) -> list[str]:
    """Units of an amount in minor units of its currency, zero or more."""
    one, many, cent, cents = _NOUNS[currency]
    whole, part = (minor, 0) if currency == "CLP" else divmod(minor, 100)
    cent = cent if part == 1 else cents
    if not whole and part:
        return [small(part), cent]
    units, noun = _whole(whole) if whole else ["zero"], one if whole == 1 else many
    units = [*units[:-1], f"{units[-1]} {noun}"] if many == _BANKED[1] and units[-1] in _LAST else [*units, noun]
    if not part:
        return units
    return [*units, f"and {small(part)} {cent}"] if cents == _BANKED[3] else [*units, "and", small(part), cent]


def calendar_day(day: date, *, weekday: bool, year: bool) -> list[str]:
    """Units of a date: weekday, month and day, year."""
    units = [f"{_WEEKDAYS[day.weekday()]},"] if weekday else []
    units += [_MONTHS[day.month - 1], ordinal(day.day)]
    return [*units, *_year(day.year)] if year else units


def _year(year: int) -> list[str]:
    if year in _YEARS:
        return [f"of two thousand {small(year - 2000)}"]
    if 2000 <= year < 2100:
        return ["of", "two thousand", *([small(year - 2000)] if year > 2000 else [])]
    return ["of", "one thousand", "nine hundred", *([small(year % 100)] if year % 100 else [])]


def count(number: int, what: str) -> list[str]:
    """Units of "three payments", "three times": `what` is instalments or times; 1-999."""
    one, many = {"instalments": ("payment", "payments"), "times": ("time", "times")}[what]
    return [*_below_thousand(number), one if number == 1 else many]


def clock(hour: int, minute: int) -> list[str]:
    """Units of a time of day: "at nine" "a.m.", "at nine" "thirty" "a.m."."""
    if hour in (0, 12) and not minute:
        return ["at midnight" if hour == 0 else "at noon"]
    head, part = f"at {small(hour % 12 or 12)}", "a.m." if hour < 12 else "p.m."
    if not minute:
        return [head, part]
    return (
        [head, small(minute), part]
        if minute > 9
        else [f"at {small(minute)}", "minutes past", small(hour % 12 or 12), part]
    )


#: How the signs of an e-mail address are said.
EMAIL_SIGNS = {"@": "at", ".": "dot", "_": "underscore", "-": "dash", "+": "plus"}


def digits(text: str) -> list[str]:
    """Units of a digit string."""
    return pairs(text, _ONES[:10])


def bank() -> list[str]:
    """Every unit the functions above can emit."""
    units = (
        [small(n) for n in range(100)]
        + [f"{_ONES[n]} hundred" for n in range(1, 10)]
        + [ordinal(n) for n in range(1, 32)]
    )
    units += [
        "million",
        "and",
        "of",
        "two thousand",
        "one thousand",
        "payment",
        "payments",
        "time",
        "times",
        "minutes past",
        "a.m.",
        "p.m.",
    ]
    units += [f"{last} {_BANKED[1]}" for last in sorted(_LAST)] + [f"one {_BANKED[0]}"]
    units += [f"{last} thousand" for last in sorted(_LAST)]
    units += [f"and {small(n)} {_BANKED[2] if n == 1 else _BANKED[3]}" for n in range(1, 100)]
    units += [noun for nouns in _NOUNS.values() for noun in nouns]
    units += [f"{word}," for word in _WEEKDAYS] + _MONTHS
    units += [f"of two thousand {small(year - 2000)}" for year in _YEARS]
    units += [f"at {small(n)}" for n in range(1, 13)] + ["at midnight", "at noon"]
    return list(dict.fromkeys(units + all_pairs(_ONES[:10])))
