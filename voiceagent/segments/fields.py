"""What a filter may ask of a case. Every field has one type, and a meaning that people are told."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Type(StrEnum):
    """Of a field or a value."""

    WHOLE = "whole number"
    AMOUNT = "amount"
    TEXT = "text"
    DATE = "date"
    FLAG = "yes or no"


@dataclass(frozen=True, slots=True)
class Field:
    """One fact of a case; unknown facts make every test of them false."""

    name: str
    type: Type
    told: str


#: Custom columns of lists are asked as `x.column`; they are texts.
CUSTOM = "x."

_TABLE = (
    ("days_overdue", Type.WHOLE, "days since the oldest open debt was due; negative before it is"),
    ("oldest_due", Type.DATE, "due day of the oldest open debt"),
    ("balance", Type.AMOUNT, "open debts with their charges, in the currency's units"),
    ("currency", Type.TEXT, "of the open debts, like BRL"),
    ("debts", Type.WHOLE, "open debts"),
    ("creditor", Type.TEXT, "the creditor's name"),
    ("product", Type.TEXT, "of the oldest open debt"),
    ("stage", Type.TEXT, "preventive, amicable, dispute, pre_legal, legal or closed"),
    ("region", Type.TEXT, "country, like BR"),
    ("state", Type.TEXT, "of the address, like SP"),
    ("language", Type.TEXT, "pt-BR, es or en"),
    ("score", Type.WHOLE, "0 to 1000, imported or computed by a scorecard; higher pays sooner"),
    ("attempts", Type.WHOLE, "calls to the case so far"),
    ("last_outcome", Type.TEXT, "disposition of the latest call, like NA or PTP"),
    ("days_since_attempt", Type.WHOLE, "days since the latest call"),
    ("days_since_talk", Type.WHOLE, "days since the person was last talked with"),
    ("open_promise", Type.FLAG, "a promise is open"),
    ("broken_promises", Type.WHOLE, "promises that were not kept"),
    ("opted_out", Type.FLAG, "the person asked to be left alone"),
    ("has_phone", Type.FLAG, "a number that is neither wrong nor dead is known"),
    ("has_email", Type.FLAG, "an address is known"),
)

FIELDS: dict[str, Field] = {name: Field(name, kind, told) for name, kind, told in _TABLE}


def field_of(name: str) -> Field | None:
    """The field of a name, custom ones included; None when there is none."""
    if name.startswith(CUSTOM) and len(name) > len(CUSTOM):
        return Field(name, Type.TEXT, "a column of the list")
    return FIELDS.get(name)
