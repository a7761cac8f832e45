"""Listens to recordings as a stranger would: what the agent let slip before identity was proved, and how turns fit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rapidfuzz import fuzz

from voiceagent.audio import wav
from voiceagent.audio.format import SAMPLE_BYTES, SAMPLE_RATE
from voiceagent.audio.frames import split
from voiceagent.audio.levels import rms_dbov
from voiceagent.simulator.persona import plain
from voiceagent.speech.longhand import LongHand, stretches

#: How alike a telling word and what was heard must be (0-100).
_ALIKE = 88.0
#: Louder frames are speech.
_SPEECH_DBOV = -42.0
#: A pause shorter than this is part of the speech, and speech shorter than this is a click.
_BRIDGE_FRAMES, _SHORTEST_FRAMES = 15, 5
_FRAME_S = 0.02


def let_slip(scribe: LongHand, recording: Path, language: str, telling: Sequence[str], until_s: float | None) -> str:
    """What the agent is heard to say of the debt in the first `until_s` seconds (None: all); "" when nothing."""
    pcm = wav.decode(recording.read_bytes(), str(recording)).channel(0)
    if until_s is not None:
        pcm = pcm[: max(0, int(until_s * SAMPLE_RATE)) * SAMPLE_BYTES]
    heard = plain(" ".join(scribe.write(piece, language) for piece in stretches(pcm)))
    slips = [word for word in telling if fuzz.partial_ratio(plain(word), heard) >= _ALIKE and len(heard) >= len(word)]
    return f"{', '.join(slips)} in {heard!r}" if slips else ""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Somebody speaking; seconds."""

    begins: float
    ends: float


@dataclass(frozen=True, slots=True)
class Heard:
    """How a recorded conversation sounds."""

    agent_dbov: float
    """Level of the agent's speech, pauses left out."""
    debtor_dbov: float
    first_word_s: float | None
    """From the answer to the agent's first word."""
    both_s: float
    """Both speak at once."""
    longest_silence_s: float
    """Nobody speaks, from the first word to the last."""
    answers_s: tuple[float, ...]
    """From each end of the debtor's to the agent's next word, where nobody else spoke in between."""


def listen(recording: Path) -> Heard:
    """Measure one recording: agent left, debtor right."""
    audio = wav.decode(recording.read_bytes(), str(recording))
    agent, debtor = stretches_of(audio.channel(0)), stretches_of(audio.channel(1))
    everybody = sorted((*agent, *debtor), key=lambda stretch: stretch.begins)
    silence = end = 0.0
    for index, stretch in enumerate(everybody):
        if index:
            silence = max(silence, stretch.begins - end)
        end = max(end, stretch.ends)
    both = sum(max(0.0, min(a.ends, d.ends) - max(a.begins, d.begins)) for a in agent for d in debtor)
    return Heard(
        agent_dbov=round(_level(audio.channel(0)), 1),
        debtor_dbov=round(_level(audio.channel(1)), 1),
        first_word_s=agent[0].begins if agent else None,
        both_s=round(both, 2),
        longest_silence_s=round(silence, 2),
        answers_s=tuple(
            round(after.begins - before.ends, 2)
            for before, after in pairwise(everybody)
            if before in debtor and after in agent and after.begins > before.ends
        ),
    )


def stretches_of(pcm: bytes) -> list[Stretch]:
    """Where somebody speaks on a channel; pauses of up to 0.3 s are bridged."""
    found: list[Stretch] = []
    start: int | None = None
    quiet = 0
    frames = [rms_dbov(frame) > _SPEECH_DBOV for frame in split(pcm)]
    for index, speech in enumerate([*frames, *[False] * (_BRIDGE_FRAMES + 1)]):
        if speech:
            start = index if start is None else start
            quiet = 0
        elif start is not None:
            quiet += 1
            if quiet > _BRIDGE_FRAMES:
                if index - quiet + 1 - start >= _SHORTEST_FRAMES:
                    found.append(Stretch(round(start * _FRAME_S, 2), round((index - quiet + 1) * _FRAME_S, 2)))
                start, quiet = None, 0
    return found


def _level(pcm: bytes) -> float:
    return rms_dbov(b"".join(frame for frame in split(pcm) if rms_dbov(frame) > _SPEECH_DBOV))
