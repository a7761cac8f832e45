"""Guards scripts/asterisk where there is nothing to fetch: plain answers, exit codes, and no second unpacking."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "asterisk"


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script with a target and cache of its own, and an apt that reaches nothing."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    apt = tools / "apt-get"
    apt.write_text("#!/bin/sh\necho 'Err:1 http://mirror.invalid/debian forky InRelease'\nexit 100\n")
    apt.chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "VOICEAGENT_ASTERISK": str(tmp_path / "asterisk"),
    }
    return subprocess.run(
        [SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_check_says_what_is_missing(tmp_path: Path) -> None:
    done = run(tmp_path, "--check")
    assert (done.returncode, done.stdout) == (1, "")
    assert "run scripts/asterisk" in done.stderr


def test_no_mirror_is_one_plain_message(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert "debian-archive-keyring" in last or "no Debian mirror answers" in last
    assert not (tmp_path / "asterisk" / ".ok").exists()
    assert not (tmp_path / "asterisk" / "root").exists()


def test_what_is_there_is_not_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "asterisk").mkdir()
    (tmp_path / "asterisk" / ".ok").write_text("Asterisk 22.0.0, Debian forky, amd64\n")
    for arguments in ((), ("--check",)):
        done = run(tmp_path, *arguments)
        assert done.returncode == 0
        assert "Asterisk 22.0.0" in done.stderr


def test_help_has_an_example_and_nonsense_is_refused(tmp_path: Path) -> None:
    assert "Example: scripts/asterisk" in run(tmp_path, "--help").stdout
    assert run(tmp_path, "--nonsense").returncode == 2
