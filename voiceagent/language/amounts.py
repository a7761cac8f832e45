"""Money as people say it: with or without the currency, with cents said as a second number, about or exactly."""

from __future__ import annotations

import re

from voiceagent.base.money import CURRENCY_OF_REGION, DECIMALS, Money
from voiceagent.language.lexicon import Lexicon
from voiceagent.language.readings import Reading, Scan, compiled

_LIMIT = 10**9


def currency_of(region: str) -> str:
    """The currency amounts are meant in, in this region."""
    return CURRENCY_OF_REGION.get(region, "USD")


def amount_of(whole: str, cents: str | None, currency: str) -> Money | None:
    """Whole units ("1200", or "1200.5" with decimals) and cents as said, exactly; None where it makes no sense."""
    decimals = DECIMALS[currency]
    units, _, written = whole.partition(".")
    if written and cents is not None:
        return None
    fraction = written or cents or ""
    if decimals == 0:
        if fraction.strip("0"):
            return None
        fraction = ""
    if written and len(written) < decimals:
        fraction = written.ljust(decimals, "0")
    minor = int(units) * 10**decimals + (int(fraction) if fraction else 0)
    return Money(minor, currency) if 0 <= minor < _LIMIT * 100 and len(fraction) <= max(decimals, 1) else None


def read_amounts(scan: Scan, lexicon: Lexicon, currency: str, *, expected: bool) -> list[Reading]:
    """Every amount marked as one; patterns whose rule begins with `?` count only when an amount is expected."""
    found: list[Reading] = []
    for pattern, rule in lexicon.amount_patterns:
        if rule[0] == "?" and not expected:
            continue
        for match in scan.take(compiled(pattern)):
            candidates = _apply(rule.lstrip("?"), match, currency)
            if candidates:
                # A pattern may need a word before the amount to know it for one; the value alone is the reading.
                start = min(match.start(name) for name in ("i", "c") if match.groupdict().get(name) is not None) - 1
                found.append(Reading("amount", candidates, start, match.end()))
            # What reads as an impossible amount is no amount in part either.
            scan.consume(match.start(), match.end())
    return found


def bare_amount(whole: str, currency: str) -> Money | None:
    """A number alone, as an amount."""
    amount = amount_of(whole, None, currency)
    return amount if amount is not None and amount.minor else None


def _apply(rule: str, match: re.Match[str], currency: str) -> tuple[Money, ...]:
    groups = match.groupdict()
    whole, cents = groups.get("i"), groups.get("c")
    made: tuple[Money | None, ...]
    if rule == "money":
        made = (amount_of(whole or "0", cents, currency),)
    elif rule == "point":
        # "ponto cinco" is half a unit, "ponto zero cinco" five cents.
        said = f"{groups['c']}{groups.get('c2') or ''}"
        made = (amount_of(f"{whole}.{said}", None, currency),) if len(said) <= 2 else ()
    elif rule == "thousands":
        made = (amount_of(str(int(whole or 0) * 1000 + int(cents or 0)), None, currency),)
    elif rule == "hundred_or_cents":
        made = (
            amount_of(str(int(whole or 0) + int(cents or 0)), None, currency),
            amount_of(whole or "", cents, currency),
        )
    elif rule == "hundreds":
        made = (amount_of(str(int(whole or 0) * 100 + int(cents or 0)), None, currency),)
    elif rule == "hundreds_or_cents":
        made = (
            amount_of(str(int(whole or 0) * 100 + int(cents or 0)), None, currency),
            amount_of(whole or "", cents, currency),
        )
    elif rule == "lucas":
        # A luca is a sol in Peru and a thousand pesos elsewhere.
        made = (amount_of(str(round(float(whole or 0) * (1 if currency == "PEN" else 1000))), None, currency),)
    elif rule == "half_thousand":
        made = (amount_of(str(int(whole or 0) * 1000 + 500), None, currency),)
    elif rule == "half_or_half_thousand":
        made = (amount_of(str(int(whole or 0) * 1000 + 500), None, currency), amount_of(whole or "", "50", currency))
    elif rule == "range":
        made = (amount_of(whole or "", None, currency), amount_of(cents or "", None, currency))
    else:
        raise ValueError(f"unknown amount rule {rule!r}")
    return tuple(dict.fromkeys(money for money in made if money is not None))
