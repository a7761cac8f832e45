"""Whole answers by many voices of the system's synthesiser, nasal vowels left open as most Brazilians say them."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from voiceagent.base.errors import MissingPartError
from voiceagent.speech.training.clips import ESPEAK, ESPEAK_NAMES, Clip, clip_of, read, render
from voiceagent.speech.training.damage import Samples
from voiceagent.speech.training.texts import TRAINED, draw_texts, punctuated

#: Variants that sound like people, each another throat or another way of making its sounds.
_VOICES = (
    "adam", "Alex", "Alicia", "Andrea", "Andy", "Annie", "anika", "Antonio", "Auntie", "belinda", "benjamin",
    "boris", "caleb", "david", "Denis", "Diogo", "ed", "edward", "gene", "grandma", "grandpa", "Henrique", "Hugo",
    "iven", "john", "klatt", "klatt2", "klatt3", "klatt4", "Lee", "linda", "Marcelo", "Marco", "Mario", "max",
    "Michael", "miguel", "mike", "norbert", "pablo", "paul", "pedro", "quincy", "rob", "robert", "sandro", "shelby",
    "steph", "steph2", "travis", "victor", "zac", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "f1", "f2", "f3",
    "f4", "f5",
)  # fmt: skip
#: Vowels that espeak-ng closes with an "ng", in its own letters, and without.
_OPEN = {"u~N": "u~", "iN": "i~", "eIN": "e~I", "oN": "o~", "&N": "&~"}
_OPENED = 0.6


def plain(language: str, count: int, models: Path, seed: int, processes: int = 2) -> list[tuple[str, Samples]]:
    """`count` (text, samples), each by another of the voices than the one before."""
    if not count:
        return []
    clips = said(language, count, seed)
    render(clips, language, models, processes)
    return [(clip.text, read(clip)) for clip in clips]


def said(language: str, count: int, seed: int) -> list[Clip]:
    """What is said, by whom."""
    chance = random.Random(f"{language}:{seed}:plain")
    texts = draw_texts(language, count, seed + 3, TRAINED, alike=True)
    spoken = [punctuated(text, kind, chance) for kind, text in texts]
    if language == "pt-BR":
        opened = [index for index in range(count) if chance.random() < _OPENED]
        for index, sounds in zip(opened, sounds_of([spoken[i] for i in opened], language), strict=True):
            spoken[index] = f"[[{opened_nasals(sounds)}]]"
    made = []
    for index, ((kind, text), words) in enumerate(zip(texts, spoken, strict=True)):
        voice, speed = _VOICES[index % len(_VOICES)], round(chance.uniform(0.75, 1.3), 2)
        made.append(clip_of(language, kind, text, words, f"{ESPEAK}:{voice}", speed))
    return made


def sounds_of(texts: Sequence[str], language: str) -> list[str]:
    """How espeak-ng would say each text, in the letters that it takes between [[ and ]]."""
    made = []
    for text in texts:
        command = ["espeak-ng", "-q", "-x", "-v", ESPEAK_NAMES[language], text]
        try:
            out = subprocess.run(command, check=True, timeout=30, capture_output=True, text=True).stdout
        except (OSError, subprocess.SubprocessError) as error:
            raise MissingPartError(f"espeak-ng does not speak {language} ({error}): install espeak-ng") from error
        made.append(" ".join(out.split()))
    return made


def opened_nasals(sounds: str) -> str:
    """The sounds without the "ng" that ends a nasal vowel."""
    return re.sub("|".join(map(re.escape, _OPEN)), lambda found: _OPEN[found[0]], sounds)
