"""One conversation: a line, ears, a mouth and a script, joined by the 20 ms beat and one queue of what happened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from typing import Any

from voiceagent.agent.actor import Actor, PressedKeys
from voiceagent.agent.answerer import Answerer
from voiceagent.agent.ears import Ears
from voiceagent.agent.effects import Effects
from voiceagent.agent.mouth import Mouth, Played
from voiceagent.agent.notes import Notes
from voiceagent.agent.ports import Brain, People, Record, Stopwatch, Ticks
from voiceagent.agent.turns import OPENING, BargeIn, TurnSettings, TurnTaker
from voiceagent.audio.format import FRAME_S
from voiceagent.debt.disposition import Disposition
from voiceagent.dialogue.answerers import FILED_AS, MachinePhrases
from voiceagent.dialogue.events import (
    CallAnswered,
    Effect,
    Expect,
    FarHungUp,
    HandOver,
    Heard,
    Keyed,
    MachineAnswered,
    NoInput,
    Promise,
    Say,
    SpeechLost,
)
from voiceagent.speech.protocol import Hearing, Hypothesis, Segmenter, Voice
from voiceagent.telephony.line import Answered, Dtmf, HungUp, HungUpBy, Line, Ringing

log = logging.getLogger(__name__)

#: How far the agent is lowered where a voicemail may be recording.
_MUTED_DB = 60.0
#: What is also said of calls in which a machine was taken for a person.
_NOBODY = (None, Disposition.SIL, Disposition.HUP)


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
        people: People | None = None,
        phrases: MachinePhrases | None = None,
    ) -> None:
        """`phrases`: what machines say in the call's language; None: whoever answers is a person.

        `people`: who takes calls over; None: nobody ever does.
        """
        self.settings = settings or TurnSettings()
        self._line, self._brain, self._record, self._ticks, self._clock = line, brain, record, ticks, clock
        self._zero = clock.monotonic()
        self._notes = Notes(record, self._now)
        self._mouth = Mouth(line, voice, self._now, on_started=self._notes.prompt_started, on_ended=self._prompt_ended)
        self._ears = Ears(
            segmenter,
            hearing,
            self._now,
            language=brain.language,
            today=brain.today,
            on_turn=lambda turn: self._actor.happened(turn),
            on_sensitive=record.sensitive,
            judge=self._judge,
        )
        self._people, self._held_s = people, 0.0
        self._handing_over: asyncio.Task[bool | None] | None = None
        self._effects = Effects(self._mouth, record, on_expect=self._expect, hand_over=self._hand_over)
        self._answerer = Answerer(phrases, record.answered_by)
        self._actor = Actor(
            brain, self._ears, self._mouth, self._effects, self._notes, self._now, self.settings, self._answerer
        )
        self._taker = TurnTaker(self.settings)
        self._hung_up: HungUp | None = None
        self._over_at: float | None = None
        self._greeted = self._too_long = self._leaves_message = False
        self._fetching: set[asyncio.Task[None]] = set()

    def _now(self) -> float:
        return self._clock.monotonic() - self._zero

    async def prepare(self) -> None:
        """While the phone rings: have the first words ready, and keep the apologies for a dead speech process."""
        message = _says(self._brain.foresee(MachineAnswered(Disposition.VM, mailbox=True)))
        self._leaves_message = bool(message)
        greeting = _says(self._brain.foresee(CallAnswered()))
        await self._mouth.prepare([*greeting, *self._brain.personal_says(), *message])
        await self._mouth.keep(self._apologies())

    def _apologies(self) -> list[Say]:
        """What a dead speech process would be answered with here; nobody can render it then."""
        return [say for lost in (SpeechLost(voice=True), SpeechLost()) for say in _says(self._brain.foresee(lost))]

    async def run(self) -> Ended:
        """Hold the conversation; returns when the line is down and everything is recorded."""
        answered = await self._until_answered()
        if not answered:
            assert self._hung_up is not None
            await self._ears.close()
            return Ended(None, self._hung_up, answered=False, promised=False)
        self._zero = self._clock.monotonic()
        listener = asyncio.create_task(self._listen_to_line(), name="line events")
        acting = asyncio.create_task(self._actor.run(), name="script")
        self._expect(OPENING)
        try:
            while self._hung_up is None:
                if acting.done():
                    acting.result()  # raises what broke the script
                await self._ticks.next()
                self._beat()
                if self._time_to_hang_up():
                    await self._line.hangup()
                    self._down(HungUp(HungUpBy.NEAR, 200, "normal"))
        finally:
            # "Não me liguem mais" and then the click: what was said is still heard. A promise being committed is
            # finished, never cut in two.
            if self._hung_up is not None and not acting.done():
                await self._ears.last_words(self.settings.last_words_s)
            self._actor.happened(FarHungUp())
            await asyncio.wait({acting})
            aside = [listener, *self._fetching]
            for task in aside:
                task.cancel()
            await asyncio.gather(*aside, return_exceptions=True)
            self._mouth.close()
            self._notes.close()
            await self._ears.close()
        acting.result()
        return Ended(self._disposition(), self._hung_up, answered=True, promised=self._effects.promised)

    def _disposition(self) -> Disposition | None:
        """Where nobody but a machine was heard, silence and a hang-up are the machine's."""
        verdict, disposition = self._answerer.verdict, self._effects.disposition
        if verdict is not None and verdict.machine and disposition in _NOBODY:
            return FILED_AS[verdict.kind]
        return disposition

    def _down(self, event: HungUp) -> None:
        """The line is down, now: that is the moment the record has, however long the rest takes."""
        if self._hung_up is None:
            self._hung_up = event
            self._actor.line_down = True
            if self._handing_over is not None:
                self._handing_over.cancel()
            self._record.hung_up(event)
            self._mouth.close()

    async def _until_answered(self) -> bool:
        while True:
            event = await self._line.next_event()
            if isinstance(event, Ringing):
                self._record.ringing()
            elif isinstance(event, Answered):
                self._record.answered()
                return True
            elif isinstance(event, HungUp):
                self._down(event)
                return False

    async def _listen_to_line(self) -> None:
        while self._hung_up is None:
            event = await self._line.next_event()
            if isinstance(event, HungUp):
                self._down(event)
            elif isinstance(event, Dtmf) and self._greeted:  # before the greeting there is nothing to answer
                self._key(event.digit)

    def _key(self, digit: str) -> None:
        # Like words: pressed well inside what must be heard whole, a key answers nothing that was fully asked.
        expect = self._actor.expect
        if self._mouth.protected(self.settings.protected_tail_s):
            self._notes.other(Keyed(digit), state=self._brain.state, expect=expect, at_s=self._now(), ignored=True)
        elif keys := self._taker.key(digit, self._now(), expect):
            self._actor.happened(PressedKeys(keys, expect))

    # --- the beat -----------------------------------------------------------------------------------------------------

    def _beat(self) -> None:
        current = self._mouth.current
        protected = self._mouth.protected(self.settings.protected_tail_s)
        over = self._mouth.all_left_s() > self.settings.question_tail_s
        sounding, early = self._mouth.sounding(), self._mouth.unasked()
        pcm = self._line.hear()
        self._ears.tick(pcm, protected=protected, early=early, over=over, played=sounding)
        self._mouth.tick()
        self._who_is_there(pcm)
        verdict = self._taker.barge_in(
            speaking_s=self._ears.voice_s if self._mouth.speaking else 0.0,
            # While something waits that must be heard whole, an interruption would answer nothing.
            allowed=current is not None
            and current.say.barge_in
            and not protected
            and self._effects.disposition is None,
        )
        ducked = _MUTED_DB if self._answerer.hushed else self.settings.duck_db if verdict is BargeIn.DUCK else 0.0
        self._line.duck(ducked)
        if verdict is BargeIn.STOP:
            self._mouth.stop()
        self._actor.beat()
        if keys := self._taker.key_pause(self._now()):
            self._actor.happened(PressedKeys(keys, self._actor.expect))
        waiting = self._mouth.speaking or self._ears.in_turn or self._actor.waiting
        speaking = self._ears.speaking_s > 0
        if self._taker.take_up(self._now(), cut=self._mouth.cut, speaking=speaking, waiting=waiting):
            self._mouth.resume()
        listening = self._greeted and not waiting and not self._mouth.cut
        expect, unheard = self._actor.expect, self._actor.unheard
        if self._taker.quiet(FRAME_S, listening=listening, expect=expect, unheard=unheard):
            self._actor.happened(NoInput())

    async def _hand_over(self, wish: HandOver) -> bool | None:
        """Once the last word was played, the debtor waits in the people's queue, until one takes him or he is back."""
        while self._mouth.speaking and self._hung_up is None:
            await self._ticks.next()
        if self._people is None or self._hung_up is not None:
            return None if self._hung_up is not None else False
        begun = self._now()
        self._handing_over = asyncio.create_task(self._people.take_over(wish), name="handing over")
        try:
            await asyncio.wait({self._handing_over})
            return None if self._handing_over.cancelled() else self._handing_over.result()
        finally:
            self._handing_over.cancel()
            self._handing_over = None
            self._held_s += self._now() - begun

    def _who_is_there(self, pcm: bytes) -> None:
        """Speak when a person is there, or might be, and it is our turn; give up where there is nobody."""
        voice = self._ears.speaking_s > 0
        speaking = voice or self._ears.open
        self._answerer.listen(pcm, self._now(), speaking=voice, turns=self._ears.turns)
        if self._answerer.may_speak(speaking=speaking):
            self._actor.happened(CallAnswered())
        gone = self._answerer.gone(speaking=speaking, leaves_message=self._leaves_message)
        if gone is not None:
            self._mouth.silence()
            self._actor.happened(gone)

    def _time_to_hang_up(self) -> bool:
        if self._handing_over is not None:
            return False
        now = self._now() - self._held_s  # waiting for people is no talk
        if now > self.settings.max_call_s and not self._too_long:
            self._too_long = True
            self._actor.happened(SpeechLost(voice=True))
        if now > self.settings.max_call_s + self.settings.farewell_s:
            return True
        busy = self._mouth.speaking or self._actor.waiting or self._ears.in_turn
        if self._effects.disposition is None or busy:
            self._over_at = None
            return False
        if self._over_at is None:
            self._over_at = now + self.settings.drain_s
        return now >= self._over_at

    def _expect(self, expect: Expect) -> None:
        self._greeted = expect is not OPENING
        self._actor.expect, self._actor.unheard = expect, False
        self._ears.expect(expect)
        self._taker.forget_keys()
        if self._greeted:
            # The keys of this question, or that the promise just made stands.
            self._aside(self._mouth.keep(self._apologies()))

    def _aside(self, work: Coroutine[Any, Any, None]) -> None:
        """Done beside the conversation, and let go with it."""
        task = asyncio.create_task(work)
        self._fetching.add(task)
        task.add_done_callback(self._fetching.discard)

    def _judge(self, hypothesis: Hypothesis, expect: Expect) -> bool | None:
        """Whether what was heard so far is a whole answer; what would be said to it is fetched meanwhile."""
        self._answerer.glanced(hypothesis.text)
        if expect is OPENING or hypothesis.reason:
            return None  # no question was put, or nobody can be sure of what was said
        understanding = self._brain.understand(hypothesis, expect, only_global=False)
        complete = self._brain.complete(understanding, expect)
        if complete is not False and expect is self._actor.expect:
            foreseen = self._brain.foresee(Heard(understanding))
            self._aside(self._mouth.prepare(_says(foreseen)))
            if any(isinstance(effect, Promise) for effect in foreseen):
                return None  # "sim … mas não": a yes that binds is given all the silence that the script wants
        return complete

    def _prompt_ended(self, played: Played) -> None:
        self._notes.prompt_ended(played, at_s=self._now())


def _says(effects: Sequence[Effect]) -> list[Say]:
    return [effect for effect in effects if isinstance(effect, Say)]
