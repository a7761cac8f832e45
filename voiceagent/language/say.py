"""Values as speech: phrase-bank units of each language, joined at prosodic breaks."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from datetime import date, time
from typing import Literal, Protocol, cast

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import DECIMALS, Money
from voiceagent.language.dates import day_month
from voiceagent.language.languages import CODES
from voiceagent.language.spoken import SpokenPart

_HIGHEST = 10**9


class _Renderer(Protocol):
    EMAIL_SIGNS: dict[str, str]

    def money(self, minor: int, currency: str) -> list[str]: ...
    def calendar_day(self, day: date, *, weekday: bool, year: bool) -> list[str]: ...
    def count(self, number: int, what: str) -> list[str]: ...
    def clock(self, hour: int, minute: int) -> list[str]: ...
    def digits(self, text: str) -> list[str]: ...
    def bank(self) -> list[str]: ...


def money(amount: Money, language: str) -> tuple[SpokenPart, ...]:
    """An amount in words. ValueError when negative or a thousand million units or more: nonsense is never spoken."""
    if not 0 <= amount.minor < _HIGHEST * 10 ** DECIMALS[amount.currency]:
        raise ValueError(f"cannot speak {amount} {amount.currency}: say amounts from 0 to below {_HIGHEST}")
    return _parts(_of(language).money(amount.minor, amount.currency))


def day(
    value: date, language: str, *, weekday: bool = False, today: date | None = None, year: bool | None = None
) -> tuple[SpokenPart, ...]:
    """Day and month, with the weekday when asked; the year when asked, or when `today` makes another year likelier."""
    if year is None:
        year = today is not None and day_month(value.day, value.month, None, today) != (value,)
    return _parts(_of(language).calendar_day(value, weekday=weekday, year=year))


def count(number: int, language: str, what: Literal["instalments", "times"] = "instalments") -> tuple[SpokenPart, ...]:
    """How many: "três parcelas" (instalments) or "três vezes" (times); 1-999."""
    if not 1 <= number <= 999:
        raise ValueError(f"cannot speak a count of {number}: say 1 to 999")
    return _parts(_of(language).count(number, what))


def clock(value: time, language: str) -> tuple[SpokenPart, ...]:
    """A time of day with its preposition: "às nove e meia"."""
    return _parts(_of(language).clock(value.hour, value.minute))


def digits(text: str, language: str) -> tuple[SpokenPart, ...]:
    """A string of digits, one by one; anything but 0-9 is not spoken."""
    return _parts(_of(language).digits("".join(letter for letter in text if letter in "0123456789")))


def email(address: str, language: str) -> tuple[SpokenPart, ...]:
    """An e-mail address as people say it: personal, so never kept beyond the call."""
    signs = _of(language).EMAIL_SIGNS
    spoken = "".join(f" {signs[letter]} " if letter in signs else letter for letter in address)
    return (SpokenPart(" ".join(spoken.split()), cacheable=False),)


def bank(language: str) -> list[str]:
    """Every unit that the functions above can emit in this language: what a voice renders once."""
    return _of(language).bank()


def joined(parts: Iterable[SpokenPart]) -> str:
    """The units as one sentence."""
    return " ".join(part.text for part in parts)


def _parts(units: Sequence[str]) -> tuple[SpokenPart, ...]:
    return tuple(SpokenPart(unit) for unit in units)


def _of(language: str) -> _Renderer:
    if language not in CODES:
        raise BadInputError(f"language {language!r} is not spoken: use one of {', '.join(CODES)}")
    return cast(_Renderer, importlib.import_module(f"voiceagent.language.{language.lower().replace('-', '_')}.say"))
