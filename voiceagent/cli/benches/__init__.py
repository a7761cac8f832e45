"""The measurements of `voiceagent bench`: one module each, shaped like a command."""

from __future__ import annotations

import argparse
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


def machine_text(machine: dict[str, Any]) -> str:
    """The machine of a measurement (`simulator/measured_on.machine`) as a person reads it, in two lines."""
    told = f"{machine['cpu']}, {machine['cores']} cores, {machine['system']} {machine['kernel']}, "
    told += f"Python {machine['python']}, load {machine['load']}"
    if "load_before" in machine:
        told += f", {machine['load_before']} before"
    if "asterisk" in machine:
        told += f", Asterisk {machine['asterisk']}"
    return told + "\n" + ", ".join(f"{name} {version}" for name, version in machine["libraries"].items())


def engine_option(parser: argparse.ArgumentParser) -> None:
    """`--engine`, of measurements that can be taken with either recogniser."""
    parser.add_argument(
        "--engine",
        choices=("whisper", "vosk"),
        default="whisper",
        help="the recogniser (default: %(default)s). vosk without a model of pt-BR is measured with the Korean one, "
        "Korean voices and a script of three states: engine latency and capacity only",
    )


def engine_text(report: dict[str, Any]) -> str:
    """The engine of a measurement, its model, and what alone the figures say."""
    only = f" ({report['only']})" if "only" in report else ""
    return f"{report['engine']}, {report['model']}{only}"


def targets_text(targets: dict[str, Any], met: dict[str, bool | None], called: str = "targets") -> str:
    """What was aimed at, and whether it was reached, in a line; None: not measured as the target wants it."""
    words = {True: "met", False: "NOT met", None: "not judged"}
    aims = (f"{name} {limit} {words[met[name]]}" for name, limit in targets.items() if name in met)
    begins = "all" if all(met.values()) else "NOT all"
    return f"{begins} {called} met: {', '.join(aims)}"


def share_text(share: dict[str, Any]) -> str:
    """A share and its Wilson interval (`simulator/bench_amd.share`) as a person reads it; "-" of nothing."""
    if share["share"] is None:
        return "-"
    return f"{share['count']} of {share['n']} ({share['low']:.4f}-{share['high']:.4f})"
