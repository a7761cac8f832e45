"""What a conversation remembers between two events, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from voiceagent.calendars.business import BusinessCalendar
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.case import Case
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.debt.offer import Offer
from voiceagent.debt.policy import Policy
from voiceagent.dialogue.delivery import Destination
from voiceagent.dialogue.law import STRICTEST, SpokenLaw


@dataclass(frozen=True, slots=True)
class Briefing:
    """Everything that is fixed for one call."""

    case: Case
    policy: Policy
    started: datetime
    """Start of the call, aware, in the debtor's zone: its date is the call's `today`."""
    business: BusinessCalendar
    company: str
    """The caller's neutral name: it must not reveal that this is about a debt."""
    protocol: str
    """The number the debtor may quote later (digits)."""
    persona: str = "Clara"
    return_number: str = ""
    """The number at which the company can be called back (digits)."""
    address: str = ""
    """The company's postal address, where a law wants it said."""
    law: SpokenLaw = STRICTEST
    """What the law of the debtor's place wants said."""
    first_contact: bool = True
    """Nobody has talked with the debtor about this case before."""
    open_offer: Offer | None = None
    """What an earlier conversation left on the table; taken up again when it is still valid."""
    identity_tries_left: int = TRIES_PER_DAY
    """Wrong answers that the case may still get today, over all calls and channels."""
    caller_known: bool = True
    """The case is the one this call is about. False: somebody calls us, and whose case it is must be asked first;
    `case` is then a stand-in that says nothing of anybody."""
    people_there: bool = False
    """People take calls over at this hour, and what becomes of one that they are given can be known."""
    reminding: bool = False
    """The call reminds of a payment that was promised: `case` holds it, and nothing is negotiated."""
    text_number: str = ""
    """The mobile (E.164) that payment data may be texted to: the one called, else one on file."""

    @property
    def today(self) -> date:
        """The call's pinned day."""
        return self.started.date()


@dataclass(frozen=True, slots=True)
class ConversationState:
    """One conversation between two events. Holds nothing that was said as an identity datum."""

    node: str
    hung_up_as: Disposition
    """The outcome should the debtor hang up now."""
    verified: bool = False
    failures: tuple[str, ...] = ()
    """The datum of each failed identity try."""
    identified_by: str | None = None
    """The datum by which a caller was found; it proves nothing, and does not count again as proof."""
    offer: Offer | None = None
    """The offer on the table."""
    offer_stands: bool = False
    """A counter-proposal left it as it was: nothing nearer may be offered."""
    rejected: tuple[Offer, ...] = ()
    date_fixed: bool = False
    """The debtor has named the day of the first payment."""
    wished: date | None = None
    """The day the debtor named last."""
    agreement: Agreement | None = None
    """Accepted once, waiting for the second yes."""
    read_back: Agreement | None = None
    """What the last read-back said in this state."""
    confirmed: Agreement | None = None
    """What the second yes was given to."""
    promised: Agreement | None = None
    destination: Destination | None = None
    """Where the debtor wants the payment data, as dictated and not yet confirmed."""
    left_open: bool = False
    """The offer on the table was left for a later call."""
    delivery_asked: bool = False
    """How the payment data go is settled."""
    callback_at: datetime | None = None
    callback_exact: bool = False
    """The debtor named the time (else it is our proposal)."""
    readings: tuple[date, ...] = ()
    """The days an ambiguous answer may have meant, or the days the agent offers."""
    note: str = ""
    """The debtor's own words for a request (a reason, a means of payment)."""
    said: tuple[tuple[str, int], ...] = ()
    """How often each prompt was said."""
    marks: frozenset[str] = frozenset()
    """What has happened once already (warned, no_money, ...)."""
    errors_here: int = 0
    errors_call: int = 0
    turns: int = 0
    heard: bool = False
    """Something was said or keyed in this call."""
    speech_lost: bool = False
    ended: Disposition | None = None

    def times_said(self, prompt: str) -> int:
        """How often a prompt was said in this call."""
        return dict(self.said).get(prompt, 0)
