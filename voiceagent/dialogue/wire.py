"""Effects in their interchange form: what `chat --json`, scenarios and the journal's readers see."""

from __future__ import annotations

from typing import Any

from voiceagent.dialogue.events import (
    CallBack,
    Effect,
    Expect,
    HandOver,
    Hangup,
    IdentityFailed,
    Keep,
    LeaveOffer,
    MarkNumber,
    OpenRequest,
    OptOut,
    Promise,
    RightPartyVerified,
    Rung,
    Say,
)


def effect_as_json(effect: Effect) -> dict[str, Any] | None:
    """One effect as a mapping with its `type`; None for speaking and listening, which are not shown as effects."""
    match effect:
        case Promise(agreement):
            return {
                "type": "promise",
                "amount": str(agreement.total),
                "currency": agreement.total.currency,
                "discount": str(agreement.discount),
                "instalments": [
                    {"due": payment.due.isoformat(), "amount": str(payment.amount)} for payment in agreement.instalments
                ],
            }
        case Hangup(disposition):
            return {"type": "hangup", "disposition": disposition.value}
        case RightPartyVerified(datum):
            return {"type": "right_party_verified", "datum": datum}
        case IdentityFailed(datum):
            return {"type": "identity_failed", "datum": datum}
        case OptOut(scope):
            return {"type": "opt_out", "scope": scope}
        case CallBack(due_at, reason):
            return {"type": "call_back", "due_at": due_at.isoformat(), "reason": reason}
        case OpenRequest(kind, detail, channel, destination):
            sent = {"channel": channel, "destination": destination} if channel is not None else {}
            return {"type": "open_request", "kind": kind, "detail": detail, **sent}
        case LeaveOffer(offer):
            if offer is None:
                return {"type": "offer_withdrawn"}
            return {
                "type": "offer_left_open",
                "kind": offer.kind.value,
                "amount": str(offer.total),
                "expires": offer.expires.isoformat() if offer.expires is not None else None,
            }
        case Rung(step, silent):
            return {"type": "rung", "step": step, "silent": silent}
        case MarkNumber(status):
            return {"type": "mark_number", "status": status}
        case HandOver(queue, reason, verified):
            return {"type": "hand_over", "queue": queue, "reason": reason, "verified": verified}
        case Keep(on):
            return {"type": "keep", "on": on}
        case Say() | Expect():
            return None
