"""The named actions a script may use, each a small change of the state and the effects it causes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

from voiceagent.base.money import Money
from voiceagent.debt.identity import DATA, datum_value
from voiceagent.debt.negotiation import negotiate
from voiceagent.debt.offer import Ask, Offer, OfferKind, Reason
from voiceagent.dialogue.callbacks import Wish, call_at
from voiceagent.dialogue.delivery import Destination, mobile
from voiceagent.dialogue.events import (
    CallBack,
    IdentityFailed,
    Keep,
    MarkNumber,
    OpenRequest,
    OptOut,
    Promise,
    RightPartyVerified,
)
from voiceagent.dialogue.turn import YES, Turn
from voiceagent.language.heard import discount_asked

Act = Callable[[Turn, str], None]

_NOTE_LENGTH = 200

#: The mark that a stop leaves.
CEASED = "ceased"
#: What a script remembers of a debtor who refused a text to this number: none is sent, however the call goes on.
NO_TEXT = "no_text"


class BrokenScriptError(RuntimeError):
    """A script did what the checker forbids; no script that passed it gets here."""


def tries_left(turn: Turn) -> int:
    """Wrong answers that the case may still get today."""
    return turn.briefing.identity_tries_left - len(turn.state.failures)


def _answers(turn: Turn, datum: str) -> bool:
    """Whether what was said is the case's datum; neither is kept. Nothing is right once the tries are used up."""
    case = turn.briefing.case
    expected = datum_value(case, datum)
    if datum == "birth_day_month":
        day = turn.slot_date()
        said = f"{day:%m-%d}" if day is not None else None
    else:
        said = re.sub(r"\D", "", str(turn.words.slots.get("digits", ""))) or None
    whole = re.sub(r"\D", "", case.document)
    known = expected is not None and said is not None and tries_left(turn) > 0
    return known and (said == expected or (DATA[datum] > 0 and said == whole))


def _failed(turn: Turn, datum: str) -> None:
    turn.change(failures=(*turn.state.failures, datum))
    turn.emit(IdentityFailed(datum))


def _check(turn: Turn, datum: str) -> None:
    """The answer proves who speaks, or it was a failed try."""
    if datum != turn.state.identified_by and _answers(turn, datum):
        turn.change(verified=True)
        turn.emit(RightPartyVerified(datum))
        turn.emit(MarkNumber("right_party"))
    else:
        _failed(turn, datum)


def _identify(turn: Turn, datum: str) -> None:
    """The answer finds the case of who calls us; it proves nothing yet."""
    if _answers(turn, datum):
        turn.change(identified_by=datum)
    else:
        _failed(turn, datum)


def _negotiate(turn: Turn, ask: Ask) -> Offer:
    briefing = turn.briefing
    return negotiate(
        briefing.policy,
        briefing.case.debts,
        ask,
        today=briefing.today,
        business=briefing.business,
        disputed="dispute" in turn.state.marks,
    )


def _table(turn: Turn, offer: Offer) -> None:
    """Put an offer on the table: what was accepted or read back before does not stand for it."""
    turn.change(offer=offer, offer_stands=False, agreement=None, read_back=None, confirmed=None)


def _quote(turn: Turn, kind: str) -> None:
    wanted = OfferKind(kind) if kind else None
    _table(turn, _negotiate(turn, Ask(kind=wanted, rejected=turn.state.rejected)))


def _resume(turn: Turn, _: str) -> None:
    """Take up what an earlier conversation left open, as far as the policy still allows it."""
    old = turn.briefing.open_offer
    if old is None or not old.instalments:
        raise BrokenScriptError("resume_offer needs an open offer")
    plan = old.kind is OfferKind.INSTALMENTS
    count = len(old.counted) if plan else None
    offer = _negotiate(turn, Ask(old.kind, old.total, count, None, old.down_payment, old.first_due))
    # It stays open for as long as it was said to, not for as long again.
    same = (offer.kind, offer.total, len(offer.instalments)) == (old.kind, old.total, len(old.instalments))
    _table(turn, replace(offer, expires=old.expires) if same else offer)


def _refuse(turn: Turn, _: str) -> None:
    """The offer on the table is refused and will not be made again."""
    offer = turn.state.offer
    if offer is not None and offer.instalments and all(offer.terms != old.terms for old in turn.state.rejected):
        turn.change(rejected=(*turn.state.rejected, offer))
    turn.change(agreement=None, read_back=None, confirmed=None)


def _counter(turn: Turn, _: str) -> None:
    """Answer what the debtor proposes: an amount, a number of instalments, a down payment, a day."""
    current = turn.state.offer
    count, amount, down = turn.slot_count(), turn.slot_money("amount"), turn.slot_money("down_payment")
    each = turn.slot_money("instalment_amount")
    kind = current.kind if current is not None and current.instalments else None
    discount = False
    if amount is None and turn.words.slots.get("share") is not None:
        amount = _share(turn, turn.words.slots["share"])
        discount = amount is not None and discount_asked(turn.words.text, turn.script.language)
        if amount is not None and discount and _stepped_down(turn, kind, amount):
            return
    whole = discount or count == 1
    if amount is not None and each is None and not whole and (kind is OfferKind.INSTALMENTS or (count or 1) > 1):
        # "Cem", said of a plan, is what each payment may be; only of a single payment is it the whole.
        each, amount = (
            (amount, None) if amount.minor * max(count or 2, 2) <= turn.briefing.case.total.minor else (None, amount)
        )
    day = turn.slot_date()
    if current is not None and kind is OfferKind.INSTALMENTS and count is None and day is not None and each is None:
        count = len(current.counted)
    if count is not None:
        kind = OfferKind.CASH if count == 1 else OfferKind.INSTALMENTS
    proposal = Ask(kind, amount, count, each, down, day or turn.state.wished)
    if proposal.is_open:
        _refuse(turn, "")
        _quote(turn, "")
        return
    answer = _negotiate(turn, _with_rejected(proposal, turn))
    if current is not None and current.instalments and answer.terms != current.terms:
        # To ask for something else is to refuse what is on the table.
        _refuse(turn, "")
        answer = _negotiate(turn, _with_rejected(proposal, turn))
    _table(turn, answer)
    turn.change(offer_stands=bool(answer.instalments) and current is not None and answer.terms == current.terms)
    if day is not None:
        turn.change(date_fixed=True, wished=day)


def _stepped_down(turn: Turn, kind: OfferKind | None, wanted: Money) -> bool:
    """Answer a discount that goes beyond the next step with that step: to ask for one is not to propose a sum."""
    current = turn.state.offer
    made = (current,) if current is not None and current.instalments else ()
    if made and wanted >= made[0].total:
        return False
    step = _negotiate(turn, Ask(kind=kind, rejected=(*turn.state.rejected, *made)))
    if step.instalments and wanted >= step.total:
        return False
    _refuse(turn, "")
    _table(turn, step)
    return True


def _with_rejected(ask: Ask, turn: Turn) -> Ask:
    return Ask(
        ask.kind, ask.total, ask.instalments, ask.instalment_amount, ask.down_payment, ask.first_due,
        turn.state.rejected,
    )  # fmt: skip


def _share(turn: Turn, share: object) -> Money | None:
    total = turn.briefing.case.total
    if isinstance(share, bool) or not isinstance(share, int | float | str):
        return None
    try:
        minor = int(total.minor * float(share))
    except ValueError:
        return None
    return Money(minor, total.currency) if 0 < minor <= total.minor else None


def _set_date(turn: Turn, _: str) -> None:
    """Move the first payment of the offer on the table to the day said; nothing else of it changes."""
    day, offer = turn.slot_date(), turn.state.offer
    if day is None or offer is None or not offer.instalments:
        raise BrokenScriptError("set_date needs a day and an offer")
    ask = Ask(
        kind=offer.kind,
        total=offer.total,
        instalments=len(offer.counted) if offer.kind is OfferKind.INSTALMENTS else None,
        down_payment=offer.down_payment,
        first_due=day,
    )
    # What was refused before set the terms of this offer; it says nothing of the days it may be paid on.
    moved = _negotiate(turn, ask)
    if moved.kind is offer.kind and moved.total == offer.total and len(moved.instalments) == len(offer.instalments):
        _table(turn, moved)
    else:
        # The day would break a limit of the plan: the offer stands on its own day, which the read-back says.
        _table(turn, Offer(offer.kind, offer.total, offer.discount, offer.instalments, Reason.NEAREST, offer.expires))
    turn.change(date_fixed=True, wished=day)


def _offer_days(turn: Turn, _: str) -> None:
    """Find three days to choose from: those the policy takes for the offer on the table, else business days."""
    offer, today = turn.state.offer, turn.briefing.today
    found: list[date] = []
    for ahead in (2, 5, 10, 15, 20, 25, 30, 40):
        ask = Ask(
            kind=offer.kind if offer is not None and offer.instalments else None,
            first_due=today + timedelta(days=ahead),
        )
        day = _negotiate(turn, ask).first_due
        if day is not None and day not in found:
            found.append(day)
    following = (turn.briefing.business.add(today, count) for count in range(1, 10))
    found += [day for day in following if day not in found] if len(found) < 3 else []
    turn.change(readings=tuple(found[:3]))


def _keep_readings(turn: Turn, _: str) -> None:
    """Remember the days that an ambiguous answer may mean, so that the debtor can be asked which."""
    found: list[date] = []
    for alternative in turn.words.alternatives:
        if alternative.get("slot") == "date":
            try:
                found.append(date.fromisoformat(str(alternative.get("value"))))
            except ValueError:
                continue
    turn.change(readings=tuple(sorted(set(found))[:3]))


def _accept(turn: Turn, _: str) -> None:
    """The debtor wants the offer on the table: the first yes."""
    offer = turn.state.offer
    if offer is None or not offer.instalments:
        raise BrokenScriptError("accept needs an offer")
    turn.change(agreement=offer.agreement(), read_back=None, confirmed=None)


def _confirm(turn: Turn, _: str) -> None:
    """The second yes, given to what was just read back."""
    if turn.state.read_back is None or turn.trigger not in YES:
        raise BrokenScriptError("confirm needs a yes to a read-back")
    turn.change(confirmed=turn.state.read_back)


def _promise(turn: Turn, _: str) -> None:
    confirmed = turn.state.confirmed
    if confirmed is None or confirmed != turn.state.agreement or not turn.state.verified:
        raise BrokenScriptError("a promise needs a verified debtor and a second yes to the read-back")
    if turn.state.promised is None:
        turn.change(promised=confirmed)
        turn.emit(Promise(confirmed))


def destination_said(turn: Turn) -> Destination | None:
    """Where the words want something sent: an address, or a mobile number of the debtor's country."""
    address, digits = turn.words.slots.get("email"), turn.words.slots.get("digits")
    if isinstance(address, str) and address:
        return Destination("email", address)
    number = mobile(str(digits), turn.briefing.case.region) if digits else None
    return Destination("sms", number) if number is not None else None


def _keep_destination(turn: Turn, _: str) -> None:
    """Take down what was dictated, to be read back."""
    turn.change(destination=destination_said(turn))


def _deliver(turn: Turn, how: str) -> None:
    """Ask for the payment data to be sent, once in a call; where the way is not known, people choose it."""
    if turn.state.promised is None:
        raise BrokenScriptError("there is nothing to send before a promise")
    if turn.state.delivery_asked:
        return
    wanted = turn.state.destination if how == "dictated" else None
    if how == "text" and turn.briefing.text_number and NO_TEXT not in turn.state.marks:
        wanted = Destination("sms", turn.briefing.text_number)
    turn.change(delivery_asked=True)
    turn.emit(
        OpenRequest("send_payment", "", wanted.channel, wanted.address)
        if wanted is not None
        else OpenRequest("send_payment")
    )


def _opt_out(turn: Turn, _: str) -> None:
    turn.mark(CEASED)
    turn.emit(OptOut("person" if turn.state.verified else "number"))


def _call_at(turn: Turn, wish: Wish) -> datetime:
    briefing = turn.briefing
    return call_at(wish, briefing.started, briefing.business, briefing.law.hours)


def _plan_callback(turn: Turn, _: str) -> None:
    """Work out when to call again from the words, or propose a time when they name none."""
    period = turn.words.slots.get("period")
    wish = Wish(turn.slot_date(), turn.slot_time(), period if isinstance(period, str) else None)
    if not wish.said and turn.state.callback_exact:
        return
    at = _call_at(turn, wish)
    turn.change(callback_at=at, callback_exact=wish.said)


def _payday_callback(turn: Turn, _: str) -> None:
    """Call again the day after the debtor expects money; in ten days when he named no day."""
    day = turn.slot_date()
    if day is None and turn.state.callback_at is not None:
        return
    today = turn.briefing.today
    ahead = (day - today).days + 1 if day is not None else 10
    # A day long past or in another age was no payday.
    wish = Wish(today + timedelta(days=ahead if 0 < ahead <= 366 else 10))
    turn.change(callback_at=_call_at(turn, wish), callback_exact=True)


def _callback(turn: Turn, reason: str) -> None:
    if turn.state.callback_at is None:
        _plan_callback(turn, "")
    at = turn.state.callback_at
    if at is not None:
        turn.emit(CallBack(at, reason))


def _request(turn: Turn, kind: str) -> None:
    turn.emit(OpenRequest(kind, turn.state.note))


def _note(turn: Turn, _: str) -> None:
    text = turn.words.text.strip()
    if not text.isdecimal():  # a key is no word of his
        turn.change(note=text[:_NOTE_LENGTH])


def _mark_number(turn: Turn, status: str) -> None:
    turn.emit(MarkNumber(status))


def _recording(turn: Turn, wanted: str) -> None:
    turn.emit(Keep(wanted == "on"))


def _remember(turn: Turn, name: str) -> None:
    turn.mark(name)


ACTS: dict[str, Act] = {
    "check_identity": _check,
    "identify": _identify,
    "quote": _quote,
    "resume_offer": _resume,
    "refuse_offer": _refuse,
    "counter": _counter,
    "set_date": _set_date,
    "offer_days": _offer_days,
    "keep_readings": _keep_readings,
    "accept": _accept,
    "confirm": _confirm,
    "promise": _promise,
    "keep_destination": _keep_destination,
    "deliver": _deliver,
    "opt_out": _opt_out,
    "plan_callback": _plan_callback,
    "payday_callback": _payday_callback,
    "callback": _callback,
    "request": _request,
    "note": _note,
    "mark_number": _mark_number,
    "recording": _recording,
    "remember": _remember,
}

#: Allowed arguments; an empty tuple: none is taken; None: any word.
ARGUMENTS: dict[str, tuple[str, ...] | None] = {
    **dict.fromkeys(ACTS, ()),
    "check_identity": tuple(DATA),
    "identify": tuple(datum for datum, digits in DATA.items() if digits),
    "quote": ("", "cash", "instalments"),
    "mark_number": ("wrong", "third_party", "right_party"),
    "deliver": ("text", "dictated", "later"),
    "callback": None,
    "request": None,
    "recording": ("on", "off"),
    "remember": None,
}
