"""Guards the SIP library built from source, where it is: what it can, and that calls pass with it too."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.own_build import built, environment
from voiceagent.settings.paths import ROOT

KINDS = [pytest.param(kind, marks=pytest.mark.own_build(kind)) for kind in ("release", "debug")]
#: Calls, outcomes, audio; and the lifetime of objects: processes that die, close and leave in the middle.
SUITE = ("tests/sip/test_calls.py", "tests/sip/test_crashes.py")


@pytest.mark.parametrize("kind", KINDS)
def test_doctor_tells_what_it_can(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "voiceagent.cli.main", "doctor", "--json", "--no-capacity"],
        cwd=ROOT, env=environment(kind), capture_output=True, text=True, check=False,
    )  # fmt: skip
    (sip,) = [check for check in json.loads(done.stdout)["checks"] if check["part"] == "sip"]
    assert sip["file"].startswith(str(built(kind)))
    assert (sip["status"], sip["calls"], sip["polling"], sip["asserts"]) == ("ok", 256, "epoll", kind == "debug")
    assert sip["tls"].startswith("OpenSSL 3.")
    assert {"PCMA", "PCMU", "opus"} <= set(sip["codecs"])


@pytest.mark.parametrize("kind", KINDS)
def test_calls_and_lifetimes_hold_with_it(kind: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *SUITE],
        cwd=ROOT, env=environment(kind), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-4000:]
