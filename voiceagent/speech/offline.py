"""A recording through exactly what a call does: frames, segmenter, a turn at a time through the recogniser."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from voiceagent.audio.format import FRAME_BYTES, FRAME_S, SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.resample import resample
from voiceagent.audio.wav import decode
from voiceagent.base.errors import BadInputError, unreadable
from voiceagent.speech.protocol import (
    Hearing,
    HearingContext,
    Hypothesis,
    Segmenter,
    SegmenterSettings,
    TurnAudio,
    TurnEnded,
    TurnStarted,
)

#: What is dictated with pauses: silence that ends its turn, and the longest turn.
_DICTATED = frozenset({"digits", "birth_date"})
_DICTATED_S, _DICTATED_MOST_S = 1.2, 20.0
#: Speech that begins so soon after a turn was cut is the rest of it.
_REST_S = 1.5
#: The channels of a stereo recording, as ours have them: the agent's and the debtor's.
SIDES = {"left": 1, "right": 2}
BOTH = "both"


@dataclass(frozen=True, slots=True)
class HeardTurn:
    """One turn of a recording."""

    start_s: float
    """Where its audio (pre-roll included) begins in the recording."""
    end_s: float
    """Where the end of the turn was decided."""
    hypothesis: Hypothesis


def settings_for(expect: Collection[str]) -> SegmenterSettings:
    """How turns are cut where these kinds of answer are asked for."""
    if _DICTATED & set(expect):
        return SegmenterSettings(end_silence_s=_DICTATED_S, max_turn_s=_DICTATED_MOST_S)
    return SegmenterSettings()


async def hear_turns(hearing: Hearing, segmenter: Segmenter, pcm: bytes, context: HearingContext) -> list[HeardTurn]:
    """Every turn of 8 kHz s16le audio, as the agent would have heard it; the end of the recording ends a turn."""
    turns: list[HeardTurn] = []
    started = 0.0
    cut_at = float("-inf")
    is_open = torn = False
    closing = bytes(FRAME_BYTES * (round(segmenter.settings.end_silence_s / FRAME_S) + 10))
    audio = pcm[: len(pcm) // FRAME_BYTES * FRAME_BYTES] + closing
    for at in range(0, len(audio), FRAME_BYTES):
        now = (at + FRAME_BYTES) / (SAMPLE_RATE * SAMPLE_BYTES)
        for event in segmenter.process(audio[at : at + FRAME_BYTES]):
            if isinstance(event, TurnStarted):
                is_open = True
                started = now - len(event.pcm) / (SAMPLE_RATE * SAMPLE_BYTES)
                torn = started - cut_at < _REST_S
                await hearing.begin(context)
                await hearing.feed(event.pcm)
            elif isinstance(event, TurnAudio):
                await hearing.feed(event.pcm)
            elif isinstance(event, TurnEnded) and is_open:
                is_open = False
                heard = await hearing.finish()
                if event.cut:
                    cut_at = now
                turns.append(HeardTurn(round(started, 3), round(now, 3), heard.torn() if torn or event.cut else heard))
    return turns


async def hear_answer(hearing: Hearing, segmenter: Segmenter, pcm: bytes, context: HearingContext) -> Hypothesis:
    """What 8 kHz s16le audio of one answer says: its turns put together. Empty with reason no_speech without any."""
    turns = [turn.hypothesis for turn in await hear_turns(hearing, segmenter, pcm, context)]
    spoken = [heard for heard in turns if heard.text]
    if not spoken:
        return turns[-1] if turns else Hypothesis("", 0.0, reason="no_speech")
    if len(spoken) == 1:
        return spoken[0]
    return Hypothesis(
        text=" ".join(heard.text for heard in spoken),
        confidence=min(heard.confidence for heard in spoken),
        alternatives=max((heard.alternatives for heard in spoken), key=lambda ranked: ranked[0][1] if ranked else 0.0),
        engine=spoken[0].engine,
        reason=next((heard.reason for heard in spoken if heard.reason), ""),
        ms=sum(heard.ms for heard in spoken),
    )


def read_wav(path: Path, channel: str | None = None) -> bytes:
    """One channel of a WAV as 8 kHz s16le: `left`, `right`, `both` (mixed) or a number from 1.

    Of a stereo recording that is the right one unless named, where ours have the debtor; one with more needs a name.
    BadInputError when the file, or that channel of it, cannot be read.
    """
    try:
        recording = decode(path.read_bytes(), str(path))
    except OSError as error:
        raise unreadable(path, error) from error
    if channel == BOTH:
        return resample(recording.samples.mean(axis=1).astype("<i2").tobytes(), recording.rate)
    numbers = {name: number for name, number in SIDES.items() if number <= recording.channels}
    numbers |= {str(number): number for number in range(1, recording.channels + 1)}
    if channel is None and recording.channels <= len(SIDES):
        channel = str(recording.channels)
    if channel not in numbers:
        raise BadInputError(
            f"{path} has {recording.channels} channel(s): name one as `channel`: {', '.join(numbers)} or {BOTH}"
        )
    return resample(recording.channel(numbers[channel] - 1), recording.rate)
