"""A child that, told to end, says so by a file of its own and goes on until all the files named exist."""

from __future__ import annotations

import signal
import sys
import time
from pathlib import Path

own, *others = map(Path, sys.argv[1:])


def told(*_: object) -> None:
    own.touch()
    while not all(other.exists() for other in others):
        time.sleep(0.005)
    sys.exit(0)


signal.signal(signal.SIGTERM, told)
print('{"ready": true}', flush=True)
while True:
    signal.pause()
