"""Guards what a debtor hears: prompts of real conversations, joined from units, without clicks, even, intelligible."""

from __future__ import annotations

import asyncio

import pytest

from voiceagent.audio.mulaw import through_mulaw
from voiceagent.base.languages import Language
from voiceagent.language.wording import word_errors
from voiceagent.simulator.bench_voice import TARGETS, conversations, sound, speak, varied
from voiceagent.speech.longhand import LongHand

pytestmark = pytest.mark.speech


def test_prompts_sound_even_and_are_understood_at_8_khz(kokoro_models, whisper_models):
    says = [say for say in varied(conversations(Language.PT_BR, 60), 200) if len(say.parts) > 2][:14]
    spoken = asyncio.run(asyncio.wait_for(speak(kokoro_models, Language.PT_BR, says), 120))
    found = sound(spoken)
    assert found["prompts"] == 14
    assert found["joins"]["n"] > 80
    assert found["joins"]["clicks"] == found["clipped_samples"] == 0
    assert found["level_dbov"]["furthest_db"] <= TARGETS["level_within_db"]
    listener = LongHand(whisper_models / "whisper-base")
    counts = [word_errors(one.say.text, listener.write(through_mulaw(one.pcm), "pt-BR"), "pt-BR") for one in spoken]
    # Few prompts, and those with the most numbers: the bound on many is `voiceagent bench voice`'s.
    assert sum(wrong for wrong, _ in counts) / sum(words for _, words in counts) <= 0.15, counts
