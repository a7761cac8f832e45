"""What a person can be told apart by: the data a voice may ask for, and which of them a case holds."""

from __future__ import annotations

import re

from voiceagent.debt.case import Case

#: The data that can be asked for, and how many digits each takes (0: a day and a month).
DATA = {"birth_day_month": 0, "document_first3": 3, "document_last2": 2, "document_last4": 4}

#: Wrong answers that one case may get in a day, over all calls and channels; then it is locked until the next day.
TRIES_PER_DAY = 4

#: Why a case that holds none of the data is not dialled.
UNVERIFIABLE = "unverifiable"

#: A document shorter than this is no document of a person: part of it would prove nothing.
_SHORTEST_DOCUMENT = 8


def datum_value(case: Case, datum: str) -> str | None:
    """What the case holds for a datum, in comparable form; None when it holds nothing usable."""
    if datum == "birth_day_month":
        return f"{case.birth_date:%m-%d}" if case.birth_date is not None else None
    digits = re.sub(r"\D", "", case.document)
    length = DATA[datum]
    if len(digits) < 2 * length:
        return None
    return digits[:length] if "first" in datum else digits[-length:]


def verifiable(case: Case) -> bool:
    """Whether anything is known that the person could prove identity with: without it a call can only fail."""
    return case.birth_date is not None or len(re.sub(r"\D", "", case.document)) >= _SHORTEST_DOCUMENT
