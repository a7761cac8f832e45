"""Answers joined by machine from recorded single words, as announcements are: every word alone, in many voices."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from voiceagent.audio.format import SAMPLE_RATE
from voiceagent.language.languages import lexicon_of
from voiceagent.speech.constrained.answers import kinds_of
from voiceagent.speech.constrained.answers.words import digit_words, written
from voiceagent.speech.constrained.grammar import words_of
from voiceagent.speech.synthesis.shape import faded
from voiceagent.speech.synthesis.spec import KOKORO
from voiceagent.speech.training.clips import ESPEAK, Clip, blends_of, clip_of, read, render, voices_of
from voiceagent.speech.training.damage import Samples
from voiceagent.speech.training.dictated import pieces, planned
from voiceagent.speech.training.texts import draw_texts

#: Kind of answer → share: what announcements say.
_SHARES: dict[str, float] = {"amount": 0.36, "date": 0.3, "digits": 0.22, "instalments": 0.06, "time": 0.06}
_DRAWN, _EACH = 9, 3  # styles and blends drawn from each, and used
#: Voices of the system's synthesiser beside them.
_PLAIN_VOICES = (
    "Andy", "belinda", "Diogo", "Mario", "klatt2", "Annie", "Michael", "linda", "edward", "Hugo", "steph", "Alicia",
)  # fmt: skip
#: Answers of `dictated` whose words are used as well.
_DICTATED = 300
#: What stands between numbers and names.
_LINKS = {
    "pt-BR": "e de da em às dia reais real centavos vezes parcelas horas hora feira hoje amanhã meia sim não manhã "
    "tarde noite",
    "es": "y de del el la a en las día pesos peso centavos veces pagos horas hora hoy mañana media sí no tarde noche",
    "en": "and of the day dollars dollar cents payments times o'clock at today tomorrow in on yes no half past",
}
#: Said alone these would be read as the name of a letter.
_SPELLED = {"pt-BR": {"e": "i"}, "es": {"y": "i"}, "en": {}}
#: The digit that melts into its neighbours, and its share in digits that are joined besides.
_MELTING = {"pt-BR": "um", "es": "ocho", "en": "oh"}
_MELTED = 0.45
_BLOCK = SAMPLE_RATE // 100
#: Below the loudest 10 ms of a word by so much: silence before or after it.
_QUIET_DB = 32.0


def vocabulary(language: str) -> list[str]:
    """Every word that is recorded: those of numbers and the calendar that answers hold, and what links them."""
    spoken = frozenset[str]().union(*(words_of(expression) for expression in kinds_of(language).values()))
    lexicon = lexicon_of(language)
    spelled = written(language)
    tables: Sequence[Iterable[str]] = (
        lexicon.cardinals, lexicon.multipliers, lexicon.months, lexicon.weekdays, lexicon.ordinals, lexicon.digit_words,
    )  # fmt: skip
    named = {spelled.get(word, word) for table in tables for word in table}
    return sorted(spoken & (named | set(_LINKS[language].split())))


def speakers(language: str) -> dict[str, float]:
    """Who recorded them, `ENGINE:NAME`, and how fast each speaks."""
    chance = random.Random(f"{language}:recorded")
    names = [
        *chance.sample(list(voices_of(language, "train")), _DRAWN),
        *chance.sample(blends_of(language), _DRAWN),
    ]
    slow = {f"{KOKORO}:{name}": round(chance.uniform(0.8, 1.05), 2) for name in names}
    slow = dict(list(slow.items())[:_EACH] + list(slow.items())[_DRAWN : _DRAWN + _EACH])
    return slow | {f"{ESPEAK}:{name}": round(chance.uniform(0.8, 1.0), 2) for name in _PLAIN_VOICES}


def words_said(language: str) -> list[Clip]:
    """Each word by each speaker."""
    spelled = _SPELLED[language]
    return [
        clip_of(language, "general", word, f"{spelled.get(word, word)}.", voice, speed)
        for voice, speed in speakers(language).items()
        for word in vocabulary(language)
    ]


def recorded(language: str, count: int, models: Path, seed: int, processes: int = 2) -> list[tuple[str, Samples]]:
    """`count` (text, samples), each joined from one speaker's words; the speakers of `dictated` are among them."""
    if not count:
        return []
    clips = words_said(language)
    clips += [piece for text in planned(language, _DICTATED, seed) for piece in text.pieces]
    render(clips, language, models, processes)
    said: dict[str, dict[str, Samples]] = {}
    for clip in clips:
        said.setdefault(clip.voice, {})[clip.text] = trimmed(read(clip))
    chance = random.Random(f"{language}:{seed}:recorded")
    texts = draw_texts(language, count * 5, seed + 2, _SHARES, alike=True)
    made = _joined(texts, said, chance)[:count]
    lost = _MELTING[language]
    short = {
        voice: words | {unit: hurried(words[unit], chance) for unit in words if unit == lost}
        for voice, words in said.items()
    }
    texts = [("digits", text) for text in _melting(language, count // 2, seed)]
    return made + _joined(texts[::2], said, chance) + _joined(texts[1::2], short, chance)


def _joined(
    texts: Sequence[tuple[str, str]], said: Mapping[str, Mapping[str, Samples]], chance: random.Random
) -> list[tuple[str, Samples]]:
    """Those of the texts that a speaker has all the words of."""
    made = []
    for kind, text in texts:
        ways = [
            (voice, units)
            for voice, words in said.items()
            for units in (text.split(), pieces(text))
            if all(unit in words for unit in units)
        ]
        if ways:
            # A speaker of the system's synthesiser counts half.
            voice, units = chance.choices(ways, [1 if voice.startswith(ESPEAK) else 2 for voice, _ in ways])[0]
            made.append((text, spliced([said[voice][unit] for unit in units], kind, chance)))
    return made


def _melting(language: str, count: int, seed: int) -> list[str]:
    """Digits with many of the one that is lost between vowels."""
    chance = random.Random(f"{language}:{seed}:melting")
    others, lost = digit_words(language), _MELTING[language]
    return [
        " ".join(lost if chance.random() < _MELTED else chance.choice(others) for _ in range(chance.randint(2, 7)))
        for _ in range(count)
    ]


def hurried(word: Samples, chance: random.Random) -> Samples:
    """The beginning of a word: a nasal vowel without the consonant that synthesisers end it with."""
    return word[: int(word.size * chance.uniform(0.4, 0.75))]


def trimmed(word: Samples) -> Samples:
    """The word without the silence around it."""
    blocks = word[: word.size // _BLOCK * _BLOCK].reshape(-1, _BLOCK)
    powers = np.mean(blocks**2, axis=1) if blocks.size else np.zeros(0)
    loud = np.flatnonzero(powers > powers.max() * 10 ** (-_QUIET_DB / 10)) if powers.size else powers
    return word[loud[0] * _BLOCK : (loud[-1] + 1) * _BLOCK] if loud.size else word


def spliced(words: Sequence[Samples], kind: str, chance: random.Random) -> Samples:
    """Words one after the other at one speaker's pace: some machines leave no silence between them, some much."""
    longest = chance.choice((0.0, 0.03, 0.08, 0.15, 0.3 if kind == "digits" else 0.15))
    parts: list[Samples] = []
    for word in words:
        silence = np.zeros(int(chance.uniform(longest / 3, longest) * SAMPLE_RATE) if parts else 0, np.float32)
        parts += [silence, faded(word) * np.float32(10 ** (chance.uniform(-2, 2) / 20))]
    return np.concatenate(parts)
