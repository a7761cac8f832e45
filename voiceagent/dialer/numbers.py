"""Which of a person's numbers is tried first, and which never; pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from voiceagent.cases.kinds import PhoneStatus
from voiceagent.cases.stops import wrong_for
from voiceagent.cases.store import Phone

#: Somebody else's number for good; no number any more.
NEVER = frozenset({PhoneStatus.WRONG, PhoneStatus.DEAD})

#: How many dials in vain a number's past is worth: one where somebody else answered is tried after the others twice.
_HANDICAP = {PhoneStatus.VALID: -1, PhoneStatus.NEW: 0, PhoneStatus.THIRD_PARTY: 2}


def as_learnt(phones: tuple[Phone, ...], document: str, stopped: Collection[str]) -> tuple[Phone, ...]:
    """The numbers, those wrong that were so for the person with `document` before they were erased and came again.

    `stopped`: what stops hold, `wrong_for` this person among them.
    """
    return tuple(
        replace(phone, status=PhoneStatus.WRONG) if wrong_for(document, phone.number) in stopped else phone
        for phone in phones
    )


def best_first(phones: Iterable[Phone], dials: Mapping[str, int], stopped: Collection[str]) -> list[Phone]:
    """The numbers that may be tried, best first.

    Where the person was reached comes first, the latest before all; then those tried least of late (`dials`, by
    number), then in the creditor's order. `stopped`: numbers nobody may call.
    """
    usable = [phone for phone in phones if phone.status not in NEVER and phone.number not in stopped]
    return sorted(usable, key=lambda phone: _rank(phone, dials))


def _rank(phone: Phone, dials: Mapping[str, int]) -> tuple[bool, float, int, int]:
    reached = phone.last_right_party_at
    right = phone.status is PhoneStatus.RIGHT_PARTY
    return (
        not right,
        -reached.timestamp() if right and reached is not None else 0.0,
        dials.get(phone.number, 0) + _HANDICAP.get(phone.status, 0),
        phone.position,
    )
