"""What the installed SIP library was compiled for, asked of the library itself."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from voiceagent.base.errors import INSTALL, MissingPartError

#: Seats of one worker at most, whatever the library could hold: so many calls end with the process that dies.
MOST_SEATS = 25

#: select() cannot watch a file descriptor of 1024 or more; an endpoint retires well before.
HIGHEST_DESCRIPTOR = 900

#: Asked in a process of its own: the library is native, has one endpoint per process, and may end the one it is in.
_ASK = """
import json
from voiceagent.telephony.pj import asserts, check_frame_copy, library_file, max_calls, pj, silence_log, watches_by
from voiceagent.telephony.pj import tls_library
silence_log()
check_frame_copy()
endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.logConfig.level = config.logConfig.consoleLevel = 0
config.uaConfig.maxCalls = 10_000
endpoint.libInit(config)
codecs = sorted({codec.codecId.partition("/")[0] for codec in endpoint.codecEnum2()})
told = {"version": endpoint.libVersion().full, "calls": max_calls(), "file": str(library_file()), "codecs": codecs}
print(json.dumps({**told, "polling": watches_by(), "tls": tls_library(), "asserts": asserts()}), flush=True)
endpoint.libDestroy()
"""


@dataclass(frozen=True, slots=True)
class Library:
    """The SIP library of this installation."""

    version: str
    calls: int
    """Calls that one process can hold at once."""
    file: str = ""
    """The shared object: in the environment's site-packages, or where scripts/build-pjsua2 put it."""
    polling: str = ""
    """How it watches its sockets: select (64 of them), epoll."""
    tls: str = ""
    """What it encrypts with, like "OpenSSL 3.0.19 27 Jan 2026"; empty: neither TLS nor SRTP."""
    codecs: tuple[str, ...] = ()
    asserts: bool = False
    """Misuse ends the process: right for tests, and what the registry's wheel does."""

    @property
    def seats(self) -> int:
        """Seats that one worker should have."""
        return min(self.calls, MOST_SEATS)


@cache
def library() -> Library:
    """Start it, ask, and stop it (half a second, the first time). MissingPartError when it does not work."""
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MissingPartError(
            f"the SIP library does not work ({said}); install it with: {INSTALL}",
            code="no_sip_library",
        )
    told = json.loads(lines[-1])
    return Library(**{**told, "codecs": tuple(told["codecs"])})


def descriptors_run_out() -> bool:
    """Whether this process' descriptors approach what `select` can watch."""
    try:
        return max(int(entry.name) for entry in Path("/proc/self/fd").iterdir()) > HIGHEST_DESCRIPTOR
    except (OSError, ValueError):
        return False
