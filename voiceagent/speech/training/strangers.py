"""Whole answers by people who are not there: throats between those of the training's voices, in other accents."""

from __future__ import annotations

import random

from voiceagent.speech.synthesis.spec import KOKORO, agent_voice
from voiceagent.speech.training.clips import Clip, clip_of, stranger, voices_of
from voiceagent.speech.training.texts import SHARES, TRAINED, draw_texts, punctuated

#: The number of each one's accent.
_STRANGERS = {"train": range(240), "calibration": range(1000, 1060)}
#: Beyond 0 and 1 a throat is further from the other than its own.
_LEAST, _MOST = -0.2, 1.2
#: How styles made for a language begin, and how often a stranger speaks to the rhythm of one of them.
_NATIVE = {"pt-BR": ("p",), "es": ("e",), "en": ("a", "b")}
_AT_HOME = 0.6


def speakers(language: str, part: str) -> list[str]:
    """Who speaks, each with an accent: throats of the part ("train", "calibration"), melodies of the training's."""
    chance = random.Random(f"{language}:strangers")
    throats, melodies = list(voices_of(language, part)), list(voices_of(language, "train"))
    native = [name for name in melodies if name.startswith(_NATIVE[language])] + [agent_voice(KOKORO, language).name]
    people = []
    for accent in _STRANGERS[part]:
        one, other = chance.sample(throats, 2)
        manner = chance.choice(native if chance.random() < _AT_HOME else melodies)
        people.append(stranger(one, chance.uniform(_LEAST, _MOST), other, manner, accent))
    return people


def said(language: str, part: str, count: int, seed: int) -> list[Clip]:
    """What they say: `count` clips, each by another of them than the one before."""
    chance = random.Random(f"{language}:{seed}:strangers")
    people = speakers(language, part)
    shares, shift = (TRAINED, 4) if part == "train" else (SHARES, 7923)
    texts = draw_texts(language, count, seed + shift, shares, alike=True)
    return [
        clip_of(
            language, kind, text, punctuated(text, kind, chance),
            f"{KOKORO}:{people[index % len(people)]}", round(chance.uniform(0.8, 1.25), 2),
        )
        for index, (kind, text) in enumerate(texts)
    ]  # fmt: skip
