"""What an examination found, and how to run one so that a broken part is a finding and not an end."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from voiceagent.base.errors import VoiceagentError

log = logging.getLogger(__name__)


class Status(StrEnum):
    """How a part is."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One part: how it is, in one line; `mend` says what to do where it is not ok."""

    part: str
    status: Status
    detail: str
    mend: str = ""
    facts: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """As `doctor --json` shows it."""
        return {
            "part": self.part,
            "status": self.status.value,
            "detail": self.detail,
            "mend": self.mend or None,
            **self.facts,
        }


def examine(part: str, look: Callable[[], Finding], mend: str) -> Finding:
    """The finding of `look`; what it raises is a failure of the part, mended by `mend`."""
    try:
        return look()
    except VoiceagentError as error:
        return Finding(part, Status.FAIL, error.message, mend)
    except Exception as error:
        log.debug("%s", part, exc_info=True)
        return Finding(part, Status.FAIL, f"{type(error).__name__}: {error}".splitlines()[0], mend)
