"""The tables of people, debts, calls and promises. Import a table from here."""

from voiceagent.cases.tables.calls import attempt, identity_try, interaction, recording, seat, turn
from voiceagent.cases.tables.conversation import answerer, ladder_step, open_offer
from voiceagent.cases.tables.handovers import hand_over
from voiceagent.cases.tables.law import compliance_decision, opt_out, request
from voiceagent.cases.tables.money import agreement, agreement_debt, message, payment, payment_artifact, promise
from voiceagent.cases.tables.people import (
    attribute,
    content,
    creditor,
    debt,
    debt_case,
    email,
    person,
    phone,
    portfolio,
    tenant,
)
from voiceagent.cases.tables.privacy import legal_hold, stop_proof
from voiceagent.cases.tables.reviews import second_look
from voiceagent.cases.tables.segments import case_score, segment

#: Rows that only projections write, parents first: a replay of the journal must give them again, byte for byte.
PROJECTED = (
    creditor,
    portfolio,
    person,
    phone,
    email,
    debt_case,
    debt,
    attribute,
    compliance_decision,
    interaction,
    attempt,
    turn,
    ladder_step,
    answerer,
    open_offer,
    agreement,
    agreement_debt,
    promise,
    payment,
    payment_artifact,
    opt_out,
    stop_proof,
    legal_hold,
    segment,
    request,
    second_look,
    recording,
    hand_over,
    identity_try,
    seat,
)

__all__ = [
    "PROJECTED",
    "agreement",
    "agreement_debt",
    "answerer",
    "attempt",
    "attribute",
    "case_score",
    "compliance_decision",
    "content",
    "creditor",
    "debt",
    "debt_case",
    "email",
    "hand_over",
    "identity_try",
    "interaction",
    "ladder_step",
    "legal_hold",
    "message",
    "open_offer",
    "opt_out",
    "payment",
    "payment_artifact",
    "person",
    "phone",
    "portfolio",
    "promise",
    "recording",
    "request",
    "seat",
    "second_look",
    "segment",
    "stop_proof",
    "tenant",
    "turn",
]
