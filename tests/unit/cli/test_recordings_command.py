"""Guards the proof of recordings: a file that is gone or was touched after its call is found, a sound one is not."""

from __future__ import annotations

import hashlib
import json
import uuid
from datetime import UTC, datetime
from pathlib import Path

import pytest

from voiceagent import cases, dialer
from voiceagent.base.clock import ManualClock
from voiceagent.base.ids import uuid7
from voiceagent.cases.attempts import begin_attempt
from voiceagent.cli.main import main
from voiceagent.journal.catalogue import CallAttempted, CallEnded, RecordingClosed, RecordingOpened
from voiceagent.journal.envelope import NewEvent
from voiceagent.journal.journal import Journal
from voiceagent.storage.database import Database

NOW = datetime(2026, 11, 18, 13, 0, tzinfo=UTC)


@pytest.fixture
def call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[uuid.UUID, Path]:
    """A call that was recorded, in an installation of its own; its id and its file."""
    monkeypatch.setenv("VOICEAGENT_HOME", str(tmp_path))
    monkeypatch.setenv("VOICEAGENT_DATABASE_URL", f"sqlite:///{tmp_path / 'voiceagent.db'}")
    monkeypatch.setenv("VOICEAGENT_RECORDINGS", str(tmp_path / "recordings"))
    db = Database(f"sqlite:///{tmp_path / 'voiceagent.db'}")
    db.upgrade()
    journal = Journal(db, ManualClock(NOW), [*cases.PROJECTIONS, *dialer.PROJECTIONS])
    file = tmp_path / "recordings" / "2026-11-18" / "call.wav"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"voices")
    attempted = CallAttempted(None, None, None, mode="rehearsal", direction="in", purpose="inbound")
    attempt_id = begin_attempt(journal, attempted, decision=None, actor="test")
    recording_id = uuid7(NOW)
    said = (
        RecordingOpened(recording_id, "2026-11-18/call.wav"),
        RecordingClosed(recording_id, 1.0, 6, hashlib.sha256(b"voices").hexdigest()),
        CallEnded("HUP"),
    )
    journal.record([NewEvent("call", attempt_id, payload, "test") for payload in said])
    db.close()
    return attempt_id, file


def checked(capsys: pytest.CaptureFixture[str], *more: str) -> tuple[int, dict[str, object]]:
    code = main(["recordings", "check", "--json", *more])
    return code, json.loads(capsys.readouterr().out)


def test_a_recording_as_it_was_written_is_sound(
    call: tuple[uuid.UUID, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert checked(capsys) == (0, {"checked": 1, "sound": 1, "faults": []})
    assert checked(capsys, "--since", "2026-11-19") == (0, {"checked": 0, "sound": 0, "faults": []})


@pytest.mark.parametrize("fault", ["changed", "missing"])
def test_what_was_done_to_a_recording_is_found(
    call: tuple[uuid.UUID, Path], capsys: pytest.CaptureFixture[str], fault: str
) -> None:
    attempt_id, file = call
    if fault == "changed":
        file.write_bytes(b"Voices")
    else:
        file.unlink()
    expected = {"call": str(attempt_id), "path": "2026-11-18/call.wav", "fault": fault}
    assert checked(capsys) == (1, {"checked": 1, "sound": 0, "faults": [expected]})


def test_a_day_that_is_none_is_said(call: tuple[uuid.UUID, Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["recordings", "check", "--since", "yesterday"]) == 1
    assert "2026-11-01" in capsys.readouterr().err
