"""One conversation: a line, ears, a mouth and a script, joined by the 20 ms beat and one queue of what happened."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass

from voiceagent.agent.ears import Ears, HeardTurn
from voiceagent.agent.effects import Effects
from voiceagent.agent.mouth import Mouth, Played
from voiceagent.agent.notes import Notes
from voiceagent.agent.ports import Brain, Record, Stopwatch, Ticks
from voiceagent.agent.turns import BargeIn, TurnSettings, TurnTaker
from voiceagent.audio.format import FRAME_S
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.events import (
    CallAnswered,
    DialogueEvent,
    Expect,
    FarHungUp,
    Heard,
    Keyed,
    NoInput,
    Say,
    SpeechLost,
    Understanding,
)
from voiceagent.speech.protocol import Hearing, Segmenter, Voice
from voiceagent.telephony.line import Answered, Dtmf, HungUp, HungUpBy, Line, Ringing

log = logging.getLogger(__name__)

#: What the debtor says on lifting the phone answers no question of the script; a voicemail's greeting is known by it.
OPENING = Expect(state="opening", end_silence_s=0.5)


@dataclass(frozen=True, slots=True)
class Ended:
    """How the conversation ended."""

    disposition: Disposition | None
    """None when the call was never answered: the line's failure says why."""
    hung_up: HungUp
    answered: bool
    promised: bool


class Conversation:
    """Runs one call from ringing to the end. Nothing here blocks; time comes from the beat and the stopwatch."""

    def __init__(
        self,
        line: Line,
        brain: Brain,
        segmenter: Segmenter,
        hearing: Hearing,
        voice: Voice,
        record: Record,
        ticks: Ticks,
        clock: Stopwatch,
        settings: TurnSettings | None = None,
    ) -> None:
        self.settings = settings or TurnSettings()
        self._line, self._brain, self._record, self._ticks, self._clock = line, brain, record, ticks, clock
        self._zero = clock.monotonic()
        self._notes = Notes(record)
        self._mouth = Mouth(line, voice, self._now, on_started=self._notes.prompt_started, on_ended=self._prompt_ended)
        self._happened: asyncio.Queue[HeardTurn | DialogueEvent] = asyncio.Queue()
        heard = self._happened.put_nowait
        self._ears = Ears(segmenter, hearing, self._now, language=brain.language, today=brain.today, on_turn=heard)
        self._effects = Effects(self._mouth, record, on_expect=self._expect_now)
        self._taker = TurnTaker(self.settings)
        self._expect: Expect | None = None
        self._busy = False  # the actor is working on an event
        self._hung_up: HungUp | None = None
        self._speech_lost = False
        self._over_at: float | None = None

    def _now(self) -> float:
        return self._clock.monotonic() - self._zero

    async def prepare(self) -> None:
        """While the phone rings: have the first words ready, and keep the apology for a dead speech process."""
        await self._mouth.keep([e for e in self._brain.foresee(SpeechLost()) if isinstance(e, Say)])
        first = [effect for effect in self._brain.foresee(CallAnswered()) if isinstance(effect, Say)]
        await self._mouth.prepare([*first, *self._brain.personal_says()])

    async def run(self) -> Ended:
        """Hold the conversation; returns when the line is down and everything is recorded."""
        answered = await self._until_answered()
        if not answered:
            assert self._hung_up is not None
            await self._ears.close()
            return Ended(None, self._hung_up, answered=False, promised=False)
        self._zero = self._clock.monotonic()
        listener = asyncio.create_task(self._listen_to_line(), name="line events")
        actor = asyncio.create_task(self._act(), name="script")
        self._expect_now(OPENING)
        try:
            while self._hung_up is None:
                if actor.done():
                    actor.result()  # raises what broke the script
                await self._ticks.next()
                self._beat()
                if self._time_to_hang_up():
                    await self._line.hangup()
                    self._hung_up = self._hung_up or HungUp(HungUpBy.NEAR, 200, "normal")
        finally:
            # A promise being committed is finished, never cut in two.
            self._happened.put_nowait(FarHungUp())
            await asyncio.wait({actor})
            listener.cancel()
            await asyncio.gather(listener, return_exceptions=True)
            self._mouth.stop()
            self._notes.close()
            await self._ears.close()
        actor.result()
        self._record.hung_up(self._hung_up)
        return Ended(self._effects.disposition, self._hung_up, answered=True, promised=self._effects.promised)

    async def _until_answered(self) -> bool:
        while True:
            event = await self._line.next_event()
            if isinstance(event, Ringing):
                self._record.ringing()
            elif isinstance(event, Answered):
                self._record.answered()
                return True
            elif isinstance(event, HungUp):
                self._hung_up = event
                self._record.hung_up(event)
                return False

    async def _listen_to_line(self) -> None:
        while self._hung_up is None:
            event = await self._line.next_event()
            if isinstance(event, HungUp):
                self._hung_up = event
            elif isinstance(event, Dtmf):
                # Like words: pressed well inside what must be heard whole, a key answers nothing that was fully asked.
                if self._mouth.protected(self.settings.protected_tail_s):
                    self._note_other(Keyed(event.digit), ignored=True)
                elif keys := self._taker.key(event.digit, self._now(), self._expect):
                    self._happened.put_nowait(Keyed(keys))

    # --- the beat -----------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        current = self._mouth.current
        self._ears.tick(self._line.hear(), protected=self._mouth.protected(self.settings.protected_tail_s))
        self._mouth.tick()
        said = self._ears.speaking_s > 0 or self._ears.open
        if self._taker.opened(self._now(), speaking=said, turns=self._ears.turns):
            self._happened.put_nowait(CallAnswered())
        verdict = self._taker.barge_in(
            speaking_s=self._ears.speaking_s if self._mouth.speaking else 0.0,
            allowed=current is not None and current.say.barge_in and self._effects.disposition is None,
        )
        self._line.duck(self.settings.duck_db if verdict is BargeIn.DUCK else 0.0)
        if verdict is BargeIn.STOP:
            self._mouth.stop()
        if keys := self._taker.key_pause(self._now()):
            self._happened.put_nowait(Keyed(keys))
        waiting = self._mouth.speaking or self._ears.in_turn or self._busy or not self._happened.empty()
        if self._taker.quiet(FRAME_S, listening=not waiting, expect=self._expect):
            self._happened.put_nowait(NoInput())

    def _time_to_hang_up(self) -> bool:
        now = self._now()
        if now > self.settings.max_call_s:
            return True
        if self._effects.disposition is None or self._mouth.speaking or self._busy:
            self._over_at = None
            return False
        if self._over_at is None:
            self._over_at = now + self.settings.drain_s
        return now >= self._over_at

    # --- what happened ------------------------------------------------------------------------------------------------

    def _expect_now(self, expect: Expect) -> None:
        self._expect = expect
        self._ears.expect(expect)

    async def _act(self) -> None:
        """Take what happened one by one; the only place where the script moves."""
        while True:
            happened = await self._happened.get()
            self._busy = True
            try:
                if isinstance(happened, HeardTurn):
                    event = self._understood(happened)
                else:
                    event = self._noted(happened)
                if event is not None:
                    await self._step(event)
            finally:
                self._busy = False
            if isinstance(happened, FarHungUp):
                return

    async def _step(self, event: DialogueEvent) -> None:
        if self._effects.disposition is not None and not isinstance(event, Heard):
            return
        before = self._effects.disposition
        effects = self._brain.step(event)
        await self._effects.apply(
            effects, state=self._brain.state, turn=self._notes.debtor_turns, offset_s=round(self._now(), 3)
        )
        if isinstance(event, FarHungUp):
            return
        if before is not None and self._effects.disposition is None:
            self._effects.disposition = before
        if self._effects.unspoken and not self._speech_lost:
            self._speech_lost = True
            await self._step(SpeechLost())

    def _understood(self, turn: HeardTurn) -> DialogueEvent | None:
        """A recognised turn as an event, or None when it answers nothing that was asked."""
        stale = turn.expect is not self._expect
        only_global = stale or turn.protected or self._effects.disposition is not None
        hypothesis = turn.hypothesis
        if hypothesis.reason == "unavailable":
            self._notes.heard(turn, Understanding(), state=self._brain.state, result="unavailable")
            if self._speech_lost:
                return None
            self._speech_lost = True
            return SpeechLost()
        understanding = self._brain.understand(hypothesis, turn.expect, only_global=only_global)
        meant = understanding.intent is not None or bool(understanding.slots) or bool(understanding.alternatives)
        over_prompt = self._mouth.speaking
        if not meant and (only_global or over_prompt or hypothesis.reason == "no_speech"):
            # Noise, a cough, "uhum" over our own words: no answer, and no reason to start over.
            self._notes.heard(turn, understanding, state=self._brain.state, result="ignored")
            return None
        if over_prompt and self._mouth.current is not None and self._mouth.current.say.barge_in:
            self._mouth.stop()
        self._notes.heard(turn, understanding, state=self._brain.state, result="ok" if meant else "no_match")
        return Heard(understanding)

    def _noted(self, event: DialogueEvent) -> DialogueEvent:
        if isinstance(event, Keyed) and self._mouth.current is not None and self._mouth.current.say.barge_in:
            self._mouth.stop()
        if isinstance(event, NoInput | Keyed):
            self._note_other(event)
        return event

    def _note_other(self, event: NoInput | Keyed, *, ignored: bool = False) -> None:
        self._notes.other(event, state=self._brain.state, expect=self._expect, at_s=self._now(), ignored=ignored)

    def _prompt_ended(self, played: Played) -> None:
        self._notes.prompt_ended(played, at_s=self._now())
