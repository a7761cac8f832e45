"""The negotiation: one pure function from policy, balance and what the debtor asks to the next offer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import ROUND_CEILING, Decimal

from voiceagent.base.errors import BadInputError
from voiceagent.base.money import DECIMALS, Money
from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.agreement import Instalment
from voiceagent.debt.case import Debt
from voiceagent.debt.offer import Ask, Offer, OfferKind, Reason
from voiceagent.debt.policy import Cash, Discount, Instalments, Policy, Segment
from voiceagent.debt.schedule import DueRule, build_plan


def negotiate(
    policy: Policy,
    debts: Sequence[Debt],
    ask: Ask | None = None,
    *,
    today: date,
    business: BusinessCalendar,
    disputed: bool = False,
) -> Offer:
    """The offer that answers `ask`: the same inputs give the same offer on every channel.

    Without an ask it opens; after plain refusals it goes down the policy's steps; what the debtor fixes is kept as
    far as allowed (date before amount before number of instalments). Never below the floor, never higher after being
    lower, never a refused offer again. Raises BadInputError for balances that cannot be negotiated at all.
    """
    ask = ask or Ask()
    original, charges, oldest = _balance(policy, debts, ask)
    nothing = Offer(OfferKind.NONE, original + charges, Money(0, policy.currency), (), Reason.EXHAUSTED, None, True)
    if disputed:
        return replace(nothing, reason=Reason.DISPUTED)
    overdue = (today - oldest).days
    if overdue < 0:
        return replace(nothing, reason=Reason.NOT_DUE)
    if overdue > policy.max_age_days:
        return replace(nothing, reason=Reason.TOO_OLD)
    segment = policy.segment(overdue, original + charges)
    if segment is None:
        return replace(nothing, reason=Reason.NO_SEGMENT)
    # A debtor who proposes something is still heard after as many refusals again.
    if len(ask.rejected) >= segment.rounds * (1 if ask.is_open else 2):
        return replace(nothing, reason=Reason.ROUNDS)
    desk = _Desk(segment, original, charges, ask, DueRule(segment.due, business, today))
    offer = desk.answer()
    if offer is None:
        return nothing
    days = -(-segment.expiry_hours // 24)
    last_round = offer.reason in (Reason.OPENING, Reason.NEXT) and len(ask.rejected) + 1 >= segment.rounds
    return replace(offer, expires=today + timedelta(days=days), final=offer.final or last_round)


def _balance(policy: Policy, debts: Sequence[Debt], ask: Ask) -> tuple[Money, Money, date]:
    if not debts:
        raise BadInputError("the case has no debt: nothing to negotiate")
    original, charges = Money(0, policy.currency), Money(0, policy.currency)
    for debt in debts:
        if {debt.original.currency, debt.charges.currency} != {policy.currency}:
            raise BadInputError(f"policy {policy.policy} is in {policy.currency}, the debt in {debt.original.currency}")
        if debt.original.minor <= 0 or debt.charges.minor < 0:
            raise BadInputError("a debt must have a positive original amount and charges of zero or more")
        original, charges = original + debt.original, charges + debt.charges
    for amount in (ask.total, ask.instalment_amount, ask.down_payment):
        if amount is not None and (amount.currency != policy.currency or amount.minor <= 0):
            raise BadInputError(f"an asked amount must be positive and in {policy.currency}")
    if ask.instalments is not None and ask.instalments < 1:
        raise BadInputError("asked instalments must be 1 or more")
    return original, charges, min(debt.due for debt in debts)


@dataclass(frozen=True, slots=True)
class _Desk:
    """One negotiation at one moment."""

    segment: Segment
    original: Money
    charges: Money
    ask: Ask
    rule: DueRule

    @property
    def balance(self) -> Money:
        return self.original + self.charges

    def answer(self) -> Offer | None:
        ask = self.ask
        if ask.is_open:
            return self._next_step(Reason.NEXT if ask.rejected else Reason.OPENING)
        wanted = self._kind()
        order = [OfferKind.CASH, OfferKind.INSTALMENTS]
        for kind in order if wanted is OfferKind.CASH else reversed(order):
            offer = self._cash_for(ask) if kind is OfferKind.CASH else self._instalments_for(ask)
            if offer is not None and not self._refused(offer):
                return replace(offer, reason=Reason.AS_ASKED if _meets(offer, ask) else Reason.NEAREST)
            if offer is not None:
                break
        return self._next_step(Reason.NEAREST)

    # --- steps down without a counter-proposal ----------------------------------------------------------------------

    def _next_step(self, reason: Reason) -> Offer | None:
        """The first step of the ladder not refused yet and never above what was refused of its kind."""
        steps = [offer for offer in self._ladder() if not self._refused(offer) and not self._above_refused(offer)]
        return replace(steps[0], reason=reason, final=len(steps) == 1) if steps else None

    def _ladder(self) -> Iterator[Offer]:
        parts = [self._cash_steps, self._instalment_steps]
        for steps in reversed(parts) if self.ask.kind is OfferKind.INSTALMENTS else parts:
            yield from steps()

    def _cash_steps(self) -> Iterator[Offer]:
        terms = self.segment.cash
        if terms is None:
            return
        for tier in terms.tiers:
            offer = self._cash(terms, self._forgive(tier), self.ask.first_due)
            if offer is not None:
                yield offer

    def _instalment_steps(self) -> Iterator[Offer]:
        terms = self.segment.instalments
        if terms is None:
            return
        plans = [(tier, terms.open_with) for tier in terms.tiers] + [(terms.tiers[-1], terms.max)]
        for tier, count in plans:
            principal = self._forgive(tier)
            offer = self._plan(terms, principal, count, self._down(terms, principal, None), self.ask.first_due)
            if offer is not None:
                yield offer

    def _refused(self, offer: Offer) -> bool:
        return any(offer.terms == refused.terms for refused in self.ask.rejected)

    def _above_refused(self, offer: Offer) -> bool:
        """Not lower than an offer of its kind that was refused: in what is paid at once, or in what is forgiven."""
        return any(
            refused.kind is offer.kind and (_size(offer) >= _size(refused) or offer.discount < refused.discount)
            for refused in self.ask.rejected
        )

    # --- answers to a counter-proposal ------------------------------------------------------------------------------

    def _kind(self) -> OfferKind:
        ask = self.ask
        if ask.instalments is not None:
            return OfferKind.CASH if ask.instalments == 1 else OfferKind.INSTALMENTS
        if ask.instalment_amount is not None or ask.down_payment is not None:
            return OfferKind.INSTALMENTS
        return ask.kind if ask.kind is not None else OfferKind.CASH

    def _cash_for(self, ask: Ask) -> Offer | None:
        terms = self.segment.cash
        if terms is None:
            return None
        refused = [offer for offer in ask.rejected if offer.kind is OfferKind.CASH]
        tier = terms.tiers[min(len(refused), len(terms.tiers) - 1)]
        ceiling = min([self._forgive(tier), *(offer.total for offer in refused)])
        total = ceiling if ask.total is None else max(self._forgive(terms.floor), min(ask.total, ceiling))
        return self._cash(terms, total, ask.first_due)

    def _instalments_for(self, ask: Ask) -> Offer | None:
        terms = self.segment.instalments
        if terms is None:
            return None
        refused = [offer for offer in ask.rejected if offer.kind is OfferKind.INSTALMENTS]
        steps = min(len(refused), len(terms.tiers) - 1)
        ceiling = min([self._forgive(terms.tiers[steps]), *(self.balance - offer.discount for offer in refused)])
        floor = min(self._forgive(terms.floor), ceiling)
        counts = range(terms.min, terms.max + 1)
        if ask.instalments is not None:
            # The nearest count first; of two equally near, the longer one keeps each payment small.
            wanted = ask.instalments
            counts_by_nearness = sorted(counts, key=lambda count: (abs(count - wanted), -count))
        else:
            counts_by_nearness = list(counts) if _bounds_amount(ask) else [terms.open_with, *reversed(counts)]
        fallback: Offer | None = None
        for count in counts_by_nearness:
            offer = self._fitted(terms, ceiling, floor, count, ask)
            if offer is None:
                continue
            if not _bounds_amount(ask) or _within(offer, ask):
                return offer
            if fallback is None or _distance(offer, ask) < _distance(fallback, ask):
                fallback = offer
        return fallback

    def _fitted(self, terms: Instalments, ceiling: Money, floor: Money, count: int, ask: Ask) -> Offer | None:
        """The dearest plan of `count` instalments, between floor and ceiling, that stays within the asked amounts."""

        def plan(minor: int) -> Offer | None:
            principal = Money(minor, ceiling.currency)
            return self._plan(terms, principal, count, self._down(terms, principal, ask.down_payment), ask.first_due)

        best = plan(ceiling.minor)
        if best is None or not _bounds_amount(ask) or _within(best, ask):
            return best
        if ask.instalments is None and ask.total is None:
            # Only the size of a payment was fixed: more instalments answer it, a discount does not have to.
            if count < terms.max:
                return best
        elif ask.instalments is not None and count != ask.instalments:
            return best
        low, high = floor.minor, ceiling.minor
        lowest = plan(low)
        if lowest is None or not _within(lowest, ask):
            return lowest or best
        while high - low > 1:
            middle = (low + high) // 2
            candidate = plan(middle)
            if candidate is not None and _within(candidate, ask):
                low = middle
            else:
                high = middle
        return plan(low)

    # --- building blocks --------------------------------------------------------------------------------------------

    def _forgive(self, discount: Discount) -> Money:
        return self.balance - discount.of(self.original, self.charges)

    def _down(self, terms: Instalments, principal: Money, asked: Money | None) -> Money:
        least = (Decimal(principal.minor) * terms.down_percent / 100).to_integral_value(ROUND_CEILING)
        return Money(max(int(least), asked.minor if asked is not None else 0), principal.currency)

    def _cash(self, terms: Cash, total: Money, wanted: date | None) -> Offer | None:
        if total.minor <= 0:
            return None
        first = self._first(wanted, terms.default_days, terms.max_days)
        if first is None:
            return None
        return Offer(OfferKind.CASH, total, self.balance - total, (Instalment(1, first[1], total),), Reason.OPENING)

    def _plan(self, terms: Instalments, principal: Money, count: int, down: Money, wanted: date | None) -> Offer | None:
        """A plan, or None when it breaks a limit (smallest instalment, longest term, nothing left to finance)."""
        first = self._first(wanted, terms.default_days_first, terms.max_days_first)
        if first is None or principal.minor - down.minor < count:
            return None
        payments = build_plan(terms, principal, count, down, first[0], self.rule)
        smallest = terms.min_amount.scaleb(DECIMALS[principal.currency])
        last_day = self.rule.today + timedelta(days=terms.max_total_days)
        if min(i.amount.minor for i in payments if i.number > 0) < smallest or payments[-1].due > last_day:
            return None
        total = Money(sum(i.amount.minor for i in payments), principal.currency)
        return Offer(OfferKind.INSTALMENTS, total, self.balance - principal, payments, Reason.OPENING)

    def _first(self, wanted: date | None, default_days: int, max_days: int) -> tuple[date, date] | None:
        return self.rule.first(wanted or self.rule.today + timedelta(days=default_days), max_days)


def _size(offer: Offer) -> int:
    """How dear an offer feels: the whole of a cash offer, the largest payment of a plan."""
    return max(i.amount.minor for i in offer.instalments)


def _bounds_amount(ask: Ask) -> bool:
    return ask.total is not None or ask.instalment_amount is not None


def _within(offer: Offer, ask: Ask) -> bool:
    largest = max(i.amount.minor for i in offer.instalments if i.number > 0)
    return (ask.total is None or offer.total <= ask.total) and (
        ask.instalment_amount is None or largest <= ask.instalment_amount.minor
    )


def _distance(offer: Offer, ask: Ask) -> int:
    if ask.instalment_amount is not None:
        return abs(max(i.amount.minor for i in offer.counted) - ask.instalment_amount.minor)
    return abs(offer.total.minor - ask.total.minor) if ask.total is not None else 0


def _meets(offer: Offer, ask: Ask) -> bool:
    """Whether everything the debtor fixed is as he fixed it, or better for him."""
    wants_cash = ask.instalments == 1 or (ask.kind is OfferKind.CASH and ask.instalments is None)
    return (
        _within(offer, ask)
        and not (wants_cash and offer.kind is not OfferKind.CASH)
        and (ask.instalments is None or len(offer.counted) == ask.instalments)
        and (ask.down_payment is None or offer.down_payment == ask.down_payment)
        and (ask.first_due is None or offer.first_due == ask.first_due)
    )
