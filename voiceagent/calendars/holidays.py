"""Public and banking holidays by country and state, from the `holidays` package, with what it leaves out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache

from voiceagent.base.errors import BadInputError

_SINCE, _UNTIL = 1990, 2100

#: Days that are no statutory holiday but on which banks do not settle: (days from Easter) and (month, day).
#: In Brazil Carnaval and Corpus Christi are "ponto facultativo" in law; the package lists them as optional.
_BANKS_FROM_EASTER = {"BR": (-48, -47, 60), "MX": (-3, -2)}
_BANKS_FIXED = {"MX": ((11, 2), (12, 12))}


@lru_cache(maxsize=65536)
def is_holiday(day: date, country: str, state: str | None = None) -> bool:
    """Whether `day` is a statutory public holiday there; without `state`, the national ones.

    Raises BadInputError for a country or state without a calendar (a caller that guards the law must then refuse).
    """
    return day in _public(country.upper(), _plain(country, state), day.year)


@lru_cache(maxsize=65536)
def is_bank_closed(day: date, country: str, state: str | None = None) -> bool:
    """A holiday, or a weekday on which banks do not settle (Carnaval Monday and Tuesday, Corpus Christi, ...)."""
    if is_holiday(day, country, state):
        return True
    code = country.upper()
    from_easter = {easter(day.year) + timedelta(days=n) for n in _BANKS_FROM_EASTER.get(code, ())}
    return day in from_easter or (day.month, day.day) in _BANKS_FIXED.get(code, ())


def supported(country: str, state: str | None = None) -> bool:
    """Whether there is a calendar for this country (and state)."""
    try:
        _public(country.upper(), _plain(country, state), _SINCE)
    except BadInputError:
        return False
    return True


def easter(year: int) -> date:
    """Easter Sunday of the Gregorian calendar (the anonymous computus)."""
    golden, century, rest = year % 19, year // 100, year % 100
    epact = (19 * golden + century - century // 4 - (century - (century + 8) // 25 + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    shift = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * shift + 114, 31)
    return date(year, month, day + 1)


@lru_cache(maxsize=1024)
def _public(country: str, state: str | None, year: int) -> frozenset[date]:
    if not _SINCE <= year <= _UNTIL:
        raise BadInputError(f"no holiday calendar for the year {year}: use {_SINCE} to {_UNTIL}")
    calendar = _calendar_of(country)
    try:
        return frozenset(calendar(subdiv=state, years=year))
    except NotImplementedError as error:
        raise BadInputError(f"no holiday calendar for state {state!r} of {country}: check the spelling") from error


def _calendar_of(country: str) -> Callable[..., dict[date, str]]:
    import holidays

    # Asking the package's registry by attribute would also find its helper classes; its code table does not.
    if country not in holidays.list_supported_countries(include_aliases=False):
        raise BadInputError(f"no holiday calendar for country {country!r}: use a two-letter ISO 3166 code")
    calendar: Callable[..., dict[date, str]] = getattr(holidays, country)
    return calendar


def _plain(country: str, state: str | None) -> str | None:
    if state is None or not state.strip():
        return None
    code = country.upper()
    plain = state.strip().upper().removeprefix(f"{code}-")
    # The island keeps its own clock, and the holidays of the state it belongs to.
    plain = {("BR", "FN"): "PE"}.get((code, plain), plain)
    # The package knows no subdivisions for these countries: their holidays are national.
    return None if code in ("MX", "CO", "PE") else plain
