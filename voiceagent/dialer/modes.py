"""How far a call may go: the last gate before the INVITE, which no command and no setting goes around."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from voiceagent.base.errors import DeniedError
from voiceagent.dialer.tables import DialMode

_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIP = re.compile(r"sip:[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9.-]{1,253}(?::[0-9]{1,5})?")

#: Numbers kept for simulated phones, by country: 555-01xx where the numbering plan reserves it (US), elsewhere the
#: block 5555-01xx (Colombia: 555-01xx) of each area code or mobile prefix, which only the simulator uses.
_FICTITIOUS = re.compile(
    r"\+(?:55[1-9][1-9]9555501|1[2-9]\d\d55501|52[1-9]\d555501|573\d\d55501|569555501|519555501|5939555501)\d\d"
)

_ORDER = (DialMode.REHEARSAL, DialMode.PILOT, DialMode.LIVE)


def is_fictitious(number: str) -> bool:
    """Whether `number` lies in the range kept for simulated phones."""
    return _FICTITIOUS.fullmatch(number) is not None


def dialable(number: str) -> str:
    """`number` when it is E.164 or a plain SIP address; DeniedError for anything else, before it reaches a header."""
    if _E164.fullmatch(number) or _SIP.fullmatch(number):
        return number
    raise DeniedError("not a number that can be dialled: write it like +5511955550100", code="bad_number")


@dataclass(frozen=True, slots=True)
class Gate:
    """What this process may dial. `mode` is the most it may do; a campaign can only ask for less."""

    mode: DialMode = DialMode.REHEARSAL
    simulated: frozenset[str] = frozenset()
    """Numbers and SIP addresses registered as simulated phones, beside the fictitious range."""
    allowed: frozenset[str] = field(default_factory=frozenset)
    """Numbers a pilot may call."""
    trunk: bool = False
    """The Asterisk in use can reach the outside world: a rehearsal then calls nobody."""

    @classmethod
    def of(cls, mode: str, *, simulated: Iterable[str] = (), allowed: Iterable[str] = (), trunk: bool = False) -> Gate:
        """From settings or a worker's plan."""
        return cls(DialMode(mode), frozenset(simulated), frozenset(allowed), trunk)

    def effective(self, campaign: DialMode | None) -> DialMode:
        """The lesser of process and campaign; a call without a campaign is never live."""
        asked = campaign if campaign is not None else min(self.mode, DialMode.PILOT, key=_ORDER.index)
        return min(self.mode, asked, key=_ORDER.index)

    def check(self, number: str, campaign: DialMode | None) -> DialMode:
        """The mode of the call; DeniedError with one line when the mode forbids the number."""
        dialable(number)
        mode = self.effective(campaign)
        if mode is DialMode.REHEARSAL:
            if not (number in self.simulated or is_fictitious(number)):
                raise DeniedError(
                    "dial mode is rehearsal: only simulated phones are called; set dial.mode to pilot and add the "
                    "number to dial.allow to call it",
                    code="dial_mode",
                )
            if self.trunk:
                raise DeniedError(
                    "dial mode is rehearsal and this Asterisk has a trunk: rehearse on one without", code="dial_mode"
                )
        elif mode is DialMode.PILOT and number not in self.allowed:
            raise DeniedError(
                "dial mode is pilot and the number is not on dial.allow: add it, or set the campaign to live",
                code="dial_mode",
            )
        return mode
