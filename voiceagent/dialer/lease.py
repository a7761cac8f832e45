"""A call to make, as the dialer hands it to a seat, and the law's refusal."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime

from voiceagent.base.errors import DeniedError
from voiceagent.compliance import Decision, Purpose
from voiceagent.debt.case import Case
from voiceagent.debt.identity import TRIES_PER_DAY
from voiceagent.dialer.tables import DialMode


@dataclass(frozen=True, slots=True)
class Lease:
    """One call to make now. Its attempt is committed: complete it whatever happens."""

    attempt_id: uuid.UUID
    """X-Voiceagent-Call."""
    case: Case
    case_id: uuid.UUID
    person_id: uuid.UUID
    phone_id: uuid.UUID
    number: str
    caller_id: str | None
    purpose: Purpose
    mode: DialMode
    zone: str
    """The debtor's IANA zone."""
    today: date
    """The debtor's date, pinned for the call."""
    decision_id: uuid.UUID
    must_end_by: datetime | None
    leased_until: datetime
    script: str
    policy: str
    campaign_id: uuid.UUID | None = None
    campaign: str | None = None
    enrollment_id: uuid.UUID | None = None
    callback_id: uuid.UUID | None = None
    seat: str | None = None
    trunk: str | None = None
    """The trunk it is counted on; None: Asterisk chooses."""
    first_contact: bool = True
    """Nobody has talked with the person about this case lately."""
    asked_for: datetime | None = None
    """The instant the debtor named, where the call keeps that promise."""
    identity_tries_left: int = TRIES_PER_DAY
    """Wrong answers the case may still get today."""


class ForbiddenError(DeniedError):
    """The law or the house's policy says no; `rules` are their ids, `purpose` what was asked for."""

    def __init__(self, decision: Decision, purpose: Purpose) -> None:
        retry = decision.retry_at.isoformat() if decision.retry_at else None
        when = f"not before {retry}" if retry else "not as things stand"
        super().__init__(f"{decision.rules[0]} forbids this call: {decision.detail}; {when}", retry_at=retry)
        self.rules, self.purpose = decision.rules, purpose
