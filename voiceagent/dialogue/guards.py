"""The named guards a script may put on a transition: questions to the state that change nothing."""

from __future__ import annotations

from collections.abc import Callable

from voiceagent.debt.identity import DATA, datum_value
from voiceagent.debt.offer import OfferKind, Reason
from voiceagent.dialogue.acts import destination_said, tries_left
from voiceagent.dialogue.turn import Turn
from voiceagent.dialogue.variables import contract_end

Guard = Callable[[Turn], bool]


def _kind(kind: OfferKind) -> Guard:
    return lambda turn: turn.state.offer is not None and turn.state.offer.kind is kind


def _as_asked(turn: Turn) -> bool:
    return turn.state.offer is not None and turn.state.offer.reason is Reason.AS_ASKED


def _uneven(turn: Turn) -> bool:
    """The first counted instalment differs from the others (the remainder of a division)."""
    offer = turn.state.offer
    return offer is not None and len(offer.counted) > 1 and offer.counted[0].amount != offer.counted[-1].amount


def _same_terms(turn: Turn) -> bool:
    """Nothing was said with the yes that differs from the offer on the table ("sim, mas dia vinte" does)."""
    offer, slots = turn.state.offer, turn.words.slots
    if offer is None or not offer.instalments or turn.words.ambiguous:
        return False
    amounts = {offer.total, *(payment.amount for payment in offer.instalments)}
    said = [turn.slot_money(name) for name in ("amount", "instalment_amount", "down_payment") if name in slots]
    day_agrees = "date" not in slots or turn.slot_date() in {payment.due for payment in offer.instalments}
    count_agrees = "instalments" not in slots or turn.slot_count() == len(offer.counted)
    return day_agrees and count_agrees and all(amount in amounts for amount in said) and "share" not in slots


def _wished_day_met(turn: Turn) -> bool:
    offer = turn.state.offer
    return offer is not None and turn.state.wished is not None and offer.first_due == turn.state.wished


def _can_check(datum: str) -> Guard:
    def guard(turn: Turn) -> bool:
        if datum == turn.state.identified_by or tries_left(turn) <= 0:
            return False
        tries = turn.state.failures.count(datum)
        return datum_value(turn.briefing.case, datum) is not None and tries < turn.script.limits.identity_tries

    return guard


def _may_identify(turn: Turn) -> bool:
    return tries_left(turn) > 0 and len(turn.state.failures) < turn.script.limits.identify_tries


def _open_offer(turn: Turn) -> bool:
    offer, today = turn.briefing.open_offer, turn.briefing.today
    if offer is None or not offer.instalments or offer.instalments[0].due < today:
        return False
    return offer.expires is None or offer.expires >= today


def _negotiable(turn: Turn) -> bool:
    return not turn.briefing.reminding and min(debt.due for debt in turn.briefing.case.debts) <= turn.briefing.today


GUARDS: dict[str, Guard] = {
    "verified": lambda turn: turn.state.verified,
    "overdue": _negotiable,
    "several_debts": lambda turn: len(turn.briefing.case.debts) > 1,
    "contract_numbered": lambda turn: bool(contract_end(turn.briefing)),
    "charged": lambda turn: any(debt.charges.minor > 0 for debt in turn.briefing.case.debts),
    "offer_cash": _kind(OfferKind.CASH),
    "offer_instalments": _kind(OfferKind.INSTALMENTS),
    "offer_none": _kind(OfferKind.NONE),
    "offer_discounted": lambda turn: turn.state.offer is not None and turn.state.offer.discount.minor > 0,
    "offer_down_payment": lambda turn: turn.state.offer is not None and turn.state.offer.down_payment is not None,
    "offer_uneven": _uneven,
    "offer_as_asked": _as_asked,
    "offer_made": lambda turn: turn.state.offer is not None and bool(turn.state.offer.instalments),
    "offer_stands": lambda turn: turn.state.offer_stands,
    "same_terms": _same_terms,
    "date_fixed": lambda turn: turn.state.date_fixed,
    "wished_day_met": _wished_day_met,
    "days_to_choose": lambda turn: len(turn.state.readings) >= 2,
    "callback_named": lambda turn: turn.state.callback_exact,
    "promised": lambda turn: turn.state.promised is not None,
    "open_offer": _open_offer,
    "caller_known": lambda turn: turn.briefing.caller_known,
    "identified": lambda turn: turn.state.identified_by is not None,
    "may_identify": _may_identify,
    "identity_locked": lambda turn: tries_left(turn) <= 0,
    "itemise_always": lambda turn: turn.briefing.law.itemise_always,
    "may_ask_reason": lambda turn: turn.briefing.law.may_ask_reason,
    "text_number_known": lambda turn: bool(turn.briefing.text_number),
    "time_said": lambda turn: bool({"time", "period"} & turn.words.slots.keys()),
    "destination_said": lambda turn: destination_said(turn) is not None,
    "return_number_known": lambda turn: bool(turn.briefing.return_number),
    "people_there": lambda turn: turn.briefing.people_there,
    "heard_before": lambda turn: turn.state.heard,
    **{f"can_check_{datum}": _can_check(datum) for datum in DATA},
}

#: Guards written `was X`: something remembered with `remember: X`.
REMEMBERED = "was "


def holds(turn: Turn, written: str) -> bool:
    """Evaluate a guard as written in a script: `name`, `not name`, `was mark`, `not was mark`."""
    wanted, name = (False, written[4:]) if written.startswith("not ") else (True, written)
    if name.startswith(REMEMBERED):
        return (name[len(REMEMBERED) :] in turn.state.marks) is wanted
    return GUARDS[name](turn) is wanted
