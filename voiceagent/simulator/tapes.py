"""What a telephone recorded, measured: who spoke when, how long an answer took, how soon an interruption was heeded.

Everything is counted in samples of the telephone's own tape, so no two clocks have to agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.audio.levels import samples

#: A sample louder than this is speech; a telephone line at rest is far below.
SPEECH_DBOV = -40.0
#: Pauses within one turn of a debtor, and within one prompt of the agent, in seconds.
TURN_PAUSE_S, PROMPT_PAUSE_S = 1.0, 0.3
#: The agent begins so long into a debtor's turn: it takes the turn for over when it is not.
INTO_TURN_S = 0.3


@dataclass(frozen=True, slots=True)
class Span:
    """From the first to the last loud sample, in seconds of the tape."""

    begins_s: float
    ends_s: float


@dataclass(frozen=True, slots=True)
class Exchange:
    """One turn of the debtor, and what the far side did about it."""

    turn: Span
    interrupts: bool
    """The agent was speaking when it began."""
    silenced_s: float | None
    """From its first sample to the agent's last one, when it interrupts."""
    talked_over: bool
    """The agent began to speak before it was over."""
    sounds: tuple[Span, ...]
    """What the agent said after its last sample and before the next turn."""


def spans(pcm: bytes, pause_s: float) -> list[Span]:
    """Where there is sound, pauses of up to `pause_s` bridged."""
    loud = np.flatnonzero(np.abs(samples(pcm).astype(np.int32)) > 32768 * 10 ** (SPEECH_DBOV / 20))
    if not loud.size:
        return []
    cuts = np.flatnonzero(np.diff(loud) > pause_s * SAMPLE_RATE)
    starts, ends = loud[np.r_[0, cuts + 1]], loud[np.r_[cuts, loud.size - 1]]
    return [
        Span(round(float(start) / SAMPLE_RATE, 4), round(float(end) / SAMPLE_RATE, 4))
        for start, end in zip(starts, ends, strict=True)
    ]


def exchanges(near: bytes, far: bytes) -> list[Exchange]:
    """Every turn of the debtor (`near`: what its telephone sent) with the agent's share (`far`: what it received)."""
    turns, prompts = spans(near, TURN_PAUSE_S), spans(far, PROMPT_PAUSE_S)
    ends = [turn.begins_s for turn in turns[1:]] + [float("inf")]
    return [_exchange(turn, until, prompts) for turn, until in zip(turns, ends, strict=True)]


def _exchange(turn: Span, until: float, prompts: Sequence[Span]) -> Exchange:
    running = next((p for p in prompts if p.begins_s < turn.begins_s < p.ends_s), None)
    return Exchange(
        turn=turn,
        interrupts=running is not None,
        silenced_s=None if running is None else running.ends_s - turn.begins_s,
        talked_over=any(turn.begins_s + INTO_TURN_S < p.begins_s < turn.ends_s for p in prompts),
        sounds=tuple(p for p in prompts if turn.ends_s <= p.begins_s < until),
    )
