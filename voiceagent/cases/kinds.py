"""The words that columns are limited to; the same in database, metrics and pages."""

from __future__ import annotations

from enum import StrEnum


class PhoneStatus(StrEnum):
    """What is known of a number."""

    NEW = "new"
    VALID = "valid"
    RIGHT_PARTY = "right_party"
    THIRD_PARTY = "third_party"
    WRONG = "wrong"
    DEAD = "dead"


class EmailStatus(StrEnum):
    """What is known of an address."""

    NEW = "new"
    VALID = "valid"
    BOUNCED = "bounced"


class Stage(StrEnum):
    """How far collection of a case has gone; only preventive and amicable cases are called."""

    PREVENTIVE = "preventive"
    AMICABLE = "amicable"
    DISPUTE = "dispute"
    PRE_LEGAL = "pre_legal"
    LEGAL = "legal"
    CLOSED = "closed"


class DebtStatus(StrEnum):
    """Whether a contract is still owed."""

    OPEN = "open"
    PAID = "paid"
    SETTLED = "settled"
    DISPUTED = "disputed"
    WITHDRAWN = "withdrawn"


class Channel(StrEnum):
    """Ways to reach a person."""

    VOICE = "voice"
    SMS = "sms"
    EMAIL = "email"
    WHATSAPP = "whatsapp"
    PORTAL = "portal"


class Direction(StrEnum):
    """Who began a contact."""

    OUT = "out"
    IN = "in"


class Mode(StrEnum):
    """How far a call might go: only simulated endpoints, an allow-list, everyone."""

    REHEARSAL = "rehearsal"
    PILOT = "pilot"
    LIVE = "live"


class AttemptStatus(StrEnum):
    """Where an attempt is; everything but `ended` is live."""

    DIALLING = "dialling"
    RINGING = "ringing"
    TALKING = "talking"
    ENDED = "ended"


class Speaker(StrEnum):
    """Whose turn."""

    AGENT = "agent"
    DEBTOR = "debtor"


class HangupBy(StrEnum):
    """Who ended a call."""

    FAR = "far"
    NEAR = "near"
    FAILURE = "failure"


class PromiseStatus(StrEnum):
    """The life of one promised payment."""

    OPEN = "open"
    KEPT = "kept"
    PARTIAL = "partial"
    BROKEN = "broken"
    CANCELLED = "cancelled"
    RESCHEDULED = "rescheduled"
    UNDER_REVIEW = "under_review"


#: What was promised and is neither kept nor broken yet: nobody is dunned for it, and nothing of it is erased.
STANDING = (PromiseStatus.OPEN, PromiseStatus.PARTIAL, PromiseStatus.UNDER_REVIEW)


class LookVerdict(StrEnum):
    """What a second listening made of a promise's confirming turns."""

    AGREED = "agreed"
    DIFFERS = "differs"
    UNHEARD = "unheard"


class ReviewOutcome(StrEnum):
    """What a person decided of a promise that was in doubt."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


class ArtifactKind(StrEnum):
    """What a payment is made with."""

    PIX = "pix"
    BOLETO = "boleto"
    LINK = "link"


class ArtifactStatus(StrEnum):
    """The life of a payment artefact."""

    ISSUED = "issued"
    SENT = "sent"
    PAID = "paid"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


class OptOutScope(StrEnum):
    """How much a stop covers."""

    NUMBER = "number"
    CHANNEL = "channel"
    PERSON = "person"


class RequestStatus(StrEnum):
    """The life of a task for people."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    CANCELLED = "cancelled"


class HandOverVerdict(StrEnum):
    """What became of a debtor who was handed over to people, as their queue says."""

    TAKEN = "taken"
    NOBODY = "nobody"
    """Nobody answered: the agent has him back."""
    LEFT = "left"
    """He hung up while he waited."""
    REFUSED = "refused"
    """The exchange did not take him."""
    UNKNOWN = "unknown"
    """The queue said nothing in time."""


class RecordingState(StrEnum):
    """Whether a recording's file is there."""

    OPEN = "open"
    CLOSED = "closed"
    LOST = "lost"
    ERASED = "erased"


class SeatState(StrEnum):
    """What a seat does now."""

    OFFLINE = "offline"
    IDLE = "idle"
    DIALING = "dialing"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"


class MessageStatus(StrEnum):
    """The life of a message in the outbox."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    FAILED = "failed"
    CANCELLED = "cancelled"
