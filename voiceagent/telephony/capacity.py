"""What the installed SIP library was compiled for, asked of the library itself."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from functools import cache

from voiceagent.base.errors import MissingPartError

#: Seats of one worker at most, whatever the library could hold: so many calls end with the process that dies.
MOST_SEATS = 25

#: Asked in a process of its own: the library is native, has one endpoint per process, and may end the one it is in.
_ASK = """
from voiceagent.telephony.pj import check_frame_copy, max_calls, pj, silence_log
silence_log()
check_frame_copy()
endpoint = pj.Endpoint()
endpoint.libCreate()
config = pj.EpConfig()
config.logConfig.level = config.logConfig.consoleLevel = 0
config.uaConfig.maxCalls = 10_000
endpoint.libInit(config)
print(endpoint.libVersion().full, max_calls(), flush=True)
endpoint.libDestroy()
"""


@dataclass(frozen=True, slots=True)
class Library:
    """The SIP library of this installation."""

    version: str
    calls: int
    """Calls that one process can hold at once."""

    @property
    def seats(self) -> int:
        """Seats that one worker should have."""
        return min(self.calls, MOST_SEATS)


@cache
def library() -> Library:
    """Start it, ask, and stop it (half a second, the first time). MissingPartError when it does not work."""
    done = subprocess.run([sys.executable, "-c", _ASK], capture_output=True, text=True, timeout=60, check=False)
    words = done.stdout.split()
    if done.returncode != 0 or len(words) != 2:
        said = (done.stderr.strip().splitlines() or [f"exit code {done.returncode}"])[-1]
        raise MissingPartError(
            f"the SIP library does not work ({said}); install it with: pip install 'voiceagent[telephony]'",
            code="no_sip_library",
        )
    return Library(words[0], int(words[1]))
