"""Typed values become speech in the language room's words."""

from __future__ import annotations

from datetime import date, datetime

from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.dialogue.variables import Type, Value
from voiceagent.language import say
from voiceagent.language.spoken import SpokenPart


def speak(kind: Type, value: Value, language: Language, region: str) -> tuple[SpokenPart, ...]:
    """The parts that say `value`; names are personal data and never kept. ValueError for what cannot be said."""
    if isinstance(value, Money):
        return say.money(value, language)
    if isinstance(value, datetime):
        return say.clock(value.time(), language)
    if isinstance(value, date):
        return say.day(value, language, weekday=kind is Type.WEEKDAY, year=kind is Type.DATE)
    if isinstance(value, int):
        return say.count(value, language)
    if kind is Type.DIGITS:
        return say.digits(value, language)
    if kind is Type.EMAIL:
        return say.email(value, language)
    return (SpokenPart(value.strip(), cacheable=kind is Type.TITLE),)
