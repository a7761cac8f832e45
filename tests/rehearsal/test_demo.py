"""Guards the main job: `voiceagent demo` over SIP and real speech does what its debtors want, and can prove it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from voiceagent.agent.sentences import CUT
from voiceagent.audio import wav
from voiceagent.audio.levels import rms_dbov
from voiceagent.cases.calls import call_detail
from voiceagent.language.wording import share_heard
from voiceagent.settings.paths import ROOT, Paths
from voiceagent.simulator.persona import Persona
from voiceagent.speech.installed import WHISPER
from voiceagent.speech.longhand import LongHand
from voiceagent.storage.database import Database

CALLS = 6
SEED = int(os.environ.get("VOICEAGENT_TEST_SEED", "2"))


def voiceagent(*arguments: str, home: Path) -> subprocess.CompletedProcess[str]:
    """The command, in a home of its own."""
    return subprocess.run(
        [sys.executable, "-m", "voiceagent.cli.main", *arguments],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=600,
        env={**os.environ, "VOICEAGENT_HOME": str(home)},
    )


@dataclass
class Run:
    """One demo."""

    home: Path
    code: int
    document: dict[str, Any]
    errors: str

    @property
    def calls(self) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = self.document["calls"]
        return calls


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    home = tmp_path_factory.mktemp("demo")
    done = voiceagent(
        "demo", "--headless", "--json", "--calls", str(CALLS), "--seats", "3", "--seed", str(SEED), home=home
    )
    print(done.stderr, file=sys.stderr)
    return Run(home / "demo", done.returncode, json.loads(done.stdout), done.stderr)


@pytest.mark.timeout(700)
def test_it_succeeds_and_finds_no_problem(run: Run) -> None:
    assert (run.code, run.document["problems"]) == (0, [])


def test_nearly_every_call_ends_as_its_debtor_wants(run: Run) -> None:
    expected = [call["expected_disposition"][:2] == call["disposition"][:2] for call in run.calls]
    assert sum(expected) >= CALLS - 1, [(call["persona"], call["disposition"]) for call in run.calls]


def test_no_promise_is_recorded_that_nobody_made(run: Run) -> None:
    for call in run.calls:
        assert call["promise"] in (None, call["promise_expected"])


def test_strangers_are_told_nothing_and_nothing_is_left_behind(run: Run) -> None:
    assert (run.document["summary"]["disclosed"], run.document["channels_left"]) == (0, 0)
    assert {row["process"] for row in run.document["processes"]} == {"worker", "speech", "asterisk", "simulator"}


def test_the_document_has_the_shape_that_others_rely_on(run: Run) -> None:
    document = run.document
    assert {"summary", "engines", "at", "seed", "calls"} <= document.keys()
    wanted = {"calls", "human", "cpc", "promises", "promised", "tma_s", "tmo_s", "turn_p50_s", "turn_p95_s"}
    assert wanted <= document["summary"].keys()
    assert document["summary"]["calls"] == len(run.calls) == CALLS
    assert document["seed"] == SEED
    assert document["engines"].keys() == {"asr", "tts", "sip"}
    for call in run.calls:
        assert {"id", "persona", "expected_disposition", "disposition", "promise_expected", "promise"} <= call.keys()
        assert {"recording", "turns"} <= call.keys()
        for turn in call["turns"]:
            assert {"state", "said_by_debtor", "heard", "confidence", "intent", "slots", "latency_s"} <= turn.keys()


def test_both_sides_are_on_every_recording_and_it_is_as_long_as_the_call(run: Run) -> None:
    for call in run.calls:
        audio = wav.decode(Path(call["recording"]).read_bytes())
        assert audio.seconds == pytest.approx(call["talk_s"], abs=0.1), call["persona"]
        assert rms_dbov(audio.channel(0)) > -60, call["persona"]
        speaks = Persona.load(call["persona"], "pt-BR").speaks
        assert (rms_dbov(audio.channel(1)) > -60) is speaks, call["persona"]


def test_what_the_journal_says_was_said_can_be_heard(run: Run, paths: Paths) -> None:
    """The agent's side, written down by whole windows of 30 s instead of turn by turn, holds the journal's words."""
    scribe = LongHand(paths.models / WHISPER)
    db = Database(f"sqlite:///{run.home / 'voiceagent.db'}")
    shares: dict[str, float] = {}
    said: list[str] = []
    written: list[str] = []
    for call in run.calls:
        with db.read() as connection:
            turns = call_detail(connection, UUID(call["id"]))["turns"]
        journalled = " ".join(_heard(turn) for turn in turns if turn["speaker"] == "agent")
        heard = scribe.transcript(Path(call["recording"]), "pt-BR")
        shares[call["persona"]] = round(share_heard(journalled, heard, "pt-BR"), 3)
        said.append(journalled)
        written.append(heard)
    print(f"share of the journalled words heard: {shares}", file=sys.stderr)
    # A short call has some sixty words, seven of them a reference drawn anew each time, so that one garbled name moves
    # its share by a tenth. A prompt that was never played moves it by more; all calls together hardly move at all.
    assert min(shares.values()) >= 0.75, shares
    assert share_heard(" ".join(said), " ".join(written), "pt-BR") >= 0.88, shares


def test_the_database_says_what_its_journal_says(run: Run) -> None:
    checked = voiceagent("db", "check", "--json", home=run.home)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def _heard(turn: dict[str, Any]) -> str:
    """The words of a prompt that were played."""
    return str(turn["text"]).removesuffix(CUT)
