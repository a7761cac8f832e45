"""The measurements of `voiceagent bench`: one module each, shaped like a command."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from voiceagent.base.errors import UsageError
from voiceagent.base.languages import Language


def languages_named(names: Sequence[str]) -> tuple[Language, ...]:
    """The languages of `--language` options; UsageError names those there are."""
    try:
        return tuple(Language(name) for name in names)
    except ValueError:
        raise UsageError(f"no language {list(names)}: one of {', '.join(Language)}") from None


def share_text(share: dict[str, Any]) -> str:
    """A share and its Wilson interval (`simulator/bench_amd.share`) as a person reads it; "-" of nothing."""
    if share["share"] is None:
        return "-"
    return f"{share['count']} of {share['n']} ({share['low']:.4f}-{share['high']:.4f})"
