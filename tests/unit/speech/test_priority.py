"""Guards that the renderer gives way to the recogniser although each leads a session of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

AUTOGROUP = Path("/proc/self/autogroup")

TOLD = """
import os
from pathlib import Path
from voiceagent.speech.priority import give_way
give_way(7)
file = Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), file.read_text() if file.exists() else "")
"""


@pytest.mark.parametrize("own_session", [True, False])
def test_a_niceness_holds_for_the_process_and_for_a_session_of_its_own(own_session: bool) -> None:
    before = _niceness_of_the_session(_ours())
    done = subprocess.run(
        [sys.executable, "-c", TOLD], capture_output=True, text=True, check=True, start_new_session=own_session
    )
    nice, _, told = done.stdout.partition(" ")
    assert int(nice) >= 7
    session = _niceness_of_the_session(told)
    if own_session:
        assert session in {nice, None}
    else:
        assert session == before
    assert _niceness_of_the_session(_ours()) == before, "nobody else's session is touched"


def _ours() -> str:
    return AUTOGROUP.read_text() if AUTOGROUP.exists() else ""


def _niceness_of_the_session(told: str) -> str | None:
    """The last word of "/autogroup-7 nice 5"; None where the kernel weighs no sessions, or not this one."""
    return told.split()[-1] if told.strip() else None
