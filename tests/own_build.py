"""Where scripts/build-pjsua2 put the SIP library it made, if it did."""

from __future__ import annotations

import os
from pathlib import Path

from voiceagent.settings.paths import ROOT


def built(kind: str) -> Path | None:
    """The folder to import `pjsua2` from, for `release` or `debug`; None when there is none."""
    folder = Path(os.environ.get("VOICEAGENT_PJSUA2") or ROOT / ".pjsua2") / kind
    return folder if (folder / ".ok").is_file() else None


def environment(kind: str) -> dict[str, str]:
    """For a child that is to run with that build; `registry` is the installed wheel."""
    given = dict(os.environ)
    given.pop("PYTHONPATH", None)
    if kind != "registry":
        given["PYTHONPATH"] = str(built(kind))
    return given
