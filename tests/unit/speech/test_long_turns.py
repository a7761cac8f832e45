"""Guards that a turn which was cut because it was too long vouches for no value, and neither does the rest of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from voiceagent.audio.format import FRAME_BYTES, FRAME_S
from voiceagent.speech.offline import hear_turns, settings_for
from voiceagent.speech.protocol import HearingContext, Hypothesis, SegmenterSettings
from voiceagent.speech.segmenter import VadSegmenter

CONTEXT = HearingContext("pt-BR", ("digits",))


class Marked:
    """A detector that reads its verdict from the frame itself."""

    loud = True

    def is_speech(self, pcm: bytes) -> bool:
        return pcm[0] == 1


class Sure:
    """A recogniser that is sure of whatever it hears."""

    async def begin(self, context: HearingContext) -> None:
        pass

    async def feed(self, pcm: bytes) -> None:
        pass

    async def finish(self) -> Hypothesis:
        return Hypothesis("um dois três", 0.99)


def reasons(*seconds: tuple[bool, float]) -> list[str]:
    """What the turns of a line with so much speech and silence are doubted for; turns last 5 s at most."""
    pcm = b"".join(bytes([speech]).ljust(FRAME_BYTES, b"\0") * round(lasts / FRAME_S) for speech, lasts in seconds)
    segmenter = VadSegmenter(SegmenterSettings(end_silence_s=0.7, max_turn_s=5.0), Marked())
    hearing: Any = Sure()
    return [turn.hypothesis.reason for turn in asyncio.run(hear_turns(hearing, segmenter, pcm, CONTEXT))]


def test_a_turn_that_ends_by_itself_is_believed():
    assert reasons((True, 4.0), (False, 1.0)) == [""]


def test_neither_half_of_a_turn_that_was_cut_is_believed():
    assert reasons((True, 6.0), (False, 1.0)) == ["low_confidence", "low_confidence"]


def test_what_is_said_later_is_believed_again():
    assert reasons((True, 6.0), (False, 3.0), (True, 2.0), (False, 1.0))[-1] == ""


def test_a_doubt_that_was_there_is_kept():
    assert Hypothesis("", 0.0, reason="no_speech").torn().reason == "no_speech"


@pytest.mark.parametrize(("kind", "longest"), [("digits", 20.0), ("birth_date", 20.0), ("amount", 12.0)])
def test_what_is_dictated_has_longer_turns(kind, longest):
    assert settings_for((kind,)).max_turn_s == longest
