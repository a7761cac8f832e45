"""The variables a prompt may use: their type, and whether they speak of the debt."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from voiceagent.base.money import Money
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.delivery import national
from voiceagent.dialogue.state import Briefing, ConversationState


class Type(StrEnum):
    """How a value is spoken."""

    NAME = "name"  # as written, of people and whom they owe: rendered per call, never kept
    TITLE = "title"  # as written, of the house: kept like any fixed words
    MONEY = "money"
    DATE = "date"  # with its year
    DAY = "day"  # day and month
    WEEKDAY = "weekday"  # day and month with the day of the week
    INSTALMENTS = "instalments"  # a count with its noun: "three instalments"
    DIGITS = "digits"
    TIME = "time"  # with its preposition
    EMAIL = "email"  # an address, sign by sign


Value = str | Money | date | datetime | int


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable.

    `case`: amount, creditor, contract, due date, product or a way to reach the debtor; only for a verified one.
    """

    type: Type
    case: bool
    value: Callable[[Briefing, ConversationState], Value]


def _offer(state: ConversationState) -> Offer:
    if state.offer is None or not state.offer.instalments:
        raise LookupError("no offer is on the table")
    return state.offer


def _first_name(briefing: Briefing) -> str:
    return briefing.case.name.split()[0]


def contract_end(briefing: Briefing) -> str:
    """The last four digits of the contract ("" when it has none)."""
    return re.sub(r"[^0-9]", "", briefing.case.debts[0].contract)[-4:]


def _told(value: str, what: str) -> str:
    if not value.strip():
        raise LookupError(f"{what} is not set")
    return value


def _callback(state: ConversationState) -> datetime:
    if state.callback_at is None:
        raise LookupError("no callback was agreed")
    return state.callback_at


def _reading(index: int) -> Callable[[Briefing, ConversationState], Value]:
    def value(_: Briefing, state: ConversationState) -> Value:
        if index >= len(state.readings):
            raise LookupError(f"there are only {len(state.readings)} days to choose from")
        return state.readings[index]

    return value


def _down(state: ConversationState) -> Money:
    down = _offer(state).down_payment
    if down is None:
        raise LookupError("the offer has no down payment")
    return down


def _dictated(state: ConversationState, channel: str) -> str:
    kept = state.destination
    if kept is None or kept.channel != channel:
        raise LookupError(f"nothing was dictated for {channel}")
    return kept.address


def _sum(values: list[Money]) -> Money:
    total = values[0]
    for value in values[1:]:
        total += value
    return total


VARIABLES: dict[str, Variable] = {
    "persona": Variable(Type.TITLE, False, lambda b, s: b.persona),
    "company": Variable(Type.TITLE, False, lambda b, s: b.company),
    "name": Variable(Type.NAME, False, lambda b, s: b.case.name),
    "first_name": Variable(Type.NAME, False, lambda b, s: _first_name(b)),
    "address": Variable(Type.TITLE, False, lambda b, s: _told(b.address, "the company's address")),
    "protocol": Variable(Type.DIGITS, False, lambda b, s: b.protocol),
    "return_number": Variable(Type.DIGITS, False, lambda b, s: b.return_number),
    "callback_day": Variable(Type.DAY, False, lambda b, s: _callback(s).date()),
    "callback_time": Variable(Type.TIME, False, lambda b, s: _callback(s)),
    "creditor": Variable(Type.NAME, True, lambda b, s: b.case.creditor),
    "product": Variable(Type.NAME, True, lambda b, s: b.case.debts[0].product),
    "contract": Variable(Type.DIGITS, True, lambda b, s: contract_end(b)),
    "original": Variable(Type.MONEY, True, lambda b, s: _sum([d.original for d in b.case.debts])),
    "charges": Variable(Type.MONEY, True, lambda b, s: _sum([d.charges for d in b.case.debts])),
    "total": Variable(Type.MONEY, True, lambda b, s: b.case.total),
    "due": Variable(Type.DATE, True, lambda b, s: min(d.due for d in b.case.debts)),
    "offer_total": Variable(Type.MONEY, True, lambda b, s: _offer(s).total),
    "offer_discount": Variable(Type.MONEY, True, lambda b, s: _offer(s).discount),
    "instalments": Variable(Type.INSTALMENTS, True, lambda b, s: len(_offer(s).counted)),
    "instalment_amount": Variable(Type.MONEY, True, lambda b, s: _offer(s).counted[-1].amount),
    "first_amount": Variable(Type.MONEY, True, lambda b, s: _offer(s).counted[0].amount),
    "other_instalments": Variable(Type.INSTALMENTS, True, lambda b, s: len(_offer(s).counted) - 1),
    "down_payment": Variable(Type.MONEY, True, lambda b, s: _down(s)),
    "first_due": Variable(Type.WEEKDAY, True, lambda b, s: _offer(s).instalments[0].due),
    "second_due": Variable(Type.WEEKDAY, True, lambda b, s: _offer(s).counted[0].due),
    "last_due": Variable(Type.WEEKDAY, True, lambda b, s: _offer(s).instalments[-1].due),
    "expires": Variable(Type.WEEKDAY, True, lambda b, s: _offer(s).expires or b.today),
    "text_number_end": Variable(Type.DIGITS, True, lambda b, s: _told(b.text_number, "a mobile number")[-4:]),
    "dictated_number": Variable(Type.DIGITS, True, lambda b, s: national(_dictated(s, "sms"))),
    "dictated_email": Variable(Type.EMAIL, True, lambda b, s: _dictated(s, "email")),
    "day_1": Variable(Type.DAY, True, _reading(0)),
    "day_2": Variable(Type.DAY, True, _reading(1)),
    "day_3": Variable(Type.DAY, True, _reading(2)),
}

CASE_VARIABLES = frozenset(name for name, variable in VARIABLES.items() if variable.case)
