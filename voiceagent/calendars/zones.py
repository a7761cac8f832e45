"""Where a debtor's clock is: from the state of the address, else from the number's area code."""

from __future__ import annotations

from functools import lru_cache

from voiceagent.calendars.places import (
    CAPITAL_ZONE,
    COUNTRY_OF_TERRITORY,
    SAME_CLOCK,
    SINGLE_ZONE,
    STATE_OF_DDD,
    ZONES,
    ZONES_OF_PREFIX,
)


def zone_of(country: str, state: str | None = None, e164: str | None = None) -> str | None:
    """The one IANA zone that state and number agree on; None when unknown or when several are possible."""
    zones = zones_of(country, state, e164)
    return next(iter(zones)) if len(zones) == 1 else None


def likely_zone(country: str, state: str | None, number: str | None) -> str:
    """The zone of address and number where they tell it, else the capital's, for planning and display: always one."""
    plain = number if number and number.startswith("+") else None
    zone = zone_of(country, state) if state else None
    return zone or zone_of(country, None, plain) or default_zone(country) or "UTC"


@lru_cache(maxsize=65536)
def zones_of(country: str, state: str | None = None, e164: str | None = None) -> frozenset[str]:
    """Every IANA zone the debtor may be in: the address's state where known, else the number's; all of them in doubt.

    Address and number may disagree (a moved debtor keeps his number): ask for each alone and take both into account.
    Empty when the country is unknown: refuse to call.
    """
    country = country.upper()
    if country in SINGLE_ZONE:
        return frozenset({CAPITAL_ZONE[country]})
    if state is not None:
        return frozenset(ZONES.get(country, {}).get(_plain_state(country, state), ()))
    if e164 is not None:
        return _zones_of_number(country, e164)
    by_state = ZONES.get(country)
    if by_state is None:
        return frozenset({CAPITAL_ZONE[country]} if country in CAPITAL_ZONE else ())
    return frozenset(zone for zones in by_state.values() for zone in zones)


def default_zone(country: str) -> str | None:
    """The capital's zone, for display and for a `today` when nothing narrower is known."""
    return CAPITAL_ZONE.get(country.upper())


def state_of(e164: str) -> str | None:
    """The Brazilian state of a +55 number by its area code; None elsewhere (other codes do not follow states)."""
    digits = e164.removeprefix("+")
    return STATE_OF_DDD.get(digits[2:4]) if digits.startswith("55") and len(digits) >= 12 else None


def area_of(e164: str) -> str | None:
    """The area code (DDD) of a Brazilian number, which municipal holidays may be listed by; None elsewhere."""
    return e164[3:5] if e164.startswith("+55") and state_of(e164) else None


def law_of(region: str) -> tuple[str, str | None]:
    """(country, state) whose law holds in a telephone region: a territory is a state of its country."""
    country = COUNTRY_OF_TERRITORY.get(region)
    return (region, None) if country is None else (country, region)


def _plain_state(country: str, state: str) -> str:
    plain = state.strip().upper().removeprefix(f"{country}-")
    return {"CDMX": "CMX", "DF": "CMX", "BC": "BCN", "QR": "ROO"}.get(plain, plain) if country == "MX" else plain


def _zones_of_number(country: str, e164: str) -> frozenset[str]:
    for length in (6, 5):
        if e164[:length] in ZONES_OF_PREFIX:
            return frozenset(ZONES_OF_PREFIX[e164[:length]])
    if country == "BR":
        state = state_of(e164)
        return frozenset(ZONES["BR"][state]) if state else frozenset()
    # Importing the number-to-zone table costs time and memory; most deployments never reach it.
    import phonenumbers
    from phonenumbers import timezone

    try:
        parsed = phonenumbers.parse(e164)
    except phonenumbers.NumberParseException:
        return frozenset()
    zones = timezone.time_zones_for_number(parsed)
    return frozenset(SAME_CLOCK.get(zone, zone) for zone in zones if zone != "Etc/Unknown")
