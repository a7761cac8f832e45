"""Guards who has the processor first.

The renderer gives way to the recogniser although each leads a session of its own; a worker starts behind those that
talk and then comes before them, where it may.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from shutil import which

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


STARTED = """
import os, threading
from pathlib import Path
from voiceagent.speech.priority import come_first, start_behind
file = Path("/proc/self/autogroup")
def session():
    return file.read_text().split()[-1] if file.exists() and file.read_text() else "-"
start_behind()
behind = session()
running = threading.Event()
thread = threading.Thread(target=running.wait)
thread.start()
came = come_first()
print(behind, session(), came, os.getpriority(os.PRIO_PROCESS, thread.native_id))
running.set()
"""
#: Root without any privilege.
STRIPPED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.geteuid() == 0 and which("setpriv") else []


@pytest.mark.parametrize("stripped", [[], STRIPPED])
def test_a_worker_starts_behind_and_then_comes_first_where_it_may(stripped: list[str]) -> None:
    before, ours = _niceness_of_the_session(_ours()), str(os.getpriority(os.PRIO_PROCESS, 0))
    command = [*stripped, sys.executable, "-c", STARTED]
    done = subprocess.run(command, capture_output=True, text=True, check=True, start_new_session=True)
    behind, session, came, thread = done.stdout.split()
    assert behind in {"10", "-"}
    assert (came, session, thread) in {("True", "-10", "-10"), ("False", "0", ours), ("False", "-", ours)}
    assert came == "False" or not stripped, "nothing is taken that is not given"
    assert _niceness_of_the_session(_ours()) == before, "nobody else's session is touched"


def test_who_leads_no_session_changes_nothing_of_it() -> None:
    before = _niceness_of_the_session(_ours())
    done = subprocess.run([sys.executable, "-c", STARTED], capture_output=True, text=True, check=True)
    assert done.stdout.split()[2] == "False"
    assert _niceness_of_the_session(_ours()) == before
