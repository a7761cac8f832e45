"""Workers retire one after the other: all at once they leave no seat, and their successors are in each other's way."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
from pathlib import Path

from voiceagent.telephony.softphone import Softphone

log = logging.getLogger(__name__)


class Retirement:
    """A worker's leave. Whoever has it keeps it until the process ends: the kernel takes it back, whatever happened."""

    def __init__(self, lock: Path, softphone: Softphone) -> None:
        """`lock`: a file in a folder that the workers of this machine share."""
        self._lock, self._softphone = lock, softphone
        self._began = False

    def begins(self) -> bool:
        """Whether the worker takes no more calls from now on; True once only. Cheap enough to ask every second."""
        if self._began or not self._softphone.should_retire:
            return False
        self._began = self._is_our_turn() or self._softphone.must_retire
        if self._began:
            log.info("retiring after %d calls", self._softphone.calls_made)
        return self._began

    def _is_our_turn(self) -> bool:
        try:
            held = os.open(self._lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            log.warning("%s: %s; retiring without waiting for others", self._lock, error.strerror)
            return True
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            with contextlib.suppress(OSError):
                os.close(held)
            return False
        return True
