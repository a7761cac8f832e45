"""Seat mode: whom another dialer gives us, as its INVITE says, and a desk that never has work of our own."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from voiceagent.dialer.leads import Lead
from voiceagent.dialer.lease import Lease
from voiceagent.telephony.line import SeatLine
from voiceagent.worker.desk import Desk

_LEAD = re.compile(r"[0-9A-Za-z._-]{1,64}")
#: A letter, nine or ten digits of time, and the id in ten digits, as VICIdial names its calls.
_VICIDIAL_NAME = re.compile(r"[A-Z]\d{9,10}(\d{10})")


@dataclass(frozen=True, slots=True)
class LeadReader:
    """Finds the other dialer's id of a debtor in an incoming call."""

    header: str = "X-Lead-Id"
    column: str = "lead_id"
    in_caller_name: bool = False
    did_header: str = "X-Did"
    dids: Mapping[str, str] = field(default_factory=dict)

    def lead_of(self, line: SeatLine) -> Lead | None:
        """By header, by the caller's name, by the number called; None: nobody says it, somebody simply calls."""
        said = line.headers.get(self.header.lower(), "")
        if not _LEAD.fullmatch(said) and self.in_caller_name:
            named = _VICIDIAL_NAME.fullmatch(line.remote_name)
            said = str(int(named[1])) if named else ""
        if not _LEAD.fullmatch(said):
            said = self.dids.get(line.headers.get(self.did_header.lower(), ""), "")
        return Lead(said, self.column) if _LEAD.fullmatch(said) else None


class NoDesk(Desk):
    """Nobody is leased: the other dialer calls."""

    def rest_s(self, poll_s: float) -> float:
        """Calls that come in stir a seat by themselves."""
        return max(poll_s, 60.0)

    async def next(self, seat: str) -> Lease | None:
        """Never any work."""
        return None
