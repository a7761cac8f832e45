"""What a call leaves behind, as events of the journal: implements the agent's Record port."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from voiceagent.agent.answerer import Verdict
from voiceagent.agent.ports import AgentTurn, DebtorTurn
from voiceagent.base.clock import Clock
from voiceagent.base.errors import UnavailableError
from voiceagent.base.ids import uuid7
from voiceagent.cases.kinds import SeatState
from voiceagent.debt.agreement import Agreement
from voiceagent.debt.offer import Offer
from voiceagent.dialogue.answerers import AnsweredBy
from voiceagent.journal import catalogue
from voiceagent.journal.envelope import NewEvent, Payload
from voiceagent.journal.private import private_ref
from voiceagent.journal.writer import JournalWriter
from voiceagent.telephony.line import HungUp
from voiceagent.telephony.recorder import Recording

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class CallKeys:
    """The rows a call belongs to."""

    call_id: uuid.UUID
    case_id: uuid.UUID | None
    person_id: uuid.UUID | None
    phone_id: uuid.UUID | None
    campaign_id: uuid.UUID | None = None
    actor: str = "agent"


#: Working days a person has to answer a request opened in a call, in calendar days; by kind.
REQUEST_DAYS = {"record_request": 7, "human": 1}
REQUEST_DEFAULT_DAYS = 5
#: Reasons of a script to call again of its own accord, or on somebody else's word. The debtor has not asked for that:
#: it is no consent, and passes neither quiet times nor caps.
OFFERED = frozenset({"not_understood", "technical", "no_money", "third_party"})


class CallRecord:
    """One call's events. Times of the line are kept for the final verdict (ring, talk)."""

    def __init__(
        self,
        writer: JournalWriter,
        clock: Clock,
        keys: CallKeys,
        *,
        on_state: Callable[[SeatState], None] = lambda state: None,
        on_turn: Callable[[DebtorTurn], None] = lambda turn: None,
        caller: str = "",
    ) -> None:
        """`caller`: the number of somebody who calls us, for what must reach him while nobody knows who he is."""
        self._writer, self._caller = writer, caller
        self._clock = clock
        self.keys = keys
        self._on_state, self._on_turn = on_state, on_turn
        self._began = clock.monotonic()
        self._dialled = False
        self._answered: float | None = None
        self._ended: float | None = None
        self.verified_datum: str | None = None
        self.tape: Recording | None = None
        """Where the call is recorded."""
        self.promised = False
        self.recording: catalogue.RecordingOpened | None = None
        """The file that is being written from the answer on."""
        self.answerer: AnsweredBy | None = None
        """Who or what has answered, as far as it was told."""
        self.hold_s = 0.0
        """Seconds in which the debtor waited for people."""
        self._held: float | None = None
        self._keeping = True
        self.human_spoke = False
        """Somebody said something: not only silence was at the other end."""
        self.sensitive_spans: list[tuple[float, float]] = []
        """Seconds since the answer in which identity data were said."""

    # --- the line -----------------------------------------------------------------------------------------------------

    def ringing(self) -> None:
        """The far phone rings."""
        self._on_state(SeatState.RINGING)
        self._note(catalogue.CallRinging())

    def answered(self) -> None:
        """The call is up: talk time begins."""
        self._answered = self._clock.monotonic()
        self._on_state(SeatState.TALKING)
        self._note(catalogue.CallAnswered(), *([self.recording] if self.recording else []))

    def first_audio(self) -> None:
        """The agent's first sample was fetched."""
        assert self._answered is not None
        self._note(catalogue.CallFirstAudio(after_answer_s=round(self._clock.monotonic() - self._answered, 3)))

    def answered_by(self, verdict: Verdict) -> None:
        """A person or a machine; the last word counts."""
        self.answerer = verdict.kind
        self._note(
            catalogue.CallAnsweredBy(
                verdict.kind.value, verdict.evidence, verdict.at_s, verdict.latency_s, verdict.speech_s
            )
        )

    def sensitive(self, begins: bool) -> None:
        """Mark the recording while an identity answer is being given: the marks survive a crash."""
        if self.tape is None:
            return
        if begins:
            self.tape.mark_begin()
        else:
            self.tape.mark_end()

    def keep(self, on: bool) -> None:
        """Off: neither voices nor words of the debtor are kept until it is on again."""
        self._keeping = on
        if self.tape is not None:
            (self.tape.resume if on else self.tape.pause)()
        self._note(catalogue.RecordingSwitched(on))

    def hung_up(self, event: HungUp) -> None:
        """The line is down: talk time ends. Only the first word counts."""
        if self._ended is not None:
            return
        self._ended = self._clock.monotonic()
        self._note(catalogue.CallHungUp(event.by.value, event.sip_code, event.reason, event.q850))

    @property
    def was_answered(self) -> bool:
        """Whether the call was ever up."""
        return self._answered is not None

    def dialling(self) -> None:
        """The INVITE goes out, or a call comes in: ringing is counted from here."""
        self._began = self._clock.monotonic()
        self._dialled = True

    @property
    def ring_s(self) -> float:
        """Seconds from the INVITE to the answer, or to the end; 0 when none was sent."""
        if not self._dialled:
            return 0.0
        until = self._answered or self._ended or self._clock.monotonic()
        return round(until - self._began, 3)

    def holds(self, begins: bool) -> None:
        """The debtor waits for people from now on, or does so no more."""
        now = self._clock.monotonic()
        if begins:
            self._held = now
        elif self._held is not None:
            self.hold_s += max(0.0, (self._ended or now) - self._held)
            self._held = None

    def now(self) -> datetime:
        """The clock of the call's events."""
        return self._clock.now()

    @property
    def talk_s(self) -> float:
        """Seconds from the answer to the end without waiting for people, 0 when never answered."""
        if self._answered is None:
            return 0.0
        return round((self._ended or self._clock.monotonic()) - self._answered - self.hold_s, 3)

    @property
    def wrap_s(self) -> float:
        """Seconds of work since the line went down."""
        return round(self._clock.monotonic() - self._ended, 3) if self._ended is not None else 0.0

    # --- the turns ----------------------------------------------------------------------------------------------------

    def agent_turn(self, turn: AgentTurn) -> None:
        """A prompt as it was played."""
        self._note(
            catalogue.AgentTurnPlayed(
                n=turn.n,
                state=turn.state,
                prompt=turn.prompt,
                variant=turn.variant,
                text=private_ref("utterance", turn.text, self._clock.now()),
                started_s=turn.started_s,
                played_s=turn.played_s,
                total_s=turn.total_s,
                interrupted=turn.interrupted,
            )
        )

    def debtor_turn(self, turn: DebtorTurn) -> None:
        """A turn of the debtor; an identity answer leaves no words and no slots, nor does what is not to be kept."""
        turn = turn if self._keeping else replace(turn, sensitive=True)
        if turn.sensitive and turn.ended_s > turn.started_s:
            self.sensitive_spans.append((turn.started_s, turn.ended_s))
        self.human_spoke = self.human_spoke or turn.result in ("ok", "no_match", "dtmf", "bargein")
        self._on_turn(turn)
        heard = private_ref("utterance", turn.text, self._clock.now()) if turn.text and not turn.sensitive else None
        self._note(
            catalogue.DebtorTurnHeard(
                n=turn.n,
                state=turn.state,
                heard=heard,
                confidence=turn.confidence,
                intent=turn.intent,
                slots={} if turn.sensitive else _public_slots(turn.slots),
                latency_s=turn.latency_s,
                stages=turn.stages,
                engine=turn.engine,
                result=turn.result,
                sensitive=turn.sensitive,
                started_s=turn.started_s,
                ended_s=turn.ended_s,
            )
        )

    def verified(self, datum: str) -> None:
        """Right party."""
        self.verified_datum = datum
        self._note(catalogue.IdentityVerified(datum))

    def identity_failed(self, datum: str) -> None:
        """A try that did not match."""
        self._note(catalogue.IdentityFailed(datum))

    # --- what must be durable before the next word --------------------------------------------------------------------

    async def promise(self, agreement: Agreement, *, confirmed_by_turn: int, offset_s: float) -> None:
        """Commit the agreement with one promise per instalment, all or nothing."""
        assert self.keys.case_id is not None
        now = self._clock.now()
        await self._commit(
            catalogue.PromiseMade(
                agreement_id=uuid7(now),
                case_id=self.keys.case_id,
                total=agreement.total.minor,
                discount=agreement.discount.minor,
                currency=agreement.total.currency,
                instalments=tuple(
                    catalogue.PromisedInstalment(uuid7(now), part.number, part.due, part.amount.minor)
                    for part in agreement.instalments
                ),
                confirmed_by_turn=confirmed_by_turn,
                recording_offset_s=offset_s,
            )
        )
        self.promised = True

    async def opt_out(self, scope: str) -> None:
        """Commit the stop; of a caller nobody knows, it is the number that is called no more."""
        now = self._clock.now()
        if self.keys.person_id is None and not self._caller:
            await self.open_request("human", "asked not to be called, from a hidden number")
            return
        scope = scope if self.keys.person_id is not None else "number"
        await self._keep(
            catalogue.OptOutRecorded(
                uuid7(now),
                scope,
                self.keys.person_id,
                phone_id=self.keys.phone_id,
                number=private_ref("phone", self._caller, now) if self.keys.person_id is None else None,
                channel="voice" if scope == "channel" else None,
            )
        )

    async def call_back(self, due_at: datetime, reason: str) -> None:
        """Commit a callback; to a caller nobody knows, people have to call back."""
        if self.keys.case_id is None:
            await self.open_request("human", f"call back at {due_at.isoformat(timespec='minutes')}: {reason}")
            return
        await self._keep(
            catalogue.CallbackRequested(
                uuid7(self._clock.now()),
                self.keys.case_id,
                self.keys.person_id,
                self.keys.phone_id,
                due_at,
                origin="offered" if reason in OFFERED else "debtor_asked",
                reason=reason,
                campaign_id=self.keys.campaign_id,
            )
        )

    async def open_request(self, kind: str, detail: str, *, channel: str | None = None, destination: str = "") -> None:
        """Commit a task for people, with the day it is owed, and how and where to something is to be sent."""
        now = self._clock.now()
        if self.keys.case_id is None and not destination and self._caller:
            channel, destination = "voice", self._caller
        due = now + timedelta(days=REQUEST_DAYS.get(kind, REQUEST_DEFAULT_DAYS))
        text = private_ref("request", detail, now) if detail else None
        where = private_ref("destination", destination, now) if destination else None
        await self._keep(catalogue.RequestOpened(uuid7(now), kind, self.keys.case_id, text, due, channel, where))

    def leave_offer(self, offer: Offer | None) -> None:
        """What the next call of the case may take up, or that there is nothing any more."""
        if self.keys.case_id is None:
            return
        if offer is None:
            self._note(catalogue.OfferWithdrawn(self.keys.case_id))
            return
        self._note(
            catalogue.OfferLeftOpen(
                self.keys.case_id,
                offer.kind.value,
                offer.total.minor,
                offer.discount.minor,
                offer.total.currency,
                tuple(catalogue.OfferedPayment(part.number, part.due, part.amount.minor) for part in offer.instalments),
                offer.expires,
            )
        )

    def rung(self, state: str, step: str, *, silent: bool) -> None:
        """A question had to be put otherwise."""
        self._note(catalogue.LadderStepped(state, step, silent))

    async def mark_number(self, status: str) -> None:
        """Commit what was learned of the number."""
        if self.keys.phone_id is not None:
            await self._keep(catalogue.NumberMarked(self.keys.phone_id, status))

    def note(self, *payloads: Payload) -> None:
        """Further events of the call, without waiting."""
        self._note(*payloads)

    def _events(self, payloads: Sequence[Payload]) -> list[NewEvent]:
        return [NewEvent("call", self.keys.call_id, payload, self.keys.actor) for payload in payloads]

    async def _keep(self, *payloads: Payload) -> None:
        """Commit; where the database cannot be had in time, keep it as soon as it can: none of this may be lost."""
        events = self._events(payloads)
        try:
            await self._writer.commit(events)
        except UnavailableError as error:
            log.error("kept for later: %s (%s)", ", ".join(payload.TYPE for payload in payloads), error)
            self._writer.note(events)

    def _note(self, *payloads: Payload) -> None:
        self._writer.note(self._events(payloads))

    async def _commit(self, *payloads: Payload) -> None:
        await self._writer.commit(self._events(payloads))


#: Slots that name a person or a way to reach one; they stay in the erasable words.
PRIVATE_SLOTS = frozenset({"digits", "email", "phone", "name"})


def _public_slots(slots: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slots.items() if name not in PRIVATE_SLOTS}
