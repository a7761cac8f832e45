"""Guards scripts/build-pjsua2 where nothing is built: plain answers, exit codes, and no network asked for them."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "build-pjsua2"


def run(tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The script with a target of its own, and no program that could fetch or compile anything."""
    tools = tmp_path / "tools"
    tools.mkdir(exist_ok=True)
    for name in ("apt-get", "make", "swig"):
        tool = tools / name
        tool.write_text("#!/bin/sh\nexit 100\n")
        tool.chmod(0o755)
    environment = {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "VOICEAGENT_PJSUA2": str(tmp_path / "pjsua2"),
    }
    return subprocess.run(
        [SCRIPT, *arguments], env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_check_tells_the_builds_apart(tmp_path: Path) -> None:
    (tmp_path / "pjsua2" / "release").mkdir(parents=True)
    (tmp_path / "pjsua2" / "release" / ".ok").write_text("pjsua2 release, pjsua2-2.17.whl\n")
    there, missing = run(tmp_path, "--check"), run(tmp_path, "--check", "--debug")
    assert (there.returncode, there.stdout) == (0, "") and "pjsua2-2.17.whl" in there.stderr
    assert (missing.returncode, missing.stdout) == (1, "") and "run scripts/build-pjsua2" in missing.stderr


def test_what_is_there_is_not_built_again(tmp_path: Path) -> None:
    (tmp_path / "pjsua2" / "release").mkdir(parents=True)
    (tmp_path / "pjsua2" / "release" / ".ok").write_text("pjsua2 release, pjsua2-2.17.whl\n")
    wheel = tmp_path / "cache" / "voiceagent" / "pjsua2" / "wheels" / "release" / "pjsua2-2.17.whl"
    wheel.parent.mkdir(parents=True)
    wheel.touch()
    done = run(tmp_path)
    assert (done.returncode, done.stdout) == (0, f"{wheel}\n")


def test_help_has_an_example_and_nonsense_is_refused(tmp_path: Path) -> None:
    assert "Example: scripts/build-pjsua2" in run(tmp_path, "--help").stdout
    assert run(tmp_path, "--nonsense").returncode == 2
    assert run(tmp_path, "--python").returncode == 2
    assert not (tmp_path / "cache").exists(), "nothing was begun"
