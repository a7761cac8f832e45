"""Guards that the renderer gives way to the recogniser although each leads a session of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

TOLD = """
import os
from pathlib import Path
from voiceagent.speech.priority import give_way
give_way(7)
file = Path("/proc/self/autogroup")
print(os.getpriority(os.PRIO_PROCESS, 0), file.read_text().split()[-1] if file.exists() else "none")
"""


@pytest.mark.parametrize("own_session", [True, False])
def test_a_niceness_holds_for_the_process_and_for_a_session_of_its_own(own_session: bool) -> None:
    before = _autogroup()
    done = subprocess.run(
        [sys.executable, "-c", TOLD], capture_output=True, text=True, check=True, start_new_session=own_session
    )
    nice, session = done.stdout.split()
    assert int(nice) >= 7
    if session != "none":
        assert session == (nice if own_session else before)
    assert _autogroup() == before, "nobody else's session is touched"


def _autogroup() -> str:
    file = Path("/proc/self/autogroup")
    return file.read_text().split()[-1] if file.exists() else "none"
