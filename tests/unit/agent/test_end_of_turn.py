"""Guards the end of a turn: heard early when whole, waited for when it breaks off, never cut where somebody goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from voiceagent.agent.ears import MOST_GLANCES, Ears, HeardTurn
from voiceagent.agent.patience import Patience, PatienceSettings
from voiceagent.audio.format import FRAME_BYTES, FRAME_S
from voiceagent.base.errors import UnavailableError
from voiceagent.dialogue.events import Expect
from voiceagent.speech.protocol import HearingContext, Hypothesis
from voiceagent.speech.segmenter import VadSegmenter

SPEECH, QUIET = b"\1" * FRAME_BYTES, b"\0" * FRAME_BYTES
YES_NO = Expect(state="q", kinds=("yes_no",), end_silence_s=0.35)
OPEN = Expect(state="o", kinds=("intent",), end_silence_s=0.8)


class Marked:
    """A detector that reads its verdict from the frame."""

    loud = True

    def is_speech(self, pcm: bytes) -> bool:
        return pcm[0] == 1

    def reset(self) -> None:
        pass


class Certain:
    """A second opinion that takes everything for a voice: pauses within the first words are bridged."""

    sure = certain = True

    def hear(self, pcm: bytes, speech: bool, loud: bool) -> bool:
        return speech

    def reset(self) -> None:
        pass


class Recogniser:
    """Hears one word a second of speech; counts how often it was made to work. Glances take `slow` beats."""

    def __init__(self, slow: int = 0) -> None:
        self.slow = slow
        self.glances = self.finishes = self.speech = 0
        self.partial = self.blind = self.fails = False
        self.beat: Callable[[], None] = lambda: None

    async def begin(self, context: HearingContext) -> None:
        self.speech = 0

    async def feed(self, pcm: bytes) -> None:
        self.speech += sum(pcm[at] for at in range(0, len(pcm), FRAME_BYTES))

    async def glance(self) -> Hypothesis | None:
        self.glances += 1
        said = self._said()
        for _ in range(self.slow):
            await asyncio.sleep(0)
        if self.fails:
            raise UnavailableError("gone")
        return None if self.blind else said

    async def finish(self) -> Hypothesis:
        self.finishes += 1
        return self._said()

    async def close(self) -> None:
        pass

    def _said(self) -> Hypothesis:
        return Hypothesis(f"{self.speech} frames", 1.0, partial=self.partial)


class Line:
    """Ears over frames, in virtual time."""

    def __init__(self, recogniser: Recogniser, judge: Callable[[Hypothesis, Expect], bool | None], expect: Expect):
        self.at = 0.0
        self.turns: list[HeardTurn] = []
        self.recogniser = recogniser
        self.confirmer: Certain | None = None
        self._judge, self._expect = judge, expect

    def play(self, *runs: tuple[bytes, float]) -> list[HeardTurn]:
        asyncio.run(self._play(runs))
        return self.turns

    async def _play(self, runs: tuple[tuple[bytes, float], ...]) -> None:
        self.ears = Ears(
            VadSegmenter(detector=Marked(), confirmer=self.confirmer),
            self.recogniser,
            lambda: self.at,
            language="pt-BR",
            today="2026-11-25",
            on_turn=self.turns.append,
            judge=self._judge,
        )
        self.ears.expect(self._expect)
        for frame, seconds in runs:
            for _ in range(round(seconds / FRAME_S)):
                self.at += FRAME_S
                self.ears.tick(frame, protected=False)
                for _ in range(3):
                    await asyncio.sleep(0)
        await self.ears.last_words(1.0)
        await self.ears.close()


def unsure(hypothesis: Hypothesis, expect: Expect) -> bool | None:
    return None


def waited(turn: HeardTurn) -> float:
    return round(turn.decided_s - turn.ended_s, 2)


def test_a_complete_answer_ends_the_turn_sooner_and_is_recognised_once() -> None:
    line = Line(Recogniser(), lambda heard, expect: True, OPEN)
    (turn,) = line.play((SPEECH, 1.0), (QUIET, 1.5))
    assert waited(turn) == 0.34, "0.42 of the state's silence"
    assert (line.recogniser.glances, line.recogniser.finishes) == (1, 0)
    assert turn.hypothesis.text == "50 frames"
    assert turn.heard_s == turn.decided_s, "the answer was there before the end was sure"


def test_a_turn_begins_with_its_first_word_however_soft_that_was() -> None:
    """What is cut out of the recording later, to be heard again or not at all, has it too."""
    line = Line(Recogniser(), unsure, OPEN)
    line.confirmer = Certain()
    (turn,) = line.play((QUIET, 1.0), (SPEECH, 0.08), (QUIET, 0.3), (SPEECH, 0.6), (QUIET, 1.5))
    assert round(turn.started_s, 2) == 1.0 and round(turn.ended_s, 2) == 1.98


def test_words_that_break_off_are_waited_for() -> None:
    line = Line(Recogniser(), lambda heard, expect: False, YES_NO)
    (turn,) = line.play((SPEECH, 1.0), (QUIET, 1.0), (SPEECH, 0.6), (QUIET, 2.0))
    assert turn.hypothesis.text == "80 frames", "both halves are one turn"
    assert line.recogniser.glances == 2


def test_what_was_glanced_at_is_forgotten_when_the_debtor_goes_on() -> None:
    line = Line(Recogniser(), unsure, OPEN)
    (turn,) = line.play((SPEECH, 0.6), (QUIET, 0.4), (SPEECH, 0.6), (QUIET, 1.5))
    assert turn.hypothesis.text == "60 frames"
    assert (line.recogniser.glances, line.recogniser.finishes) == (2, 0)


def test_a_glance_that_comes_back_after_the_debtor_went_on_says_nothing() -> None:
    judged: list[str] = []

    def judge(heard: Hypothesis, expect: Expect) -> bool | None:
        judged.append(heard.text)
        return True

    line = Line(Recogniser(slow=60), judge, OPEN)
    (turn,) = line.play((SPEECH, 0.6), (QUIET, 0.3), (SPEECH, 0.6), (QUIET, 2.5))
    assert judged == ["60 frames"]
    assert turn.hypothesis.text == "60 frames"


def test_a_pause_is_looked_at_once_and_a_turn_a_few_times() -> None:
    line = Line(Recogniser(), unsure, Expect(state="o", end_silence_s=1.5))
    line.play((SPEECH, 0.5), (QUIET, 1.4), (SPEECH, 0.5), (QUIET, 1.6))
    assert line.recogniser.glances == 2
    babble = Line(Recogniser(), unsure, Expect(state="o", end_silence_s=1.5))
    babble.play(*[(SPEECH, 0.3), (QUIET, 0.3)] * 10, (QUIET, 2.0))
    assert babble.recogniser.glances == MOST_GLANCES
    assert babble.recogniser.finishes == 1, "the last pause was not looked at, so the end is"


@pytest.mark.parametrize("lack", ["partial", "blind", "fails"])
def test_without_a_glance_that_stands_the_end_is_recognised(lack: str) -> None:
    recogniser = Recogniser()
    setattr(recogniser, lack, True)
    line = Line(recogniser, unsure, OPEN)
    (turn,) = line.play((SPEECH, 0.6), (QUIET, 1.5))
    if lack == "fails":
        assert turn.hypothesis.reason == "unavailable"
    else:
        assert recogniser.finishes == 1 and turn.hypothesis.text == "30 frames"
    assert waited(turn) == 0.8


def test_what_a_partial_glance_shows_still_shortens_the_silence() -> None:
    recogniser = Recogniser()
    recogniser.partial = True
    line = Line(recogniser, lambda heard, expect: True, OPEN)
    (turn,) = line.play((SPEECH, 0.6), (QUIET, 1.5))
    assert waited(turn) == 0.34 and recogniser.finishes == 1


def test_who_was_cut_off_once_is_waited_for() -> None:
    line = Line(Recogniser(), unsure, YES_NO)
    first, second = line.play((SPEECH, 0.6), (QUIET, 0.45), (SPEECH, 0.6), (QUIET, 1.5))
    assert waited(first) == 0.36
    assert waited(second) > 0.45, "0.45 s was no end with this caller"


def test_a_slow_speaker_is_waited_for_and_a_fluent_one_is_not_made_to_wait() -> None:
    patience = Patience()
    assert patience.wait_s(0.7, None) == 0.7
    patience.paused(0.6)
    assert patience.wait_s(0.7, None) == pytest.approx(0.8)
    assert patience.wait_s(0.7, True) == 0.7, "never longer than the state's own for a complete answer"
    fluent = Patience()
    for _ in range(PatienceSettings().fluent_turns):
        fluent.turn_ended()
    assert fluent.wait_s(0.7, None) == pytest.approx(0.595)


@given(
    st.lists(st.one_of(st.none(), st.floats(0.2, 3.0)), max_size=20),
    st.sampled_from([0.35, 0.5, 0.7, 0.9, 1.2, 2.5]),
)
def test_patience_stays_within_its_bounds(pauses: list[float | None], state_s: float) -> None:
    patience = Patience()
    for pause in pauses:
        if pause is None:
            patience.turn_ended()
        else:
            patience.paused(pause)
    s = patience.settings
    whole, open_end, unknown = (patience.wait_s(state_s, verdict) for verdict in (True, False, None))
    assert min(s.complete_least_s, state_s) <= whole <= state_s
    assert s.fluent_share * state_s - 1e-9 <= unknown <= max(s.longest_s, state_s)
    assert whole <= unknown + 1e-9 or unknown == pytest.approx(s.fluent_share * state_s)
    assert unknown <= open_end <= max(s.longest_s, state_s)
