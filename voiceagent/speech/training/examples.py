"""Clips as the network sees them: spoilt by a line, encoded by Whisper, kept on disk as float16."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.constrained.phones import labels
from voiceagent.speech.engines.whisper import WINDOW_S, Whisper
from voiceagent.speech.training.clips import Clip, cache_directory, npy, read, write_whole
from voiceagent.speech.training.damage import Samples, spoil

#: Raised when what is done to clips changes.
VERSION = 1


@dataclass(frozen=True, slots=True)
class Example:
    """Encoder states (frames, width) float16, and the phones said in them."""

    states: NDArray[np.float16]
    labels: list[int]


#: Speech, other people's speech, chance → what the line makes of it.
Spoil = Callable[[Samples, list[Samples], np.random.Generator], Samples]


def of_clips(
    clips: Sequence[Clip], language: str, copies: int, whisper: Whisper, spoiling: Spoil = spoil
) -> list[Example]:
    """Each rendered clip in `copies` random conditions; clips with words of unknown sound are left out."""
    rendered = [clip for clip in clips if clip.path.is_file() and labels(clip.text, language)]
    others = [read(clip) for clip in rendered[:60]]
    return [
        example
        for clip in rendered
        for example in _examples(
            clip.path.stem, read(clip), labels(clip.text, language) or [], copies, others, whisper, spoiling
        )
    ]


def of_joined(
    sounds: Sequence[tuple[str, Samples]],
    language: str,
    copies: int,
    others: Sequence[Clip],
    whisper: Whisper,
    spoiling: Spoil = spoil,
) -> list[Example]:
    """Answers joined of several recordings, (text, samples), each in `copies` random conditions."""
    babble = [read(clip) for clip in others[:60] if clip.path.is_file()]
    examples = []
    for text, samples in sounds:
        said = labels(text, language)
        if said:
            key = hashlib.sha256(samples.tobytes()).hexdigest()[:24]
            examples += _examples(key, samples, said, copies, babble, whisper, spoiling)
    return examples


def _examples(
    key: str, samples: Samples, said: list[int], copies: int, babble: list[Samples], whisper: Whisper, spoiling: Spoil
) -> list[Example]:
    folder = cache_directory() / "states"
    made = []
    for copy in range(copies):
        name = "" if spoiling is spoil else f"{spoiling.__name__}-"
        path = folder / f"{key}-{copy}-{name}v{VERSION}.npy"
        if path.is_file():
            states = np.load(path)
        else:
            chance = np.random.default_rng([int(key[:8], 16), copy])
            sound = spoiling(samples, babble, chance)
            seconds = sound.size / SAMPLE_RATE
            window = (
                WINDOW_S if seconds < WINDOW_S - 0.5 and chance.random() < 0.3 else seconds + chance.uniform(0.3, 0.6)
            )
            states = whisper.states(sound, window).astype(np.float16)
            write_whole(path, npy(states))
        if len(states) > len(said) + 4:
            made.append(Example(states, said))
    return made
