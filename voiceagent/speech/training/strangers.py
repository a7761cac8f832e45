"""Whole answers by people who are not there: throats between those of the training's voices, in other accents."""

from __future__ import annotations

import random

from voiceagent.speech.synthesis.spec import KOKORO, agent_voice
from voiceagent.speech.training.clips import Clip, clip_of, planned, stranger, voices_of
from voiceagent.speech.training.texts import SHARES, TRAINED, draw_texts, punctuated

#: The number of each one's accent.
_STRANGERS = {"train": range(720), "calibration": range(1000, 1060)}
#: So many take turns, and after so many clips as many others.
_COMPANY, _SAID = 240, 4000
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
    return planned(language, f"strangers-{part}-{seed}", count, lambda: _drawn(language, part, count, seed))


def _drawn(language: str, part: str, count: int, seed: int) -> list[Clip]:
    chance = random.Random(f"{language}:{seed}:strangers")
    everybody = speakers(language, part)
    companies = [everybody[first : first + _COMPANY] for first in range(0, len(everybody), _COMPANY)]
    shares, shift = (TRAINED, 4) if part == "train" else (SHARES, 7923)
    texts = draw_texts(language, count, seed + shift, shares, alike=True)
    clips = []
    for index, (kind, text) in enumerate(texts):
        people = companies[index // _SAID % len(companies)]
        spoken = punctuated(text, kind, chance)
        voice = f"{KOKORO}:{people[index % len(people)]}"
        clips.append(clip_of(language, kind, text, spoken, voice, round(chance.uniform(0.8, 1.25), 2)))
    return clips
