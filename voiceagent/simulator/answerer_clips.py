"""Who may answer a call, as sound: the texts of `answerers/` in voices that are not the agent's, and tones."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import yaml
from numpy.typing import NDArray

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.speech.synthesis.spec import KOKORO
from voiceagent.speech.training.clips import TEST, Clip, clip_of, read, render

TEXTS = Path(__file__).parent / "answerers"
#: Kinds of text a person says; the others are machines'.
HUMAN = ("human_short", "human_after", "human_long")
#: A short word says little of a voice: each is said by so many.
_VOICES_OF = {"human_short": 2}
_SPLIT = re.compile(r"(…|\[\w+\])")

Sound = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Answerer:
    """One way a call is answered: words in one voice with their pauses and sounds, or sounds alone (`voice` "")."""

    kind: str
    language: str
    text: str
    voice: str = ""

    @property
    def human(self) -> bool:
        """Whether it is a person."""
        return self.kind in HUMAN

    def clips(self) -> list[Clip]:
        """Its spoken pieces."""
        spoken = [piece for piece in pieces(self.text) if not marked(piece)]
        return [kept_clip(self.language, self.kind, piece, self.voice) for piece in spoken]

    def sound(self, seed: int) -> Sound:
        """What the line brings once it is answered: 8 kHz, -1..1; words as they were rendered."""
        chance = np.random.default_rng(seed)
        parts: list[Sound] = []
        for piece in pieces(self.text):
            if marked(piece):
                parts.append(sound_of(piece, chance))
            else:
                parts.append(read(kept_clip(self.language, self.kind, piece, self.voice)))
                parts.append(silence(float(chance.uniform(0.1, 0.25))))
        return np.concatenate(parts)


def answerers(language: str, *, development: bool = False) -> list[Answerer]:
    """Everybody in the language's texts, each in one or two of the voices that were kept from every training.

    `development`: those on which the rules were tried, instead of those kept from them.
    """
    folder = TEXTS / "development" if development else TEXTS
    groups: dict[str, list[str]] = yaml.safe_load((folder / f"{language}.yaml").read_text(encoding="utf-8"))
    voices = TEST[language]
    return [
        Answerer(kind, language, text, voices[(index + 2 * turn) % len(voices)])
        for kind, texts in groups.items()
        for index, text in enumerate(texts)
        for turn in range(_VOICES_OF.get(kind, 1))
    ]


def render_all(found: Sequence[Answerer], models: Path) -> None:
    """Render what is missing of their words."""
    for language in dict.fromkeys(answerer.language for answerer in found):
        clips = [clip for answerer in found if answerer.language == language for clip in answerer.clips()]
        render(clips, language, models)


def pieces(text: str) -> list[str]:
    """Words and marks, in order."""
    return [piece.strip() for piece in _SPLIT.split(text) if marked(piece) or any(map(str.isalnum, piece))]


def marked(piece: str) -> bool:
    """Whether it is a pause or a sound instead of words."""
    return piece == "…" or piece.startswith("[")


def sound_of(mark: str, chance: np.random.Generator) -> Sound:
    """A pause, or one of the sounds a line makes, each a little different every time."""
    match mark:
        case "…":
            return silence(float(chance.uniform(0.6, 1.2)))
        case "[wait]":
            return silence(float(chance.uniform(2.5, 4.0)))  # long enough for the agent to begin
        case "[beep]":
            wait, length = float(chance.uniform(0.2, 0.9)), float(chance.uniform(0.25, 0.8))
            return np.concatenate([silence(wait), tone((float(chance.uniform(750, 1450)),), length)])
        case "[tone]":
            return np.concatenate([silence(0.4), tone((425.0,), float(chance.uniform(0.4, 1.0)))])
        case "[ring]":
            pair = (425.0,) if chance.random() < 0.5 else (440.0, 480.0)
            return np.concatenate([tone(pair, 1.0), silence(2.5), tone(pair, 1.0), silence(0.6)])
        case "[music]":
            notes = chance.choice([262.0, 294.0, 330.0, 392.0, 440.0, 523.0], size=10)
            return np.concatenate([tone((note, note * 1.5, note * 2), 0.3) for note in notes])
        case "[sit]":
            return np.concatenate([*(tone((hertz,), 0.33) for hertz in (950.0, 1400.0, 1800.0)), silence(0.3)])
        case "[busy]":
            return np.concatenate([np.concatenate([tone((425.0,), 0.25), silence(0.25)]) for _ in range(16)])
        case "[busy_us]":
            return np.concatenate([np.concatenate([tone((480.0, 620.0), 0.5), silence(0.5)]) for _ in range(8)])
        case "[fax]":
            return np.concatenate([np.concatenate([tone((1100.0,), 0.5), silence(3.0)]) for _ in range(3)])
        case "[modem]":
            return np.concatenate([silence(0.8), tone((2100.0,), 3.0), silence(2.0)])
        case "[ringing]":
            return np.concatenate([np.concatenate([tone((425.0,), 1.0), silence(4.0)]) for _ in range(3)])
        case "[nothing]":
            return silence(6.0)
    raise ValueError(f"no sound {mark!r}")


def silence(seconds: float) -> Sound:
    """Nothing."""
    return np.zeros(int(seconds * SAMPLE_RATE), np.float32)


def tone(hertz: Sequence[float], seconds: float, peak: float = 0.18) -> Sound:
    """Sines together, with edges of 5 ms."""
    moments = np.arange(int(seconds * SAMPLE_RATE)) / SAMPLE_RATE
    wave = sum(np.sin(2 * np.pi * one * moments) for one in hertz) * peak / len(hertz)
    edge = np.minimum(1.0, np.minimum(moments, moments[::-1]) / 0.005)
    return np.asarray(wave * edge, np.float32)


def kept_folder(language: str) -> Path:
    """Where what was rendered for measurements is kept."""
    base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "voiceagent" / "bench" / language


def kept_clip(language: str, kind: str, words: str, voice: str) -> Clip:
    """Words in one voice, rendered once for all measurements."""
    clip = clip_of(language, kind, words, words, f"{KOKORO}:{voice}", 1.0)
    return replace(clip, path=kept_folder(language) / clip.path.name)
