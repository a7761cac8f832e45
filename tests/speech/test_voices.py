"""Guards the real voices: rendered audio is speech of the right level, a stuck synthesiser is replaced."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal

import pytest

from voiceagent.audio.levels import peak_dbov, rms_dbov
from voiceagent.base.errors import BadInputError, MissingPartError, UnavailableError
from voiceagent.cli.main import main
from voiceagent.speech.engines.whisper import Whisper
from voiceagent.speech.offline import read_wav
from voiceagent.speech.protocol import HearingContext
from voiceagent.speech.recogniser import recognise_pcm
from voiceagent.speech.synthesis import child as children
from voiceagent.speech.synthesis.child import SynthesiserChild
from voiceagent.speech.synthesis.say import say
from voiceagent.speech.synthesis.spec import VoiceSpec, agent_voice

pytestmark = pytest.mark.speech


def run(work):
    return asyncio.run(asyncio.wait_for(work, 120))


@pytest.mark.parametrize(
    ("language", "text", "words"),
    [
        ("pt-BR", "O valor da parcela é duzentos reais, com vencimento na sexta-feira.", {"valor", "parcela", "sexta"}),
        ("es", "Puede pagar el viernes con tarjeta de crédito.", {"puede", "pagar", "viernes", "tarjeta"}),
        ("en", "You can pay on Friday with a credit card.", {"you", "can", "pay", "friday", "credit"}),
    ],
)
def test_the_agents_voice_is_understood_at_8_khz(kokoro_models, whisper_models, language, text, words):
    pcm = run(say(kokoro_models, text, language))
    assert 1.5 < len(pcm) / 16000 < 7.0
    assert -26 < rms_dbov(pcm) < -17
    assert peak_dbov(pcm) < 0
    engine = Whisper(whisper_models / "whisper-base")
    heard = recognise_pcm(engine.open(language), pcm, HearingContext(language)).text.lower()
    assert words <= set(heard.replace("-", " ").replace(",", " ").replace(".", " ").split()), heard


def test_say_writes_a_wav(kokoro_models, tmp_path):
    out = tmp_path / "said.wav"
    code = main(["say", "--language", "pt-BR", "--voice", "am_adam@pt-BR*1.1", "Bom dia.", "-o", str(out)])
    assert code == 0
    assert 0.3 < len(read_wav(out)) / 16000 < 2.0


def test_a_voice_that_is_not_there_lists_those_that_are(kokoro_models):
    with pytest.raises(BadInputError, match="pf_dora"):
        run(say(kokoro_models, "Oi.", "pt-BR", "zz_top"))


def test_without_the_model_the_command_is_named(tmp_path):
    with pytest.raises(MissingPartError, match="models install kokoro"):
        run(say(tmp_path, "Oi.", "pt-BR", "pm_alex"))


def test_the_system_voice_speaks_where_nothing_is_installed(tmp_path):
    if shutil.which("espeak-ng") is None:
        pytest.skip("espeak-ng is not installed: apt-get install espeak-ng")
    pcm = run(say(tmp_path, "Bom dia, eu falo com a Maria?", "pt-BR"))
    assert 1.0 < len(pcm) / 16000 < 4.0
    assert -26 < rms_dbov(pcm) < -17

    async def many() -> list[int]:
        child = SynthesiserChild("pyttsx3", tmp_path)
        try:
            return [len(await child.render("Bom dia.", agent_voice("pyttsx3", "pt-BR"))) for _ in range(60)]
        finally:
            await child.close()

    # Its driver sometimes comes back before the audio is written; nobody may hear that.
    assert all(0.4 < length / 16000 < 1.0 for length in run(many()))


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_stuck_or_dead_synthesiser_is_replaced(kokoro_models, monkeypatch, number):
    async def scenario() -> None:
        voice = agent_voice("kokoro", "pt-BR")
        child = SynthesiserChild("kokoro", kokoro_models)
        try:
            await child.start()
            process = child._process
            assert process is not None
            assert os.getpriority(os.PRIO_PROCESS, process.pid) >= children.NICENESS > 0, "the recogniser has none"
            os.kill(process.pid, number)
            monkeypatch.setattr(children, "RENDER_BASE_S", 0.3)
            with pytest.raises(UnavailableError, match="started again"):
                await child.render("Oi.", voice)
            assert process.returncode is not None
            monkeypatch.setattr(children, "RENDER_BASE_S", 60)
            assert await child.render("Oi.", voice)
        finally:
            await child.close()

    run(scenario())


def test_who_waits_for_no_call_is_patient_with_a_machine_that_has_other_work(kokoro_models, monkeypatch):
    async def scenario() -> None:
        child = SynthesiserChild("kokoro", kokoro_models, patience=1000.0)
        try:
            await child.start()
            assert child._process is not None
            monkeypatch.setattr(children, "RENDER_BASE_S", 0.3)
            os.kill(child._process.pid, signal.SIGSTOP)
            text = asyncio.create_task(child.render("Oi.", agent_voice("kokoro", "pt-BR")))
            waited, _ = await asyncio.wait([text], timeout=1.5)
            assert not waited, "a call would have given it up"
            os.kill(child._process.pid, signal.SIGCONT)
            assert await text
        finally:
            await child.close()

    run(scenario())


def test_closing_does_not_wait_for_a_text_in_hand(kokoro_models):
    async def scenario() -> None:
        child = SynthesiserChild("kokoro", kokoro_models)
        await child.start()
        process = child._process
        long = asyncio.create_task(child.render("Esta frase é bem comprida, " * 10, agent_voice("kokoro", "pt-BR")))
        await asyncio.sleep(0)
        await child.close()
        with pytest.raises(UnavailableError):
            await long
        with pytest.raises(UnavailableError, match="closed"):
            await child.render("Oi.", agent_voice("kokoro", "pt-BR"))
        assert process is not None
        assert process.returncode is not None

    run(scenario())


def test_an_error_of_one_text_leaves_the_process_alive(kokoro_models):
    async def scenario() -> None:
        child = SynthesiserChild("kokoro", kokoro_models)
        try:
            await child.start()
            process = child._process
            with pytest.raises(BadInputError):
                await child.render("Oi.", VoiceSpec("kokoro", "zz_top", "pt-BR"))
            assert await child.render("...", agent_voice("kokoro", "pt-BR")) == b""
            assert child._process is process
        finally:
            await child.close()

    run(scenario())
