"""The script's side of a conversation: takes what happened one by one, and is the only place where the script moves."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace

from voiceagent.agent.answerer import Answerer
from voiceagent.agent.backchannel import says_go_on
from voiceagent.agent.ears import Ears, HeardTurn
from voiceagent.agent.effects import Effects
from voiceagent.agent.mouth import Mouth
from voiceagent.agent.notes import Notes
from voiceagent.agent.ports import Brain
from voiceagent.agent.turns import OPENING, TurnSettings
from voiceagent.dialogue.events import (
    DialogueEvent,
    Expect,
    FarHungUp,
    HandedOver,
    Heard,
    Keyed,
    NoInput,
    Promise,
    SpeechLost,
    Understanding,
)
from voiceagent.dialogue.understanding import AFFIRMING, BINDING
from voiceagent.speech.protocol import Hypothesis

log = logging.getLogger(__name__)


#: What is said on lifting the phone counts only when it is understood as surely as this.
_SURE = 0.9


@dataclass(frozen=True, slots=True)
class PressedKeys:
    """A key sequence with the question that stood when it was pressed."""

    digits: str
    expect: Expect | None


Happening = HeardTurn | PressedKeys | DialogueEvent


class Actor:
    """Runs the script for one call; `line_down` tells it that whoever it spoke with is gone."""

    def __init__(
        self,
        brain: Brain,
        ears: Ears,
        mouth: Mouth,
        effects: Effects,
        notes: Notes,
        now: Callable[[], float],
        settings: TurnSettings,
        answerer: Answerer,
    ) -> None:
        self._answerer = answerer
        self._brain, self._ears, self._mouth, self._effects = brain, ears, mouth, effects
        self._notes, self._now, self._settings = notes, now, settings
        self._queue: asyncio.Queue[Happening] = asyncio.Queue()
        self.expect: Expect | None = None
        """The question that stands."""
        self.busy = False
        """Something is being worked on."""
        self.line_down = False
        self.unheard = False
        """Something was said to the question that stands before it could count."""
        self._unclear: tuple[HeardTurn, Understanding, float] | None = None
        self._hearing_lost = self._voice_lost = False

    def happened(self, what: Happening) -> None:
        """Something to be dealt with, after what came before it."""
        self._queue.put_nowait(what)

    @property
    def waiting(self) -> bool:
        """Whether anything is being worked on or waits for it."""
        return self.busy or self._unclear is not None or not self._queue.empty()

    def beat(self) -> None:
        """Every beat: what made no sense was all of it when the debtor does not go on."""
        if self._unclear is None or self._ears.in_turn or self.busy or not self._queue.empty():
            return
        turn, understanding, at = self._unclear
        if self._now() - at >= self._settings.unclear_s:
            self._leave_unclear("no_match")
            self.happened(Heard(understanding, turn.hypothesis.hard))

    async def run(self) -> None:
        """Work until the end of the call was dealt with."""
        while True:
            happened = await self._queue.get()
            self.busy = True
            try:
                event = await self._event(happened)
                if event is not None:
                    await self._step(event)
            finally:
                self.busy = False
            if isinstance(happened, FarHungUp):
                return

    async def _event(self, happened: Happening) -> DialogueEvent | None:
        if isinstance(happened, HeardTurn):
            if self._answerer.watching and self._answerer.heard(happened, self._certainly(happened)):
                self._notes.heard(happened, Understanding(), state=self._brain.state, result="ignored")
                return None
            event = self._understood(happened)
            return await self._whole(happened, event) if isinstance(event, Heard) else event
        if isinstance(happened, PressedKeys):
            return self._pressed(happened)
        if isinstance(happened, NoInput):
            self._notes.other(happened, state=self._brain.state, expect=self.expect, at_s=self._now())
        return happened

    async def _step(self, event: DialogueEvent) -> None:
        ended = self._effects.disposition
        if ended is not None and not isinstance(event, Heard):
            return
        self._mouth.let_go()
        self._leave_unclear("ignored")
        await self._brain.consult(event)
        effects = self._brain.step(event)
        self._notes.decided()
        at = round(self._now(), 3)
        await self._effects.apply(effects, state=self._brain.state, turn=self._notes.debtor_turns, offset_s=at)
        if ended is not None and self._effects.disposition is None:
            self._effects.disposition = ended
        if self._effects.taken_over is not None:
            await self._step(HandedOver(self._effects.taken_over))
        if self._effects.stranded and not self._voice_lost and self._effects.disposition is None:
            self._voice_lost = True
            await self._step(SpeechLost(voice=True))

    # --- what a turn means --------------------------------------------------------------------------------------------

    def _certainly(self, turn: HeardTurn) -> str | None:
        """The intent that the words have wherever they are said, if there is no doubt."""
        understanding = self._brain.understand(turn.hypothesis, turn.expect, only_global=True)
        return understanding.intent if understanding.confidence >= _SURE else None

    def _understood(self, turn: HeardTurn) -> DialogueEvent | None:
        """A recognised turn as an event, or None when it answers nothing that was asked."""
        hypothesis = turn.hypothesis
        if hypothesis.reason == "unavailable":
            self._notes.heard(turn, Understanding(), state=self._brain.state, result="unavailable")
            if self._hearing_lost or self.line_down:
                return None
            self._hearing_lost = True
            return SpeechLost()
        turn, understanding, only_global = self._with_what_came_before(turn)
        meant = _means(understanding)
        over_prompt = self._mouth.speaking
        going_on = (over_prompt or self._mouth.cut) and says_go_on(turn, understanding, self._settings)
        if going_on or (not meant and (only_global or over_prompt or hypothesis.reason == "no_speech")):
            # Noise, a cough, "uhum" over our own words: no answer, and no reason to start over.
            self._notes.heard(turn, understanding, state=self._brain.state, result="ignored")
            self.unheard = self.unheard or (turn.protected and turn.expect is self.expect and bool(hypothesis.text))
            if going_on and hypothesis.text and not self._ears.in_turn:
                self._mouth.resume()
            return None
        if not meant and not turn.over and not self.line_down:
            self._unclear = (turn, understanding, self._now())
            return None
        if meant and not (turn.over or turn.early or turn.protected or turn.expect is OPENING):
            self._answerer.answered(turn.started_s)
        if over_prompt and self._mouth.current is not None and self._mouth.current.say.barge_in:
            self._mouth.stop()
        interrupting = turn.over and self._mouth.cut
        result = "no_match" if not meant else "bargein" if interrupting else "ok"
        self._notes.heard(turn, understanding, state=self._brain.state, result=result)
        return Heard(understanding, hypothesis.hard)

    def _with_what_came_before(self, turn: HeardTurn) -> tuple[HeardTurn, Understanding, bool]:
        """The turn and its meaning, joined with words that made no sense alone: "deixa eu ver", "dia quinze"."""
        if self._unclear is None or turn.expect is not self._unclear[0].expect:
            return turn, *self._meaning(turn)
        before = self._unclear[0]
        text = f"{before.hypothesis.text} {turn.hypothesis.text}".strip()
        joined = replace(
            turn,
            hypothesis=_joined(before.hypothesis, turn.hypothesis, text),
            started_s=before.started_s,
            speech_s=before.speech_s + turn.speech_s,
        )
        understanding, only_global = self._meaning(joined)
        if not _means(understanding):
            alone = self._meaning(turn)
            if _means(alone[0]):
                self._leave_unclear("ignored")
                return turn, *alone
        self._unclear = None
        return joined, understanding, only_global

    def _meaning(self, turn: HeardTurn) -> tuple[Understanding, bool]:
        """What a turn means where it was said, and whether only what is meant anywhere could count there."""
        ended = self.line_down or self._effects.disposition is not None
        only_global = ended or turn.expect is not self.expect
        understanding = self._brain.understand(turn.hypothesis, turn.expect, only_global=only_global)
        # A "sim" to what was said before the question, or to nothing; in what must be heard whole, only a correction
        # ("não, dia vinte") counts at once: it consents to nothing.
        deaf = (turn.early and _affirms(understanding)) or (turn.protected and not _corrects(understanding))
        if deaf and not only_global:
            only_global = True
            understanding = self._brain.understand(turn.hypothesis, turn.expect, only_global=True)
        if turn.expect is OPENING and (understanding.intent not in BINDING or understanding.confidence < _SURE):
            understanding = Understanding(text=turn.hypothesis.text)  # "oi, bom dia" asks for nothing
        return understanding, only_global

    def _leave_unclear(self, result: str) -> None:
        """What made no sense will not be joined with anything any more."""
        if self._unclear is not None:
            turn, understanding, _ = self._unclear
            self._unclear = None
            self._notes.heard(turn, understanding, state=self._brain.state, result=result)

    async def _whole(self, turn: HeardTurn, event: Heard) -> Heard | None:
        """A yes that would promise waits for what the debtor is still saying: "sim … mas só no dia trinta"."""
        put_back: list[Happening] = []
        while self._ears.in_turn and not self.line_down and self._promises(event):
            more = await self._queue.get()
            if not isinstance(more, HeardTurn):
                put_back.append(more)
                if isinstance(more, FarHungUp):
                    break
                continue
            text = f"{turn.hypothesis.text} {more.hypothesis.text}".strip()
            turn = replace(more, expect=turn.expect, hypothesis=_joined(turn.hypothesis, more.hypothesis, text))
            understanding = self._brain.understand(turn.hypothesis, turn.expect, only_global=self.line_down)
            self._notes.heard(turn, understanding, state=self._brain.state, result="ok")
            event = Heard(understanding)
        for happened in put_back:
            self._queue.put_nowait(happened)
        if put_back and self.line_down:
            # Hung up while still speaking: nobody is there for whom the yes could be binding.
            understanding = self._brain.understand(turn.hypothesis, turn.expect, only_global=True)
            return Heard(understanding) if understanding.intent is not None else None
        return event

    def _promises(self, event: Heard) -> bool:
        return any(isinstance(effect, Promise) for effect in self._brain.foresee(event))

    def _pressed(self, keys: PressedKeys) -> DialogueEvent | None:
        stale = keys.expect is not self.expect or self._effects.disposition is not None
        event = Keyed(keys.digits)
        state = self._brain.state
        self._notes.other(event, state=state, expect=keys.expect, at_s=self._now(), ignored=stale)
        if stale:
            return None
        if self._mouth.current is not None and self._mouth.current.say.barge_in:
            self._mouth.stop()
        return event


def _joined(first: Hypothesis, second: Hypothesis, text: str) -> Hypothesis:
    """Two halves as one: as doubtful as the worse of them, so that half a sentence consents to nothing."""
    vouched = all(half.reason in ("", "no_speech") for half in (first, second))
    return replace(second, text=text, reason="" if vouched else "low_confidence")


def _means(understanding: Understanding) -> bool:
    return understanding.intent is not None or bool(understanding.slots) or bool(understanding.alternatives)


def _affirms(understanding: Understanding) -> bool:
    return understanding.intent in AFFIRMING or bool(understanding.slots.get("yes_no"))


def _corrects(understanding: Understanding) -> bool:
    """Whether it says another value and no yes."""
    return bool(understanding.slots.keys() - {"yes_no", "cue"}) and not _affirms(understanding)
