"""Which laws and clocks apply: address, number and contract each count, and in doubt every possibility does."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from zoneinfo import ZoneInfo

from voiceagent.base.clock import require_aware
from voiceagent.calendars.holidays import is_bank_closed, supported
from voiceagent.calendars.zones import area_of, default_zone, law_of, state_of, zones_of
from voiceagent.compliance.localdays import LocalHoliday
from voiceagent.compliance.request import Request
from voiceagent.compliance.rules import Jurisdiction, RuleBook

#: A number in more zones than this tells nothing (toll-free): the country's own zones are taken.
_TELLING_ZONES = 4


class UnknownPlaceError(Exception):
    """Nobody can say which law or which clock applies: no contact."""


@dataclass(frozen=True, slots=True)
class View:
    """One law on one clock: `chain` is the state's rules (if it has any) and the country's."""

    chain: tuple[Jurisdiction, ...]
    country: str
    state: str | None
    zone: ZoneInfo
    local: tuple[LocalHoliday, ...] = ()
    """Municipal holidays that may be the person's."""

    def is_closed(self, day: date) -> bool:
        """Whether `day` is a holiday there: national, of the state, of the banks, or of the municipality."""
        return is_bank_closed(day, self.country, self.state) or any(holiday.falls_on(day) for holiday in self.local)


@dataclass(frozen=True, slots=True)
class _Place:
    country: str
    state: str | None
    zones: tuple[str, ...]
    """Empty: unknown."""


def views_of(request: Request, rules: RuleBook) -> tuple[View, ...]:
    """Every law and clock that the contact must satisfy at once; the debtor's own clock first."""
    told = _agreed(_address(request), _number(request.number))
    # A contract names laws that bind as well; it does not say where the person is.
    declared = [
        _place(country, state or None) for country, _, state in (c.upper().partition("-") for c in request.declared)
    ]
    known = [*told, *declared]
    area = area_of(request.number) if request.number else None
    if not known:
        raise UnknownPlaceError("neither number nor address says where the person is")
    found: dict[tuple[str, str | None, str], View] = {}
    for place in known:
        if not rules.chain(place.country, None):
            raise UnknownPlaceError(f"no rules for country {place.country}")
        if _tells(place, rules):
            _add(found, rules, place.country, place.state, place.zones)
        elif not any(other.country == place.country and _tells(other, rules) for other in told):
            _add(found, rules, place.country, None, place.zones or _national_zones(request, rules, place.country))
            for state in rules.states.get(place.country, ()):
                _add(found, rules, place.country, state, zones_of(place.country, state))
    if not found:
        raise UnknownPlaceError("no time zone is known for the person")
    if not rules.local_holidays:
        return tuple(found.values())
    return tuple(
        replace(view, local=rules.holidays_near(view.country, view.state, request.city, area))
        for view in found.values()
    )


def _agreed(address: _Place | None, number: _Place | None) -> list[_Place]:
    """What address and number say of one person: where both can be true, both are; where not, either may be.

    An address in Florida and a Miami number are Eastern time; an address in California and a New York number are both.
    A state's law binds wherever one of them names the state.
    """
    if address is None or number is None:
        return [place for place in (address, number) if place is not None]
    if address.country != number.country:
        return [address, number]
    if address.state is not None and address.state == number.state:
        # An area code is finer than its state.
        return [number]
    common = tuple(zone for zone in address.zones if zone in number.zones)
    return [replace(place, zones=common or place.zones) for place in (address, number)]


def _tells(place: _Place, rules: RuleBook) -> bool:
    """Whether the place narrows down its country as far as that country's rules need."""
    return bool(place.zones) and (place.state is not None or place.country not in rules.states)


def _add(
    found: dict[tuple[str, str | None, str], View],
    rules: RuleBook,
    country: str,
    state: str | None,
    zones: Iterable[str],
) -> None:
    capital = default_zone(country)
    names = sorted(zones, key=lambda zone: (zone != capital, zone))
    if not names:
        raise UnknownPlaceError(f"no time zone is known for {country}{'-' + state if state else ''}")
    unlikely = {
        zone
        for jurisdiction in rules.chain(country, state)
        for term in jurisdiction.terms.get("unlikely_zones", ())
        for zone in term.value
    }
    for name in [zone for zone in names if zone not in unlikely] or names:
        found.setdefault((country, state, name), View(rules.chain(country, state), country, state, _zone(name)))


def _national_zones(request: Request, rules: RuleBook, country: str) -> Iterable[str]:
    day = require_aware(request.at).date()
    for jurisdiction in rules.chain(country, None):
        term = jurisdiction.term("zones", day)
        if term is not None:
            return tuple(term.value)
    return zones_of(country)


def _address(request: Request) -> _Place | None:
    return None if request.country is None else _place(request.country, request.state)


@lru_cache(maxsize=4096)
def _place(region: str, state: str | None) -> _Place:
    country, territory = law_of(region)
    state = territory or state
    zones = zones_of(country, state) if state else frozenset()
    if state is None or not zones or not supported(country, state):
        return _Place(country, None, ())
    return _Place(country, state.strip().upper().removeprefix(f"{country}-"), tuple(sorted(zones)))


@lru_cache(maxsize=65536)
def _number(number: str | None) -> _Place | None:
    if number is None:
        return None
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException as error:
        raise UnknownPlaceError("the number is not written as +COUNTRY...") from error
    country = phonenumbers.region_code_for_number(parsed)
    if country is None and parsed.country_code is not None and parsed.country_code != 1:
        # Badly formed for its country, yet its country code is plain: that country's strictest reading applies.
        country = phonenumbers.region_code_for_country_code(parsed.country_code)
    if country is None or len(country) != 2 or not country.isalpha():
        raise UnknownPlaceError("the number's country is unknown")
    country, territory = law_of(country)
    zones = zones_of(country, None, number) or (zones_of(country, territory) if territory else frozenset())
    if len(zones) > _TELLING_ZONES:
        zones = zones_of(country)
    return _Place(country, state_of(number) or territory, tuple(sorted(zones)))


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)
