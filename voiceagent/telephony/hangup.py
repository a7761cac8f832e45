"""Why a call ended, in words that do not change, from SIP's status codes and the telephone network's causes."""

from __future__ import annotations

import re
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
    **dict.fromkeys((482, 483, 491), HangupReason.UNREACHABLE),
    **dict.fromkeys((415, 488, 606), HangupReason.INCOMPATIBLE),
}

#: Q.850 causes that say more than the SIP code they come with. 16 (normal), 31, 127 (unspecified) and the like do not;
#: 58 (no such bearer now) is what Asterisk makes of a codec mismatch, and its 488 says that better.
_BY_CAUSE = {
    17: HangupReason.BUSY,
    **dict.fromkeys((18, 19, 20), HangupReason.NO_ANSWER),
    **dict.fromkeys((21, 50, 52, 55, 57), HangupReason.REJECTED),
    # Not 2 and 3, no route: a number that a route does not reach now may be somebody's all the same.
    **dict.fromkeys((1, 5, 22, 28), HangupReason.INVALID_NUMBER),
    **dict.fromkeys((2, 3, 25, 27, 34, 38, 41, 42, 43, 44, 46, 47, 102), HangupReason.UNREACHABLE),
    **dict.fromkeys((65, 66, 69, 70, 79, 88), HangupReason.INCOMPATIBLE),
}

_REASON = re.compile(r"^Reason[ \t]*:(.*)$", re.IGNORECASE | re.MULTILINE)
_QUOTED = re.compile(r'"[^"]*"')
_CAUSE = re.compile(r"Q\.850[^,]*?;[ \t]*cause[ \t]*=[ \t]*([0-9]{1,3})(?![0-9])", re.IGNORECASE)


def cause_in(message: str) -> int | None:
    """The Q.850 cause in a SIP message's Reason headers (RFC 3326), 1..127; None when there is none."""
    for header in _REASON.finditer(message.partition("\r\n\r\n")[0]):
        if (found := _CAUSE.search(_QUOTED.sub("", header[1]))) is not None and 1 <= int(found[1]) <= 127:
            return int(found[1])
    return None


def reason_of(sip_code: int, *, rang: bool, cause: int | None = None) -> HangupReason:
    """What a final status of 300 or more means for a call that was never answered; `rang` tells whether it rang.

    `cause`: the Q.850 cause that came with it. Gateways map the network's many causes to few codes, so it goes first.
    """
    if cause in _BY_CAUSE:
        return _BY_CAUSE[cause]
    if sip_code == 408:
        return HangupReason.NO_ANSWER if rang else HangupReason.UNREACHABLE
    if 500 <= sip_code <= 599:
        return HangupReason.UNREACHABLE
    return _BY_CODE.get(sip_code, HangupReason.FAILED)


def broke(cause: int | None) -> bool:
    """Whether the cause of a BYE says that the network ended the call: nobody hung up."""
    return _BY_CAUSE.get(cause or 0) is HangupReason.UNREACHABLE
