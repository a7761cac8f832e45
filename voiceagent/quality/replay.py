"""A stored call through today's ears, understanding and script: what each turn would be now, beside what it was."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from voiceagent.base.errors import BadInputError
from voiceagent.dialogue.events import Expect, Heard, Understanding
from voiceagent.dialogue.understanding import understand
from voiceagent.journal.journal import Journal
from voiceagent.language.text import words
from voiceagent.quality.calls import KeptCall, KeptTurn, cut, debtor_side, load_call
from voiceagent.quality.rerun import Rerun, machine_of
from voiceagent.speech.offline import hear_answer
from voiceagent.speech.protocol import Hearing, HearingContext, Hypothesis, Segmenter, SegmenterSettings
from voiceagent.speech.segmenter import VadSegmenter
from voiceagent.speech.silero import Confirmers


@dataclass(frozen=True, slots=True)
class Reading:
    """What was, or would be, made of a turn. `next`: the state (or outcome) it led to; "" where nobody can tell."""

    heard: str
    intent: str | None
    slots: dict[str, Any]
    confidence: float
    engine: str
    reason: str
    next: str

    def as_json(self) -> dict[str, Any]:
        """As `replay --json` shows it."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True, slots=True)
class TurnReplay:
    """One turn then and now."""

    n: int
    state: str
    at_s: float
    then: Reading
    now: Reading
    expect: Expect
    answered: bool
    """It counted; False: it was said too early, too late or over the agent."""
    off_path: bool
    """Today's script would not have been in this state."""

    @property
    def differences(self) -> tuple[str, ...]:
        """Of heard, intent, slots and next those that are not the same; the way words are written does not count."""
        found = [] if _plain(self.then.heard) == _plain(self.now.heard) else ["heard"]
        if not self.answered:
            return tuple(found)
        found += [name for name in ("intent", "slots") if getattr(self.then, name) != getattr(self.now, name)]
        if self.then.next and self.now.next and self.then.next != self.now.next:
            found.append("next")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class CallReplay:
    """A call's turns in order. `script`: why the script could not be followed; "" when it could."""

    call: KeptCall
    turns: tuple[TurnReplay, ...]
    script: str

    @property
    def differing(self) -> int:
        """Turns with a difference."""
        return sum(bool(turn.differences) for turn in self.turns)


Segmenters = Callable[[SegmenterSettings], AbstractContextManager[Segmenter]]


def in_call_segmenters() -> Segmenters:
    """Segmenters as calls have them."""
    confirmers = Confirmers()

    @contextmanager
    def lend(settings: SegmenterSettings) -> Iterator[Segmenter]:
        with confirmers.lend() as confirmer:
            yield VadSegmenter(settings, confirmer=confirmer)

    return lend


class Replayer:
    """Replays calls of one installation; `hearing` opens a fresh in-call recogniser of a language."""

    def __init__(
        self,
        journal: Journal,
        recordings: Path,
        dialplans: Path,
        hearing: Callable[[str], Hearing],
        segmenter: Segmenters | None = None,
    ) -> None:
        self._journal, self._recordings, self._dialplans, self._hearing = journal, recordings, dialplans, hearing
        self._segmenter = segmenter or in_call_segmenters()

    def replay(self, call_id: uuid.UUID, recording: Path | None = None) -> CallReplay:
        """One call; BadInputError when it is unknown or its recording cannot be read. `recording`: where it is now."""
        with self._journal.db.read() as connection:
            call = load_call(connection, call_id)
            try:
                rerun, why = Rerun(machine_of(connection, call, self._dialplans), call.entry), ""
            except BadInputError as error:
                rerun, why = None, error.message
        if recording is None and call.path is None:
            raise BadInputError(f"call {call_id} was never recorded", code="no_recording")
        pcm = debtor_side(recording or self._recordings / str(call.path))
        turns = []
        for turn in call.turns:
            replayed = self._turn(call, turn, rerun, pcm)
            if replayed is not None:
                turns.append(replayed)
        return CallReplay(call, tuple(turns), why)

    def _turn(self, call: KeptCall, turn: KeptTurn, rerun: Rerun | None, pcm: bytes) -> TurnReplay | None:
        expect = rerun.expect(call, turn) if rerun else call.expect(turn.state)
        event = rerun.kept_event(call, turn) if rerun else None
        off_path = rerun is not None and event is not None and not rerun.arrive(turn)
        replayed = None
        if turn.spoken and not expect.sensitive:
            heard = asyncio.run(self._hear(call, expect, cut(pcm, turn.started_s or 0.0, turn.ended_s or 0.0)))
            meant = _meaning(call, expect, heard)
            lead = ""
            if rerun is not None and event is not None:
                meant = rerun.cued(meant)
                lead = rerun.lead(Heard(meant, heard.hard))
            engine = heard.engine or turn.engine
            now = Reading(heard.text, meant.intent, _public(meant.slots), meant.confidence, engine, heard.reason, lead)
            then = Reading(turn.text or "", turn.intent, turn.slots, turn.confidence, turn.engine, "", "")
            at, counted = turn.started_s or 0.0, turn.result != "ignored"
            replayed = TurnReplay(turn.n, turn.state, at, then, now, expect, counted, off_path)
        if rerun is not None and event is not None:
            led = rerun.follow(event)
            if replayed is not None:
                replayed = _led(replayed, led)
        return replayed

    async def _hear(self, call: KeptCall, expect: Expect, pcm: bytes) -> Hypothesis:
        today = call.today.isoformat()
        context = HearingContext(call.language.value, expect.kinds, expect.phrases, today, expect.digits)
        settings = SegmenterSettings(end_silence_s=expect.end_silence_s, max_turn_s=expect.max_turn_s)
        hearing = self._hearing(call.language.value)
        try:
            with self._segmenter(settings) as segmenter:
                return await hear_answer(hearing, segmenter, pcm, context)
        finally:
            await hearing.close()


def _meaning(call: KeptCall, expect: Expect, heard: Hypothesis) -> Understanding:
    return understand(
        heard.text,
        alternatives=heard.alternatives,
        language=call.language,
        region=call.region,
        expect=expect.kinds,
        among=expect.among,
        today=call.today,
        now=call.started,
        doubtful=heard.reason == "low_confidence",
    )


def _led(turn: TurnReplay, led: str) -> TurnReplay:
    return replace(turn, then=replace(turn.then, next=led))


#: Slots that name a person or a way to reach one: the journal keeps none of them, so there is nothing to compare.
_PRIVATE = ("digits", "email", "phone", "name")


def _public(slots: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in slots.items() if name not in _PRIVATE}


def _plain(text: str) -> str:
    return words(text)
