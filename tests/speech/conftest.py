"""Real models for the tests of this folder, and what they say, rendered once."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from voiceagent.settings.paths import Paths
from voiceagent.speech.bank import render_bank
from voiceagent.speech.installed import KOKORO, VOSK_TEST, WHISPER, phrases_directory
from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.spec import VoiceSpec

PHRASES = (
    "Posso pagar na sexta-feira.",
    "Quero parcelar em três vezes.",
    "Não posso pagar agora.",
    "Quero falar com um atendente.",
)
VOICES = ("pm_alex", "pf_dora")


def _installed(name: str) -> Path:
    models = Paths.from_environment().models
    if not (models / name / "installed.json").is_file():
        pytest.skip(f"{name} is not installed: voiceagent models install {name}")
    return models


@pytest.fixture(scope="session")
def whisper_models() -> Path:
    return _installed(WHISPER)


@pytest.fixture(scope="session")
def kokoro_models() -> Path:
    return _installed(KOKORO)


@pytest.fixture(scope="session")
def korean_vosk() -> Path:
    return _installed(VOSK_TEST) / VOSK_TEST


@pytest.fixture(scope="session")
def answers(kokoro_models, tmp_path_factory) -> dict[tuple[str, str], bytes]:
    """(voice, phrase) → 8 kHz PCM of debtors' answers, by the bank renderer."""
    models = tmp_path_factory.mktemp("models")
    (models / KOKORO).symlink_to(kokoro_models / KOKORO)
    jobs = [(VoiceSpec("kokoro", voice, "pt-BR"), phrase) for voice in VOICES for phrase in PHRASES]
    report = asyncio.run(render_bank(models, jobs, lambda line: None))
    assert (report.wanted, report.rendered, report.units) == (8, 8, 8)
    cache = PhraseCache(phrases_directory(models))
    return {(voice.name, text): cache.get(voice, text) or b"" for voice, text in jobs}
