"""Everything a conversation touches outside itself, as protocols: the worker and the test drivers provide them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from voiceagent.agent.answerer import Verdict
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.events import DialogueEvent, Effect, Expect, HandOver, Say, Understanding
from voiceagent.speech.protocol import Hypothesis
from voiceagent.telephony.line import HungUp


@dataclass(frozen=True, slots=True)
class AgentTurn:
    """One prompt as it was really played; seconds count from the answer."""

    n: int
    state: str
    prompt: str
    variant: int
    text: str
    """The words that were played; ends with … when the rest was cut off (`prompt` and `variant` tell the rest)."""
    started_s: float
    played_s: float
    total_s: float
    interrupted: bool


@dataclass(frozen=True, slots=True)
class DebtorTurn:
    """One turn of the debtor; `text` is empty when the answer was an identity datum."""

    n: int
    state: str
    text: str
    confidence: float
    intent: str | None
    slots: dict[str, Any]
    engine: str
    result: str
    """ok, no_input, no_match, dtmf, bargein, ignored or unavailable."""
    started_s: float
    ended_s: float
    sensitive: bool = False
    latency_s: float | None = None
    """End of the debtor's speech to the first audio of the answer; None when nothing was answered."""
    recognise_ms: float = 0.0
    stages: dict[str, float] = field(default_factory=dict)
    """Seconds of `latency_s` by what they went to: vad (believing the silence), asr, nlu, policy, tts (to the first
    sample fetched by the bridge); empty when nothing was answered."""


class Record(Protocol):
    """What a call leaves behind. Only the awaited calls wait for the database."""

    def ringing(self) -> None:
        """The far phone rings."""
        ...

    def answered(self) -> None:
        """The call is up."""
        ...

    def first_audio(self) -> None:
        """The agent's first sample was fetched."""
        ...

    def answered_by(self, verdict: Verdict) -> None:
        """A person has answered, or a machine; told again when what follows tells otherwise."""
        ...

    def agent_turn(self, turn: AgentTurn) -> None:
        """A prompt ended or was cut."""
        ...

    def debtor_turn(self, turn: DebtorTurn) -> None:
        """A turn of the debtor was dealt with."""
        ...

    def verified(self, datum: str) -> None:
        """Right party: identity proved by this kind of datum."""
        ...

    def identity_failed(self, datum: str) -> None:
        """A try at this kind of datum failed."""
        ...

    async def promise(self, agreement: Agreement, *, confirmed_by_turn: int, offset_s: float) -> None:
        """Commit the agreement and its promises; returns when durable."""
        ...

    async def opt_out(self, scope: str) -> None:
        """Commit the stop; returns when it acts."""
        ...

    async def call_back(self, due_at: datetime, reason: str) -> None:
        """Commit a callback."""
        ...

    async def open_request(self, kind: str, detail: str, *, channel: str | None = None, destination: str = "") -> None:
        """Commit a task for people; something to be sent goes by `channel` to `destination` (personal data)."""
        ...

    def leave_offer(self, offer: Offer | None) -> None:
        """What stays on the table after the call; None: what was there no longer does."""
        ...

    def rung(self, state: str, step: str, *, silent: bool) -> None:
        """A step down the ladder of a question that was not answered."""
        ...

    async def mark_number(self, status: str) -> None:
        """Commit what was learned of the number."""
        ...

    def sensitive(self, begins: bool) -> None:
        """An identity answer begins (or ends) at this point of the recording."""
        ...

    def keep(self, on: bool) -> None:
        """Whether the voices and words from this point on are kept."""
        ...

    def hung_up(self, event: HungUp) -> None:
        """The line is down; told once, at that moment."""
        ...


class People(Protocol):
    """Who takes a call over from the agent."""

    async def take_over(self, wish: HandOver) -> bool | None:
        """Give the debtor to them; returns when that is decided, and is cancelled when the line goes down.

        True: somebody has him; False: nobody took him and the line is ours again; None: he has left meanwhile, and the
        line is down or will be at once.
        """
        ...


class Ticks(Protocol):
    """The 20 ms beat shared by all calls."""

    async def next(self) -> None:
        """Wait for the next beat."""
        ...


class Stopwatch(Protocol):
    """Monotonic seconds (a Clock)."""

    def monotonic(self) -> float:
        """Seconds that never go back."""
        ...


class Brain(Protocol):
    """The script as one call runs it: pure behind, so `foresee` may be asked without consequence."""

    language: str
    today: str

    @property
    def state(self) -> str:
        """The script's state now."""
        ...

    async def consult(self, event: DialogueEvent) -> None:
        """Before `step`: look up what the event makes necessary to know (whose case a caller means)."""
        ...

    def step(self, event: DialogueEvent) -> Sequence[Effect]:
        """Take an event, move on, say what is to be done."""
        ...

    def personal_says(self) -> Sequence[Say]:
        """Whatever holds personal data and may have to be said, to be rendered before the call is answered."""
        ...

    def foresee(self, event: DialogueEvent) -> Sequence[Effect]:
        """What `step` would answer now, without moving."""
        ...

    def complete(self, understanding: Understanding, expect: Expect) -> bool | None:
        """Whether that answers `expect` whole (True), breaks off (False), or nobody can tell."""
        ...

    def understand(self, hypothesis: Hypothesis, expect: Expect, *, only_global: bool) -> Understanding:
        """What the words mean where `expect` was asked; `only_global`: only what is meant in any state."""
        ...
