"""Why a call ended, in words that do not change, from SIP's status codes."""

from __future__ import annotations

from enum import StrEnum


class HangupReason(StrEnum):
    """The `reason` of a HungUp that the far side or a failure caused; a near hang-up carries its caller's own word."""

    NORMAL = "normal"
    """The far side ended an answered call."""
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    INVALID_NUMBER = "invalid_number"
    """The number does not exist or is incomplete."""
    UNREACHABLE = "unreachable"
    """The network or the phone cannot be reached now."""
    INCOMPATIBLE = "incompatible"
    """No common codec."""
    CANCELLED = "cancelled"
    """An incoming call that its caller gave up before it was answered."""
    MEDIA_LOST = "media_lost"
    """An answered call whose audio stayed away: the peer died without a BYE."""
    CLOSING = "closing"
    """Our softphone was closed."""
    FAILED = "failed"


_BY_CODE = {
    **dict.fromkeys((486, 600), HangupReason.BUSY),
    **dict.fromkeys((480, 487), HangupReason.NO_ANSWER),
    **dict.fromkeys((403, 433, 603, 607, 608), HangupReason.REJECTED),
    **dict.fromkeys((404, 410, 484, 485, 604), HangupReason.INVALID_NUMBER),
    **dict.fromkeys((500, 502, 503, 504), HangupReason.UNREACHABLE),
    **dict.fromkeys((415, 488, 606), HangupReason.INCOMPATIBLE),
}


def reason_of(sip_code: int, *, rang: bool) -> HangupReason:
    """What a final status of 300 or more means for a call that was never answered; `rang` tells whether it rang."""
    if sip_code == 408:
        return HangupReason.NO_ANSWER if rang else HangupReason.UNREACHABLE
    return _BY_CODE.get(sip_code, HangupReason.FAILED)
