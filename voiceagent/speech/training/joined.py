"""Answers joined from the agent's phrase bank: thousands of amounts and dates in a voice that is already rendered."""

from __future__ import annotations

import random
from datetime import date, time, timedelta
from pathlib import Path

import numpy as np

from voiceagent.base.money import Money
from voiceagent.language import say
from voiceagent.language.spoken import SpokenPart
from voiceagent.language.text import tokenise
from voiceagent.speech.installed import phrases_directory
from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.shape import from_pcm
from voiceagent.speech.synthesis.spec import KOKORO, agent_voice
from voiceagent.speech.training.damage import Samples

_CURRENCY = {"pt-BR": "BRL", "es": "MXN", "en": "USD"}


def joined(language: str, count: int, models: Path, seed: int) -> list[tuple[str, Samples]]:
    """Up to `count` (text, samples); fewer when the bank of the language is not rendered."""
    chance = random.Random(f"{language}:{seed}")
    cache = PhraseCache(phrases_directory(models))
    voice = agent_voice(KOKORO, language)
    made: list[tuple[str, Samples]] = []
    for _ in range(count):
        parts = _value(language, chance)
        units = [cache.get(voice, part.text) for part in parts]
        if None in units:
            continue
        sounds = [from_pcm(unit) for unit in units if unit]
        pieces = []
        for sound in sounds:
            # Units carry 20 ms before and 60 ms after: people leave less between words, or much more.
            pieces += [sound[100 : sound.size - 300], np.zeros(int(chance.choice((0, 0, 200, 1200))), np.float32)]
        words = [token.raw for part in parts for token in tokenise(part.text) if token.kind == "word"]
        made.append((" ".join(words), np.concatenate(pieces)))
    return made


def _value(language: str, chance: random.Random) -> tuple[SpokenPart, ...]:
    kind = chance.random()
    if kind < 0.45:
        whole = round(10 ** chance.uniform(0.8, 4.6))
        cents = chance.choice((0, 0, 0, chance.randrange(1, 100)))
        return say.money(Money(whole * 100 + cents, _CURRENCY[language]), language)
    if kind < 0.75:
        day = date(2026, 1, 1) + timedelta(days=chance.randrange(720))
        return say.day(day, language, weekday=chance.random() < 0.15, year=chance.random() < 0.25)
    if kind < 0.9:
        return say.digits("".join(chance.choice("0123456789") for _ in range(chance.randint(3, 9))), language)
    if kind < 0.95:
        return say.count(chance.randint(2, 24), language, chance.choice(("instalments", "times")))
    return say.clock(time(chance.randrange(8, 21), chance.choice((0, 30))), language)
