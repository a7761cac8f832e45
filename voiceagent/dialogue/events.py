"""What happens to a conversation (events) and what it wants done (effects): the step function's two alphabets."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from voiceagent.debt.agreement import Agreement
from voiceagent.debt.disposition import Disposition
from voiceagent.debt.offer import Offer
from voiceagent.language.spoken import SpokenPart


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the agent makes of a debtor's words. Slot names and values are those of the `understand` command."""

    intent: str | None = None
    confidence: float = 0.0
    slots: dict[str, Any] = field(default_factory=dict)
    """date, amount, instalments, digits, time, yes_no, share, down_payment, ...; a slot not said is absent.
    `cue`: the one of the script's cues that was said."""
    alternatives: tuple[dict[str, Any], ...] = ()
    ambiguous: bool = False
    text: str = ""


# --- events -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The call is up and nothing was said yet."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A turn of the debtor, understood within what the state expected (intent None and no slots: not understood)."""

    understanding: Understanding
    hard: bool = False
    """Noise on the line or a slow recogniser: another question in words would hardly be answered better."""


@dataclass(frozen=True, slots=True)
class Keyed:
    """Keys pressed, joined until the state's pause or #."""

    digits: str


@dataclass(frozen=True, slots=True)
class NoInput:
    """Nothing was said within the state's patience."""


@dataclass(frozen=True, slots=True)
class FarHungUp:
    """The debtor hung up; only closing effects make sense now."""


@dataclass(frozen=True, slots=True)
class MachineAnswered:
    """Nobody is there: a machine has answered. The call ends without a word that tells anything."""

    disposition: Disposition
    mailbox: bool = False
    """It records what is said now: the script's voicemail state says what the law allows, if anything."""


@dataclass(frozen=True, slots=True)
class SpeechLost:
    """Recognition or synthesis died in mid-call: apologise, go on by keys or end with a callback."""

    voice: bool = False
    """The agent cannot speak (or may not go on): keys help nobody, the call ends with the prompt kept for this."""


@dataclass(frozen=True, slots=True)
class HandedOver:
    """What became of a HandOver: a person has the debtor now, or nobody took him and he is with us again."""

    taken: bool


DialogueEvent = CallAnswered | Heard | Keyed | NoInput | FarHungUp | SpeechLost | MachineAnswered | HandedOver


# --- effects ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Say:
    """Speak a prompt. `discloses`: it speaks of the debt (refused by the renderer while unverified)."""

    prompt: str
    variant: int
    parts: tuple[SpokenPart, ...]
    barge_in: bool = True
    discloses: bool = False
    written: str = ""
    """The sentence with its punctuation, which the parts leave out where they meet."""

    @property
    def text(self) -> str:
        """The whole sentence, as people read it."""
        return self.written or " ".join(part.text for part in self.parts)


@dataclass(frozen=True, slots=True)
class Expect:
    """Listen for an answer; times in seconds."""

    state: str
    kinds: tuple[str, ...] = ("intent",)
    """As in the `understand` command: intent, yes_no, date, amount, instalments, digits, time, email."""
    among: tuple[str, ...] = ()
    """Intents the state can mean; the global ones are always understood."""
    phrases: tuple[str, ...] = ()
    """Spoken forms for constrained recognition, at most 20."""
    end_silence_s: float = 0.7
    no_input_s: float = 5.0
    max_turn_s: float = 12.0
    sensitive: bool = False
    """An identity answer: neither stored nor logged; that span of the recording is marked."""
    keys: int = 1
    """Keys that make a whole DTMF answer (1: at once; more: until that many, # or 2 s of pause)."""
    digits: tuple[int, int] | None = None
    """Fewest and most digits of the number that is asked for, where it is known."""
    at_length: bool = False
    """Anything may be told at any length: no turn is ended early."""


@dataclass(frozen=True, slots=True)
class RightPartyVerified:
    """Identity was proved by `datum` (birth_day_month, document_first3, ...)."""

    datum: str


@dataclass(frozen=True, slots=True)
class IdentityFailed:
    """A try at `datum` did not match; what was said is not kept."""

    datum: str


@dataclass(frozen=True, slots=True)
class Promise:
    """The debtor said the second yes to the read-back: commit before saying anything more."""

    agreement: Agreement


@dataclass(frozen=True, slots=True)
class OptOut:
    """Stop calling: acts now. `scope`: number, channel or person."""

    scope: str = "person"


@dataclass(frozen=True, slots=True)
class CallBack:
    """Call again at `due_at` (aware), as asked by the debtor or offered by us."""

    due_at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class OpenRequest:
    """A task for people: dispute, proof_of_payment, human, deceased_review, legal, record_request, ..."""

    kind: str
    detail: str = ""
    channel: str | None = None
    """How it is to be sent (`send_payment`): sms or email; None: as people see fit."""
    destination: str = ""
    """Where to: a number in E.164 or an address. Personal data."""


@dataclass(frozen=True, slots=True)
class LeaveOffer:
    """What stays on the table after the call for the next one to take up; None: what was there is there no more."""

    offer: Offer | None


@dataclass(frozen=True, slots=True)
class Rung:
    """A step down the ladder of a question that was not answered."""

    step: str
    """shorter (asked again), keys (the keys were told) or give_up (no more asking here)."""
    silent: bool
    """Nothing was said, rather than nothing understood."""


@dataclass(frozen=True, slots=True)
class MarkNumber:
    """What was learned of the number: wrong, third_party, right_party."""

    status: str


@dataclass(frozen=True, slots=True)
class Keep:
    """Whether what is said from here on is recorded and written down; nothing of what is not can be had back."""

    on: bool


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give the debtor to people once the last word was played; HandedOver says what came of it."""

    queue: str
    reason: str
    """Why: the intent that led here, or the state that did."""
    verified: bool = False
    offer: Offer | None = None
    """What is on the table."""
    promised: Agreement | None = None
    note: str = ""
    """The debtor's own words."""


@dataclass(frozen=True, slots=True)
class Hangup:
    """End the call after the last word was played."""

    disposition: Disposition


Effect = (
    Say
    | Expect
    | RightPartyVerified
    | IdentityFailed
    | Promise
    | OptOut
    | CallBack
    | OpenRequest
    | LeaveOffer
    | Rung
    | MarkNumber
    | Keep
    | HandOver
    | Hangup
)
