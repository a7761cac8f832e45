"""Answers joined from words that were said one by one: how careful people and recorded announcements dictate."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.synthesis.spec import KOKORO
from voiceagent.speech.training.clips import ESPEAK, Clip, clip_of, read, render, voices_of
from voiceagent.speech.training.damage import Samples
from voiceagent.speech.training.texts import draw_texts

#: Kind of answer → share: what is dictated.
_SHARES = {"amount": 0.4, "date": 0.35, "digits": 0.25}
_VOICES = 8
#: Voices of the system's synthesiser beside them.
_PLAIN_VOICES = ("m3", "f2")
#: Words of so few letters are said with the next one: alone they would be spelled.
_SHORT = 2
#: Silence between words in seconds: a number is mostly said in one breath, digits are dictated.
_BREATH_S, _DICTATED_S = 0.08, 0.3


@dataclass(frozen=True, slots=True)
class Dictated:
    """A text and the clips that say it, one after the other."""

    kind: str
    text: str
    pieces: tuple[Clip, ...]


def dictated(language: str, count: int, models: Path, seed: int, processes: int = 2) -> list[tuple[str, Samples]]:
    """`count` (text, samples), each in one voice."""
    texts = planned(language, count, seed)
    render([piece for text in texts for piece in text.pieces], language, models, processes)
    chance = random.Random(f"{language}:{seed}:joined")
    return [(text.text, joined_words([read(piece) for piece in text.pieces], text.kind, chance)) for text in texts]


def planned(language: str, count: int, seed: int) -> list[Dictated]:
    """What is said, by whom."""
    chance = random.Random(f"{language}:{seed}:dictated")
    every = voices_of(language, "train")
    voices = [f"{KOKORO}:{name}" for name in chance.sample(every, min(_VOICES, len(every)))]
    voices += [f"{ESPEAK}:{name}" for name in _PLAIN_VOICES]
    speeds = {voice: round(chance.uniform(0.85, 1.1), 2) for voice in voices}
    made = []
    for kind, text in draw_texts(language, count, seed + 1, _SHARES):
        voice = chance.choice(voices)
        made.append(
            Dictated(kind, text, tuple(clip_of(language, kind, s, s, voice, speeds[voice]) for s in pieces(text)))
        )
    return made


def pieces(text: str) -> list[str]:
    """The text as it is said bit by bit."""
    said: list[str] = []
    waiting = ""
    for word in text.split():
        waiting = f"{waiting} {word}".strip()
        if len(word) > _SHORT:
            said.append(waiting)
            waiting = ""
    return [*said, waiting] if waiting else said


def joined_words(words: Sequence[Samples], kind: str, chance: random.Random) -> Samples:
    """Sounds one after the other as that kind of answer is dictated, each a little louder or softer."""
    parts: list[Samples] = []
    for word in words:
        longest = _DICTATED_S if kind == "digits" or chance.random() < 0.2 else _BREATH_S
        silence = np.zeros(int(chance.uniform(0.0, longest) * SAMPLE_RATE) if parts else 0, np.float32)
        parts += [silence, word * np.float32(10 ** (chance.uniform(-2, 2) / 20))]
    return np.concatenate(parts)
