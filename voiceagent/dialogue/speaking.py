"""Typed values become speech in the language room's words."""

from __future__ import annotations

from datetime import date, datetime

from voiceagent.base.languages import Language
from voiceagent.base.money import Money
from voiceagent.dialogue.variables import Type, Value
from voiceagent.language.spoken import SpokenPart


def speak(kind: Type, value: Value, language: Language, region: str) -> tuple[SpokenPart, ...]:
    """The parts that say `value`; names are personal data and never cacheable."""
    if kind is Type.NAME:
        return (SpokenPart(str(value).strip(), cacheable=False),)
    if kind is Type.MONEY and isinstance(value, Money):
        return (SpokenPart(f"{value} {value.currency}"),)
    if kind is Type.TIME and isinstance(value, datetime):
        return (SpokenPart(value.strftime("%H:%M")),)
    if isinstance(value, date):
        return (SpokenPart(value.strftime("%d/%m/%Y")),)
    return (SpokenPart(" ".join(str(value)) if kind is Type.DIGITS else str(value)),)
