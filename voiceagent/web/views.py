"""What the API says, as pydantic models: every answer is built from one, and the OpenAPI document describes them.

Instants are ISO 8601 with offset; `*_s` are seconds, within a call they count from the answer; money is text with the
currency's decimals ("250.00") beside its ISO 4217 code. Names and numbers are masked unless the answer says otherwise.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class View(BaseModel):
    """Base: nothing undeclared is ever sent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Problem(View):
    """RFC 9457 problem document."""

    type: str
    title: str
    status: int
    detail: str
    code: str = Field(description="Stable, snake_case")
    values: dict[str, str] = Field(default={}, description="What `code` is about, to say `detail` in another language")


class Session(View):
    """Whether the asker is known."""

    signed_in: bool


class SignIn(View):
    """A browser's request for a session."""

    token: str


class PromiseBrief(View):
    """An agreement in one line."""

    total: str
    currency: str
    instalments: int
    first_due: date


class CallRow(View):
    """One attempt in a list."""

    id: UUID
    started_at: datetime
    answered_at: datetime | None
    status: str = Field(description="dialling, ringing, talking or ended")
    mode: str = Field(description="rehearsal, pilot or live")
    direction: str = Field(description="out or in")
    name: str | None
    number: str | None
    masked: bool
    seat: str | None
    disposition: str | None = Field(description="Code of the outcome; null while the call lasts")
    human: bool
    right_party: bool
    talk_s: float
    latency_s: float | None = Field(
        description="Median from the end of the debtor's speech to the answer's first audio"
    )
    promise: PromiseBrief | None
    has_recording: bool


class CallList(View):
    """The attempts of one day, newest first."""

    day: date
    time_zone: str
    total: int
    calls: list[CallRow]


class Day(View):
    """A day with calls."""

    day: date
    calls: int


class DayList(View):
    """Days with calls, newest first, and the day it is now."""

    today: date
    time_zone: str
    days: list[Day]


class Turn(View):
    """What one side said, in the order of the call."""

    speaker: str = Field(description="agent or debtor")
    n: int = Field(description="Number among this speaker's turns, from 1")
    state: str = Field(description="State of the script")
    text: str | None = Field(description="null for identity answers and for what was erased")
    started_s: float | None
    ended_s: float | None
    interrupted: bool
    confidence: float | None
    intent: str | None
    slots: dict[str, object]
    latency_s: float | None
    engine: str | None
    result: str | None = Field(description="ok, no_input, no_match, dtmf, bargein, ignored or unavailable")
    sensitive: bool = Field(description="An identity answer: its words are not kept")


class Reheard(View):
    """One turn as both listenings wrote it down."""

    turn: int | None = Field(description="The debtor's turn; null where there is no recording")
    term: str = Field(description="What it says of the agreement: yes, date, amount, instalments, ... or recording")
    first: str | None
    second: list[str] = Field(description="Likeliest first; empty when nothing was heard")


class Review(View):
    """What a second listening made of a promise, and what a person decided where it heard something else."""

    verdict: str = Field(description="agreed, differs or unheard")
    terms: dict[str, str] = Field(description="Term to agreed, differs or unheard")
    doubtful: bool = Field(description="A person has to decide, or had to")
    heard: list[Reheard]
    looked_at: datetime
    outcome: str | None = Field(description="confirmed or cancelled; null while nobody decided")
    decided_at: datetime | None
    decided_by: str | None


class Doubt(View):
    """A promise that waits for a person."""

    agreement: UUID
    call: UUID
    name: str | None = Field(description="Masked")
    creditor: str | None
    total: str
    currency: str
    offset_s: float | None = Field(description="Where the yes is in the recording")
    review: Review
    due_at: datetime | None = Field(description="Until when it should be decided")


class DoubtList(View):
    """Promises under review, the oldest first."""

    doubts: list[Doubt]


class Decided(View):
    """A person's word on a promise in doubt."""

    outcome: Literal["confirmed", "cancelled"]
    note: str = Field(max_length=500, description="Why, or nothing; kept as personal data")


class Callback(View):
    """A promised call."""

    id: UUID
    case: UUID | None
    name: str | None = Field(description="Masked")
    number: str | None = Field(description="Masked")
    due_at: datetime
    origin: str = Field(description="debtor_asked, offered, missed_inbound or dropped_call")
    status: str = Field(description="open, done, cancelled or expired")
    attempts: int
    campaign: str | None


class CallbackList(View):
    """Promised calls, by their instant."""

    callbacks: list[Callback]


class CallbackWish(View):
    """A call to promise."""

    contact: str = Field(min_length=1, max_length=128, description="A number (+55...), a document, or a case id")
    at: str = Field(max_length=40, description="18:00, 2026-11-19T18:00 (both on the debtor's clock) or with an offset")
    number: str | None = Field(default=None, description="Which of the contact's numbers; default: the best")
    reason: str = Field(default="", max_length=200)


class CallbackMade(View):
    """What was promised: the instant wished for, or the next lawful one after it."""

    id: UUID
    due_at: datetime
    wanted_at: datetime
    zone: str = Field(description="IANA zone of the debtor")


class Instalment(View):
    """One promise."""

    number: int = Field(description="From 1; 0 is a down payment")
    due: date
    amount: str
    status: str


class Agreement(View):
    """What was promised in the call."""

    id: UUID
    total: str
    discount: str
    currency: str
    confirmed_by_turn: int | None = Field(description="The debtor's turn with the second yes")
    offset_s: float | None = Field(description="Where that yes is in the recording")
    instalments: list[Instalment]
    review: Review | None = Field(description="null until it was heard again")


class Decision(View):
    """What the law said before the call."""

    id: UUID
    allow: bool
    rules: list[str]
    rule_version: str
    purpose: str
    decided_at: datetime
    retry_at: datetime | None


class Recording(View):
    """The stereo file of a call: agent left, debtor right."""

    id: UUID
    state: str = Field(description="open, closed, lost or erased")
    seconds: float | None
    bytes: int | None
    sha256: str | None
    marks: list[tuple[float, float]] = Field(description="Spans of identity answers, seconds")
    url: str | None


class Happening(View):
    """Something a call set off besides talk."""

    at: datetime
    offset_s: float | None
    kind: str = Field(description="Type of the journal's event")
    facts: dict[str, object] = Field(description="Without personal data")


class HandOver(View):
    """A debtor given to people: what they are to know, and what their queue made of it."""

    began_at: datetime
    queue: str
    reason: str
    verified: bool
    summary: str | None = Field(description="For the screen of who takes the call; null once erased")
    verdict: str | None = Field(description="taken, nobody, left, refused or unknown; null while he waits")
    taken_by: str | None
    waited_s: float | None


class CallDetail(View):
    """Everything kept of one attempt."""

    call: CallRow
    ended_at: datetime | None
    ring_s: float
    hold_s: float
    wrap_s: float
    first_audio_s: float | None
    sip_code: int | None
    hangup_by: str | None
    creditor: str | None
    currency: str | None = Field(description="Of the debts, and of amounts in `slots`")
    campaign_id: UUID | None
    language: str | None
    time_zone: str | None = Field(description="The debtor's")
    worker: str | None
    script_sha256: str | None
    policy_sha256: str | None
    turns: list[Turn]
    agreement: Agreement | None
    decision: Decision | None
    recording: Recording | None
    happenings: list[Happening]
    hand_overs: list[HandOver]


class Waveform(View):
    """Peaks of a recording, 0 to 1, one pair of lists of equal length."""

    seconds: float
    agent: list[float]
    debtor: list[float]


class Measure(View):
    """A KPI with what it was computed from: a count, a rate, a mean in seconds, or money as text."""

    value: int | float | str | None = Field(description="null where the denominator is 0")
    numerator: int | float | str
    denominator: int | None = Field(description="null for plain counts and sums")


class Side(View):
    """KPIs of the calls of one direction."""

    kpis: dict[str, Measure]
    money: dict[str, dict[str, Measure]] = Field(description="By currency: promised, discount, ticket, instalments")


class Measures(Side):
    """KPIs of a span of days: those of our calls, and apart those of calls that came in."""

    since: date
    until: date
    time_zone: str
    inbound: Side


class Seat(View):
    """A seat on the board."""

    name: str
    worker: str
    state: str = Field(description="offline, idle, dialing, ringing, talking, wrapup or paused")
    since: datetime
    call: UUID | None


class Board(View):
    """Every seat now."""

    now: datetime
    seats: list[Seat]
