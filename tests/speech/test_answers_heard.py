"""Guards real answers heard by grammar: values to the cent, other words rejected, through frames and segmenter."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from voiceagent.audio.wav import encode
from voiceagent.cli.main import main
from voiceagent.speech.bank import render_bank
from voiceagent.speech.installed import KOKORO, phrases_directory
from voiceagent.speech.synthesis.cache import PhraseCache
from voiceagent.speech.synthesis.spec import VoiceSpec

pytestmark = pytest.mark.speech

#: (voice, what is said, what is asked, slots)
ANSWERS = (
    ("pm_santa", "Trezentos e setenta e cinco reais.", "amount", {"amount": "375.00"}),
    ("pf_dora", "Pode ser dia doze de dezembro.", "date", {"date": "2026-12-12"}),
    ("pm_santa", "Três, oito, dois, cinco.", "digits", {"digits": "3825"}),
    ("pm_santa", "Não conheço essa dívida.", "amount", {}),
)


@pytest.fixture(scope="module")
def batch(kokoro_models, whisper_models, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("answers")
    (folder / KOKORO).symlink_to(kokoro_models / KOKORO)
    jobs = [(VoiceSpec("kokoro", voice, "pt-BR"), text) for voice, text, _, _ in ANSWERS]
    asyncio.run(render_bank(folder, jobs, lambda line: None))
    cache = PhraseCache(phrases_directory(folder))
    noise = np.random.default_rng(3)
    lines = []
    for index, ((voice, text), (_, _, kind, _)) in enumerate(zip(jobs, ANSWERS, strict=True)):
        spoken = np.frombuffer(cache.get(voice, text) or b"", "<i2")
        sound = np.concatenate([np.zeros(4000), spoken, np.zeros(12000)]) + noise.normal(0, 12, spoken.size + 16000)
        path = folder / f"{index}.wav"
        path.write_bytes(encode(sound.clip(-32768, 32767).astype("<i2").tobytes()))
        request = {"id": index, "wav": str(path), "language": "pt-BR", "expect": [kind], "today": "2026-11-18"}
        lines.append(json.dumps(request))
    lines.append(json.dumps({"id": "gone", "wav": str(folder / "gone.wav"), "language": "pt-BR"}))
    lines.append(json.dumps({"id": "tongue", "wav": "x", "language": "xx"}))
    (folder / "batch.jsonl").write_text("\n".join(lines))
    return folder / "batch.jsonl"


def test_answers_are_heard_and_other_words_are_not_made_answers(batch, capsys):
    assert main(["transcribe", "--batch", str(batch)]) == 0
    heard = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [reply["id"] for reply in heard] == [*range(len(ANSWERS)), "gone", "tongue"]
    *known, gone, tongue = heard
    found = {text: reply["slots"] for (_, text, _, _), reply in zip(ANSWERS, known, strict=True)}
    assert found == {text: slots for _, text, _, slots in ANSWERS}
    assert all(reply["engine"] == "whisper" and reply["confidence"] >= 0.9 for reply in known[:3])
    assert gone["error"]["code"] == tongue["error"]["code"] == "bad_input"
