"""Guards the life of the speech process: ready line, death in mid-call, restart, orderly end, plain refusals."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from voiceagent.base.errors import UnavailableError
from voiceagent.cli.main import main
from voiceagent.speech.client import SpeechClient
from voiceagent.speech.engines.scripted import fingerprint
from voiceagent.speech.process import most_calls, most_turns
from voiceagent.speech.protocol import HearingContext

YES = bytes(range(1, 161)) * 20
CONTEXT = HearingContext("pt-BR", ("yes_no",))


def command(tmp_path: Path, *extra: str) -> list[str]:
    (tmp_path / "answers.json").write_text(json.dumps({fingerprint(YES): "sim"}))
    return [
        *(sys.executable, "-m", "voiceagent.cli.main", "speech", "--socket", str(tmp_path / "s.sock")),
        *("--models", str(tmp_path / "models"), "--voice-engine", "pyttsx3", *extra),
    ]


def start(tmp_path: Path, *extra: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        command(tmp_path, "--answers", str(tmp_path / "answers.json"), *extra), stderr=subprocess.PIPE, text=True
    )
    assert process.stderr is not None
    line = process.stderr.readline()
    assert line.startswith("speech: ready on "), line
    assert "pt-BR scripted" in line
    return process


async def say_yes(hearing) -> str:
    await hearing.begin(CONTEXT)
    await hearing.feed(YES)
    heard = await hearing.finish()
    return heard.text or heard.reason


def test_killed_in_mid_turn_and_started_again_the_same_call_goes_on(tmp_path):
    process = start(tmp_path)

    async def scenario() -> None:
        nonlocal process
        hearing = await SpeechClient(tmp_path / "s.sock").hearing("call", "pt-BR")
        assert await say_yes(hearing) == "sim"
        await hearing.begin(CONTEXT)
        await hearing.feed(YES)
        process.kill()
        process.wait()
        assert (await hearing.finish()).reason == "unavailable"
        assert await say_yes(hearing) == "unavailable"
        with pytest.raises(UnavailableError):
            await SpeechClient(tmp_path / "s.sock").info()
        process = start(tmp_path)
        assert await say_yes(hearing) == "sim"

    try:
        asyncio.run(scenario())
    finally:
        process.kill()
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_an_orderly_end_removes_the_socket(tmp_path, number):
    process = start(tmp_path)
    process.send_signal(number)
    assert process.wait(20) == 0
    assert not (tmp_path / "s.sock").exists()


def test_a_larger_machine_serves_more_calls() -> None:
    assert [most_calls(cores) for cores in (1, 2, 16)] == [16, 16, 128]
    assert [most_turns(cores) for cores in (1, 2, 16)] == [2, 2, 16], "or the calls of the other cores wait for two"


@pytest.mark.parametrize("number", ["0", "-3", "many"])
def test_a_number_of_calls_that_is_none_is_refused(capsys: pytest.CaptureFixture[str], number: str) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["speech", "--max-calls", number])
    assert ended.value.code == 2 and "--max-calls" in capsys.readouterr().err


def test_without_a_model_it_does_not_start_and_says_what_to_do(tmp_path):
    done = subprocess.run(command(tmp_path), capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "voiceagent models install" in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
