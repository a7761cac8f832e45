"""Every event of a call and of the floor it stands on: what each one says, with units. Rooms may add their own.

Fields typed `Private` hold personal data: they are kept apart and the event carries {ref, digest}. `*_s` are seconds;
within a call they count from the answer. Money is `*_minor`, integer minor units of `currency`.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, ClassVar

from voiceagent.journal.private import Private


@dataclass(frozen=True, slots=True)
class Said:
    """Base of every payload: its type and version are the class's, not the event's."""

    TYPE: ClassVar[str] = ""
    V: ClassVar[int] = 1


# --- call: stream_type "call", stream_id = the attempt's id ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallAttempted(Said):
    """Written before the INVITE (or as an inbound call rings): from here on it counts to every cap."""

    TYPE: ClassVar[str] = "call.attempted"
    case_id: uuid.UUID | None
    person_id: uuid.UUID | None
    phone_id: uuid.UUID | None
    mode: str
    direction: str = "out"
    channel: str = "voice"
    purpose: str = "collection"
    number: Private | None = None
    """Only where no phone row holds it (an unknown inbound caller)."""
    campaign_id: uuid.UUID | None = None
    enrollment_id: uuid.UUID | None = None
    callback_id: uuid.UUID | None = None
    decision_id: uuid.UUID | None = None
    caller_id: str | None = None
    trunk: str | None = None
    seat: str | None = None
    worker: str | None = None
    language: str | None = None
    zone: str | None = None
    """The debtor's IANA zone, pinned with the local day and hour for the whole call."""
    local_date: date | None = None
    local_hour: int | None = None
    script_sha256: str | None = None
    policy_sha256: str | None = None
    queued_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class CallRinging(Said):
    """The far phone rings."""

    TYPE: ClassVar[str] = "call.ringing"
    sip_code: int = 180


@dataclass(frozen=True, slots=True)
class CallAnswered(Said):
    """The far side answered."""

    TYPE: ClassVar[str] = "call.answered"


@dataclass(frozen=True, slots=True)
class CallerFound(Said):
    """Whom an incoming call is about, told by the caller's own data; it proves nothing. `phone_id`: if theirs."""

    TYPE: ClassVar[str] = "call.caller_found"
    case_id: uuid.UUID
    person_id: uuid.UUID
    phone_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class CallFirstAudio(Said):
    """The agent's first sample was fetched by the far side's bridge."""

    TYPE: ClassVar[str] = "call.first_audio"
    after_answer_s: float = 0.0


@dataclass(frozen=True, slots=True)
class CallAnsweredBy(Said):
    """A person has answered, or which kind of machine; a later one of the same call corrects it."""

    TYPE: ClassVar[str] = "call.answered_by"
    kind: str
    """human, silence, voicemail, screening, ivr, unavailable, out_of_service, fax, busy, congestion or ringing."""
    evidence: str
    """What told it: short, words, no speech, unsure, a machine's phrase with its likeness, beep, ..."""
    after_answer_s: float
    latency_s: float
    """From the end of the sound that told it."""
    speech_s: float
    """Speech heard until then."""


@dataclass(frozen=True, slots=True)
class CallHungUp(Said):
    """The line is down; the attempt is closed by CallEnded."""

    TYPE: ClassVar[str] = "call.hung_up"
    by: str
    """far, near or failure."""
    sip_code: int | None = None
    reason: str = ""
    q850: int | None = None


@dataclass(frozen=True, slots=True)
class CallEnded(Said):
    """The final verdict on an attempt. `talk_s` excludes hold; `wrap_s` is work after the line went down."""

    TYPE: ClassVar[str] = "call.ended"
    disposition: str
    human: bool = False
    machine: bool = False
    right_party: bool = False
    ring_s: float = 0.0
    talk_s: float = 0.0
    hold_s: float = 0.0
    wrap_s: float = 0.0


@dataclass(frozen=True, slots=True)
class AgentTurnPlayed(Said):
    """A prompt ended or was cut."""

    TYPE: ClassVar[str] = "turn.agent"
    n: int
    state: str
    prompt: str
    variant: int
    text: Private | None
    started_s: float
    played_s: float
    total_s: float
    interrupted: bool = False


@dataclass(frozen=True, slots=True)
class DebtorTurnHeard(Said):
    """A turn of the debtor. `heard` is None when it answered an identity question; so are its slots then."""

    TYPE: ClassVar[str] = "turn.debtor"
    n: int
    state: str
    heard: Private | None
    confidence: float
    intent: str | None
    slots: dict[str, Any] = field(default_factory=dict)
    """Without personal data."""
    latency_s: float | None = None
    engine: str = ""
    result: str = "ok"
    """ok, no_input, no_match, dtmf, bargein, ignored or unavailable."""
    sensitive: bool = False
    started_s: float | None = None
    ended_s: float | None = None
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of `latency_s` by what they went to: vad, asr, nlu, policy, tts."""


@dataclass(frozen=True, slots=True)
class LadderStepped(Said):
    """A question was not answered and had to be put otherwise, or was given up."""

    TYPE: ClassVar[str] = "ladder.stepped"
    state: str
    step: str
    """shorter, keys or give_up."""
    silent: bool = False
    """Nothing was said, rather than nothing understood."""


@dataclass(frozen=True, slots=True)
class IdentityVerified(Said):
    """Right party: a datum of this kind matched. What was said is nowhere."""

    TYPE: ClassVar[str] = "identity.verified"
    datum: str


@dataclass(frozen=True, slots=True)
class IdentityFailed(Said):
    """A datum of this kind did not match. What was said is nowhere."""

    TYPE: ClassVar[str] = "identity.failed"
    datum: str


@dataclass(frozen=True, slots=True)
class PromisedInstalment:
    """One payment of an agreement; becomes one promise."""

    promise_id: uuid.UUID
    number: int
    """From 1; 0 is a down payment."""
    due: date
    minor: int


@dataclass(frozen=True, slots=True)
class PromiseMade(Said):
    """An agreement, confirmed by the second yes; its instalments sum to `total`."""

    TYPE: ClassVar[str] = "promise.made"
    agreement_id: uuid.UUID
    case_id: uuid.UUID
    total: int
    discount: int
    currency: str
    instalments: tuple[PromisedInstalment, ...]
    debt_ids: tuple[uuid.UUID, ...] = ()
    """The debts it covers; empty: all of the case."""
    confirmed_by_turn: int | None = None
    recording_offset_s: float | None = None


@dataclass(frozen=True, slots=True)
class OptOutRecorded(Said):
    """Stop: acts at once, on every channel unless `scope` is narrower."""

    TYPE: ClassVar[str] = "optout.recorded"
    opt_out_id: uuid.UUID
    scope: str
    """number, channel or person."""
    person_id: uuid.UUID | None
    phone_id: uuid.UUID | None = None
    number: Private | None = None
    """Only for scope number without a phone row."""
    channel: str | None = None
    source: str = "call"


@dataclass(frozen=True, slots=True)
class RequestOpened(Said):
    """A task for people."""

    TYPE: ClassVar[str] = "request.opened"
    request_id: uuid.UUID
    kind: str
    case_id: uuid.UUID | None
    detail: Private | None = None
    due_at: datetime | None = None
    channel: str | None = None
    """How something is to be sent: sms or email."""
    destination: Private | None = None
    """The number or address it goes to."""


@dataclass(frozen=True, slots=True)
class OfferedPayment:
    """One payment of an offer."""

    number: int
    """From 1; 0 is a down payment."""
    due: date
    minor: int


@dataclass(frozen=True, slots=True)
class OfferLeftOpen(Said):
    """A call ended with this on the table: the case's next one may take it up until `expires` (its last day)."""

    TYPE: ClassVar[str] = "offer.left_open"
    case_id: uuid.UUID
    kind: str
    """cash or instalments."""
    total: int
    discount: int
    currency: str
    payments: tuple[OfferedPayment, ...]
    expires: date | None = None


@dataclass(frozen=True, slots=True)
class OfferWithdrawn(Said):
    """What was left open was refused since, or the case has gone another way."""

    TYPE: ClassVar[str] = "offer.withdrawn"
    case_id: uuid.UUID


@dataclass(frozen=True, slots=True)
class CallbackRequested(Said):
    """A call was promised for `due_at`; the dialer keeps its row."""

    TYPE: ClassVar[str] = "callback.requested"
    callback_id: uuid.UUID
    case_id: uuid.UUID | None
    person_id: uuid.UUID | None
    phone_id: uuid.UUID | None
    due_at: datetime
    origin: str = "debtor_asked"
    """debtor_asked, offered, missed_inbound or dropped_call."""
    reason: str = ""
    campaign_id: uuid.UUID | None = None


@dataclass(frozen=True, slots=True)
class NumberMarked(Said):
    """What a call taught of its number: wrong, third_party, right_party, dead."""

    TYPE: ClassVar[str] = "number.marked"
    phone_id: uuid.UUID
    status: str


@dataclass(frozen=True, slots=True)
class RecordingOpened(Said):
    """A file is being written; `path` is relative to the recordings' directory."""

    TYPE: ClassVar[str] = "recording.opened"
    recording_id: uuid.UUID
    path: str


@dataclass(frozen=True, slots=True)
class RecordingSwitched(Said):
    """The script had the recording stop or go on: what was said in between was never kept."""

    TYPE: ClassVar[str] = "recording.switched"
    on: bool


@dataclass(frozen=True, slots=True)
class RecordingClosed(Said):
    """The file is whole. `marks`: [from_s, to_s] spans of identity answers."""

    TYPE: ClassVar[str] = "recording.closed"
    recording_id: uuid.UUID
    seconds: float
    bytes: int
    sha256: str
    marks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class ComplianceDecided(Said):
    """The law's answer for one contact; `inputs` (they name a number) can be erased, their hash stays."""

    TYPE: ClassVar[str] = "compliance.decided"
    decision_id: uuid.UUID
    allow: bool
    rules: tuple[str, ...]
    rule_version: str
    inputs: Private
    inputs_sha256: str
    channel: str = "voice"
    purpose: str = "collection"
    case_id: uuid.UUID | None = None
    person_id: uuid.UUID | None = None
    retry_at: datetime | None = None
